#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# BackhandBufferBody: while a slow client sends its body, no worker of another server waits for it, and policies see it.
# The body arrives whole, whoever serves it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use Farm        qw(build_dir eventually wait_for);
use Test::More;

my $size = 20_000;
my $conf = <<"EOT";
<Perl>
package Buffered;
use Apache::Backhand;
# To the server that the body names; and what the policy saw, for the log of this server.
sub by_body {
    my (\$r, \$ids) = \@_;
    my \$body = Apache::Backhand::body(\$r);
    \$r->subprocess_env(SAW => defined \$body ? length \$body : 'nothing');
    my (\$name) = (\$body // q()) =~ /\\Ato=(\\w)/ or return \$ids;
    my \$stats = Apache::Backhand::load_serverstats();
    return [grep { \$stats->[\$_]{hostname} eq "\$name.test" } \@\$ids];
}
sub wrong { return Apache::Backhand::body(bless {}, 'Anything') }
</Perl>
LogFormat "%U saw=%{SAW}e" seen
CustomLog logs_seen seen
<Location /app/echo>
    BackhandBufferBody $size
    Backhand byAge
    Backhand removeSelf
    BackhandFromSO @{[build_dir()]}/modules/byPerl.so byPerl Buffered::by_body
</Location>
<Location /app/echo/at-once>
    BackhandBufferBody 0
</Location>
<Location /app/echo/short>
    LimitRequestBody 5000
</Location>
EOT

sub bytes {
    my ($n) = @_;
    return join q(), map { chr int rand 256 } 1 .. $n;
}

# A client that has sent the head and some of the body.
sub begin {
    my ($server, $path, $head, $some) = @_;
    my $client = $server->connect(timeout => 20);
    $client->send("POST $path HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n$head\r\n\r\n$some");
    return $client;
}

sub is_whole {
    my ($response, $body, $server, $what) = @_;
    my $told = $response->echoed;
    is "$told->{SERVER_ADDR} $told->{BODY_LENGTH} $told->{BODY_MD5}",
      "$server->{host} @{[length $body]} @{[md5_hex($body)]}", $what;
    return $told;
}

# What the policy saw of the one request for that path; waits for the log's line.
sub saw {
    my ($server, $path) = @_;
    my $line = wait_for {
        (grep { /^\Q$path\E saw/ } $server->lines('logs_seen'))[0];
    }
    5;
    return $line && ($line =~ /saw=(\S+)/)[0];
}

sub waits {
    my ($server, $n, $what) = @_;
    return eventually { ($server->status || {})->{Waiting} == $n } 5, $what;
}

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm->new(mpm => $mpm, perl => 1, conf => $conf);
        my ($a, $b, $c) = map { $farm->add } 1 .. 3;
        $farm->start;
        ok $farm->together, 'they see each other';
        my $body = 'to=b' . bytes(996);

        my $slow   = begin($a, '/app/echo/slow',    'Content-Length: 1000', substr $body, 0, 100);
        my $direct = begin($a, '/app/echo/at-once', 'Content-Length: 1000', substr $body, 0, 100);
        waits($a, 1, 'while both send, one waits for another server');
        $_->send(substr $body, 100) for $slow, $direct;
        is_whole($slow->response, $body, $b, 'the whole body arrives where the body says');
        is saw($a, '/app/echo/slow'), 1000, 'and the policy saw all of it';
        $direct->response;
        is saw($a, '/app/echo/at-once'), 0, 'which it does not without';

        my $long   = 'to=c' . bytes(99_996);
        my $client = begin($a, '/app/echo/long', 'Content-Length: 100000', substr $long, 0, 30_000);
        waits($a, 1, "after $size bytes another server is asked");
        $client->send(substr $long, 30_000);
        is_whole($client->response, $long, $c, 'a longer body arrives, too');
        is saw($a, '/app/echo/long'), $size, 'the policy saw its beginning';

        for my $text ($body, $long, 'to=c') {
            my $told = is_whole(
                $a->request('PUT', '/app/echo', body => $text, chunked => 1),
                $text, $text eq $body ? $b : $c,
                'in chunks'
            );
            is $told->{HTTP_TRANSFER_ENCODING}, 'chunked', 'it stays so';
        }
        $client = begin($a, '/app/echo/expect', "Content-Length: 1000\r\nExpect: 100-continue", q());
        $client->{deadline} = time + Farm::scaled(10);
        like $client->up_to("\r\n\r\n"), qr{\AHTTP/1.1 100 }, 'who waits for it is told to go on';
        is_whole($client->send($body)->response, $body, $b, 'and answered');

        $client = begin($a, '/app/echo/broken', 'Content-Length: 1000', 'to=b');
        shutdown $client->{socket}, 1;
        is $client->response->status,                       400,            'a body that breaks off';
        is $a->logged('/app/echo/broken')->{reason},        'ended:client', 'is the client\'s fault';
        is scalar(grep { /broken/ } $b->access_lines),      0,              'and no other server has heard of it';
        is $a->post('/app/echo/short', 'x' x 6000)->status, 413,            'LimitRequestBody holds';
        is $a->get('/app/echo/none')->status,               200,            'a request without a body';
        is saw($a, '/app/echo/none'),                       'nothing',      'has none for the policy either';

        $_->kill_all for $b, $c;
        $farm->announce_log(qr/backhand: server \S+ .*asked last/);
        is_whole($a->post('/app/echo', $body), $body, $a, 'nobody else is there: served here, whole');
        is_whole($a->post('/app/echo', $long), $long, $a, 'the longer one, too');
        $farm->check;
    };
}

subtest 'what is no request' => sub {
    my $farm = Farm->new(
        perl => 1,
        conf => $conf
          . "<Location /app/who>\nBackhandFromSO @{[build_dir()]}/modules/byPerl.so "
          . "byPerl Buffered::wrong\n</Location>\n"
    );
    my $a = $farm->add;
    $farm->start;
    $farm->announce_log(qr/Buffered::wrong/);
    is $a->get('/app/who')->status, 200, 'harms nobody';
    ok $a->wait_log(qr/Apache::Backhand::body takes a request, the first argument of a policy/), 'and the log says so';
    $farm->check;
};

done_testing;
