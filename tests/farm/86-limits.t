#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# This server's limits on bodies, LimitRequestBody and RequestReadTimeout, apply to requests that are handed off and to
# requests that are served here after a refusal.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(scaled);
use Farm::Refused;
use Test::More;
use Time::HiRes qw(time);

my $has_http2 = qx{curl --version} =~ /\bHTTP2\b/;
# A limit of the front alone.
my $front = <<'EOT';
<LocationMatch /front$>
    LimitRequestBody 1000
</LocationMatch>
EOT
my $both = <<'EOT';
LimitRequestBody 200000
RequestReadTimeout header=10 body=1
ScriptAliasMatch ^/app/(?:next|here|other|bare)/(?:echo|small) ${ROOT}/cgi/echo
AliasMatch ^/app/(?:next|here|other|bare)/(?:front|file) ${ROOT}/htdocs/who
<LocationMatch /(?:small|file)$>
    LimitRequestBody 1000
</LocationMatch>
EOT

# Sends a request and returns all that comes before the end of the connection.
sub ask {
    my ($server, $method, $path, $body, @headers) = @_;
    my $client  = $server->connect;
    my $version = $headers[0] && $headers[0] =~ s{\AHTTP/}{} ? shift @headers : '1.1';
    $client->send(join "\r\n", "$method $path HTTP/$version", 'Host: x.test', 'Connection: close', @headers, '', $body);
    return all_of($client);
}

sub all_of {
    my ($client) = @_;
    $client->{deadline} = time + scaled(20);
    1 while $client->fill;
    my $text = $client->{buffer};
    $text =~ s/^Date: [^\r]*\r$/Date: now\r/mg;
    return $text;
}

sub in_chunks {
    my ($body) = @_;
    return join q(), (map { sprintf "%x\r\n%s\r\n", length, $_ } $body =~ /(.{1,700})/gs), "0\r\n\r\n";
}

# The status of a request over HTTP/2. httpd may reset the stream of a body that it does not want before its answer is
# read.
sub http2 {
    my ($arguments) = @_;
    for (1 .. 20) {
        my $status = qx(curl -s -o /dev/null -w %{http_code} --http2-prior-knowledge $arguments);
        return $status if $status ne '000';
    }
    return 'no answer';
}

sub status_of { return join ' ', $_[0] =~ m{^HTTP/1[.]1 (\d+)}mg }

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $http2 = $mpm eq 'event' && $has_http2;
        my $farm  = Farm->new(mpm => $mpm, modules => ['reqtimeout', $http2 ? 'http2' : ()]);
        my ($a, $b, $fake) = Farm::Refused->start(
            $farm,
            front => $front,
            both  => $both . ($http2 ? "Protocols h2c http/1.1\n" : '')
        );

        # A program whose input breaks off keeps mod_cgi waiting for 3 s.
        my $target = $mpm eq 'prefork' ? 'file' : 'small';
        my %cases  = (
            'no longer than may be'        => [0,   'x' x 1000,               'Content-Length: 1000'],
            'a byte longer'                => [413, 'x' x 1001,               'Content-Length: 1001'],
            'a byte longer, HTTP/1.0'      => [413, 'x' x 1001,               'HTTP/1.0', 'Content-Length: 1001'],
            '100 KB'                       => [413, 'x' x 100_000,            'Content-Length: 100000'],
            'no longer, in chunks'         => [0,   in_chunks('x' x 1000),    'Transfer-Encoding: chunked'],
            'a byte longer, in chunks'     => [413, in_chunks('x' x 1001),    'Transfer-Encoding: chunked'],
            '100 KB, in chunks'            => [413, in_chunks('x' x 100_000), 'Transfer-Encoding: chunked'],
            'longer, but none of it comes' => [413, '', 'Content-Length: 1001', 'Expect: 100-continue'],
        );
        for my $what (sort keys %cases) {
            my ($status, @request) = @{ $cases{$what} };
            for my $method (qw(POST PUT)) {
                my $direct   = ask($b, $method, "/app/bare/$target", @request);
                my @expected = $status || (200, 405);
                ok scalar(grep { $_ eq status_of($direct) } @expected),
                  "$method, $what: " . status_of($direct) . ' directly';
                for my $place (qw(next here other)) {
                    my $through = ask($a, $method, "/app/$place/$target", @request);
                    # What is accepted gets an answer that tells the servers apart.
                    my ($got, $want) = map { $status ? $_ : status_of($_) } $through, $direct;
                    is $got, $want, "and by $place";
                }
            }
        }
        is $a->logged("/app/here/$target")->{reason}, 'served-here:failed', 'what is fine is served here';
        my $response = ask($a, 'POST', '/app/other/front', 'x' x 1001, 'Content-Length: 1001');
        is status_of($response),                     413,            'a limit of the front alone';
        is $a->logged('/app/other/front')->{reason}, 'ended:client', 'it asks nobody';
        is status_of(ask($a, 'POST', '/app/other/front', in_chunks('x' x 1001), 'Transfer-Encoding: chunked')), 413,
          'in chunks';
        for my $place (qw(next here other)) {
            my $client = $a->connect;
            my $long   = 'x' x 150_000;
            $client->send("POST /app/$place/echo HTTP/1.1\r\nHost: x.test\r\n"
                  . "Connection: close\r\nExpect: 100-continue\r\n"
                  . 'Content-Length: '
                  . length($long)
                  . "\r\n\r\n");
            $client->{deadline} = time + scaled(10);
            like $client->up_to("\r\n\r\n"), qr{\AHTTP/1[.]1 100 }, "$place: 100 Continue when it is not too long";
            $client->send($long);
            is $client->response->echoed->{BODY_LENGTH}, length $long, 'and then it comes whole';
        }

        # All at once: each waits for a second.
        my %slow;
        for my $head ('Content-Length: 10', 'Transfer-Encoding: chunked') {
            for my $place (qw(bare next here other)) {
                my $client = ($place eq 'bare' ? $b : $a)->connect;
                $client->send("POST /app/$place/file HTTP/1.1\r\nHost: x.test\r\n$head\r\n\r\n5\r\nhel");
                $slow{$head}{$place} = $client;
            }
        }
        for my $head (sort keys %slow) {
            my %got = map { $_ => all_of($slow{$head}{$_}) } keys %{ $slow{$head} };
            is status_of($got{bare}), 408,        "$head: a body that is too slow: 408 directly";
            is $got{$_},              $got{bare}, "and by $_" for qw(next here other);
        }

        if ($http2) {
            my $file = "$farm->{root}/upload";
            open my $upload, '>', $file or die "$file: $!";
            print {$upload} 'x' x 5000;
            close $upload;
            for my $place (qw(next here other)) {
                my $url = 'http://' . $a->address . "/app/$place";
                is http2("-X POST --data-binary \@$file $url/small"), 413, "HTTP/2, $place: too long";
                is http2("-T - $url/small <$file"),                   413, 'without a length';
                is http2("-X POST --data-binary \@$file $url/echo"),  200, 'not too long';
                is http2("-T - $url/echo <$file"),                    200, 'without a length';
            }
        }
        is $a->row($b->contact)->{'Refused-Ago'} // '-', '-', 'nobody is blamed';
        Farm::Refused->finish($farm, $fake);
    };
}

done_testing;
