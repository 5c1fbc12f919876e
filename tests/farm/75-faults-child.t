#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: a child process is killed while it has requests in its hands.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Steady;
use Test::More;
use Time::HiRes qw(sleep);

my $clients = 8;
my $slow    = '/app/steady?x&slow=3';

# What all of a server's rows say that they wait for.
sub sent_waiting {
    my ($server) = @_;
    my $rows = $server->rows;
    return join q( ), map { $rows->{$_}{'Sent-Waiting'} } sort keys %{$rows};
}

my @mpms = $ENV{BACKHAND_TEST_LONG} ? Farm->mpms : 'event';
for my $mpm (@mpms) {
    my $farm = Farm::Steady::farm(4, mpm => $mpm, workers => 16, also => 'BackhandResponseTimeout 20s');
    my ($a, $b, $c, $d) = $farm->servers;
    $farm->announce_log(qr/exit signal Killed/, qr/AH00051:|AH00052:/);

    # Under prefork a child has one request at most in its hands, so more of them are killed.
    my $killed = $mpm eq 'prefork' ? 8 : 1;
    my $result = Farm::Steady->new(servers => [$a, $b, $c], clients => $clients)->during(
        "$mpm: a child of the server that is asked is killed",
        2,
        sub {
            my @workers = Farm::Steady::workers($d);
            kill 'KILL', @workers[0 .. $killed - 1];
        }
    );
    $result->failed_only($clients, sub { return $_[0]{method} eq 'POST' && $_[0]{status} == 502 });
    eventually { $d->status->{Serving} <= 1 } 5, 'the requests that it had count no more';
    eventually { !grep { $_->row($d->contact)->{'In-Flight'} > 1 } $a, $b, $c } 5, 'nor for the others';

    # A child that waits for others. Its own clients lose their connections with it; the counts come back.
    my @clients = map { $a->connect } 1 .. 8;
    my $wait    = Farm::Steady->new(servers => [$b, $c, $d], clients => $clients);
    $result = $wait->during(
        "$mpm: a child that waits for others is killed",
        2,
        sub {
            $_->send("GET $slow HTTP/1.1\r\nHost: " . $a->address . "\r\n\r\n") for @clients;
            eventually { $a->status->{Waiting} >= 2 } 4, 'requests are handed off';
            kill 'KILL', Farm::Steady::workers($a);
            eventually { $_ = $a->status; $_ && $_->{Waiting} == 0 } 5, 'they are not waited for any more';
        }
    );
    $result->failed_only($clients, sub { return $_[0]{method} eq 'POST' && $_[0]{status} == 502 });
    eventually { sent_waiting($a) eq '0 0 0 0' } 5, 'what was handed to each is not waited for any more'
      or diag sent_waiting($a);
    $result = Farm::Steady->new(servers => [$a])->during("$mpm: the same server is asked", 1.5, sub { });
    $result->nothing_failed;
    cmp_ok scalar(() = map { $result->answered($_, 0) } $b, $c, $d), '>', 10, 'and hands off as before';
    eventually { sent_waiting($a) eq '0 0 0 0' } 5, 'nothing is left over';
    ok $farm->together, 'they see each other';
    $farm->check;
}

done_testing;
