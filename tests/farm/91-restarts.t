#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers restart and stop gracefully, and their children end all the time. Not even requests that cannot be repeated
# are lost, and many restarts leave no files, mappings or processes behind.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(wait_for);
use Farm::Steady;
use Test::More;
use Time::HiRes qw(sleep);

my $long   = $ENV{BACKHAND_TEST_LONG};
my $chain  = "Backhand byAge 5\nBackhand byRandom\n";
my $policy = "<Location /app>\n$chain</Location>\n";

# By the others, in all: new children may be too busy at first to hand off anything.
my $handed_off = 0;

# A server with the lines in its configuration.
sub add {
    my ($farm, $conf) = @_;
    return Farm::Steady::equip($farm->add(workers => 16, modules => ['lua']), $conf || q(), $chain);
}

# Six clients ask one server as fast as they can.
sub under_load {
    my ($what, $server, $seconds, $happens) = @_;
    my $result = Farm::Steady->new(servers => [$server], clients => 6, pause => 0)->during($what, $seconds, $happens);
    $result->nothing_failed;
    $handed_off += grep { ($_->{by} // q()) ne $server->name } @{ $result->{answers} };
    return;
}

sub matching {
    my ($path, $pattern) = @_;
    open my $file, '<', $path or die "$path: $!";
    my @found = map { /$pattern/ } readline $file;
    close $file;
    return @found;
}

# What a server holds: its parent's open files and mappings, and processes in all.
sub holdings {
    my ($server) = @_;
    my $proc = '/proc/' . $server->pid;
    return {
        files     => scalar(() = glob "$proc/fd/*"),
        shared    => scalar(() = matching("$proc/maps", qr/^\S+ ..(.s) /)),
        processes => scalar(() = $server->left),
    };
}

sub same {
    my ($one, $other) = @_;
    return !grep { $one->{$_} != $other->{$_} } keys %{$one};
}

sub resident {
    my ($server) = @_;
    my ($size)   = matching('/proc/' . $server->pid . '/status', qr/^VmRSS:\s+(\d+)/);
    return $size;
}

# So many graceful restarts, each followed by a request. Returns how many were done.
sub restart {
    my ($server, $times) = @_;
    for my $n (1 .. $times) {
        return $n - 1 if !$server->graceful || $server->get('/app/who')->status != 200;
    }
    return $times;
}

for my $mpm (Farm->few_mpms) {
    subtest "$mpm: restarts and stops under load" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my $a    = add($farm);
        my $b    = add($farm);
        my $c    = add($farm);
        $farm->start;
        ok $farm->together, 'they see each other';
        my $four_times = sub {
            my ($server) = @_;
            for (1 .. 4) { kill 'USR1', $server->pid; sleep 0.3 }
        };
        under_load "$mpm: another server restarts", $a, 2, sub { $four_times->($b) };
        ok $farm->together, 'they see each other';
        under_load "$mpm: the server that is asked restarts", $a, 2, sub { $four_times->($a) };
        ok $farm->together, 'they see each other';
        under_load "$mpm: another server stops", $a, 2, sub { kill 'WINCH', $c->pid };
        ok $c->gone, 'it has stopped';
        $farm->announce_log(Farm::Steady::usual());
        $farm->check;
    };

    subtest "$mpm: children that end after a few connections" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my $a    = add($farm, 'MaxConnectionsPerChild 20');
        my $b    = add($farm, 'MaxConnectionsPerChild 20');
        $farm->start;
        ok $farm->together, 'they see each other';
        under_load "$mpm: all children end", $a, 3, sub { };
        # httpd itself may have to kill such a child.
        ok $_->signal('TERM')->gone(20), "$_->{name} stops" for $a, $b;
        $farm->announce_log(Farm::Steady::usual());
        $farm->check;
    };

    subtest "$mpm: many restarts leave everything as it was" => sub {
        # Prefork starts and ends children as it sees fit unless all of them are to be spare ones.
        my $spare = $mpm eq 'prefork' ? "MinSpareServers 8\n" : q();
        my $farm  = Farm->new(mpm => $mpm, conf => "$spare$policy");
        my $a     = $farm->add;
        my $b     = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        is restart($a, 5), 5, 'httpd itself takes a few to settle';
        my $all_run = sub { ($a->row($a->contact) || {})->{'Workers-Total'} == 8 };
        ok wait_for(\&{$all_run}, 20), 'all workers run';
        my $before;
        ok wait_for {
            same(
                $before = holdings($a),
                do { sleep 0.3; holdings($a) }
            )
        }, 'old children end';
        my $resident = resident($a);
        my $times    = $long ? 100 : 5;
        is restart($a, $times), $times, "$times restarts";
        my $after;
        wait_for(\&{$all_run}, 20);
        wait_for { same($before, $after = holdings($a)) };
        is_deeply $after, $before, 'open files, mapped segments and processes are the same';
        my $more = resident($a) - $resident;
        # The sanitizers keep freed memory for a while.
        cmp_ok $more, '<', ($ENV{BACKHAND_SANITIZED} ? 16_384 : 512) + 8 * $times, "the parent has $more KiB more";
        ok $farm->together, 'they see each other';
        $farm->announce_log(Farm::Steady::usual());
        $farm->check;
    };
}

cmp_ok $handed_off, '>', 100, "$handed_off requests were handed off";
done_testing;
