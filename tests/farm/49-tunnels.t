#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Tunnels, as of WebSockets, are open for hours: they have a bound of their own, and stop no other hand-off.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

my $conf = <<'EOT';
ProxyPass /app http://${APP}:${PORT}/app upgrade=websocket
<IfDefine FRONT>
    BackhandMaxHandoffs 1
    BackhandMaxTunnels 2
    <Location /app>
        Backhand byAge 60
        Backhand removeSelf
        BackhandProxyPass On
    </Location>
</IfDefine>
EOT

# Says its name; within a tunnel, sends back what comes, too.
sub answer {
    my ($socket, $name) = @_;
    my $got = '';
    while ($got !~ /\r\n\r\n/) {
        sysread $socket, $got, 65_536, length $got or return;
    }
    $socket->autoflush(1);
    if ($got !~ /^Upgrade: websocket\r$/mi) {
        print {$socket} "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n$name";
        return;
    }
    print {$socket} "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n$name";
    while (sysread $socket, my $bytes, 65_536) {
        print {$socket} $bytes;
    }
    return;
}

# Each connection in a process of its own.
sub application {
    my ($name) = @_;
    return sub {
        my ($socket) = @_;
        return if fork;
        local $SIG{ALRM} = sub { POSIX::_exit(1) };
        alarm scaled(60);
        answer($socket, $name);
        close $socket;
        POSIX::_exit(0);
    };
}

# Opens a tunnel: the client, and which application is at its other end.
sub tunnel {
    my ($server) = @_;
    my $client = $server->connect(timeout => 20);
    $client->send("GET /app/tunnel HTTP/1.1\r\nHost: x.test\r\n"
          . "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n");
    $client->{deadline} = time + scaled(20);
    my ($status) = $client->up_to("\r\n\r\n") =~ m{\AHTTP/1[.]1 (\d+) };
    return ($client, "$status " . $client->bytes(2));
}

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm->new(mpm => $mpm, workers => 8);
        my $head = sub { 'Define PORT ' . $farm->port . "\nDefine APP $_[0]\n" };
        my $a    = $farm->add(conf => $conf, head => $head->('127.0.0.17') . "Define FRONT\n");
        my $b    = $farm->add(conf => $conf, head => $head->('127.0.0.18'));
        my @apps =
          map { Farm::Fake->new(farm => $farm, host => "127.0.0.$_", quiet => 1, serve => application($_)) } 17, 18;
        $_->start for @apps;
        $farm->start;
        ok $farm->together, 'they see each other';
        eventually { $a->row($b->contact)->{'Workers-Ready'} >= 6 && $a->row($a->contact)->{'Workers-Total'} >= 6 } 10,
          'all workers run';

        my @tunnels = map { [tunnel($a)] } 1, 2;
        is $_->[1], '101 18', 'a tunnel to the other server' for @tunnels;
        eventually { $a->status->{Tunnels} == 2 && $a->status->{Waiting} == 2 } 5, 'the status page counts them';
        is $a->row($b->contact)->{'Sent-Waiting'}, 0, 'none of them waits for an answer';
        # The status page itself is one.
        eventually { $b->status->{Serving} == 1 } 10, 'the server that has them has no request in hand';
        is $a->get('/app/x')->body,        18,                  'requests are handed off all the same';
        is $a->logged('/app/x')->{reason}, 'handed-off:chosen', 'though one of them may wait at a time';

        my ($third, $where) = tunnel($a);
        is $where, '101 17', 'one tunnel more stays here';
        for my $n (0, 1) {
            my $client = $tunnels[$n][0];
            $client->send("still $n");
            $client->{deadline} = time + scaled(10);
            is $client->bytes(7), "still $n", 'those that are open live on';
        }
        eventually { $a->status->{Serving} == 1 } 10, 'nor has this server, which has one, too';
        close $third->{socket};
        is $a->logged('/app/tunnel')->{reason}, 'served-here:tunnels', 'and the log says why';

        close $tunnels[0][0]{socket};
        eventually { $a->status->{Tunnels} == 1 } 10, 'a tunnel ends';
        (my $again, $where) = tunnel($a);
        is $where,                '101 18', 'another one may be opened';
        is $a->status->{Serving}, 1,        'each tunnel is counted out once';
        close $_->{socket} for $again, $tunnels[1][0];
        eventually { $a->status->{Tunnels} == 0 && $a->status->{Waiting} == 0 } 10, 'none is left';
        eventually { $_->status->{Serving} == 1 } 10, 'nothing is in hand' for $a, $b;
        is $a->row($b->contact)->{'Sent-Waiting'}, 0, 'each was counted as returned once';

        $_->stop for @apps;
        $farm->check;
    };
}

done_testing;
