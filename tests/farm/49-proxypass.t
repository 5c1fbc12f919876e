#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Applications behind ProxyPass: each server has its own, and the chain decides which server's gets a request.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use Farm        qw(scaled wait_for);
use Farm::Fake;
use POSIX ();
use Test::More;

# Each server's application is at an address of its own, which AcceptStats does not cover.
my $conf = <<'EOT';
ProxyPreserveHost On
AllowEncodedSlashes NoDecode
<Proxy balancer://apps>
    BalancerMember http://${APP}:${PORT}
</Proxy>
ProxyPass /on/not !
ProxyPass /on http://${APP}:${PORT}/on
ProxyPassReverse /on http://${APP}:${PORT}/on
ProxyPassReverseCookiePath /inner /on
ProxyPass /off http://${APP}:${PORT}/off
ProxyPass /stays http://${APP}:${PORT}/stays
ProxyPass /raw http://${APP}:${PORT}/raw nocanon
ProxyPassMatch ^/match/(.*)$ http://${APP}:${PORT}/match/$1
ProxyPass /balanced balancer://apps/balanced
ProxyPass /pin http://${APP}:${PORT}/pin
ProxyPass /.well-known http://${APP}:${PORT}/.well-known
RewriteEngine On
RewriteRule ^/rule/(.*) http://${APP}:${PORT}/rule/$1 [P]
<Location /pin>
    Backhand byAge 60
    Backhand bySession S=
    BackhandSessionCookie S
    BackhandProxyPass On
</Location>
<IfDefine FRONT>
    <LocationMatch ^/(?:on|off|stays|raw|match|balanced|rule|within|\.well-known)>
        Backhand byAge 60
        Backhand removeSelf
    </LocationMatch>
    <LocationMatch ^/(?:on|raw|match|balanced|rule|\.well-known)>
        BackhandProxyPass On
    </LocationMatch>
    <Location /stays>
        Backhand off
    </Location>
    <Location /within>
        ProxyPass http://${APP}:${PORT}/within
    </Location>
</IfDefine>
EOT

# What the application got, a line for each thing.
sub answer {
    my ($socket, $name) = @_;
    my $got = '';
    while ((my $end = index $got, "\r\n\r\n") < 0) {
        sysread $socket, $got, 65_536, length $got or return;
    }
    my ($head, $body) = $got =~ /\A(.*?\r\n)\r\n(.*)\z/s;
    my ($line)   = $head =~ /\A(.*?)\r\n/;
    my ($path)   = $line =~ m{\A\S+ (\S+)};
    my ($length) = $head =~ /^Content-Length: (\d+)\r$/mi;
    print {$socket} "HTTP/1.1 100 Continue\r\n\r\n" if $head =~ /^Expect:/mi;
    $socket->flush;
    while (
        $head =~ /^Transfer-Encoding: chunked\r$/mi ? $body !~ /(?:\A|\r\n)0\r\n\r\n\z/ : length $body < ($length || 0))
    {
        sysread $socket, $body, 65_536, length $body or return;
    }
    my $whole = $length ? $body : q();
    while (!$length && $body =~ s/\A([0-9a-f]+)\r\n//i && hex $1) {
        $whole .= substr $body, 0, hex $1;
        substr $body, 0, 2 + hex $1, q();
    }
    if ($path =~ /events[?](.+)/) {
        my $flag = $1;
        print {$socket} "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n";
        $socket->flush;
        wait_for { -e $flag } 30;
        print {$socket} "data: 2\n\n";
        return;
    }
    my ($for)  = $head =~ /^X-Forwarded-For: (.*)\r$/mi;
    my ($mark) = $head =~ /^(Backhand-Proxied): /mi;
    my ($host) = $head =~ /^Host: (.*)\r$/mi;
    my $text =
      "app=$name\nline=$line\nfor=" . ($for || '') . "\nmark=" . ($mark || '') . "\nmd5=" . md5_hex($whole) . "\n";
    print {$socket} "HTTP/1.1 200 OK\r\nContent-Length: "
      . length($text)
      . "\r\nConnection: close\r\n"
      . "Location: http://$host/on/next\r\nSet-Cookie: A=1; Path=/inner\r\n\r\n$text";
    return;
}

