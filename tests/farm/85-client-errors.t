#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# An error of the client in its body ends the request as in an httpd without this module: with the same answer, once,
# and the connection is closed. No server is blamed, and none takes the body for a whole one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled wait_for);
use Farm::Fake;
use Farm::Refused;
use Test::More;
use Time::HiRes qw(time);

my $policies = Farm::build_dir() . '/meson/tests/farm/policies.so';
my $both     = <<'EOT';
KeepAliveTimeout 60
ScriptAliasMatch ^/app/(?:next|here|other|bare)/echo ${ROOT}/cgi/echo
AliasMatch ^/app/(?:next|here|other|bare)/who ${ROOT}/htdocs/who
ErrorDocument 413 /who
EOT

my $x = 'x' x 100_000;
# A reference: the client sends no more after it.
my %bodies = (
    'a chunk size that is none'                 => "5\r\nhello\r\nZZ\r\nhello\r\n0\r\n\r\n",
    'a first chunk size that is none'           => "ZZ\r\nhello\r\n0\r\n\r\n",
    'an empty line in place of a chunk size'    => "5\r\nhello\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    'a negative chunk size'                     => "-5\r\nhello\r\n0\r\n\r\n",
    'a chunk size with too many digits'         => "5\r\nhello\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    'a chunk size that is negative as a number' => "8000000000000000\r\nhello\r\n0\r\n\r\n",
    'no line end after a chunk'                 => "5\r\nhelloXX5\r\nhello\r\n0\r\n\r\n",
    'a longer chunk than said'                  => "5\r\nhello world\r\n0\r\n\r\n",
    'blanks after a chunk size'                 => '5' . ' ' x 11 . "\r\nhello\r\n0\r\n\r\n",
    'a word after a chunk size'                 => "5 x\r\nhello\r\n0\r\n\r\n",
    'a control character in an extension'       => "5;a=\x01b\r\nhello\r\n0\r\n\r\n",
    'a carriage return in an extension'         => "5;a\rb\r\nhello\r\n0\r\n\r\n",
    'line feeds alone'                          => "5\nhello\n0\n\n",
    'a trailer that is none'                    => "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n",
    'a wrong chunk size after 100 KB'           => "186a0\r\n$x\r\nZZ\r\nhello\r\n0\r\n\r\n",
    'the end within a chunk'                    => ["5\r\nhel"],
    'the end before the last chunk'             => ["5\r\nhello\r\n"],
    'the end within the trailers'               => ["5\r\nhello\r\n0\r\nX-Trailer: 1"],
    'the end within a chunk of 200 KB'          => ["30d40\r\n$x"],
);
my $second = "GET /app/other/smuggled HTTP/1.1\r\nHost: x.test\r\n\r\n";

# Sends a request, behind another one with `kept`, and a second one right behind its body. Returns all that comes.
sub ask {
    my ($server, $path, $method, $body, %options) = @_;
    my $client = $server->connect;
    $client->request('GET', '/who') if $options{kept};
    my @headers = (
        'Host: x.test',
        $options{length} ? "Content-Length: $options{length}" : 'Transfer-Encoding: chunked',
        @{ $options{headers} || [] }
    );
    my $version = $options{version} || '1.1';
    $client->send(join "\r\n", "$method $path HTTP/$version", @headers, '', ref $body ? $body->[0] : $body . $second);
    shutdown $client->{socket}, 1 if ref $body;
    $client->{deadline} = time + scaled(20);
    my $closed = eval { 1 while $client->fill; 1 };
    my $text   = ($closed ? '' : 'still open: ') . $client->{buffer};
    # A client that does not wait for it may go without.
    $text =~ s{\AHTTP/1[.]1 100 Continue\r\n\r\n}{};
    $text =~ s/^Date: [^\r]*\r$/Date: now\r/mg;
    return $text;
}

