#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The network of a session's owner is cut, so that its packets get no answer. Requests under way wait at most for the
# time-out of connections. All others are served at once, by the server that takes the session over. Each server is on a
# host of its own, by network namespaces.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm          qw(scaled);
use Farm::Session qw(moves stays);
use Test::More;
use Time::HiRes qw(sleep time);

my $network = '198.51.100';
Farm::Networks::run(
    'ip link set lo up',
    'ip link add switch type bridge mcast_snooping 0',
    'ip link set switch up',
    "ip addr add $network.254/24 dev switch"
);
for my $n (1 .. 3) {
    Farm::Networks::run(
        "ip netns add host$n",
        "ip link add port$n type veth peer name eth0 netns host$n",
        "ip link set port$n master switch up",
        "ip -n host$n addr add $network.$n/24 dev eth0",
        "ip -n host$n link set lo up",
        "ip -n host$n link set eth0 up",
    );
}

my $farm = Farm->new(modules => ['lua']);
my ($a, $b, $c) = map {
    Farm::Session::equip(
        $farm->add(
            netns    => "host$_",
            host     => "$network.$_",
            client   => "$network.254",
            announce => 0,
            conf     => Farm::Session::conf() . <<"EOT"))
BackhandFarm @{[$farm->name]}
BackhandInterval @{[int scaled(250)]}ms
BackhandContact http://$network.$_:@{[$farm->port]}
MulticastStats $network.$_ 239.255.0.1:@{[$farm->udp]},1
AcceptStats $network.0/28
BackhandRetry 1s
EOT
} 1 .. 3;
$farm->start;
ok $farm->together, 'they see each other';

my @users = map { Farm::Session->new(owner => $c, kept => $_ % 2) } 0 .. 13;
is $users[$_]->ask($_ ? $a : $b)->{server}, 'c', "user $_ is on c" for 0 .. 1;
$farm->announce_log(qr/backhand: server \S+ .*asked last/);
Farm::Networks::run('ip link set port3 down');
my $cut = time;
my ($first, @others) = @users;
my @moved = ([$first, moves($first, 'at once', scaled(2.5), [$a, $b])]);
# Also after BackhandRetry, when the failure is forgotten.
for my $user (@others) {
    push @moved,
      [$user, moves($user, sprintf('after %.1f s', time - $cut), scaled(0.3), @moved % 2 ? [$a, $b] : [$b, $a])];
    sleep 0.3;
}
Farm::Networks::run('ip link set port3 up');
ok $farm->together, 'c is back';
stays(@{$_}, 'c is back', [$a, $b, $c]) for @moved[0, 1, -1];
$farm->done;