# Each connection in a process of its own.
sub application {
    my ($name) = @_;
    return sub {
        my ($socket) = @_;
        return if fork;
        local $SIG{ALRM} = sub { POSIX::_exit(1) };
        alarm scaled(60);
        answer($socket, $name);
        close $socket;
        POSIX::_exit(0);
    };
}

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm->new(mpm => $mpm, modules => [qw(rewrite slotmem_shm proxy_balancer lbmethod_byrequests)]);
        my $head = sub { 'Define PORT ' . $farm->port . "\nDefine APP $_[0]\n" };
        my $member =
            "ProxyPass /member http://127.0.0.2:\${PORT}/app\n<Location /member>\n"
          . "Backhand on\nBackhandProxyPass On\n</Location>\n";
        my $a = $farm->add(conf => $conf . $member, head => $head->('127.0.0.17') . "Define FRONT\n");
        my $b = $farm->add(conf => $conf,           head => $head->('127.0.0.18'));
        my @apps =
          map { Farm::Fake->new(farm => $farm, host => "127.0.0.$_", quiet => 1, serve => application($_))->start } 17,
          18;
        $farm->start;
        ok $farm->together, 'they see each other';

        # What the start says.
        my @said = grep { /ProxyPass/ } $a->log_lines;
        for my $path (qw(/off /within)) {
            is scalar(
                grep {
                    m{backhand:notice.* ProxyPass has the requests for \Q$path\E, so the chain balances none of them}
                } @said
              ),
              1,
              "$path: the start says that it is not balanced";
        }
        is scalar(
            grep {
                m{backhand:warn.* ProxyPass of /member leads to http://127\.0\.0\.2:\d+/app, which seems .* this farm}
            } @said
          ),
          1, 'and that ProxyPass leads to a server of the farm';
        is scalar @said,                               3, 'and nothing of the others';
        is scalar(grep { /ProxyPass/ } $b->log_lines), 0, 'nor where nothing is wrong';
        $farm->announce_log(qr/ProxyPass of \/member leads to/);

        # Balanced: the other server's own ProxyPass leads to its own application.
        my %line = (
            '/on/x?y=%41'       => '/on/x?y=%41',
            '/match/x'          => '/match/x',
            '/rule/x'           => '/rule/x',
            '/balanced/x'       => '/balanced/x',
            '/raw/a%2Fb;c%20d?' => '/raw/a%2Fb;c%20d?',
        );
        for my $path (sort keys %line) {
            my $echoed  = $a->get($path)->echoed;
            my ($plain) = split /[?]/, $path;
            is "$echoed->{app} $echoed->{line}", "18 GET $line{$path} HTTP/1.1",
              "$path gets to the other server's application";
            is $a->logged($plain)->{reason},     'handed-off:chosen', 'handed off';
            is $b->logged($plain)->{received},   '127.0.0.1',         'and received';
            is "$echoed->{for} $echoed->{mark}", '127.0.0.99 ', 'the application sees the client alone, and no mark';
        }
        my @both = map { $_->get('/on/x', headers => [Host => 'site.test'])->{headers} } $a, $b;
        delete $_->{date} for @both;
        is_deeply $both[0], $both[1], 'Location and the path of a cookie are rewritten once';
        is $both[0]{location}[0],     'http://site.test/on/next', 'to the same place';
        is $both[0]{'set-cookie'}[0], 'A=1; Path=/on',            'the cookie too';

        my $body = join q(), map { chr(33 + $_ % 90) } 1 .. 300_000;
        for my $method (qw(POST PUT)) {
            my $echoed = $a->request($method, '/on/body', body => $body)->echoed;
            is "$echoed->{app} $echoed->{md5}", '18 ' . md5_hex($body), "$method: the body is whole";
        }
        my $in_chunks = $a->request('POST', '/on/body', body => $body, chunked => 1)->echoed;
        is "$in_chunks->{app} $in_chunks->{md5}", '18 ' . md5_hex($body), 'in chunks, too';

        # An answer without an end.
        my $flag   = "$farm->{root}/seen";
        my $client = $a->connect(timeout => 20);
        $client->send("GET /on/events?$flag HTTP/1.1\r\nHost: x.test\r\n\r\n");
        $client->{deadline} = time + scaled(20);
        ok eval { $client->up_to("data: 1\n\n"); 1 }, 'an event arrives';
        open my $mark, '>', $flag or die $!;
        close $mark;
        $client->{deadline} = time + scaled(10);
        ok eval { $client->up_to("data: 2\n\n"); 1 }, 'before the next is written';

        # Not balanced.
        for my $path (qw(/off/x /within/x)) {
            is $a->get($path)->echoed->{app}, 17, "$path: without the directive its own application";
            is $a->logged($path)->{reason},   'not-balanced:proxypass', 'and why';
        }
        is $a->get('/stays/x')->echoed->{app},                      17,   'Backhand off says that it stays';
        is $a->logged('/stays/x')->{reason},                        q{-}, 'and needs no reason';
        is $a->get('/.well-known/acme-challenge/x')->echoed->{app}, 17, 'a challenge is for the server that was asked';
        is $a->logged('/.well-known/acme-challenge/x')->{reason}, 'served-here:own', 'as elsewhere';
        is $a->get('/on/not/x')->status,                          404,               'a path that ProxyPass leaves out';
        is $a->logged('/on/not/x')->{reason},                     'handed-off:chosen', 'is balanced as any';

        # Pinned, and served here.
        my $first = $a->get('/pin/x');
        is $first->echoed->{app},          17,                   'here means its own ProxyPass';
        is $a->logged('/pin/x')->{reason}, 'served-here:chosen', 'and says why';
        my ($cookie) = map { /\A(S=[^;]+)/ } @{ $b->get('/pin/x')->{headers}{'set-cookie'} };
        is $a->get('/pin/y', headers => [Cookie => $cookie])->echoed->{app}, 18,
          'a client stays with the server of its session';
        is $a->logged('/pin/y')->{reason}, 'handed-off:chosen', 'wherever it comes in';

        # The other server dies.
        $b->kill_all;
        is $a->get('/on/late')->echoed->{app}, 17, 'its own ProxyPass serves what no other server takes';
        is $a->logged('/on/late')->{reason},   'served-here:failed', 'and says why';
        my $echoed = $a->post('/on/later', $body, headers => [Expect => '100-continue'])->echoed;
        is "$echoed->{app} $echoed->{md5}", '17 ' . md5_hex($body), 'with the whole body';
        $farm->announce_log(qr/exit signal Killed/, qr/it is asked last for the next/);
        $_->stop for @apps;
        $farm->check;
    };
}

done_testing;
