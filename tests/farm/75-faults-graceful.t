#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load that are none: each server in turn restarts gracefully, and stops gracefully and starts.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually wait_for);
use Farm::Steady;
use Test::More;

my $long = $ENV{BACKHAND_TEST_LONG};
my @mpms = $long ? Farm->mpms : 'event';
for my $mpm (@mpms) {
    my $farm    = Farm::Steady::farm(4, mpm => $mpm);
    my @servers = $farm->servers;
    my $all     = Farm::Steady->new(servers => \@servers);

    my $restarted = 0;
    my $result    = $all->during(
        "$mpm: each server in turn restarts gracefully",
        4,
        sub {
            for my $server (@servers) {
                $restarted += $server->graceful;
                wait_for { $farm->together };
            }
        }
    );
    $result->nothing_failed;
    is $restarted, @servers, 'all have restarted';

    for my $server ($long ? @servers : $servers[3]) {
        # Nobody connects to a server that has stopped: its clients go to the others.
        my @others = grep { $_ != $server } @servers;
        my $name   = $server->name;
        $result = Farm::Steady->new(servers => \@others)
          ->during("$mpm: server $name stops gracefully", 1.5, sub { $server->graceful_stop }, from => $server);
        $result->nothing_failed;
        is scalar(() = $result->answered($server, 1)), 0, "$name gets no more requests";
        # It is found again while requests come.
        $result = Farm::Steady->new(servers => \@others)->during(
            "$mpm: server $name starts",
            1.5,
            sub {
                $server->start;
                wait_for { $farm->together }
            }
        );
        $result->nothing_failed;
        eventually { $others[0]->get('/app/steady')->body =~ /SERVER=$name/ } 10, "$name gets requests again";
    }
    $farm->check;
}

done_testing;
