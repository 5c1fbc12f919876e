#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: the servers of a farm are replaced one by one, as an orchestrator does it. Each is a container
# behind address translation: it has an address of its own, and the others reach it and see it at another one. A name in
# DNS has the addresses of all.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm::Dns;
use Farm qw(eventually scaled wait_for);
use Farm::Steady;
use Test::More;

plan skip_all => 'a long test' if !$ENV{BACKHAND_TEST_LONG};
plan skip_all => 'needs nft'   if system('nft --version >/dev/null 2>&1') != 0;

# This namespace is the router, and where the clients are.
my $pods  = 6;
my $to    = join ', ', map { "10.94.0.$_ : 192.168.$_.2" } 1 .. $pods;
my $from  = join ', ', map { "192.168.$_.2 : 10.94.0.$_" } 1 .. $pods;
my $rules = <<"EOT";
table ip translation {
    chain in { type nat hook prerouting priority dstnat; dnat to ip daddr map { $to }; }
    chain out { type nat hook postrouting priority srcnat; snat to ip saddr map { $from }; }
}
EOT
Farm::Networks::run(
    'ip link set lo up',
    'ip addr add 10.93.0.1/32 dev lo',
    'echo 1 >/proc/sys/net/ipv4/ip_forward',
    "nft '$rules'"
);
for my $n (1 .. $pods) {
    Farm::Networks::run(
        "ip netns add pod$n",
        "ip link add to$n type veth peer name eth0 netns pod$n",
        "ip addr add 192.168.$n.1/24 dev to$n",
        "ip link set to$n up",
        "ip -n pod$n addr add 192.168.$n.2/24 dev eth0",
        "ip -n pod$n link set lo up",
        "ip -n pod$n link set eth0 up",
        "ip -n pod$n route add default via 192.168.$n.1",
    );
}

my $dns  = Farm::Dns->new(address => '10.93.0.1');
my $farm = Farm::Steady::idle_farm(0);
my $port = $farm->port;
my @configured;

sub pod {
    my ($n) = @_;
    my $server = $farm->add(
        netns    => "pod$n",
        host     => "192.168.$n.2",
        contact  => "http://10.94.0.$n:$port",
        client   => "192.168.$n.1",
        announce => 0,
        env      => { POD_IP => "10.94.0.$n", POD_NAME => "pod$n" },
    );
    my $key = $server->write_file('secret', '0a1b2c3d' x 8 . "\n");
    chmod 0600, $key;
    # What the configuration of all has in common: the environment says the rest.
    push @configured, my $conf = <<"EOT" =~ s/\Q$key\E/KEY/r;
LogLevel backhand:info
BackhandContact http://\${POD_IP}:$port
BackhandHostname \${POD_NAME}
BackhandFarm @{[$farm->name]}
BackhandInterval @{[int scaled(250)]}ms
MulticastStats farm.test:@{[$farm->udp]}
AcceptStats 10.94.0.0/24
BackhandSecretFile $key
EOT
    return Farm::Steady::equip($server, $conf =~ s/KEY/$key/r);
}

sub announce_names {
    $dns->zone('farm.test' => [map { [A => "10.94.0.$_"] } @_]);
    return;
}

announce_names(1 .. 3);
pod($_) for 1 .. 3;
my ($front, @behind) = $farm->start->servers;
ok $farm->together, 'they see each other, by their addresses outside';
is $front->status->{Servers},                 3, 'and nobody sees itself as another';
is keys %{ { map { $_ => 1 } @configured } }, 1, 'all have the same configuration';

my $load = Farm::Steady->new(servers => [$front]);
my $next = 4;
for my $old (@behind) {
    my $new;
    my $result = $load->during(
        "$old->{name} is replaced",
        6,
        sub {
            my @pods = map { $_->{netns} =~ /(\d+)/ ? $1 : () } grep { $_->{pid} } $farm->servers;
            $new = pod($next)->start;
            announce_names(@pods, $next++);
            ok wait_for(sub { $front->sees($new) eq 'alive' }, 10), 'the new server is in the farm';
            ok $old->graceful_stop,                                 'the old one stops';
        },
        from => $old
    );
    $result->nothing_failed;
    cmp_ok scalar(grep { $_->{by} eq $new->name } @{ $result->{answers} }), '>', 10, 'the new one gets requests';
    is $front->sees($old), 'left', 'the old one has left';
}
is join(' ', sort map { "$_->{Hostname}:$_->{State}" } values %{ $front->rows }),
  'pod1:alive pod2:left pod3:left pod4:alive pod5:alive', 'names and states';
my ($told) = grep { /by=|received=/ } $front->access_lines;
ok $told, 'requests are logged';
unlike join("\n", map { $_->access_lines } $farm->servers), qr/^10\.94\.0\.\d+ /m,
  'every server sees the client, and not the server before it';
$farm->check;
done_testing;
