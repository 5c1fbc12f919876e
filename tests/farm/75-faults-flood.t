#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: 10,000 senders that AcceptStats covers announce themselves and are no servers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use Farm::Steady;
use IO::Socket::INET;
use Socket qw(IPPROTO_IP IP_MULTICAST_IF inet_aton pack_sockaddr_in);
use Test::More;
use Time::HiRes qw(sleep);

my $senders = 10_000;

# Each from an address of its own, and with a contact there, at which nobody listens. Returns how many were sent.
sub flood {
    my ($farm) = @_;
    my $fake   = Farm::Fake->new(farm => $farm);
    my $to     = pack_sockaddr_in($farm->udp, inet_aton('239.255.0.1'));
    my $sent   = 0;
    for my $n (1 .. $senders) {
        my $address = sprintf '127.%d.%d.%d', 1 + $n % 5, $n >> 8, $n & 255;
        my $socket  = IO::Socket::INET->new(Proto => 'udp', LocalAddr => $address) or die "$address: $@";
        setsockopt $socket, IPPROTO_IP, IP_MULTICAST_IF, inet_aton('127.0.0.1') or die "multicast: $!";
        my $said = $fake->announcement(
            contact => "http://$address:" . $farm->port,
            boot    => sprintf('%x', $n + 1000),
            host    => "spoofed$n.test",
        );
        $sent += defined send $socket, $said, 0, $to;
        # No more at once than a buffer of the servers holds.
        sleep 0.01 if $n % 100 == 0;
    }
    return $sent;
}

# Where in the table of a server the others are, and all of them alive.
sub places {
    my ($viewer, @servers) = @_;
    my $rows = $viewer->rows;
    return join q( ), map { my $row = $rows->{ $_->contact }; "$row->{Id}:$row->{State}" } @servers;
}

my $conf = "AcceptStats 127.0.0.0/8\nBackhandResponseTimeout 2s\n";
for my $secret (0, 1) {
    my $with    = $secret ? 'with a secret' : 'without a secret';
    my $farm    = Farm::Steady::idle_farm(4, also => $conf . ($secret ? "BackhandSecretFile secret\n" : q()));
    my @servers = $farm->servers;
    if ($secret) {
        chmod 0600, $_->write_file('secret', "0123456789abcdef" x 4) for @servers;
    }
    $farm->start;
    ok $farm->together, "$with: they see each other";
    my @before = map { places($_, @servers) } @servers;
    my $load   = Farm::Steady->new(servers => \@servers);
    my $sent   = 0;
    my $result = $load->during("$senders spoofed senders, $with", 4, sub { $sent = flood($farm) });
    $result->nothing_failed;
    is $sent, $senders, 'all were sent';
    cmp_ok $result->slowest, '<', scaled(4), 'none takes long';
    is_deeply [map { places($_, @servers) } @servers], \@before, 'the servers keep their places, alive';

    for my $server (@servers) {
        my $status  = $server->status;
        my $dropped = $status->{ $secret ? 'Dropped-signature' : 'Dropped-full' };
        is $status->{Servers}, $secret ? 4 : 256,
          'the table of ' . $server->name . ($secret ? ' knows nobody else' : ' is full, and no fuller');
        cmp_ok $dropped, '>', $senders / 2, "and $dropped announcements were dropped";
    }
    $result = $load->during("after it, $with", 1, sub { });
    $result->nothing_failed;
    # Until spoofed servers are too old for the chain.
    eventually {
        $servers[0]->get('/app/steady')->body =~ /SERVER=[bcd]/ && $servers[0]->logged('/app/steady')->{tries} == 1
    }
    20, 'requests go to the servers at once';
    $farm->announce_log($secret ? qr/dropped: it is not signed/ : qr/dropped: the table is full of live servers/);
    $farm->check;
}

done_testing;
