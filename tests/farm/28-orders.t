#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Orders: a drained server gets nothing new and keeps its sessions, one under maintenance hands all on, a weight is a
# share of the requests. They outlive restarts. With a secret any server orders any other one, without only itself.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Fake;
use Farm::Orders qw($obeyed all_see order);
use Farm::Session;
use Test::More;
use Time::HiRes qw(time);

my $key    = '0a1b2c3d' x 8;
my $chains = join "\n", '<Location /app>', 'Backhand byAge', 'Backhand byRandom', '</Location>',
  '<Location /app/soon>', 'Backhand off', 'Backhand on', '</Location>', q();

sub share_key {
    for my $server (@_) {
        my $path = $server->write_file('secret', "$key\n");
        chmod 0600, $path or die "chmod $path: $!";
    }
    return;
}

# How many of the requests to these servers each server answers.
sub answered {
    my ($n, $path, @servers) = @_;
    my %by;
    for my $server (@servers) {
        for (1 .. $n) {
            my $answer = $server->get($path);
            $by{ $answer->status == 200 ? $answer->body : 'status ' . $answer->status }++;
        }
    }
    return \%by;
}

# The page of each server that says its name is in each place.
sub equip {
    $_->write_file('htdocs/app/soon', $_->name) for @_;
    return;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: each server orders itself" => sub {
        my $farm = Farm->new(mpm => $mpm, modules => ['lua'], conf => $chains . Farm::Session::conf());
        my ($a, $b, $c) = Farm::Session::servers($farm, 3);
        equip($farm->servers);
        $farm->start;
        ok $farm->together, 'they see each other';
        my ($of_a, $of_b) = map { Farm::Session->new(owner => $_) } $a, $b;

        is order($b, 'drain', $b->contact), $obeyed, 'b is drained';
        ok all_see('drained', $b, $a, $b, $c), 'all see that it is drained';
        is_deeply [sort keys %{ answered(20, '/app/who', $a, $c) }],           [qw(a c)], 'the others hand it nothing';
        is_deeply [grep { $_ eq 'b' } keys %{ answered(30, '/app/who', $b) }], ['b'],     'it serves its own clients';
        is $of_b->ask($_)->{server}, 'b', 'but keeps its sessions, asked at ' . $_->name for $a, $b, $c;
        my %new = map { Farm::Session->new->ask($b)->{server} => 1 } 1 .. 20;
        is_deeply [sort keys %new], [qw(a c)], 'and begins none, for its own clients either';

        is order($b, 'maintenance', $b->contact), $obeyed, 'b is put under maintenance';
        ok all_see('maintenance', $b, $a, $b, $c), 'all see that it is maintenance';
        is_deeply [sort keys %{ answered(20, '/app/who',  $a, $b, $c) }], [qw(a c)], 'it hands its own clients on';
        is_deeply [sort keys %{ answered(20, '/app/soon', $a, $b, $c) }], [qw(a c)], '`Backhand on`, too';
        my $moved = $of_b->ask($b);
        like "$moved->{status} $moved->{server}", qr/\A200 [ac]\z/, 'its sessions move';
        ok $moved->{set}, 'for good';

        is order($_, 'maintenance', $_->contact), $obeyed, $_->name . ' as well' for $a, $c;
        ok all_see('maintenance', $_, $a, $b, $c), 'all see that it is maintenance' for $a, $c;
        is_deeply [sort keys %{ answered(20, '/app/who', $a, $b, $c) }], [qw(a b c)], 'when all are, none is';
        is order($_, 'normal', $_->contact), $obeyed, $_->name . ' is normal' for $a, $c;
        ok all_see('alive', $_, $a, $b, $c), 'all see that it is alive' for $a, $c;

        $b->stop;
        $b->start;
        ok all_see('maintenance', $b, $a, $b, $c), 'all see that it is maintenance';
        eventually { $b->sees($a) eq 'alive' && $b->sees($c) eq 'alive' } 10, 'it sees the others again';
        is_deeply [sort keys %{ answered(20, '/app/who', $b) }], [qw(a c)], 'under maintenance still';
        is order($b, 'normal', $b->contact), $obeyed, 'b is normal';
        ok all_see('alive', $b, $a, $b, $c), 'all see that it is alive';

        like order($a, 'drain', $b->contact), qr/has no BackhandSecretFile/, 'without a secret no order for others';
        like order($a, 'drain', 'http://192.0.2.1:80'), qr/no live server/,  'nor for strangers';
        like order($a, 'weight', $a->contact, 101),     qr/no such order/,   'nor a weight of 101';
        like order($a, 'forget', $a->contact),          qr/no such order/,   'nor may a server forget itself';
        $b->kill_all;
        is order($a, 'forget', $b->contact), $obeyed, 'a dead one is forgotten';
        is $a->row($b->contact),             undef,   'and out of the table';
        $farm->done;
    };

    subtest "$mpm: weights" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $chains);
        my ($a, $b, $c) = map { $farm->add } 1 .. 3;
        equip($farm->servers);
        $farm->start;
        ok $farm->together, 'they see each other';
        is order($b, 'weight', $b->contact, 25), $obeyed, 'b has a weight of 25';
        eventually { !grep { ($_->row($b->contact)->{Withheld} // 0) != 75 } $a, $b, $c } 5, 'all know';
        # A quarter of 200 is 50, with a standard deviation of 7.
        my $by = answered(200, '/app/who', $a, $b, $c);
        cmp_ok $by->{b}, '>', 25, "byRandom: it gets some, $by->{b} of 600";
        cmp_ok $by->{b}, '<', 85, 'and about a quarter of 200';
        $by = answered(200, '/app/soon', $a, $b, $c);
        cmp_ok $by->{b}, '>', 25, "`Backhand on`: it gets some, $by->{b} of 600";
        cmp_ok $by->{b}, '<', 85, 'and about a quarter of 200';
        is order($b, 'weight', $b->contact, 0), $obeyed, 'b has no weight';
        eventually { !answered(20, '/app/who', $a, $b, $c)->{b} } 5, 'and gets nothing';
        $farm->done;
    };

    subtest "$mpm: with a secret, each other" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => "BackhandSecretFile secret\n$chains");
        my ($a, $b, $c) = map { $farm->add } 1 .. 3;
        share_key($a, $b, $c);
        equip($farm->servers);
        $farm->start;
        ok $farm->together, 'they see each other';
        is order($a, 'drain', $b->contact), $obeyed, 'a drains b';
        ok all_see('drained', $b, $a, $b, $c),                                   'all see that it is drained';
        ok $b->wait_log(qr/this server is drained: .* by order of \S+ at http/), 'b says who ordered it';
        is order($c, 'normal', $b->contact), $obeyed, 'c ends it';
        ok all_see('alive', $b, $a, $b, $c), 'all see that it is alive';

        # The order of a member, signed; then a copy, and one that is not signed.
        my $fake = Farm::Fake->new(farm => $farm, quiet => 1);
        my ($seq, $number) = (1, 1);
        my $make = sub {
            my ($signed, %more) = @_;
            my $text = $fake->announcement(time => int(1000 * time), seq => $seq++, %more);
            return $signed ? "$text&sig=" . hmac_sha256_hex("announce\n$text", pack 'H*', $key) : $text;
        };
        my %drain = (order => 7, do => 2, to => $b->contact);
        my $copy;
        eventually { $copy = $make->(1, %drain); $fake->send_datagram($copy); $b->sees($b) eq 'drained' } 5,
          'a signed order counts';
        is order($b, 'normal', $b->contact), $obeyed, 'b is normal again';
        my $dropped = $b->status->{'Dropped-old'};
        eventually { $fake->send_datagram($copy); $b->status->{'Dropped-old'} > $dropped } 5, 'a copy is dropped';
        my $accepted = $b->status->{Accepted};
        $fake->send_datagram($make->(1, %drain)) for 1 .. 3;
        eventually { $b->status->{Accepted} > $accepted + 5 } 5, 'the same order in a newer announcement';
        is $b->sees($b), 'alive', 'is not obeyed again';
        my $unsigned = $b->status->{'Dropped-signature'};
        eventually {
            $fake->send_datagram($make->(0, %drain, order => 9));
            $b->status->{'Dropped-signature'} > $unsigned
        }
        5, 'an unsigned one is dropped';
        is $b->sees($b), 'alive', 'and not obeyed';

        # Orders of a later release, each with a number of its own.
        my $unknown = sub {
            grep { /knows no order 77/ } $b->log_lines;
        };
        eventually {
            $fake->send_datagram($make->(1, %drain, order => ++$number + 10, do => 77)) for 1 .. 5;
            $unknown->()
        }
        5, 'an order that this release does not know';
        $accepted = $b->status->{Accepted};
        eventually {
            $fake->send_datagram($make->(1, %drain, order => ++$number + 10, do => 77));
            $b->status->{Accepted} > $accepted + 10
        }
        5, 'and more of them';
        is scalar($unknown->()), 1,       'the log says it once';
        is $b->sees($b),         'alive', 'none is obeyed';
        $farm->announce_log(qr/not signed/, qr/knows no order 77/);
        $farm->done;
    };
}

done_testing;
