#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# BackhandZoneSummary: a server hears its own zone in full, and a few representatives of each other zone.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Farm qw(build_dir configtest eventually in_parallel wait_for);
use Farm::Nats;
use JSON::PP   qw(decode_json);
use List::Util qw(uniq);
use Test::More;

plan skip_all => Farm::Nats->missing if Farm::Nats->missing;

my $broker = Farm::Nats->new;
my $farm   = Farm->new(announce => 0);
my $ctl    = build_dir() . '/bin/backhandctl';
my $most   = 2;

# A server of that zone, which does not serve /app itself.
sub add {
    my ($zone, $summary, %options) = @_;
    my $n      = 1 + $farm->servers;
    my $server = $farm->add(
        %options,
        workers => 32,
        conf    => <<"EOT");
BackhandFarm @{[$farm->name]}
BackhandInterval 200ms
AcceptStats 127.0.0.0/28
BackhandContact http://127.0.0.$n:@{[$farm->port]}
BackhandTransport @{[$broker->url]}
BackhandZone $zone
BackhandZoneSummary $summary
BackhandSecretFile secret
BackhandMaxHandoffs 90%
<Location /app>
    Backhand removeSelf
    Backhand byZone 400
    Backhand byExpectedTime
</Location>
EOT
    chmod 0600, $server->write_file('secret', '0123456789abcdef' x 4);
    return $server;
}

my @us = map { add('us', $most) } 1 .. 4;
my @eu = map { add('eu', $most) } 1 .. 2;

# Contacts in the table of a server, of one zone, without those that have left.
sub known {
    my ($server, $zone) = @_;
    my @rows  = grep     { $_->{zone} eq $zone && $_->{state} ne 'left' } @{ $server->json->{servers} };
    my @known = sort map { $_->{contact} } @rows;
    return @known;
}

# Whom all servers of `eu` know of `us`, when they agree on so many; else nobody.
sub known_in_eu {
    my @lists = uniq(map { join q{ }, known($_, 'us') } @eu);
    my @known = split / /, $lists[0];
    return @lists == 1 && @known == $most ? @known : ();
}

# The same, as soon as they agree.
sub settled_in_eu {
    my @known;
    wait_for { @known = known_in_eu() };
    return @known;
}

sub hosts_of {
    my ($key, @messages) = @_;
    my @hosts = sort(uniq(map { /&\Q$key\E&/ ? () : /&contact=([^&]+)/ } @messages));
    return @hosts;
}

sub order {
    my ($server, @arguments) = @_;
    my $said = qx{'$ctl' -d '$server->{root}/run/backhand' @arguments 2>&1 </dev/null};
    return ($? >> 8, $said);
}

# That it comes true long before servers count as dead, after 20 s.
sub soon (&$) {    ## no critic (ProhibitSubroutinePrototypes)
    my ($condition, $name) = @_;
    my $since = time;
    &eventually($condition, 10, $name);
    cmp_ok time - $since, '<', 15, '... soon';
    return;
}

my @all_us = sort map { $_->contact } @us;
my @all_eu = sort map { $_->contact } @eu;
my %by     = map      { $_->contact => $_ } @us, @eu;

# Servers that stop leave no connection for the rest, and a server that is full says so.
$farm->announce_log(qr/AH00484:|AH00161:|AH10159:|AH00286:|fell silent before its response/);
my $far  = $broker->subscribe('backhand.' . $farm->name . '.far');
my $near = $broker->subscribe('backhand.' . $farm->name . '.zone.us');
my $else = $broker->subscribe('backhand.' . $farm->name . '.all');
$farm->start;

subtest 'each hears its own zone whole, and two of the other' => sub {
    eventually { "@all_us" eq join q{ }, known($_, 'us') } 10, $_->name . ' knows all of us' for @us;
    eventually { "@all_eu" eq join q{ }, known($_, 'eu') } 10, $_->name . ' knows all of eu' for @us, @eu;
    soon { known_in_eu() } "eu knows $most of us";
    # At its start a server tells all zones a few times that it does not represent its own. So look until there is
    # nothing else than what is right.
    my ($seconds, @messages, @near) = (2);
    eventually {
        $_->(0) for $far, $near;
        @messages = $far->($seconds);
        @near     = hosts_of('none', $near->(0));
        my @known = known_in_eu();
        "@all_us" eq join(q{ }, sort(@near, @known)) && join(q{ }, hosts_of('none', @messages)) eq join q{ },
          sort(@known, @all_eu)
    }
    20, 'representatives announce themselves to all zones, the others of us to us only';
    is scalar(grep { !/&far=1&zs=[234]&zr=[1-9]\d*&zb=\d+(?:&|\z)/ } @messages), 0, 'with the sums of their zone';
    # Five a second each; a server that is busy may announce itself early.
    cmp_ok scalar @messages, '<', 1.3 * 5 * $seconds * 2 * $most, 'the messages to all zones grow with the zones';
    cmp_ok scalar @messages, '>', 0.3 * 5 * $seconds * 2 * $most, 'and there are some';
    is scalar(grep { /./ } $else->(0.1)), 0, 'nobody uses the subject of servers without a summary';
    my ($length) = sort { $b <=> $a } map { length } @messages;
    note "an announcement of a representative has up to $length bytes";
};

