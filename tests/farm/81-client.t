#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Every module and program sees the client that sent a handed-off request, and no other client.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(in_parallel);
use Farm::Raw;
use Test::More;

my $conf = <<'EOT';
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
        Backhand byRandom
    </Location>
</IfDefine>
# Silent after 3 s: on a busy machine a server must not seem so unless it is.
BackhandInterval 1s
SetEnvIf Remote_Addr ^(192\.0\.2\..*)$ SEEN=$1
RewriteEngine On
RewriteRule ^/app/echo - [E=REWRITTEN:%{REMOTE_ADDR}:%{REMOTE_PORT}]
LogFormat "%a %h %{remote}p %{c}a %U" client
CustomLog ${OWN}/client.log client
PerlModule Apache2::RequestRec Apache2::RequestIO Apache2::Connection APR::SockAddr APR::Table
<Location /app/whom>
    SetHandler modperl
    PerlResponseHandler "sub { my ($r, $c) = ($_[0], $_[0]->connection); \
        $r->print(join ' ', $r->useragent_ip, $r->useragent_addr->port, $c->client_ip, $c->client_addr->ip_get, \
            $c->client_addr->port, $r->subprocess_env('SEEN') // '-'); 0 }"
</Location>
<Location /app/only>
    SetHandler modperl
    PerlResponseHandler "sub { $_[0]->print('allowed'); 0 }"
    Require ip 192.0.2.0/24
</Location>
EOT

# Clients that come by a balancer at 127.0.0.50. It is among those that are believed, and so are the servers of the
# farm.
my $remoteip =
    "RemoteIPHeader X-Forwarded-For\nRemoteIPProxiesHeader X-Proxies\nRemoteIPInternalProxy 127.0.0.0/26\n"
  . "RemoteIPTrustedProxy 198.51.100.0/24\n";

