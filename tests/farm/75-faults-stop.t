#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: a server or its moderator is killed, or stands still.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled wait_for);
use Farm::Steady;
use Test::More;
use Time::HiRes qw(sleep);

# The clients that may lose one POST each: it was in the server's hands and must not be sent twice.
my $clients = 8;

sub post_with {
    my ($status) = @_;
    return sub { return $_[0]{method} eq 'POST' && $_[0]{status} == $status };
}

sub gets_requests_again {
    my ($asked, $server) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $name = $server->name;
    return eventually { $asked->get('/app/steady')->body =~ /SERVER=$name/ } 10, "$name gets requests again";
}

my @mpms = $ENV{BACKHAND_TEST_LONG} ? Farm->mpms : 'event';
for my $mpm (@mpms) {
    my $farm = Farm::Steady::farm(4, mpm => $mpm, also => 'BackhandResponseTimeout ' . int(scaled(2000)) . 'ms');
    my ($a, $b, $c, $d) = $farm->servers;
    my $load = Farm::Steady->new(servers => [$a, $b, $c], clients => $clients);

    my $result = $load->during("$mpm: a server is killed", 2.5, sub { $d->kill_all }, from => $d);
    $result->failed_only($clients, post_with(502));
    cmp_ok $result->moved, '<', scaled(2), 'traffic moves';
    $d->start;
    ok $farm->together, 'it is back';
    gets_requests_again($a, $d);

    $result = $load->during("$mpm: a server stands still", 3.5, sub { $d->pause }, from => $d);
    $result->failed_only($clients, post_with(504));
    cmp_ok scalar(() = $result->answered($d, 0.2)), '==', 0, 'it answers nothing';
    # Not even a POST is sent there after each BackhandRetry.
    cmp_ok $result->moved, '<', scaled(2) + 0.8, 'traffic moves, all of it';
    $result = $load->during("$mpm: it goes on", 1.5, sub { $d->resume });
    $result->nothing_failed;
    gets_requests_again($a, $d);

    my $moderator = Farm::Steady::moderator($d);
    $result = $load->during("$mpm: a moderator is killed", 1.5, sub { kill 'KILL', $moderator });
    $result->nothing_failed;
    eventually { my $new = Farm::Steady::moderator($d); $new != $moderator && $new } 10, 'there is another one';
    ok $farm->together, 'they see each other';

    $moderator = Farm::Steady::moderator($d);
    $result    = $load->during("$mpm: a moderator stands still", 3, sub { kill 'STOP', $moderator }, from => $d);
    $result->nothing_failed;
    cmp_ok $result->moved, '<', scaled(1.5), 'traffic moves, although its announcements are not too old for the chain';
    is $d->get('/app/steady')->status, 200, 'its server answers who asks it';
    $result = Farm::Steady->new(servers => [$d])->during("$mpm: the server of that moderator is asked", 1, sub { });
    $result->nothing_failed;
    kill 'CONT', $moderator;
    ok $farm->together, 'continued: they see each other';
    gets_requests_again($a, $d);
    $farm->announce_log(qr/backhand: the moderator process \d+ ended unexpectedly/, qr/exit signal Killed/);
    $farm->check;
}

done_testing;
