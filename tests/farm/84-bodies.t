#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Bodies of any size and speed, in both directions, arrive whole or are refused with an error.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use List::Util qw(max sum);
use Test::More;
use Time::HiRes qw(sleep time);

my $mebibytes = $ENV{BACKHAND_TEST_LONG} ? 1024 : 48;

my $to_the_other = <<'EOT';
# Silent after 3 s: on a busy machine a server must not seem so unless it is.
BackhandInterval 1s
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT

# Bytes that a mistake anywhere would change.
sub bytes {
    my ($n)   = @_;
    my $bytes = join q(), map { chr $_ * 7 % 256 } 0 .. 250;
    return substr $bytes x (1 + $n / 251), 0, $n;
}

# The largest memory of its own, in KiB, that one of the servers' processes has now.
sub memory {
    my (@servers) = @_;
    my $most = 0;
    for my $pid (map { $_->left } @servers) {
        open my $file, '<', "/proc/$pid/status" or next;
        my ($name, $anon) = ('', 0);
        while (my $line = readline $file) {
            $name = $1 if $line =~ /\AName:\s+(\S+)/;
            $anon = $1 if $line =~ /\ARssAnon:\s+(\d+)/;
        }
        $most = $anon if $name eq 'apache2' && $anon > $most;
    }
    return $most;
}

# Sends a body piece by piece; calls `look` now and then. Returns its digest.
sub send_body {
    my ($client, $pieces, $chunked, $look) = @_;
    my $md5   = Digest::MD5->new;
    my $piece = bytes(1 << 20);
    for my $n (1 .. $pieces) {
        substr $piece, 0, 8, sprintf '%08d', $n;
        $md5->add($piece);
        $client->send($chunked ? sprintf("%x\r\n", length $piece) . "$piece\r\n" : $piece);
        $look->() if $n % 8 == 0;
    }
    $client->send("0\r\n\r\n") if $chunked;
    return $md5->hexdigest;
}

