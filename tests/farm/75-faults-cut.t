#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: the network of a farm is cut between two halves, and healed. Servers are on hosts of their own by
# network namespaces: a and b on one, c and d on another, with a switch between them; clients reach all four by another
# network.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm qw(eventually scaled wait_for);
use Farm::Steady;
use Test::More;

# Each half: a network on which its servers announce themselves and hand requests to each other, and that of the
# clients, who are here.
Farm::Networks::run('ip link set lo up', 'ip link add switch type bridge mcast_snooping 0', 'ip link set switch up');
for my $n (1, 2) {
    my $in = "ip -n half$n";
    Farm::Networks::run(
        "ip netns add half$n",
        "ip link add port$n type veth peer name eth0 netns half$n",
        "ip link add front$n type veth peer name eth1 netns half$n",
        "ip addr add 10.98.$n.254/24 dev front$n",
        map({ "$in addr add 10.99.0.$_/24 dev eth0" } 2 * $n - 1,  2 * $n),
        map({ "$in addr add 10.98.$n.$_/24 dev eth1" } 2 * $n - 1, 2 * $n),
        map({ "$in link set $_ up" } qw(lo eth0 eth1)),
        "ip link set port$n master switch",
        map({ "ip link set $_$n up" } qw(port front))
    );
}

my $farm = Farm::Steady::idle_farm(0);
my $port = $farm->port;
for my $n (1 .. 4) {
    my $half = $n <= 2 ? 1 : 2;
    Farm::Steady::equip(
        $farm->add(
            netns    => "half$half",
            host     => "10.98.$half.$n",
            client   => "10.98.$half.254",
            announce => 0,
        ),
        <<"EOT");
Listen 10.99.0.$n:$port
BackhandFarm @{[$farm->name]}
BackhandInterval @{[int scaled(250)]}ms
BackhandContact http://10.99.0.$n:$port
MulticastStats 10.99.0.$n 239.255.0.1:@{[$farm->udp]},1
AcceptStats 10.99.0.0/24
BackhandResponseTimeout @{[int scaled(3000)]}ms
EOT
}
$farm->start;
my @servers = $farm->servers;

# Whether each of the servers has all of them in its table, alive.
sub together {
    my (@of) = @_;
    return wait_for {
        for my $viewer (@of) {
            my $rows  = $viewer->rows;
            my @alive = grep { ($rows->{"http://10.99.0.$_:$port"} || { State => q() })->{State} eq 'alive' } 1 .. 4;
            return 0 if @alive != 4 || grep { $rows->{"http://10.99.0.$_:$port"}{Age} > scaled(1) } @alive;
        }
        1;
    }
    15;
}

my %half    = (a => 1, b => 1, c => 2, d => 2);
my $crossed = sub { return $_[0]{by} && $half{ $_[0]{by} } != $half{ $_[0]{at} } };

ok together(@servers), 'they see each other';
my $load   = Farm::Steady->new(servers => \@servers);
my $result = $load->during('a network', 1, sub { });
$result->nothing_failed;
cmp_ok scalar(grep { $crossed->($_) } @{ $result->{answers} }), '>', 10, 'requests go from half to half';

$result = $load->during(
    'the network is cut between two halves',
    5,
    sub { Farm::Networks::run('ip link set port2 nomaster') },
    from => $crossed
);
# What had been handed to the other half and must not be sent twice.
$result->failed_only(8, sub { return $_[0]{method} eq 'POST' && $_[0]{status} =~ /\A50[24]\z/ });
my @late = grep { $_->{began} > $result->{since} + 2 } @{ $result->{answers} };
is scalar(grep { $crossed->($_) } @late), 0, 'each half is a farm of its own';
cmp_ok scalar(grep { $_->{by} && $_->{by} ne $_->{at} } @late), '>', 10, 'in which requests are handed off';

$result = $load->during('the network is healed', 2, sub { Farm::Networks::run('ip link set port2 master switch') });
$result->nothing_failed;
ok together(@servers), 'they see each other';
eventually { $servers[0]->get('/app/steady')->body =~ /SERVER=[cd]/ } 10, 'and hand requests to each other';
$farm->check;

done_testing;
