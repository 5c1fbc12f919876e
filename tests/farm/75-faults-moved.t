#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: a server's address changes while it runs, as by DHCP or when a container is attached to its network
# again. Each server is on a host of its own, by network namespaces; clients reach all of them by another network, whose
# addresses stay.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm qw(eventually scaled wait_for);
use Farm::Steady;
use Test::More;

plan skip_all => 'a long test' if !$ENV{BACKHAND_TEST_LONG};

Farm::Networks::run('ip link set lo up', 'ip link add switch type bridge mcast_snooping 0', 'ip link set switch up');

# The farm's network, as an engine attaches it to a container.
sub attach {
    my ($n, $address) = @_;
    my $in = "ip -n host$n";
    Farm::Networks::run(
        "ip link add port$n type veth peer name eth0 netns host$n",
        "ip link set port$n master switch up",
        "$in addr add $address/24 dev eth0",
        "$in link set eth0 up",
        "$in route add default via 10.96.0.254",
    );
    return;
}

for my $n (1 .. 3) {
    Farm::Networks::run(
        "ip netns add host$n",
        "ip link add front$n type veth peer name eth1 netns host$n",
        "ip addr add 10.95.$n.254/24 dev front$n",
        "ip link set front$n up",
        "ip -n host$n addr add 10.95.$n.1/24 dev eth1",
        "ip -n host$n link set lo up",
        "ip -n host$n link set eth1 up",
        # The address that goes does not take the one beside it along.
        "ip netns exec host$n sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/promote_secondaries'",
    );
    attach($n, "10.96.0.$n");
}

my $farm = Farm::Steady::idle_farm(0);
my $port = $farm->port;
my $to   = '239.255.0.1:' . $farm->udp;
for my $n (1 .. 3) {
    my $server = $farm->add(netns => "host$n", host => "10.95.$n.1", client => "10.95.$n.254", announce => 0);
    my $key    = $server->write_file('secret', '0a1b2c3d' x 8 . "\n");
    chmod 0600, $key;
    Farm::Steady::equip($server, <<"EOT");
LogLevel backhand:info
BackhandFarm @{[$farm->name]}
BackhandInterval @{[int scaled(250)]}ms
MulticastStats $to
AcceptStats 10.96.0.0/24
BackhandSecretFile $key
BackhandResponseTimeout @{[int scaled(3000)]}ms
EOT
    # No address is configured, so the contact is the one from which announcements leave.
    $server->write_file('httpd.conf', $server->config =~ s/^Listen .*/Listen $port/mr);
}
$farm->start;
my @servers = $farm->servers;

sub sees {
    my ($viewer, @addresses) = @_;
    my $rows = $viewer->rows;
    my @seen = sort map { "$_:$rows->{$_}{State}" } keys %{$rows};
    my $all  = join ' ', sort map { "http://$_:$port:alive" } @addresses;
    return "@seen" eq $all;
}

# Whether each server has these contacts in its table, all alive, and no others.
sub together {
    my (@addresses) = @_;
    return wait_for {
        !grep { !sees($_, @addresses) } @servers
    }
    15;
}

ok together(qw(10.96.0.1 10.96.0.2 10.96.0.3)), 'they see each other';
my $b     = $servers[1];
my $load  = Farm::Steady->new(servers => \@servers);
my $by_b  = sub { return $_[0]{by} && $_[0]{by} eq 'b' && $_[0]{at} ne 'b' };
my $again = sub {
    return $_[0]{method} eq 'POST' && $_[0]{status} =~ /\A50[24]\z/;
};
my $result = $load->during('a farm without configured addresses', 1, sub { });
$result->nothing_failed;
cmp_ok scalar(grep { $by_b->($_) } @{ $result->{answers} }), '>', 5, 'and hand requests to each other';

# The new address is there before the old one goes: nothing is lost at all.
my $moved;
$result = $load->during(
    'a server gets another address, and loses its old one later',
    4,
    sub {
        Farm::Networks::run('ip -n host2 addr add 10.96.0.12/24 dev eth0',
            'ip -n host2 route replace default via 10.96.0.254 src 10.96.0.12');
        $moved = wait_for { sees($servers[0], qw(10.96.0.1 10.96.0.12 10.96.0.3)) } 5;
        Farm::Networks::run('ip -n host2 addr del 10.96.0.2/24 dev eth0');
    }
);
$result->nothing_failed;
ok $moved,                                       'the others have the new contact, and no longer the old one';
ok together(qw(10.96.0.1 10.96.0.12 10.96.0.3)), 'all of them';
cmp_ok scalar(grep { $by_b->($_) && $_->{began} > $result->{since} + 2 } @{ $result->{answers} }), '>', 5,
  'it goes on to get requests';
ok $b->wait_log(qr{address has changed: it is at http://10\.96\.0\.12:\d+ now, no longer at http://10\.96\.0\.2:}),
  'its log says so';
ok $servers[0]->wait_log(qr{server moved: b\.test from http://10\.96\.0\.2:\d+ to http://10\.96\.0\.12:}),
  'and that of the others';

# All at once: what had been handed to the old address and must not be sent twice is lost.
$result = $load->during(
    'a server gets another address in place of its old one',
    4,
    sub {
        Farm::Networks::run(
            'ip -n host2 addr flush dev eth0',
            'ip -n host2 addr add 10.96.0.22/24 dev eth0',
            'ip -n host2 route add default via 10.96.0.254'
        );
    }
);
$result->failed_only(8, $again);
ok together(qw(10.96.0.1 10.96.0.22 10.96.0.3)), 'the others have the new contact only';

$result = $load->during(
    'a server is attached to its network again',
    4,
    sub {
        Farm::Networks::run('ip link del port2');
        attach(2, '10.96.0.32');
    }
);
$result->failed_only(8, $again);
ok together(qw(10.96.0.1 10.96.0.32 10.96.0.3)), 'it hears the others by the new interface, and they hear it';
cmp_ok scalar(grep { $by_b->($_) && $_->{began} > $result->{since} + 2 } @{ $result->{answers} }), '>', 5,
  'and it gets requests again';

# The same address, by another interface: only its groups are to be joined anew.
for my $i (1 .. 25) {
    Farm::Networks::run('ip link del port2');
    attach(2, '10.96.0.32');
    next if $i % 12 != 1;
    my $before = $b->status->{Accepted};
    eventually { $b->status->{Accepted} > $before + 4 } 10, "attached for the ${i}th time, it hears the others";
}
my $tries = scalar grep { /cannot join/ } $b->log_lines;
is $tries, 0, 'no group is left unjoined';

$farm->announce_log(qr/backhand: .* \[(?:deaf|all-stale|not-sent|no-contact|echo)\]\z/, qr/cannot (?:join|announce)/);
$farm->check;
done_testing;
