#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A thousand servers come and go, each with a contact and a boot of its own, and each gets requests. Nothing grows by
# that: the memory of the children and of the moderator, connections, slots of the table.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually wait_for);
use Farm::Fake;
use IO::Select;
use IO::Socket::INET;
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'a long test' if !$ENV{BACKHAND_TEST_LONG};

my $servers = 1000;
my $slots   = 600;

my $farm = Farm->new(mpm => 'event', children => 1);
my $a    = $farm->add(announce => 0, conf => <<"EOT");
BackhandFarm @{[$farm->name]}
BackhandContact @{['http://127.0.0.1:' . $farm->port]}
MulticastStats 127.0.0.1 239.255.0.1:@{[$farm->udp]},1
AcceptStats 127.0.0.0/8
BackhandMaxServers $slots
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT
$farm->start;

# One process serves at every loopback address, over connections that stay open.
my $listener = IO::Socket::INET->new(LocalAddr => '0.0.0.0', Listen => 128) or die "serve: $@";
my $port     = $listener->sockport;

sub serve {
    my ($parent) = @_;
    my $ready = IO::Select->new($listener);
    while (getppid == $parent) {
        for my $socket ($ready->can_read(1)) {
            if ($socket == $listener) {
                my $client = $listener->accept or next;
                $ready->add($client);
            }
            elsif (sysread $socket, my $request, 65536) {
                my $body = $socket->sockhost;
                syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
            }
            else {
                $ready->remove($socket);
                close $socket;
            }
        }
    }
    return;
}
my $process = bless {}, 'Farm::Process';
$process->begin(\&serve);

# Memory of a process that no other one shares, in kB.
sub private_memory {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/smaps_rollup" or return 0;
    return sum0(map { /\APrivate_\w+:\s+(\d+)/ ? $1 : () } readline $file);
}

sub open_files {
    my ($pid) = @_;
    return scalar @{ [glob "/proc/$pid/fd/*"] };
}

# Memory and open files of all processes of the server.
sub used {
    my @pids = ($a->{pid}, $a->children);
    return { memory => sum0(map { private_memory($_) } @pids), files => sum0(map { open_files($_) } @pids) };
}

my $fake = Farm::Fake->new(farm => $farm, quiet => 1);
my ($answered, $wrong, $full) = (0, 0, 0);
my %before;
for my $n (1 .. $servers) {
    my $host = sprintf '127.77.%d.%d', $n >> 8, $n & 255;
    my %says = (contact => "http://$host:$port", boot => sprintf('%x', 1_000_000 + $n), host => "fake$n.test");
    # Servers that have left keep their slots for 20 s; nobody else may come before one is free.
    my $got = wait_for {
        $fake->announce(%says);
        $a->get('/app/x')->body eq $host;
    }
    5 + 25 * ($n >= $slots);
    if (!$got) {
        $wrong++;
        diag "$host gets no request" if $wrong < 4;
        last                         if $wrong > 3;
    }
    $answered += grep { $_->status == 200 && $_->body eq $host } map { $a->get("/app/$_") } 1 .. 3;
    $fake->announce(%says, leave => 1);
    $before{$n} = used() if $n == 100 || $n == 500;
    note join ' ', $n, map { $before{$n}{$_} } qw(memory files) if $before{$n};
}
is $wrong, 0, 'each server gets requests';
cmp_ok $answered, '>=', 3 * $servers, 'and answers them';
my $after;
eventually { $after = used(); $after->{files} <= $before{100}{files} + 2 } 10, 'no connection to them is left open'
  or diag explain [\%before, $after];
note "$servers $after->{memory} $after->{files}";
cmp_ok $after->{memory}, '<', $before{100}{memory} + 1024, 'no memory is kept for them'
  or diag explain [\%before, $after];
cmp_ok $a->status->{Servers}, '<=', $slots, 'the table has its slots';
$farm->announce_log(qr{\[table-full\]\z});
$farm->done;
