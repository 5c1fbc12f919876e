#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Two networks that multicast does not cross, as of two regions: the servers of both are one farm by a NATS broker. Each
# server is on a host of its own, by network namespaces.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm qw(eventually scaled);
use Farm::Nats;
use Test::More;

plan skip_all => 'a long test'       if !$ENV{BACKHAND_TEST_LONG};
plan skip_all => Farm::Nats->missing if Farm::Nats->missing;

my @networks = qw(192.0.2 198.51.100);
Farm::Networks::run('ip link set lo up', 'sysctl -q -w net.ipv4.ip_forward=1');
for my $n (0, 1) {
    Farm::Networks::run(
        "ip netns add host$n",
        "ip link add port$n type veth peer name eth0 netns host$n",
        "ip addr add $networks[$n].254/24 dev port$n",
        "ip link set port$n up",
        "ip -n host$n addr add $networks[$n].1/24 dev eth0",
        "ip -n host$n link set lo up",
        "ip -n host$n link set eth0 up",
        "ip -n host$n route add default via $networks[$n].254",
    );
}

# A server on each network, without BackhandContact.
sub servers {
    my ($farm, $conf) = @_;
    return map {
        $farm->add(
            netns    => "host$_",
            host     => "$networks[$_].1",
            client   => "$networks[$_].254",
            announce => 0,
            conf     => <<"EOT")
BackhandFarm @{[$farm->name]}
BackhandInterval @{[int scaled(250)]}ms
AcceptStats $networks[0].0/24 $networks[1].0/24
$conf
<Location /app>
    Backhand removeSelf
</Location>
EOT
    } 0, 1;
}

subtest 'multicast alone does not reach the other network' => sub {
    my $farm    = Farm->new;
    my @servers = servers($farm, "MulticastStats 239.255.0.1:@{[$farm->udp]},8");
    $farm->start;
    eventually { $servers[0]->status->{Announced} > 8 } 10, 'they announce themselves';
    is scalar(keys %{ $_->rows }), 1, $_->name . ' is alone' for @servers;
    $farm->check;
};

subtest 'by the broker they are one farm' => sub {
    my $broker  = Farm::Nats->new(host => "$networks[0].254");
    my $farm    = Farm->new;
    my @servers = servers($farm, 'BackhandTransport ' . $broker->url);
    # No address of Listen tells the contact, so that of the connection to the broker does.
    $_->write_file('httpd.conf', $_->config =~ s/^Listen .*:(\d+)$/Listen $1/mr) for @servers;
    $farm->start;
    ok $farm->together, 'they see each other, by the addresses from which they connect to the broker';
    is $servers[0]->get('/app/who')->body, 'b', 'a hands off to b';
    is $servers[1]->get('/app/who')->body, 'a', 'b hands off to a';

    $farm->announce_log(qr/\[no-broker\]/, qr/backhand: server \S+ .*asked last/);
    $farm->silences;
    Farm::Networks::run('ip link set port1 down');
    eventually { $servers[0]->row($servers[1]->contact)->{State} eq 'dead' } 40, 'one network is cut off';
    is $servers[0]->get('/app/who')->body, 'a', 'a serves its requests itself';
    Farm::Networks::run('ip link set port1 up');
    ok $farm->together, 'the network is back, and the farm whole';
    is $servers[0]->get('/app/who')->body, 'b', 'a hands off to b again';
    $farm->check;
};

done_testing;