sub start_farm {
    my ($mpm, $n, %options) = @_;
    my $farm = Farm->new(mpm => $mpm, perl => 1, modules => [qw(rewrite remoteip)], workers => 16, %options);
    for my $i (1 .. $n) {
        my $name = chr ord('a') + $i - 1;
        $farm->add(
            conf => $conf . ($options{extra} || ''),
            head => "Define OWN $farm->{root}/$name\n" . ($i == 1 ? "Define FRONT\n" : '')
        );
    }
    $farm->start;
    ok $farm->together, 'they see each other';
    return $farm;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: address and port" => sub {
        my $farm = start_farm($mpm, 2);
        my ($a, $b) = $farm->servers;
        my $client = $a->connect(from => '127.0.0.77');
        my $port   = $client->{socket}->sockport;
        for (1 .. 3) {
            my $told = $client->request('GET', '/app/echo')->echoed;
            is "$told->{SERVER_ADDR} $told->{REMOTE_ADDR} $told->{REMOTE_PORT} $told->{REWRITTEN}",
              "127.0.0.2 127.0.0.77 $port 127.0.0.77:$port", 'what a program and mod_rewrite see';
            is $client->request('GET', '/app/whom')->body, "127.0.0.77 $port 127.0.0.77 127.0.0.77 $port -",
              'what a handler in Perl sees';
            is $client->request('GET', '/who')->body, 'a', 'served here between';
        }
        my @lines = Farm::wait_for {
            my @all = grep { m{/app/whom} } $b->lines('client.log');
            @all == 3 && join "\n", @all
        };
        is $lines[0], join("\n", ("127.0.0.77 127.0.0.77 $port 127.0.0.77 /app/whom") x 3),
          'what the log of the other one says';
        my $direct = $b->connect(from => '127.0.0.78');
        my $own    = $direct->{socket}->sockport;
        is $direct->request('GET', '/app/whom')->body, "127.0.0.78 $own 127.0.0.78 127.0.0.78 $own -",
          'a direct client there';
        $farm->check;
    };

    subtest "$mpm: by a balancer" => sub {
        my $farm = start_farm($mpm, 2, extra => $remoteip);
        my ($a, $b) = $farm->servers;
        my $raw    = Farm::Raw->new(through => $a, direct => $b, host => 'site.test', framing => qr/./);
        my @ignore = (ignore =>
              [qr/REMOTE_PORT=\d+/, qr/REWRITTEN=[^:]*:\d*/, qr/BACKHAND_RECEIVED=\S+\n/, qr/HTTP_CONNECTION=\S+/]);
        my %case = (
            'one client'                        => ['127.0.0.50', '192.0.2.7',               'REMOTE_ADDR=192.0.2.7'],
            'two balancers'                     => ['127.0.0.50', '192.0.2.7, 127.0.0.51',   'REMOTE_ADDR=192.0.2.7'],
            'a trusted balancer of others'      => ['127.0.0.50', '192.0.2.7, 198.51.100.3', 'REMOTE_ADDR=192.0.2.7'],
            'a client that says more'           => ['127.0.0.50', '203.0.113.9, 192.0.2.7',  'REMOTE_ADDR=192.0.2.7'],
            'a client that says itself trusted' =>
              ['127.0.0.50', '203.0.113.9, 127.0.0.52, 192.0.2.7', 'REMOTE_ADDR=192.0.2.7'],
            'nonsense'   => ['127.0.0.50', 'nobody',    'REMOTE_ADDR=127.0.0.50'],
            'a stranger' => ['127.0.0.99', '192.0.2.7', 'REMOTE_ADDR=127.0.0.99'],
            'no header'  => ['127.0.0.50', undef,       'REMOTE_ADDR=127.0.0.50'],
        );
        for my $name (sort keys %case) {
            my ($from, $header, $seen) = @{ $case{$name} };
            my @headers = $header ? (headers => ["X-Forwarded-For: $header"]) : ();
            $raw->same(
                '/app/echo', 200, "$name: a program",
                from => $from,
                @headers, @ignore,
                body => qr/^\Q$seen\E$/m,
                here => 1
            );
            $raw->same(
                '/app/only', $seen =~ /192/ ? 200 : 403, "$name: access control",
                from => $from,
                @headers, here => 1
            );
        }
        is $a->get('/app/whom', from => '127.0.0.50', headers => ['X-Forwarded-For' => '192.0.2.7'])->body =~
          s/ \d+(?= )//gr,
          '192.0.2.7 192.0.2.7 192.0.2.7 192.0.2.7', 'SetEnvIf and Perl';
        $farm->announce_log(qr/AH01630/);
        $farm->check;
    };

    subtest "$mpm: clients do not mix" => sub {
        my $farm  = start_farm($mpm, 3, workers => 32);
        my ($a)   = $farm->servers;
        my $each  = $ENV{BACKHAND_TEST_LONG} ? 2000 : 250;
        my @wrong = in_parallel 12, sub {
            my ($i) = @_;
            my $from = '127.0.0.' . (100 + $i);
            my (%served, @wrong, $client);
            for my $n (1 .. $each) {
                $client = $a->connect(from => $from, timeout => 20) if $n % 50 == 1;
                my $port     = $client->{socket}->sockport;
                my $response = $client->request('GET', '/app/whom');
                push @wrong, $response->body if $response->body ne "$from $port $from $from $port -";
            }
            return \@wrong;
        };
        is_deeply [map { ref $_ eq 'ARRAY' ? @{$_} : $_->{died} } @wrong], [],
          "12 clients, $each requests each, all saw their own address and port";

        my $client = $a->connect(from => '127.0.0.77');
        my %served;
        for (1 .. 60) {
            my $told = $client->request('GET', '/app/echo')->echoed;
            $served{ $told->{SERVER_ADDR} }++;
            fail "client $told->{REMOTE_ADDR}" if $told->{REMOTE_ADDR} ne '127.0.0.77';
        }
        is_deeply [sort keys %served], ['127.0.0.2', '127.0.0.3'], 'requests of one connection went to both others';
        $farm->check;
    };
}

# prefork and worker begin to read the next request before they write the log line of the one before it. The connection
# is another server's, and the requests on it are of different clients, or of that server itself.
for my $mpm (Farm->mpms) {
    subtest "$mpm: pipelined requests" => sub {
        my $farm     = start_farm($mpm, 1, workers => 4);
        my ($server) = $farm->servers;
        my $from     = '127.0.0.7';
        my $each     = 30;
        my $other    = $server->connect(from => $from, timeout => 20);
        my $own      = $other->{socket}->sockport;
        my @clients  = map { $_ % 5 ? ["192.0.2.$_", 2000 + $_] : [$from, $own] } 1 .. $each;
        my $mark     = sub {
            my ($client) = @_;
            return $client->[0] eq $from
              ? ''
              : "Backhand-Proxied: v=1&client=$client->[0]:$client->[1]&scheme=http&port=80\r\n";
        };
        # In pieces that do not end with a request, too.
        $other->send(join q(),
            map { "GET /app/whom?$_ HTTP/1.1\r\nHost: a.test\r\n" . $mark->($clients[$_ - 1]) . "\r\n" } 1 .. $each);
        my @seen = map { $other->response('GET')->body =~ s/ \S+$//r } 1 .. $each;
        is_deeply \@seen, [map { "$_->[0] $_->[1] $_->[0] $_->[0] $_->[1]" } @clients],
          'each handler sees the client of its request';
        $other->{socket}->close;
        my @lines = Farm::wait_for {
            my @all = grep { m{/app/whom} } $server->lines('client.log');
            @all == $each && \@all
        };
        is_deeply $lines[0], [map { "$_->[0] $_->[0] $_->[1] $_->[0] /app/whom" } @clients],
          'and so does each log line';
        $farm->check;
    };
}

done_testing;
