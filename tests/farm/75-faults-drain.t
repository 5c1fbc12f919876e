#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Orders under load cost no request: a server is drained, put under maintenance, and back, while its own clients and
# those of the others ask on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm         qw(eventually);
use Farm::Orders qw($obeyed all_see order);
use Farm::Steady;
use Test::More;

my $long = $ENV{BACKHAND_TEST_LONG};

for my $mpm ($long ? Farm->mpms : 'event') {
    my $farm    = Farm::Steady::farm(4, mpm => $mpm);
    my @servers = $farm->servers;
    my $server  = $servers[3];
    my $name    = $server->name;
    my @others  = @servers[0 .. 2];
    my ($all, $theirs) = map { Farm::Steady->new(servers => $_) } \@servers, \@others;

    my $given = sub {
        my ($load, $word, $state) = @_;
        my ($said, $seen);
        my $result = $load->during("$mpm: server $name: $word",
            2, sub { $said = order($server, $word, $server->contact); $seen = all_see($state, $server, @servers) });
        is $said, $obeyed, "$word is obeyed";
        ok $seen, "all see that it is $state";
        $result->nothing_failed;
        $result->read_once;
        return $result;
    };

    my $before = $theirs->during("$mpm: no order", 1, sub { });
    cmp_ok scalar(() = $before->answered($server, 0)), '>', 0, "$name answers clients of others";
    for my $word (qw(drain maintenance)) {
        my $state = $word eq 'drain' ? 'drained' : $word;
        $given->($theirs, $word, $state);
        my $result = $theirs->during("$mpm: server $name stays $state", 1, sub { });
        $result->nothing_failed;
        is scalar(() = $result->answered($server, -10)), 0, 'others hand it nothing';
        $given->($theirs, 'normal', 'alive');
        eventually { $others[0]->get('/app/steady')->body =~ /SERVER=$name/ } 10, "$name gets requests again";
    }

    $given->($all, 'drain',       'drained');
    $given->($all, 'maintenance', 'maintenance');
    my $result = $all->during("$mpm: server $name is under maintenance", 1, sub { });
    $result->nothing_failed;
    is scalar(() = $result->answered($server, -10)), 0, 'it hands its own clients on';
    $result = $all->during("$mpm: server $name restarts gracefully under maintenance", 1, sub { $server->graceful });
    $result->nothing_failed;
    $given->($all, 'normal', 'alive');
    $farm->check;
}

done_testing;
