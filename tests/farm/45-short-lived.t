#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers come, are asked and leave, one after the other, each at another contact, as containers do. A child keeps no
# connections or memory for servers that are gone, and asks the last one like the first.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually wait_for);
use Farm::Fake;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;

my $long = $ENV{BACKHAND_TEST_LONG};
my $all  = $ENV{BACKHAND_TEST_CONTACTS} || ($long ? 1500 : 240);
my $conf = "AcceptStats 127.1.0.0/16\nBackhandMaxServers 4096\n<Location /app>\nBackhand removeSelf\n</Location>\n";

# Answers on so many addresses, and keeps every connection open.
sub answer_on {
    my ($port, @hosts) = @_;
    pipe my $ready, my $say or die "pipe: $!";
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if ($pid) {
        close $say;
        readline $ready;
        return $pid;
    }
    close $ready;
    my $parent   = getppid;
    my %listener = map {
        my $l = IO::Socket::INET->new(LocalAddr => $_, LocalPort => $port, Listen => 8, ReuseAddr => 1) or die "$_: $!";
        (fileno $l => [$l, $_])
    } @hosts;
    print {$say} "yes\n";
    close $say;
    my $select = IO::Select->new(map { $_->[0] } values %listener);
    my %head;
    while (getppid == $parent) {
        for my $socket ($select->can_read(1)) {
            if ($listener{ fileno $socket }) {
                my $connection = $socket->accept or next;
                $select->add($connection);
                $head{ fileno $connection } = [q(), $listener{ fileno $socket }[1]];
                next;
            }
            my $at = $head{ fileno $socket };
            if (!sysread $socket, $at->[0], 4096, length $at->[0]) {
                $select->remove($socket);
                close $socket;
                next;
            }
            next if $at->[0] !~ /\r\n\r\n/;
            $at->[0] = q();
            print {$socket} "HTTP/1.1 200 OK\r\nContent-Length: " . length($at->[1]) . "\r\n\r\n$at->[1]";
            $socket->flush;
        }
    }
    POSIX::_exit(0);
}

# Connections of this machine to those addresses that are not closed.
sub connections {
    my ($port) = @_;
    open my $tcp, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!";
    my $hex = sprintf '%04X', $port;
    return scalar grep { my @f = split; $f[2] =~ /\A....017F:$hex\z/ && $f[3] =~ /\A0[18]\z/ } readline $tcp;
}

# Of the children, in KiB and open files.
sub holds {
    my ($server) = @_;
    my ($memory, $files) = (0, 0);
    for my $pid ($server->children) {
        open my $status, '<', "/proc/$pid/status" or next;
        my ($rss) = map { /^RssAnon:\s+(\d+)/ } readline $status;
        $memory += $rss || 0;
        $files += () = glob "/proc/$pid/fd/*";
    }
    return ($memory, $files);
}

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    # One process that serves, so that it meets all of them; the others are for the moderator's and the page's sake.
    my $farm = Farm->new(mpm => $mpm);
    my $a    = $farm->add(conf => $conf, workers => $mpm eq 'prefork' ? 2 : 4);
    $farm->start;
    my ($n, @before, %wrong) = 0;
    my $first = my $last = q();
    while ($n < $all) {
        my @hosts = map { my $i = $n + $_; sprintf '127.1.%d.%d', $i >> 7, 1 + ($i & 127) } 1 .. 120;
        my $pid   = answer_on($farm->port, @hosts);
        for my $host (@hosts) {
            my $fake = Farm::Fake->new(farm => $farm, host => $host, says => { ka => 60_000, ms => 60_000 });
            $fake->announce(boot => sprintf '%x', ++$n);
            my $told = wait_for { my $body = $a->get('/app/who')->body; $body eq $host && $body } 5;
            $wrong{$host} = 1 if !$told;
            $fake->announce(boot => sprintf('%x', $n), leave => 1);
            wait_for { $a->get('/app/who')->body eq 'a' } 5;
        }
        @before = holds($a) if $n == 120;
        if ($n < $all) { kill 'KILL', $pid; waitpid $pid, 0 }
        else {
            eventually { connections($farm->port) == 0 } 10, "$mpm: no connection is left to $n servers that have gone";
            kill 'KILL', $pid;
            waitpid $pid, 0;
        }
    }
    is join(q( ), sort keys %wrong), q(), 'each of them was asked';
    my @after = holds($a);
    note "$mpm: after 120 contacts $before[0] KiB, $before[1] files; after $n $after[0] KiB, $after[1] files";
    cmp_ok $after[1] - $before[1], '<', 20,                                                'no files are left open';
    cmp_ok $after[0] - $before[0], '<', $ENV{BACKHAND_SANITIZED} ? 20_000 : 1500 + $n / 2, 'and no memory is kept';
    is scalar(grep { /cannot be handed requests/ } $a->log_lines), 0, 'the log is quiet';
    # Two workers of prefork are few.
    $farm->announce_log(qr/AH00161:/);
    $farm->check;
}

done_testing;
