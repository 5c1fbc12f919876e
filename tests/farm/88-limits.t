#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A request that the front server accepts is served by the other server: a client meets httpd's limits only once.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Test::More;

# Both servers have a host with wide limits, which listens elsewhere than where servers hand requests to each other.
my $conf = <<'EOT';
LuaMapHandler ^/app/small ${ECHO} handle
<Location /app>
    <IfDefine FRONT>
        Backhand byAge
        Backhand removeSelf
    </IfDefine>
</Location>
Listen ${ADDRESS}:${PORT}
<VirtualHost ${ADDRESS}:${PORT}>
    ServerName wide.test
    LimitRequestFieldSize 16380
    LimitRequestLine 12000
    LimitRequestFields 150
    HttpProtocolOptions Unsafe
    <Location /app>
        <IfDefine FRONT>
            Backhand byAge
            Backhand removeSelf
        </IfDefine>
    </Location>
    LuaMapHandler ^/app/small ${ECHO} handle
</VirtualHost>
EOT

# Says how much it got.
my $echo = <<'EOT';
function handle(r)
    local headers = 0
    for n = 1, 200 do
        headers = headers + (r.headers_in['X-' .. n] and 1 or 0)
    end
    r.content_type = 'text/plain'
    r:puts('headers=', headers, ' cookie=', #(r.headers_in['Cookie'] or ''), ' long=',
        #(r.headers_in['X-Long'] or ''), ' query=', #(r.args or ''), '\n')
    return apache2.OK
end
EOT

# With so many header fields in all.
sub fields {
    my ($n) = @_;
    return join q(), "GET /app/small HTTP/1.1\r\nHost: wide.test\r\n", map({ "X-$_: 1\r\n" } 1 .. $n - 1), "\r\n";
}

# One header field, its name included, of so many bytes.
sub field {    ## no critic (ProhibitBuiltinHomonyms)
    my ($n) = @_;
    return "GET /app/small HTTP/1.1\r\nHost: wide.test\r\nCookie: " . 'c' x ($n - 8) . "\r\n\r\n";
}

# The same in two lines.
sub folded {
    my ($n) = @_;
    return
        "GET /app/small HTTP/1.1\r\nHost: wide.test\r\nCookie: "
      . 'c' x ($n - 108) . "\r\n "
      . 'd' x 99
      . "\r\n\r\n";
}

# A request line of so many bytes.
sub line {
    my ($n) = @_;
    return 'GET /app/small?' . 'q' x ($n - 24) . " HTTP/1.1\r\nHost: wide.test\r\n\r\n";
}

# Status and body of the answer to these bytes.
sub ask {
    my ($server, $port, $from, $bytes) = @_;
    my $client   = Farm::Client->new(host => $server->{host}, port => $port, from => $from);
    my $response = $client->send($bytes)->response('GET');
    return $response->status . ' ' . ($response->body =~ s/127[.]0[.]0[.]\d|[ab][.]test|Port \d+//gr);
}

sub script {
    my ($farm) = @_;
    my $path = "$farm->{root}/echo.lua";
    open my $file, '>', $path or die "$path: $!";
    print {$file} $echo;
    close $file;
    return $path;
}

my %kinds = (fields => \&fields, field => \&field, folded => \&folded, line => \&line);

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest $mpm => sub {
        my $farm    = Farm->new(mpm => $mpm, modules => ['lua']);
        my $wide    = Farm::free_port();
        my $script  = script($farm);
        my $defines = "Define PORT $wide\nDefine ECHO $script\n";
        my $front   = $farm->add(head => "${defines}Define ADDRESS 127.0.0.1\nDefine FRONT\n", conf => $conf);
        my $back    = $farm->add(head => "${defines}Define ADDRESS 127.0.0.2\n",               conf => $conf);
        $farm->start;
        ok $farm->together, 'they see each other';
        my %limits = (
            $farm->port => {
                fields => [98,   99,   100,  101,  103],
                field  => [8000, 8189, 8190, 8191, 8192, 8193, 9000],
                folded => [8000, 8186 .. 8194],
                line   => [8000, 8189, 8190, 8191, 8192, 9000]
            },
            $wide => {
                fields => [148,    150,    151],
                field  => [12_000, 16_380, 17_000],
                folded => [12_000, 16_390],
                line   => [10_000, 12_000, 12_100]
            },
        );

        for my $port (sort keys %limits) {
            for my $kind (sort keys %kinds) {
                for my $n (@{ $limits{$port}{$kind} }) {
                    my $bytes  = $kinds{$kind}->($n);
                    my $direct = ask($back, $port, '127.0.0.99', $bytes);
                    my $at     = $port == $wide ? 'the wide host' : 'the usual host';
                    is ask($front, $port, '127.0.0.99', $bytes), $direct, "$at, $kind: $n: " . substr $direct, 0, 30;
                    is ask($back, $port, '127.0.0.5', $bytes), $direct, 'no mark is believed: as to anybody';
                }
            }
        }
        like ask($front, $wide, '127.0.0.99', field(12_000)), qr/\A200 headers=0 cookie=11992 /,
          'a long cookie arrives';
        # Other requests for that path are logged late, some after this one.
        eventually {
            scalar grep { m{ 200 .*/app/small .*reason=handed-off:chosen} } $front->access_lines
        }
        5, 'from the other server';
        # What only that host takes.
        for my $bytes (
            "GET /app/small?a\x01b HTTP/1.1\r\nHost: wide.test\r\n\r\n",
            "GET /app/small HTTP/1.1\r\nHost: wide.test\r\nX-1: a\x01b\r\n\r\n",
            "GET /app/small HTTP/1.1\r\nHost: wide.test\r\nX(1): 1\r\n\r\n",
            "G/T /app/small HTTP/1.1\r\nHost: wide.test\r\n\r\n",
            (
                map { "GET /app/small HTTP/1.1\r\nHost: $_\r\n\r\n" } '4714::abcd:8001',
                'wide.test:8x', '[::1', '[::1]x', "wide.test\r\nHost: wide.test"
            )
          )
        {
            my $direct = ask($back, $wide, '127.0.0.99', $bytes);
            is ask($front, $wide, '127.0.0.99', $bytes), $direct, 'unsafe: ' . substr $direct, 0, 30;
            like ask($front, $farm->port, '127.0.0.99', $bytes), qr/\A400 /, 'nowhere else';
        }
        eventually {
            scalar grep { m{/app/small .*reason=served-here:unsafe} } $front->access_lines
        }
        5, 'and it is served here';
        $farm->check;
    };
}

subtest 'HTTP/2' => sub {
    my $farm    = Farm->new(modules => ['http2', 'lua']);
    my $script  = script($farm);
    my @servers = map {
        $farm->add(conf => "Protocols h2c http/1.1\nLuaMapHandler ^/app/small $script handle\n"
              . ($_ eq 'a' ? "<Location /app>\nBackhand byAge\nBackhand removeSelf\n</Location>\n" : q()))
    } qw(a b);
    $farm->start;
    ok $farm->together, 'they see each other';
    my %how = (
        'many fields'  => [map { ('-H', "X-$_: 1") } 1 .. 96],
        'a long field' => ['-H', 'X-Long: ' . 'x' x 8170],
    );
    for my $what (sort keys %how) {
        my @said = map { curl($_, '/app/small', @{ $how{$what} }) } reverse @servers;
        is $said[1], $said[0], "$what: " . substr $said[0], 0, 9;
    }
    for my $n (8000, 8140, 8180, 8190, 8203, 8204) {
        my $path = '/app/small?' . 'q' x ($n - 24);
        my @said = map { curl($_, $path) } reverse @servers;
        is $said[1], $said[0], "a request line of $n bytes: " . substr $said[0], 0, 9;
    }
    like $servers[0]->logged('/app/small')->{line}, qr/reason=handed-off:chosen/, 'they went to the other server';
    $farm->check;
};

# The status and what the program says of query and headers.
sub curl {
    my ($server, $path, @arguments) = @_;
    open my $pipe, '-|', 'curl', '-s', '-i', '--http2-prior-knowledge', @arguments, 'http://' . $server->address . $path
      or die "curl: $!";
    my @lines = readline $pipe;
    close $pipe;
    return join q(), grep { m{\AHTTP/2|\Aheaders=} } @lines;
}

done_testing;
