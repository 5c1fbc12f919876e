#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# While a server stops or restarts, the others hear that it leaves before it refuses connections, and otherwise hear it
# without a gap.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(free_port in_parallel scaled wait_for);
use IO::Select;
use IO::Socket::INET;
use List::Util qw(max);
use Socket     qw(SOL_SOCKET inet_aton pack_sockaddr_in);
use Test::More;
use Time::HiRes qw(clock_gettime sleep CLOCK_REALTIME);

# A socket to which servers announce themselves.
sub listener {
    my ($farm, $port) = @_;
    my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.9', LocalPort => $port) or die "udp: $@";
    arrival($socket);
    return $socket;
}

# Arrival time of the datagram that was read last, as the kernel noted it: this process may have read it later. The
# first call turns these notes on.
sub arrival {
    my ($socket)   = @_;
    my $siocgstamp = 0x8906;
    my $time       = pack 'l!l!', 0, 0;
    ioctl $socket, $siocgstamp, $time or return 0;
    my ($seconds, $usec) = unpack 'l!l!', $time;
    return $seconds + $usec / 1e6;
}

# Server with an announcement to that socket beside its farm's.
sub watched {
    my ($farm, $port) = @_;
    my $n = 1 + $farm->servers;
    return $farm->add(conf => "MulticastStats 127.0.0.$n 127.0.0.9:$port");
}

# Reads until the condition holds for a datagram; returns all as [when, text].
sub record {
    my ($socket, $seconds, $last) = @_;
    my $select = IO::Select->new($socket);
    my $end    = clock_gettime(CLOCK_REALTIME) + scaled($seconds);
    my @heard;
    while (clock_gettime(CLOCK_REALTIME) < $end) {
        $select->can_read(0.1) or next;
        recv $socket, my $text, 2000, 0;
        push @heard, [arrival($socket), $text];
        last if $last->($text);
    }
    return @heard;
}

# Connects again and again; returns when the first attempt that was refused began and ended.
sub refused {
    my ($server, $seconds) = @_;
    my $to    = pack_sockaddr_in($server->{port}, inet_aton($server->{host}));
    my $end   = clock_gettime(CLOCK_REALTIME) + scaled($seconds);
    my $tries = 0;
    while (clock_gettime(CLOCK_REALTIME) < $end) {
        my $before = clock_gettime(CLOCK_REALTIME);
        socket my $socket, Socket::AF_INET(), Socket::SOCK_STREAM(), 0 or die "socket: $!";
        return { tries => $tries, began => $before, ended => clock_gettime(CLOCK_REALTIME) } if !connect $socket, $to;
        $tries++;
        # Not so many that ports run out.
        sleep 0.001;
    }
    return { tries => $tries };
}

for my $mpm (Farm::mpms()) {
    for my $signal (qw(TERM WINCH)) {
        subtest "$mpm, $signal: leaving is announced before connections are refused" => sub {
            my $farm = Farm->new(mpm => $mpm);
            my $port = free_port();
            my $udp  = listener($farm, $port);
            my $a    = watched($farm, $port);
            $farm->start;
            my ($heard, $closed) = in_parallel(
                2,
                sub {
                    my ($i) = @_;
                    return refused($a, 20) if $i == 1;
                    my @all = record($udp, 10, sub { $_[0] =~ /&ready=[1-9]/ });
                    $a->signal($signal);
                    push @all, record($udp, 10, sub { $_[0] =~ /&leave=1\b/ });
                    return { all => \@all };
                }
            );
            is "$heard->{died}$closed->{died}", '', 'both watched' if $heard->{died} || $closed->{died};
            my $leave = $heard->{all}[-1];
            like $leave->[1], qr/&leave=1\b/, 'leaving is announced';
            cmp_ok $closed->{tries}, '>', 10, 'connections were made until then';
            ok $closed->{ended}, 'then they are refused' or diag explain $closed;
            cmp_ok $leave->[0], '<', $closed->{ended} || 0, 'and that comes later';
            my @after = record($udp, 0.6, sub { $_[0] !~ /&leave=1\b/ });
            is scalar(grep { $_->[1] !~ /&leave=1\b/ } @after), 0, 'nothing says afterwards that it is there';
            $farm->check;
        };
    }

    subtest "$mpm: a graceful restart is no silence, and nobody takes it for a rival" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my $port = free_port();
        my $udp  = listener($farm, $port);
        my $a    = watched($farm, $port);
        my $b    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        my $before = $a->resumed;
        my ($heard) = in_parallel(
            1,
            sub {
                my @all;
                for (1 .. 5) {
                    my $boot = @all ? $all[-1][1] =~ s/.*&boot=(\w+).*/$1/r : '';
                    push @all, record($udp, 10, sub { $_[0] !~ /&boot=\Q$boot\E&/ });
                    push @all, record($udp, 10, sub { $_[0] =~ /&seq=5&/ });
                    $a->signal('USR1') if $_ < 5;
                }
                return { all => \@all };
            }
        );
        my @all   = @{ $heard->{all} };
        my %boots = map { /&boot=(\w+)/ ? ($1 => 1) : () } map { $_->[1] } @all;
        is scalar keys %boots,                          5, 'each restart announces itself anew';
        is scalar(grep { $_->[1] =~ /&leave=1/ } @all), 0, 'no restart says that it leaves';
        my $gap = max map { $all[$_][0] - $all[$_ - 1][0] } 1 .. $#all;
        note "longest gap: $gap s";
        cmp_ok $gap, '<', scaled(0.75), 'the others never take it for silent';
        ok wait_for(sub { $a->resumed >= $before + 4 }), 'four restarts';

        for my $server ($a, $b) {
            is scalar(grep { /give one of them another/ } $server->log_lines), 0,
              "$server->{name}: no rival in the log";
            ok !defined $server->row($a->contact)->{'Rival-Ago'}, 'nor in the page';
        }
        ok $a->stop, 'stop';
        $a->start;
        ok $farm->together, 'stopped and started: they see each other';
        $a->kill_all;
        $a->start;
        ok $farm->together,                              'killed and started: they see each other';
        ok !defined $b->row($a->contact)->{'Rival-Ago'}, 'and still no rival';
        $farm->check;
    };
}

done_testing;
