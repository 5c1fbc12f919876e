#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: of three brokers that are all that servers know each other by, one is killed, and one hangs.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Nats;
use Farm::Steady;
use Test::More;

plan skip_all => Farm::Nats->missing if Farm::Nats->missing;

# The broker that a server uses.
sub used_by {
    my ($server, @brokers) = @_;
    my $url = $server->json->{nats}{broker};
    return grep { $_->url eq $url } @brokers;
}

my @mpms = $ENV{BACKHAND_TEST_LONG} ? Farm->mpms : 'event';
for my $mpm (@mpms) {
    my @brokers   = Farm::Nats->cluster(3);
    my $transport = 'BackhandTransport ' . join ',', map { $_->url } @brokers;
    my $farm      = Farm->new(mpm => $mpm, announce => 0, workers => 16, modules => ['lua']);
    for my $n (1 .. 3) {
        Farm::Steady::equip($farm->add, <<"EOT");
BackhandFarm @{[$farm->name]}
BackhandInterval 250ms
AcceptStats 127.0.0.0/28
BackhandContact http://127.0.0.$n:@{[$farm->port]}
$transport
EOT
    }
    # A broker that hangs keeps its connections: until they are given up, its servers hear nobody.
    $farm->announce_log(Farm::Steady::usual, qr/\[no-broker\]/, qr/see whether the broker \S+ runs.*\[deaf\]/);
    $farm->start;
    ok $farm->together, 'they see each other';

    my ($a, $b) = $farm->servers;
    for my $how (qw(stop pause)) {
        my ($broker) = used_by($a, @brokers);
        my $silent   = 0;
        my $result   = Farm::Steady->new(servers => [$farm->servers])->during(
            "$mpm: $how of a broker",
            3,
            sub {
                $broker->$how;
                eventually {
                    $silent++ if grep { $_->{Age} > 5 } values %{ $b->rows };
                    my $now = $a->json->{nats};
                    $now->{connected} && $now->{broker} ne $broker->url
                }
                20, 'another broker is taken';
            }
        );
        $result->nothing_failed;
        is $silent, 0, 'none is unheard for the 5 s of byAge' if $how eq 'stop';
        ok $farm->together, 'they still see each other';
        @brokers = grep { $_ != $broker } @brokers;
        $broker->resume if $how eq 'pause';
    }
    $farm->check;
}

done_testing;
