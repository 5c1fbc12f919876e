#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Conditions that a machine's network and its /proc bring about. The server is on a host of its own, by network
# namespaces.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm             qw(build_dir scaled);
use Farm::Conditions qw(begins conditions ends);
use Test::More;

# Two networks: the test's own end of the first one is the client.
Farm::Networks::run('ip netns add host', 'ip -n host link set lo up', 'ip link set lo up');
for my $n (0, 1) {
    Farm::Networks::run(
        "ip link add port$n type veth peer name eth$n netns host",
        "ip link set port$n up",
        "ip addr add 10.96.$n.254/24 dev port$n",
        "ip -n host addr add 10.96.$n.1/24 dev eth$n",
        "ip -n host link set eth$n up",
    );
}

sub route {
    my ($change) = @_;
    return Farm::Networks::run("ip -n host route $change");
}

my %contact = (BackhandContact => 'http://10.96.0.1:PORT');

sub make_server {
    my (%says) = @_;
    my $farm   = Farm->new;
    my $server = $farm->add(netns => 'host', host => '10.96.0.1', client => '10.96.0.254', announce => 0);
    configure($farm, $server, %says);
    return ($farm, $server);
}

# Directives `says` with their words.
sub configure {
    my ($farm, $server, %says) = @_;
    my @lines = map { "$_ $says{$_}\n" } sort keys %says;
    return $server->reconfigure(
        join q(),
        "AcceptStats 10.96.0.0/24\n",
        'BackhandFarm ' . $farm->name . "\n",
        "BackhandInterval @{[int scaled(250)]}ms\n",
        map { s/PORT/$farm->port/er =~ s/UDP/$farm->udp/er } @lines
    );
}

# A test: backhandctl says the same.
sub told_by_ctl {
    my ($server, $found, $name) = @_;
    open my $ctl, '-|', build_dir() . '/bin/backhandctl', 'status', '-d', $server->root . '/run/backhand'
      or die "backhandctl: $!";
    my $said = do { local $/ = undef; readline $ctl };
    return like $said, qr/^\Q$found->{severity}: $found->{text}; $found->{remedy}\E$/m, "$name: backhandctl says so";
}

# The firewall of that host.
sub firewall {
    return Farm::Networks::run(map { "ip netns exec host nft '$_'" } @_);
}

subtest 'a firewall drops the announcements that reach this server' => sub {
    plan skip_all => 'takes nft' if system 'ip netns exec host nft list ruleset >/dev/null 2>&1';
    my ($farm, $a) = make_server(%contact, MulticastStats => '239.255.0.1:UDP,1');
    my $drop = 'udp dport ' . $farm->udp . ' drop';
    route('add default dev eth0');
    $a->start;
    firewall(
        'add table ip test',
        'add chain ip test in { type filter hook input priority 0; }',
        "add rule ip test in $drop"
    );
    my $found = begins($a, 'no-echo', 'a firewall');
    told_by_ctl($a, $found, 'no-echo');
    ends($a, 'no-echo', 'none', sub { firewall('delete table ip test') });
    $farm->announce_log(qr/\[no-echo\]/);
    route('del default');
    $farm->check;
};

subtest 'no route leads to the group' => sub {
    my ($farm, $a) = make_server(%contact, MulticastStats => '239.255.0.1:UDP,1');
    route('add default dev eth0');
    $a->start;
    route('del default');
    my $found = begins($a, 'no-route', 'no route');
    like $found->{text}, qr/MulticastStats 239\.255\.0\.1:\d+,1 \(Network is unreachable\)/, 'it names the destination';
    told_by_ctl($a, $found, 'no-route');
    is scalar(grep { $_->{name} eq 'no-echo' } conditions($a)), 0, 'what was not sent is not missed';
    ends($a, 'no-route', 'with the route', sub { route('add default dev eth0') });
    $farm->announce_log(qr/\[no-route\]/);
    route('del default');
    $farm->check;
};

subtest 'no route tells the address of this server' => sub {
    my ($farm, $a) = make_server(MulticastStats => '239.255.0.1:UDP,1');
    # The address of Listen would be the contact's.
    $a->write_file('httpd.conf', $a->config =~ s/^Listen .*:(\d+)$/Listen $1/mr);
    $a->start;
    my $found = begins($a, 'no-contact', 'neither a route nor BackhandContact');
    told_by_ctl($a, $found, 'no-contact');
    ends($a, 'no-contact', 'with a route', sub { route('add default dev eth0') });
    is $a->row($a->contact)->{Id}, 0, 'its contact is the address that the route leads from';
    $farm->announce_log(qr/\[no-(?:contact|echo|route)\]/, qr/the moderator tries again/);
    route('del default');
    $farm->check;
};

subtest 'a file of /proc cannot be read' => sub {
    my $farm = Farm->new;
    my $a    = $farm->add;
    $a->start;
    Farm::Networks::run('mount --bind /dev/null /proc/loadavg');
    my $found = begins($a, 'no-figures', 'it is empty');
    told_by_ctl($a, $found, 'no-figures');
    ends($a, 'no-figures', 'it is as before', sub { Farm::Networks::run('umount /proc/loadavg') });
    $farm->announce_log(qr/\[no-figures\]/);
    $farm->check;
};

done_testing;
