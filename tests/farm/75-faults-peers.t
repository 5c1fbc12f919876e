#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: beside four servers there is one that announces itself well and treats requests badly.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use Farm::Steady;
use Test::More;

my $long = $ENV{BACKHAND_TEST_LONG};

# Reads the head of a request, or part of it.
sub head_of {
    my ($socket) = @_;
    sysread $socket, my $request, 65_536;
    return $request;
}

# What each does with a connection, how requests to it may fail, and how many in the time: it is asked once in
# BackhandRetry by each server, with what all processes of that server have in their hands at the time.
my @peers = (
    {
        fault => 'a peer accepts and never answers',
        serve => sub { return 'open' },
        fails => sub { return $_[0]{status} == 504 },
        most  => 30,
    },
    {
        fault => 'a peer answers garbage',
        serve => sub { head_of($_[0]); syswrite $_[0], "\0\xff garbage\r\n\r\nmore of it\r\n"; return },
        fails => sub { return $_[0]{method} eq 'POST' && $_[0]{status} == 502 },
        most  => 30,
    },
    {
        fault => 'a peer closes in the middle of a body',
        serve => sub {
            head_of($_[0]);
            syswrite $_[0], "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf of it";
            return;
        },
        fails => sub { return $_[0]{failed} =~ /connection closed within the body/ },
        most  => 40,
    },
    {
        fault => 'a peer closes in the middle of a chunk',
        serve => sub {
            head_of($_[0]);
            syswrite $_[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\nhalf of it";
            return;
        },
        fails => sub { return $_[0]{failed} =~ /connection closed/ },
        most  => 40,
    },
    {
        fault => 'a peer closes without an answer',
        serve => sub { head_of($_[0]); return },
        fails => sub { return $_[0]{method} eq 'POST' && $_[0]{status} == 502 },
        most  => 30,
    },
);

my $farm    = Farm::Steady::farm(4, also => 'BackhandResponseTimeout 1s');
my @servers = $farm->servers;
my $load    = Farm::Steady->new(servers => \@servers);
for my $peer ($long ? @peers : @peers[0 .. 2]) {
    my $fake =
      Farm::Fake->new(farm => $farm, serve => $peer->{serve}, says => { boot => sprintf '%x', 1 + int rand 2**31 });
    my $result = $load->during(
        $peer->{fault},
        $long ? 4 : 1.5,
        sub {
            $fake->start;
            eventually { $servers[-1]->row($fake->contact) } 5, 'it is in the table';
            eventually {
                grep { defined $_->row($fake->contact)->{'Refused-Ago'} } @servers
            }
            5, 'the page says that it failed';
        }
    );
    $fake->stop;
    $result->failed_only($peer->{most}, $peer->{fails});
}
my $result = $load->during('and all are gone', 1, sub { });
$result->nothing_failed;
$farm->check;

done_testing;
