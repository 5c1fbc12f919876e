#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# BackhandRetryStatus: a response with such a status counts as a failure, before a byte of it reaches the client.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(configtest eventually scaled);
use Farm::Fake;
use Test::More;

my $chain = "<Location /app>\nBackhand byAge 60\nBackhand removeSelf\nBackhand byRandom\n</Location>\n";
my $retry = "BackhandRetryStatus 502 503 504\n";
# What stands for an application whose processes are dead.
my $dead   = "<Location /app>\nRedirect 503\n</Location>\n";
my $failed = qr/backhand: server \S+ answered with a status of BackhandRetryStatus; /;

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm);
    my ($a, $b) = map { $farm->add(conf => "$retry$chain") } 1 .. 2;
    my $c = $farm->add(conf => "$retry$dead$chain");
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    my %got;
    for my $server ($a, $b) {
        my $client = $server->connect;
        $got{ $client->request('GET', '/app/who')->status }++ for 1 .. 40;
    }
    is_deeply \%got, { 200 => 80 }, 'of 80 GETs at the others none gets the 503 of a server whose application is dead';
    cmp_ok $c->status->{'Received'}, '>', 5, 'which was asked';
    my $body = 'x' x 5000;
    my @puts = map { $a->request('PUT', '/app/echo', body => $body) } 1 .. 8;
    is scalar(grep { $_->status == 200 && $_->echoed->{BODY_MD5} eq md5_hex($body) } @puts), 8,
      'a PUT is repeated, its body whole';
    my %posts;
    $posts{ $a->post('/app/echo', $body)->status }++ for 1 .. 12;
    is_deeply [sort keys %posts], [200, 503], 'a POST is not';
    $farm->announce_log($failed);
    $farm->check;
}

subtest 'the last answer is passed on' => sub {
    my $farm = Farm->new;
    my $a = $farm->add(conf => "${retry}BackhandCheck exec:/bin/false 100ms 1 1\n$chain");
    my $b = $farm->add(conf => "$retry$dead$chain");
    $farm->start;
    ok $farm->together($b), 'they see each other';
    my $seen = sub { return ($b->row($a->contact) || {})->{State} || q() };
    eventually { $seen->() eq 'down' && $a->row($b->contact) } 10, 'this server is down';
    is $a->get('/app/who')->status, 503, 'of the only other one';
    my $logged = $a->logged('/app/who');
    like $logged->{reason}, qr/\Ahanded-off:/, 'which has answered';
    $farm->announce_log(qr/this server is down/);
    $farm->check;
};

subtest 'a server that asks itself as it asks others' => sub {
    my $any  = "<Location /app>\nBackhand byAge 60\nBackhand byRandom\nBackhandSelfRedirect On\n</Location>\n";
    my $farm = Farm->new(conf => "$retry$any");
    my ($a, $b) = map { $farm->add } 1 .. 2;
    my $program = $a->write_file('cgi/dead', qq(#!/bin/sh\nprintf 'Status: 503\\nContent-Type: text/plain\\n\\nno'\n));
    chmod 0755, $program;
    $a->reconfigure("ScriptAlias /app/part $program\n$retry$any");
    $b->write_file('htdocs/app/part', 'fine');
    $farm->start;
    ok $farm->together, 'they see each other';
    my %got;
    $got{ $a->get('/app/part')->body }++ for 1 .. 20;
    is_deeply \%got, { fine => 20 }, 'passes on no error of its own either';
    $farm->announce_log($failed);
    $farm->check;
};

subtest 'a peer whose error never ends' => sub {
    my $farm = Farm->new(conf => "$retry$chain");
    my $a    = $farm->add;
    $farm->start;
    my $fake = Farm::Fake->new(
        farm  => $farm,
        serve => sub {
            my ($socket) = @_;
            sysread $socket, my $request, 65_536;
            print {$socket} "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n";
            my $chunk = sprintf "%x\r\n%s\r\n", 8000, 'x' x 8000;
            while (print {$socket} $chunk) { }
            close $socket;
        }
    );
    $fake->start;
    eventually { $a->row($fake->contact) } 5, 'it is in the table';
    my $response = $a->get('/app/who');
    is $response->body, 'a', 'the request is served here';
    cmp_ok $response->seconds, '<', scaled(5), 'without waiting for the end';
    is $a->logged('/app/who')->{tries}, 1, 'after one try';
    $fake->stop;
    $farm->announce_log($failed);
    $farm->check;
};

subtest 'without the directive' => sub {
    my $farm = Farm->new(conf => $chain);
    my $a = $farm->add;
    my $b = $farm->add(conf => "$dead$chain");
    $farm->start;
    ok $farm->together, 'they see each other';
    is $a->get('/app/who')->status, 503, 'the client gets what the other server answers';
    $farm->check;
};

my ($rc, $said) = configtest(conf => 'BackhandRetryStatus 502 200');
isnt $rc, 0, 'a status that is no error';
like $said, qr{BackhandRetryStatus 200: takes statuses from 400 to 599}, 'is an error of the configuration';
done_testing;