for my $mpm (qw(event prefork)) {
    subtest "$mpm: $mebibytes MiB" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other, workers => 8);
        my $a    = $farm->add;
        my $b    = $farm->add;
        my $path = "$b->{root}/htdocs/app/big";
        open my $big, '>', $path or die "$path: $!";
        my $md5   = Digest::MD5->new;
        my $piece = bytes(1 << 20);
        for my $n (1 .. $mebibytes) {
            substr $piece, 0, 8, sprintf '%08d', $n;
            $md5->add($piece);
            print {$big} $piece;
        }
        close $big;
        my $sum = $md5->hexdigest;
        $farm->start;
        ok $farm->together, 'they see each other';
        $a->post('/app/echo', bytes(200_000));
        $a->get('/app/who') for 1 .. 20;
        my $before = memory($a, $b);
        my $most   = 0;
        my $look   = sub { $most = max($most, memory($a, $b)) };

        for my $chunked (0, 1) {
            my $client = $a->connect(timeout => 600);
            $client->send(
                "PUT /app/echo HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n"
                  . (
                    $chunked
                    ? "Transfer-Encoding: chunked\r\n\r\n"
                    : 'Content-Length: ' . ($mebibytes << 20) . "\r\n\r\n"
                  )
            );
            my $digest = send_body($client, $mebibytes, $chunked, $look);
            my $told   = $client->response->echoed;
            is "$told->{SERVER_ADDR} $told->{BODY_LENGTH} $told->{BODY_MD5}",
              '127.0.0.2 ' . ($mebibytes << 20) . " $digest",
              $chunked ? 'up in chunks' : 'up, by its length';
        }

        my $client = $a->connect(timeout => 600);
        $client->send("GET /app/big HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n");
        $client->{deadline} = time + scaled(600);
        like $client->up_to("\r\n\r\n"), qr/^Content-Length: ${\($mebibytes << 20)}\r$/m, 'down';
        my $down = Digest::MD5->new;
        my $n    = 0;
        while ($client->fill) {
            $down->add($client->{buffer});
            $client->{buffer} = '';
            $look->() if ++$n % 256 == 0;
        }
        $down->add($client->{buffer});
        is $down->hexdigest, $sum, 'whole';
        $look->();
        cmp_ok $most - $before, '<', 12 * 1024, "no process grew by much: $before KiB before, at most $most KiB";
        unlink $path;
        $farm->check;
    };

    subtest "$mpm: slow clients" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other);
        my $a    = $farm->add;
        my $b    = $farm->add;
        $b->write_file('htdocs/app/medium', bytes(24 << 20));
        $farm->start;
        ok $farm->together, 'they see each other';

        for my $head ('Content-Length: 20000', 'Transfer-Encoding: chunked') {
            my $client = $a->connect(timeout => 20);
            $client->send("POST /app/echo HTTP/1.1\r\nHost: x.test\r\n$head\r\n\r\n");
            for (1 .. 20) {
                $client->send(($head =~ /chunked/ ? "3e8\r\n" : '') . 'x' x 1000 . ($head =~ /chunked/ ? "\r\n" : ''));
                sleep 0.03;
            }
            is $a->get('/app/who')->body, 'b', 'others are served meanwhile';
            $client->send("0\r\n\r\n") if $head =~ /chunked/;
            is $client->response->echoed->{BODY_MD5},     md5_hex('x' x 20_000), "$head: a body in drips";
            is $client->request('GET', '/app/who')->body, 'b',                   'and the connection goes on';
        }

        my $client = $a->connect(timeout => 60);
        $client->send("GET /app/medium HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n");
        $client->{deadline} = time + scaled(60);
        $client->up_to("\r\n\r\n");
        for (1 .. 20) {
            sysread $client->{socket}, $client->{buffer}, 4096, length $client->{buffer};
            sleep 0.03;
        }
        is $a->get('/app/who')->body, 'b',                      'a slow reader: others are served meanwhile';
        is md5_hex($client->rest),    md5_hex(bytes(24 << 20)), 'it gets all in the end';

        # A server that falls silent is given up for what others can have; not for a body that nobody can send again.
        $client = $a->connect(timeout => 20);
        $client->send("PUT /app/echo HTTP/1.1\r\nHost: x.test\r\nContent-Length: 600000\r\n\r\n" . 'x' x 300_000);
        eventually { $a->row($b->contact)->{'Sent-Waiting'} == 1 } 5, 'an upload is under way';
        $b->pause;
        eventually { $a->row($b->contact)->{Age} >= 4 } 15, 'the other server falls silent';
        $b->resume;
        $client->send('x' x 300_000);
        is $client->response->echoed->{BODY_MD5}, md5_hex('x' x 600_000), 'it gets the rest when it is back';

        # The other server is asked whether it wants the body.
        $client = $a->connect(timeout => 20);
        $client->send("POST /app/echo HTTP/1.1\r\nHost: x.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        $client->{deadline} = time + scaled(10);
        like $client->up_to("\r\n\r\n"), qr{\AHTTP/1\.1 100 Continue},
          'Expect: 100-continue is answered before the body is sent';
        $client->send('hello');
        is $client->response->echoed->{BODY_MD5}, md5_hex('hello'), 'and then the request';
        $farm->check;
    };

    subtest "$mpm: broken off" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other);
        my $a    = $farm->add;
        my $b    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        for my $sent (0, 10, 30_000, 300_000) {
            for my $head ('Content-Length: 1000000', 'Transfer-Encoding: chunked') {
                my $client = $a->connect;
                $client->send("POST /app/echo HTTP/1.1\r\nHost: x.test\r\n$head\r\n\r\n"
                      . ($head =~ /chunked/ ? "f4240\r\n" : '')
                      . 'x' x $sent);
                sleep 0.1;
                close $client->{socket};
            }
        }
        for my $server ($a, $b) {
            # The page itself is one.
            eventually { $server->row($server->contact)->{'In-Flight'} <= 1 } 10,
              "uploads: nothing is left on $server->{name}";
        }
        eventually { $a->row($b->contact)->{'Sent-Waiting'} == 0 } 10, 'no request waits for the other server';
        is $a->row($b->contact)->{'Refused-Ago'} // '-', '-', 'and it is not to blame';
        $b->write_file('htdocs/app/medium', bytes(24 << 20));
        for (1 .. 4) {
            my $client = $a->connect;
            $client->send("GET /app/medium HTTP/1.1\r\nHost: x.test\r\n\r\n");
            sysread $client->{socket}, my $some, 1000;
            close $client->{socket};
        }
        eventually { $a->row($b->contact)->{'Sent-Waiting'} == 0 } 10,
          'downloads: no request waits for the other server';
        eventually { $b->row($b->contact)->{'In-Flight'} <= 1 } 10, 'nothing is left there';
        is $a->row($b->contact)->{'Refused-Ago'} // '-', '-', 'and it is not to blame';
        is $a->get('/app/who')->body,                    'b', 'all goes on';
        # httpd's own words about programs whose input broke off.
        $farm->announce_log(qr/\[cgid?:error\]|AH01574|AH02651|AH01225/);
        my @said = grep { /:error\]/ } map { $_->log_lines } $a, $b;
        cmp_ok scalar @said, '<=', 8, 'the logs say no more than a line each';
        $farm->check;
    };
}

