#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# Orders by backhandctl.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Farm     qw(build_dir wait_for);
use JSON::PP qw(decode_json);
use Test::More;

my $ctl = build_dir() . '/bin/backhandctl';

# Exit code and output of a command about a server.
sub ctl {
    my ($server, @arguments) = @_;
    my $words = join ' ', map { "'$_'" } @arguments;
    my $said  = qx{'$ctl' -d '$server->{root}/run/backhand' $words 2>&1 </dev/null};
    return ($? >> 8, $said);
}

sub obeys {
    my ($name, $server, @arguments) = @_;
    my ($code, $said) = ctl($server, @arguments);
    is $code, 0, $name or diag $said;
    like $said, qr/\A[^\n]+\n\z/, '... in one line';
    return $said;
}

sub refuses {
    my ($code, $text, $name, $server, @arguments) = @_;
    my ($got, $said) = ctl($server, @arguments);
    is $got, $code, "$name: exit code $code";
    like $said, qr/\Abackhandctl: [^\n]*$text[^\n]*\n\z/, '... one line';
    return;
}

sub state_is {
    my ($name, $server, $other, $state) = @_;
    my $seen;
    ok wait_for(
        sub {
            my ($said) = (ctl($server, 'status'))[1];
            ($seen) = $said =~ /^ *\d+ \S+ +(\S+) .*\Q@{[$other->contact]}\E/m;
            return $seen && $seen eq $state;
        }
      ),
      $name
      or diag "it is $seen";
    return;
}

my $farm = Farm->new;
my ($first, $second) = map { $farm->add(conf => "BackhandSecretFile secret\n") } 1, 2;
chmod 0600, $_->write_file('secret', '0123456789abcdef' x 4) for $first, $second;
$farm->start;
ok $farm->together, 'two servers see each other';

like obeys('drain', $first, 'drain'), qr/\Adrain \Q@{[$first->contact]}\E: /, '... names this server';
state_is('... this server is drained',  $first,  $first, 'drained');
state_is('... and the other one knows', $second, $first, 'drained');
obeys('undrain', $first, 'undrain');
state_is('... ends it', $first, $first, 'alive');
obeys('maintenance', $first, 'maintenance', '0');
state_is('... this server is in maintenance', $first, $first, 'maintenance');
obeys('undrain by contact', $first, 'undrain', $first->contact);
state_is('... ends it', $second, $first, 'alive');

my $json = eval { decode_json((ctl($first, 'drain', 'b.test', '--json'))[1]) } || {};
is $json->{ok}, 1, 'drain another server by its name, as JSON';
is_deeply [@{$json}{qw(order server)}], ['drain', $second->contact], '... says what was ordered';
state_is('... it obeys', $second, $second, 'drained');
ok wait_for(sub { (ctl($first, 'status'))[1] =~ /\A.*: 1 of 2 servers alive, 1 drained, room for/ }),
  '... status counts it';
obeys('undrain it, by its short name', $first, 'undrain', 'b');
obeys('weight',                        $first, 'weight',  50);
ok wait_for(sub { (ctl($first, 'status'))[1] =~ /\Q@{[$first->contact]}\E  weight 50 %$/m }), '... status shows it';
obeys('weight of another server', $first, 'weight', 100, 'b.test');

refuses(1,  'there is no server', 'an unknown server',       $first, 'drain', 'none.test');
refuses(1,  'there is no server', 'an unknown id',           $first, 'drain', '9');
refuses(64, 'usage',              'forget without a server', $first, 'forget');
refuses(64, 'percentage',         'a weight that is none',   $first, 'weight', '101');
refuses(5,  'forget',             'this server itself',      $first, 'forget', '0');
SKIP: {
    skip 'only root can run a command as another user', 2 if $>;
    my $file = "$first->{root}/run/backhand/mod_backhand-table";
    chmod 0755, $first->{root}, "$first->{root}/..";
    my $said =
      qx{setpriv --reuid 65534 --regid 65534 --clear-groups -- '$ctl' drain -d '$first->{root}/run/backhand' 2>&1};
    is $? >> 8, 3, 'another user: exit code 3';
    like $said, qr/\Abackhandctl: no permission/, '... one line';
}

$second->stop;
state_is('a server leaves', $first, $second, 'left');
obeys('forget', $first, 'forget', $second->contact);
ok wait_for(sub { (ctl($first, 'status'))[1] !~ /\Q@{[$second->contact]}\E/ }), '... it is no longer there';

$first->kill_all;
ok wait_for(sub { (ctl($first, 'drain'))[1] =~ /no moderator runs/ }, 30), 'no moderator takes an order';

# Without a secret only this server obeys.
my $open = Farm->new;
my ($third, $fourth) = map { $open->add(conf => '') } 1, 2;
$open->start;
ok $open->together, 'two servers without a secret';
obeys('drain', $third, 'drain');
refuses(5, 'BackhandSecretFile', 'another server', $third, 'drain', $fourth->contact);
$open->check;

$farm->announce_log(qr/exit signal Killed/);
$farm->done;
