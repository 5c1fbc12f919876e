#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The moderator: it is unprivileged, is replaced at restarts, is started again when it dies, and ends with its parent.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled wait_for);
use Test::More;
use Time::HiRes qw(time);

# The child that has the UDP port open.
sub moderator {
    my ($server) = @_;
    my %inodes;
    open my $udp, '<', '/proc/net/udp' or die "/proc/net/udp: $!";
    my $port = sprintf '%04X', $server->{farm}->udp;
    while (my $line = readline $udp) {
        my @fields = split q( ), $line;
        $inodes{"socket:[$fields[9]]"} = 1 if $fields[1] =~ /:$port\z/;
    }
    close $udp;
    my @found = grep {
        my $pid = $_;
        grep { $inodes{ readlink $_ || '' } } glob "/proc/$pid/fd/*"
    } $server->children;
    return @found == 1 ? $found[0] : 0;
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm);
    my $a    = $farm->add;
    my $b    = $farm->add;
    $farm->start;
    ok $farm->together, "$mpm: they see each other";

    my $first = moderator($a);
    ok $first, 'one child listens to announcements';
    open my $status, '<', "/proc/$first/status" or die "/proc/$first/status: $!";
    my ($uid) = map { /^Uid:\s+(\d+)/ } readline $status;
    close $status;
    is $uid, $> == 0 ? scalar getpwnam 'www-data' : $>, "it runs as httpd's user";
    my @listens   = grep { /^\s*\d+: \S+ \S+ 0A / } do { open my $tcp, '<', '/proc/net/tcp' or die $!; readline $tcp };
    my %listening = map  { 'socket:[' . (split)[9] . ']' => 1 } @listens;
    is scalar(grep { $listening{ readlink $_ || '' } } glob "/proc/$first/fd/*"), 0, 'it holds no listening socket';

    ok $a->graceful, 'graceful restart';
    my $second = wait_for { my $pid = moderator($a); $pid && $pid != $first && $pid } 5;
    ok $second,         'replaces it';
    ok $farm->together, 'they still see each other';

    # Old enough that its death is no sign that the next one would die at once, too.
    wait_for { $a->status->{Announced} > 8 };
    my $since = time;
    kill 'KILL', $second;
    my $third = wait_for { my $pid = moderator($a); $pid && $pid != $second && $pid } 5;
    ok $third, 'killed: another one';
    cmp_ok time - $since, '<', scaled(2), 'within 2 s';
    ok $farm->together, 'they still see each other';

    kill 'KILL', $a->pid;
    eventually {
        !grep { $_->[0] == $third } $a->processes
    }
    3, 'its parent killed: it ends';
    $a->kill_all;
    $farm->announce_log(qr/backhand: .*moderator/, qr/exit signal Killed/);
    $farm->check;

    # Of a minute, so that it is no announcement that ends it.
    $farm = Farm->new(mpm => $mpm, head => 'BackhandInterval 60s');
    my $slow = $farm->add;
    $farm->start;
    my $only = wait_for { moderator($slow) };
    ok $only, 'with an interval of a minute';
    kill 'KILL', $slow->pid;
    eventually {
        !grep { $_->[0] == $only } $slow->processes
    }
    2, 'it does not wait for the next announcement to end';
    $slow->kill_all;
    $farm->check;
}

done_testing;
