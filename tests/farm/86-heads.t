#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Response heads that httpd's own handlers never write, but programs that write their own head do.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use Test::More;

my $conf = <<'EOT';
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT

my $fine = "Content-Length: 5\r\n\r\nhello";

# What the other server sends; what the client must and must not get; `asked`: how often that server got the request;
# `here`: a GET is served by the first server in the end.
my @cases = (
    {
        what  => 'a header in several lines',
        sends => "HTTP/1.1 200 OK\r\nX-Fold: a\r\n  b\r\n\t c\r\nX-Next: d\r\n$fine",
        gets  => qr/^X-Fold: a b c\r\nX-Next: d\r\n/m
    },
    {
        what  => 'one that begins empty',
        sends => "HTTP/1.1 200 OK\r\nX-Fold:\r\n b\r\n$fine",
        gets  => qr/^X-Fold: b\r\n/m
    },
    {
        what  => 'several cookies, between others',
        sends => "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-A: 1\r\nset-cookie: b=2\r\nX-B:\r\nSET-COOKIE: c=3\r\n$fine",
        gets  => qr/^Set-Cookie: a=1\r\nX-A: 1\r\nset-cookie: b=2\r\nX-B: ?\r\nSET-COOKIE: c=3\r\n/m
    },
    {
        what  => 'a type twice',
        sends => "HTTP/1.1 200 OK\r\nContent-Type: text/a\r\nContent-Type: text/b\r\n$fine",
        gets  => qr/^Content-Type: text\/[ab]\r\n(?!.*Content-Type)/ms
    },
    { what => 'no reason',      sends => "HTTP/1.1 200\r\n$fine",          gets => qr{\AHTTP/1\.1 200 ?\r\n} },
    { what => 'another reason', sends => "HTTP/1.1 299 So it is\r\n$fine", gets => qr{\AHTTP/1\.1 299 So it is\r\n} },
    {
        what  => 'a long reason',
        sends => 'HTTP/1.1 200 ' . 'y' x 20_000 . "z\r\n$fine",
        gets  => qr{\AHTTP/1\.1 200 y{20000}z\r\n}
    },
    {
        what  => 'a long name',
        sends => "HTTP/1.1 200 OK\r\n" . 'X' x 7000 . ": v\r\n$fine",
        gets  => qr/^X{7000}: v\r\n/m
    },
    {
        what  => 'many long headers in several lines',
        sends => "HTTP/1.1 200 OK\r\nX-Fold: a\r\n" . (' ' . 'f' x 4000 . "\r\n") x 10 . $fine,
        gets  => qr/^X-Fold: a(?: f{4000}){10}\r\n/m
    },
    {
        what  => 'no length',
        sends => "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nhello",
        gets  => qr/^X-A: 1\r\nConnection: close\r\n\r\nhello\z/ms
    },
    {
        what  => 'HTTP/1.0',
        sends => "HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nhello",
        gets  => qr/^X-A: 1\r\n.*\r\n\r\n(?:5\r\n)?hello/ms
    },
    {
        what  => 'line ends without CR',
        sends => "HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 5\n\nhello",
        gets  => qr/^X-A: 1\r\n.*hello\z/ms
    },
    {
        what  => 'hints before it',
        sends => ("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" x 3) . "HTTP/1.1 200 OK\r\n$fine",
        gets  => qr/\A(?:HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\n){3}HTTP\/1\.1 200/
    },
    {
        what  => 'a long hint',
        sends => "HTTP/1.1 103 Early Hints\r\nLink: <" . 'h' x 20_000 . ">\r\n\r\nHTTP/1.1 200 OK\r\n$fine",
        gets  => qr/^HTTP\/1\.1 200 OK\r\n.*hello\z/ms,
        not   => qr/hhh/
    },
    {
        what  => 'a header that is none',
        sends => "HTTP/1.1 200 OK\r\nnot a header\r\n$fine",
        gets  => qr{\AHTTP/1\.1 502 }
    },
    {
        what  => 'a long one that is none',
        sends => "HTTP/1.1 200 OK\r\n" . 'x' x 20_000 . "\r\n$fine",
        gets  => qr{\AHTTP/1\.1 502 }
    },
    {
        what  => 'a wrong Connection header',
        sends => "HTTP/1.1 200 OK\r\nConnection: \x01\r\n$fine",
        gets  => qr{\AHTTP/1\.1 (?:502|200) }
    },
    {
        what  => 'no body after all',
        sends => "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n",
        gets  => qr/\AHTTP\/1\.1 200 OK\r\n.*^X-A: 1\r\n.*\r\n\r\n\z/ms
    },
    {
        what  => 'half a body',
        sends => "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhe",
        gets  => qr/\AHTTP\/1\.1 200 OK\r\n.*\r\n\r\nhe\z/ms
    },
    { what => 'half a head', sends => "HTTP/1.1 200 OK\r\nX-A: 1",      gets => qr{\AHTTP/1\.1 502 }, here => 1 },
    { what => 'no HTTP',     sends => "hello, whoever you are\r\n\r\n", gets => qr{\AHTTP/1\.1 502 }, here => 1 },
    { what => 'nothing',     sends => q(),                              gets => qr{\AHTTP/1\.1 502 }, here => 1 },
);

# Answers by the number at the end of the path; notes in a file that it was asked.
sub serve {
    my ($socket, $file) = @_;
    my $request = '';
    while ($request !~ /\r\n\r\n/) {
        sysread $socket, $request, 65_536, length $request or return;
    }
    my ($n) = $request =~ m{\A\S+ /app/who[?](\d+)} or return;
    open my $log, '>>', $file or return;
    print {$log} "$n\n";
    close $log;
    my $bytes = $cases[$n]{sends};
    while (length $bytes) {
        my $sent = syswrite $socket, $bytes or return;
        substr $bytes, 0, $sent, q();
    }
    return;
}

sub asked {
    my ($file) = @_;
    open my $log, '<', $file or return 0;
    my @lines = readline $log;
    return scalar @lines;
}

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest $mpm => sub {
        my $farm  = Farm->new(mpm => $mpm);
        my $front = $farm->add(conf => $conf);
        my $file  = "$farm->{root}/asked";
        $farm->start;
        my $fake = Farm::Fake->new(farm => $farm, says => { ms => 1000 }, serve => sub { serve($_[0], $file) });
        $fake->start;
        eventually { $front->row($fake->contact) } 5, 'the other one is in the table';
        for my $n (0 .. $#cases) {
            my $case = $cases[$n];
            for my $method (qw(GET POST)) {
                my $before = asked($file);
                my $client = $front->connect;
                $client->send("$method /app/who?$n HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      . ($method eq 'POST' ? "Content-Length: 2\r\n\r\nhi" : "\r\n"));
                $client->{deadline} = time + scaled(10);
                1 while $client->fill;
                my $got  = $client->{buffer};
                my $here = $case->{here} && $method eq 'GET';
                my $fits = $here ? $got =~ m{\AHTTP/1\.1 200 OK\r\n.*\r\n\r\na\z}s : $got =~ $case->{gets}
                  && !($case->{not} && $got =~ $case->{not});
                ok $fits, "$method: $case->{what}" or diag substr $got, 0, 500;
                is asked($file) - $before, 1, 'it was asked once';
            }
        }
        is $front->row($fake->contact)->{'Refused-Ago'}, undef, 'nobody is blamed';
        $fake->stop;
        $farm->announce_log(qr/backhand: server \S+ .*asked as before/);
        $farm->check;
    };
}

done_testing;