subtest 'the sums of the other zone are shown' => sub {
    my $zone;
    eventually {
        ($zone) = grep { $_->{zone} eq 'us' } @{ $eu[0]->json->{zones} };
        $zone->{servers} == 4
    }
    10, 'all servers';
    is $zone->{representatives},                $most, 'representatives';
    is $zone->{ready} + $zone->{busy} > 4 || 0, 1,     'workers';
    is scalar @{ $eu[0]->json->{zones} },       1,     'and of no other';
    my $metrics = $eu[0]->get('/backhand?metrics')->body;
    like $metrics, qr/^backhand_zone_servers\{zone="us"\} 4$/m,             '?metrics';
    like $metrics, qr/^backhand_zone_representatives\{zone="us"\} $most$/m, '... how many represent it';
    like $metrics, qr/^backhand_zone_workers_ready\{zone="us"\} [1-9]/m,    '... ready workers';
    like $metrics, qr/^backhand_zone_workers_busy\{zone="us"\} \d/m,        '... and others';
    like $eu[0]->get('/backhand')->body, qr/Zone us<.*$most of 4 servers/,  'the page';
};

subtest 'a representative that is drained is replaced' => sub {
    my ($first) = settled_in_eu();
    my ($code, $said) = order($eu[0], 'drain', $first);
    is $code, 0, 'it obeys an order of another zone' or diag $said;
    soon {
        my @now = known_in_eu();
        @now && !grep { $_ eq $first } @now
    }
    'another one takes its place';
    is $us[3]->row($first)->{State},                                          'drained', 'its own zone still knows it';
    is scalar(grep { /left|lost|not been heard/ } map { $_->log_lines } @eu), 0, 'nobody of the other zone misses it';
    ($code, $said) = order($eu[0], 'undrain', $first);
    isnt $code, 0, 'no server of the other zone gives it orders now';
    like $said, qr/there is no server \Q$first\E/, '... and says so';
    ($code, $said) = order((grep { $_->contact ne $first } @us)[0], 'undrain', $first);
    is $code, 0, 'one of its own zone does, whether it is a representative or not' or diag $said;
    my %is_far = map { $_ => 1 } settled_in_eu();
    my ($other) = grep { !$is_far{ $_->contact } } @us;
    ($code, $said) = order($other, 'weight', 90, $all_eu[1]);
    is $code, 0, 'who represents no zone gives orders to representatives of others' or diag $said;
    ($code, $said) = order($other, 'weight', 100, $all_eu[1]);
    is $code, 0, '... again' or diag $said;
    # It is as good as the others again, and waits until a place is vacant.
    is scalar(settled_in_eu()), $most, 'the other zone still knows as many';
};

subtest 'requests reach the other zone when the own one is full' => sub {
    my $front  = $eu[0];
    my $answer = sub {
        my ($clients, $path) = @_;
        in_parallel $clients, sub { return $front->get($path)->status };
        # httpd logs after the response.
        my @lines;
        wait_for {
            @lines = grep { index($_, " $path ") >= 0 && !/received=1/ } $front->access_lines;
            @lines >= $clients
        };
        return uniq(map { /server=(\S+)/ ? $1 : 'none' } @lines[-$clients .. -1]);
    };
    is join(q{ }, $answer->(1, '/app/who')), $eu[1]->contact, 'a free server of the own zone is asked';
    my %known = map { $_ => 1 } settled_in_eu();
    my @crowd = $answer->(24, '/app/slow?0.4');
    ok((grep { $known{$_} } @crowd), 'a representative of the other zone is asked, too') or diag "@crowd";
    # One that becomes full may be replaced meanwhile.
    %known = (%known, map { $_ => 1 } settled_in_eu());
    my %in_us = map { $_ => 1 } @all_us;
    is scalar(grep { $in_us{$_} && !$known{$_} } @crowd), 0, 'and nobody else of it' or diag "@crowd";
};

subtest 'a representative that stops is replaced' => sub {
    my ($first) = settled_in_eu();
    $by{$first}->stop;
    soon {
        my @now = known_in_eu();
        @now && !grep { $_ eq $first } @now
    }
    'another one takes its place';
    $by{$first}->start;
    eventually { "@all_us" eq join q{ }, known($_, 'us') } 10, $_->name . ' knows all of us again' for @us;
    is scalar(settled_in_eu()), $most, "eu still knows $most of us";
};

subtest 'servers without a summary are heard by all, and hear what they need' => sub {
    my $old = $us[0];
    $old->reconfigure($old->{conf} =~ s/^BackhandZoneSummary .*$/BackhandZoneSummary Off/mr);
    $old->graceful;
    eventually {
        (grep { $_ eq $old->contact } known($_, 'us')) == 1 or return 0 for @eu;
        return "@all_us" eq join(q{ }, known($old, 'us')) && "@all_eu" eq join q{ }, known($old, 'eu')
    }
    10, 'one server of a zone without a summary';
    $old->reconfigure($old->{conf} =~ s/^BackhandZoneSummary .*$/BackhandZoneSummary $most/mr);
    $old->graceful;
    eventually { known_in_eu() } 10, 'and with it again';
};

my ($code, $said) = configtest(conf => "BackhandZoneSummary On\nBackhandZone eu\n");
is $code, 1, 'it needs BackhandTransport';
like $said, qr/BackhandZoneSummary needs BackhandTransport, because/, '... and says so';
($code, $said) = configtest(conf => "BackhandZoneSummary On\nBackhandTransport nats://127.0.0.1:4222\n");
is $code, 1, 'and BackhandZone';
like $said, qr/BackhandZoneSummary needs BackhandZone with the name/, '... and says so';

$farm->done;