sub as_directly {
    my ($a, $b, $place, $what, $method, $body, %options) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    # A program whose input breaks off keeps mod_cgi waiting for 3 s.
    my $target  = $a->{mpm} eq 'prefork' ? 'who' : 'echo';
    my $direct  = ask($b, "/app/bare/$target",   $method, $body, %options);
    my $through = ask($a, "/app/$place/$target", $method, $body, %options);
    is $through, $direct, "$method, $place, $what" . ($options{kept} ? ', second on its connection' : '');
    return $direct;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: as directly" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my ($a, $b, $fake) = Farm::Refused->start($farm, both => $both);
        my $kept = $a->connect;
        is $kept->request('GET', '/app/next/none')->status, 404, 'requests are handed off';

        my @methods = qw(POST PUT);
        my $n       = 0;
        for my $what (sort keys %bodies) {
            # Each body by both methods.
            my $turn = $n++;
            for my $place (qw(next here other)) {
                my $method = $methods[$turn++ % 2];
                my $direct = as_directly($a, $b, $place, $what, $method, $bodies{$what}, kept => $turn % 3 == 0);
                like $direct, qr{\AHTTP/1[.]1 4(?:00|13) .*^Connection: close\r$}ms, 'an error, and closed'
                  if $place eq 'next';
                unlike $direct, qr{HTTP/1.*HTTP/1}s, 'and no second answer' if $place eq 'next';
            }
        }
        for my $length (10, 5000, 100_000) {
            for my $place (qw(next here)) {
                my $short = ['x' x ($length - 5)];
                my $what  = "the end within a body of $length bytes";
                as_directly($a, $b, $place, $what, $methods[$n++ % 2], $short, length => $length);
                as_directly(
                    $a, $b, $place, "$what, HTTP/1.0", $methods[$n % 2], $short,
                    length  => $length,
                    version => '1.0'
                );
            }
        }
        as_directly(
            $a, $b, 'other', 'asked for with 100-continue, and then wrong',
            'POST',
            $bodies{'a chunk size that is none'},
            headers => ['Expect: 100-continue']
        );

        my $logged = $a->logged('/app/other/' . ($mpm eq 'prefork' ? 'who' : 'echo'));
        is_deeply [@{$logged}{qw(status reason)}], [400, 'ended:client'], 'the log says that it was the client';
        is $a->row($b->contact)->{'Refused-Ago'} // '-', '-', 'the server that was asked is not blamed';
        my @logged = ($a->access_lines, $b->access_lines);
        is_deeply [grep { /smuggled/ } @logged],  [], 'what stands behind such a body is no request';
        is_deeply [grep { / 2\d\d "P/ } @logged], [], 'no such request succeeds';
        for my $n (10, 1000, 100_000) {
            is $kept->request('PUT', '/app/other/echo', body => 'y' x $n)->echoed->{BODY_LENGTH}, $n,
              'kept connections are clean';
        }
        Farm::Refused->finish($farm, $fake);
    };
}

# What a server gets of a wrong body: it writes down whether that looks whole, and answers nothing.
sub note_down {
    my ($socket, $path) = @_;
    my $pid = fork // return;
    return if $pid;
    my $got = '';
    1 while sysread $socket, $got, 65_536, length $got;
    POSIX::_exit(0) if $got eq '';
    my ($head, $body) = split /\r\n\r\n/, $got, 2;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    my $whole = defined $length ? length $body >= $length : $body =~ /(?:\A|\r\n)0\r\n\r\n\z/;
    open my $file, '>>', $path or POSIX::_exit(1);
    syswrite $file, sprintf "%s %d bytes: %s\n", $got =~ m{\A\S+ (\S+)}, length $got, $whole ? 'whole' : 'part';
    POSIX::_exit(0);
}

sub lines {
    my ($path) = @_;
    open my $file, '<', $path or return;
    my @lines = readline $file;
    close $file;
    return @lines;
}

subtest 'another server never gets a wrong body as a whole one' => sub {
    my $farm = Farm->new(
        conf => "BackhandInterval 1s\n<Location /app>\nBackhandFromSO $policies in_order fake.test\n</Location>\n");
    my $a = $farm->add;
    $farm->start;
    local $SIG{CHLD} = 'IGNORE';
    my $record = "$farm->{root}/record";
    my $fake =
      Farm::Fake->new(farm => $farm, says => { ms => 1000 }, serve => sub { note_down($_[0], $record) })->start;
    eventually { my $row = $a->row($fake->contact); $row && $row->{'Workers-Ready'} } 10, 'it is in the table';
    my $n = 0;

    for my $what (sort keys %bodies) {
        like ask($a, '/app/' . ++$n, 'POST', $bodies{$what}), qr{\AHTTP/1[.]1 4(?:00|13) }, $what;
    }
    # One whose beginning has left.
    my $client = $a->connect;
    $client->send("POST /app/sent HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n$x\r\n5\r\n");
    eventually { $a->row($fake->contact)->{'Sent-Waiting'} == 1 } 10, 'the beginning of a body has left';
    $client->send("helloZZ\r\n0\r\n\r\n$second");
    $client->{deadline} = time + scaled(10);
    1 while $client->fill;
    like $client->{buffer},   qr{\AHTTP/1[.]1 400 }, 'then it goes wrong';
    unlike $client->{buffer}, qr{HTTP/1.*HTTP/1}s,   'one answer';
    eventually {
        grep { m{\A/app/sent } } lines($record)
    }
    10, 'the server got that';
    is_deeply [grep { /whole/ } lines($record)], [], 'nothing came as if it were whole';
    is $a->row($fake->contact)->{'Refused-Ago'} // '-', '-', 'nobody is blamed';
    is $a->status->{'Failed-Over'},                     0,   'nor counted as failed';
    $fake->stop;
    $farm->check;
};

done_testing;
