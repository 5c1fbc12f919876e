#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A light server before a heavy one announces all requests that are with the heavy one: its own, those that other
# servers have sent there, and those that wait in its listen backlog.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Test::More;

my $farm  = Farm->new;
my $port  = Farm::free_port();
my $heavy = $farm->add(
    host     => '127.0.0.1',
    port     => $port,
    mpm      => 'prefork',
    workers  => 2,
    announce => 0,
    conf     => "AcceptStats 127.0.0.0/28\n"
);
my $light = $farm->add(
    host    => '127.0.0.1',
    contact => "http://127.0.0.1:$port",
    conf    => "<Location /app>\nBackhandSelfRedirect Only\nBackhand on\n</Location>\n"
);
my $viewer = $farm->add(host => '127.0.0.2');

# Sends a request that takes so long, as another server does, and does not wait for the response.
sub begin {
    my ($server, $seconds) = @_;
    my $client = $server->connect(from => '127.0.0.9');
    $client->send("GET /app/slow?$seconds HTTP/1.1\r\nHost: a.test\r\n"
          . "Backhand-Proxied: v=1&client=192.0.2.77:40312&scheme=http&port=80\r\nConnection: close\r\n\r\n");
    return $client;
}

sub announced {
    return ($viewer->row($light->contact) || {})->{'In-Flight'};
}

$farm->start;
ok $farm->together($light, $viewer), 'the light ones see each other';
is announced(), 0, 'nothing is there';

# Both workers have one, and others wait, when the light server's own request gets the first worker that is free.
my @guests = map { begin($heavy, 1) } 1, 2;
my $own    = $light->connect;
$own->send("GET /app/who HTTP/1.1\r\nHost: a.test\r\n\r\n");
eventually { $light->status->{'Server-0-Sent'} } 3, 'the own one waits';
push @guests, map { begin($heavy, 2) } 1 .. 4;
is $own->response->status, 200, 'and is answered';
eventually { announced() >= 3 && announced() <= 5 } 1, 'four guests are announced, or what is left of them';
eventually { announced() == 0 } 20, 'as long as the light server hears of them';
eventually { $heavy->status->{Received} == 7 } 20, 'all are served';
$farm->announce_log(qr/AH00161/);
$farm->done;