# Servers that take a request, or some of it, write down what they got, and close without a word.
my $record;

sub take {
    my ($socket, $most) = @_;
    my $got = '';
    while (length $got < $most) {
        last if $got =~ /\r\n\r\n/ && complete($got);
        my $n = sysread $socket, $got, $most - length $got, length $got;
        last if !$n;
    }
    open my $file, '>>', $record or die "$record: $!";
    print {$file} length $got, ' ', $got =~ /\A(\S+)/, "\n";
    close $file;
    close $socket;
    return;
}

sub complete {
    my ($got) = @_;
    my ($head, $body) = split /\r\n\r\n/, $got, 2;
    return $body =~ /(?:\A|\r\n)0\r\n\r\n\z/ if $head =~ /^Transfer-Encoding: chunked/mi;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    return length $body >= ($length || 0);
}

sub recorded {
    open my $file, '<', $record or return;
    chomp(my @lines = readline $file);
    close $file;
    return @lines;
}

my %takers = ('all of it' => 1 << 30, 'some of it' => 60);
for my $what (sort keys %takers) {
    subtest "a server that takes $what and closes" => sub {
        my $policies = Farm::build_dir() . '/meson/tests/farm/policies.so';
        my $farm     = Farm->new(conf => <<"EOT");
BackhandRetry 1ms
BackhandInterval 1s
<Location /app>
    BackhandFromSO $policies in_order fake.test b.test a.test
</Location>
EOT
        my $a = $farm->add;
        my $b = $farm->add;
        $farm->start;
        $record = "$farm->{root}/record";
        my $fake =
          Farm::Fake->new(farm => $farm, says => { ms => 1000 }, serve => sub { take($_[0], $takers{$what}) })->start;
        ok $farm->together, 'they see each other';
        eventually { my $row = $a->row($fake->contact); $row && $row->{'Workers-Ready'} } 5, 'and the one that closes';

        my $count  = 0;
        my $expect = sub {
            my ($name, $repeated, @request) = @_;
            my %options = @request[2 .. $#request];
            $request[1] .= '?' . ++$count;
            unlink $record;
            my $received = $b->status->{Received};
            my $response = $a->request(@request);
            my @asked    = recorded();
            is scalar @asked, 1, "$name: the first one got it once";

            if ($repeated) {
                is $response->status,                200,                           'the next one served it';
                is $response->echoed->{BODY_MD5},    md5_hex($options{body} // ''), 'whole';
                is $a->logged($request[1])->{tries}, 2,                             'in two tries';
            }
            else {
                is $response->status,                 502,                 'it is not repeated: 502';
                is $b->status->{Received},            $received,           'nobody else got it';
                is $a->logged($request[1])->{reason}, 'handed-off:failed', 'the log says why';
            }
        };
        for my $chunked (0, 1) {
            my @chunked = $chunked ? (chunked => 1) : ();
            my $how     = $chunked ? ', in chunks'  : '';
            $expect->("PUT of 1 byte$how",        1, 'PUT',  '/app/echo', body => 'x',           @chunked);
            $expect->("PUT of 50,000 bytes$how",  1, 'PUT',  '/app/echo', body => bytes(50_000), @chunked);
            $expect->("PUT of 65,536 bytes$how",  1, 'PUT',  '/app/echo', body => bytes(65_536), @chunked);
            $expect->("POST of 1 byte$how",       0, 'POST', '/app/echo', body => 'x',           @chunked);
            $expect->("POST of 50,000 bytes$how", 0, 'POST', '/app/echo', body => bytes(50_000), @chunked);
        }
        # More than is kept can still be repeated when most of it was not read yet.
        $expect->('PUT of 300,000 bytes', 0, 'PUT',    '/app/echo', body => bytes(300_000)) if $what eq 'all of it';
        $expect->('an empty POST',        0, 'POST',   '/app/echo', body => '');
        $expect->('GET',                  1, 'GET',    '/app/echo');
        $expect->('DELETE',               1, 'DELETE', '/app/echo');

        $fake->{serve} = undef;
        $fake->stop;
        $fake->start;
        for my $n (1, 300_000, 3_000_000) {
            my $response = $a->post('/app/echo', bytes($n));
            is $response->status == 200 && $response->echoed->{BODY_MD5}, md5_hex(bytes($n)),
              "refused: a POST of $n bytes goes to the next one whole";
        }
        $fake->stop;
        $farm->announce_log(qr/backhand: server \S+ .*asked (?:last|as before)/);
        $farm->check;
    };
}

done_testing;
