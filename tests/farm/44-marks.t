#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A client cannot remove a mark, forge one, or make the two servers read a request differently. Whatever the client
# sends, the program on the other server sees the same as in a direct request.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Client;
use Farm::Fake;
use Farm::Raw;
use Test::More;

my $program = <<'EOT';
#!/usr/bin/perl
use strict;
use warnings;
local $/;
my $body = <STDIN> // '';
# What each server or connection has of its own.
delete @ENV{qw(DOCUMENT_ROOT REMOTE_PORT SERVER_ADDR UNIQUE_ID)};
my $text = join q(), map { "$_=$ENV{$_}\n" } sort keys %ENV;
$text .= length($body) . ":$body\n";
print "Content-Type: text/plain\n\n$text";
EOT

# ASKED is the port that clients ask; the servers ask one another at their own, PORT.
my $conf = <<'EOT';
BackhandInterval 1s
Listen ${HOST}:${ASKED}
ScriptAlias /cgi/env ${SHARED}/env
Alias /cgi/file ${SHARED}/env
<Directory ${SHARED}>
    Require all granted
</Directory>
<IfDefine FRONT>
    <Location /cgi>
        Backhand byAge
        Backhand removeSelf
    </Location>
</IfDefine>
<IfDefine !FRONT>
    <Location /cgi/env/farm>
        Require ip 127.0.0.0/28
    </Location>
</IfDefine>
<Location /cgi/env/phys>
    UseCanonicalPhysicalPort On
</Location>
<Location /cgi/env/name>
    UseCanonicalName On
</Location>
<Location /cgi/env/both>
    UseCanonicalPhysicalPort On
    UseCanonicalName On
</Location>
# What both servers do to a request's headers is done once, where it is served.
RequestHeader append X-Early early early
RequestHeader append X-Late late
RequestHeader append Connection X-More early
RequestHeader append Connection X-Most
RequestHeader unset Backhand-Proxied early
RequestHeader unset Backhand-Proxied
RequestHeader set Max-Forwards 1 early
RemoteIPHeader X-Real
RemoteIPProxiesHeader X-Proxies
RemoteIPInternalProxy 127.0.0.77
<VirtualHost *:${PORT}>
    ServerName contact.test
</VirtualHost>
<VirtualHost *:${ASKED}>
    ServerName asked.test
    RedirectMatch ^/cgi/env/(phys|name|both)/away$ /there
</VirtualHost>
<VirtualHost *:${ASKED}>
    ServerName other.test:99
    SetEnv OTHER 1
    RedirectMatch ^/cgi/env/(phys|name|both)/away$ /there
</VirtualHost>
EOT

my ($farm, $a, $b, $asked);

sub start_farm {
    my ($mpm, $secret) = @_;

    # Idle connections hold workers of prefork.
    $farm  = Farm->new(mpm => $mpm, workers => $mpm eq 'prefork' ? 48 : 16);
    $asked = Farm::free_port();
    my $shared = "$farm->{root}/shared";
    chmod 0755, Farm::Raw::write_tree("$shared/env", $program);
    my $both = "Define SHARED $shared\nDefine PORT " . $farm->port . "\nDefine ASKED $asked\n";
    ($a, $b) = map {    ## no critic (RequireLocalizedPunctuationVars)
        $farm->add(
            modules => [qw(headers remoteip)],
            load    => $_ == 1 ? 'first' : 1,
            conf    => $conf . ($secret ? "BackhandSecretFile secret\n" : ''),
            head    => "${both}Define HOST 127.0.0.$_\n" . ($_ == 1 ? "Define FRONT\n" : '')
        )
    } 1, 2;
    for my $server ($secret ? ($a, $b) : ()) {
        chmod 0600, $server->write_file('secret', '0a1b2c3d' x 8 . "\n");
    }
    $farm->start;
    ok $farm->together, 'they see each other';
    return;
}

# The answer to these bytes, to the end of the connection, which the request must end. Without what a program's answer
# says of its length.
sub ask {
    my ($server, $bytes) = @_;
    my $client = Farm::Client->new(host => $server->{host}, port => $asked, from => '127.0.0.77');
    $client->send($bytes);
    $client->{deadline} = time + Farm::scaled(15);
    1 while $client->fill;
    my ($head, $body) = $client->{buffer} =~ /\A(HTTP.*?\r\n\r\n)(.*)\z/s or return $client->{buffer};
    $body = Farm::Raw::dechunked($body) if $head =~ /^Transfer-Encoding: chunked\r$/m;
    $head =~ s/^(?:Date|Content-Length|Transfer-Encoding): .*\r\n//mg;
    return "$head$body";
}

# Both answer the same, but for BACKHAND_RECEIVED. The handed-off request must have it, unless it may be served `here`.
sub same {
    my ($bytes, $what, %options) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($direct, $through) = map { ask($_, $bytes) } $b, $a;
    my $handed = $through =~ s/^BACKHAND_RECEIVED=127\.0\.0\.1\n//m;
    for ($direct, $through) {
        s/^Allow: (.*)\r$/'Allow: ' . join q(,), sort split m{,}, $1/me;
        s/^BACKHAND_\w+=.*\n//mg if $options{here};
    }
    my $pattern = $options{like} || qr/\r\n\r\n.*REMOTE_ADDR=127\.0\.0\.77\n/s;
    my $fine    = $direct eq $through && $direct =~ $pattern && ($handed || $options{here});
    return ok($fine, $what)
      || diag(($handed ? '' : "not handed off\n")
        . "--- direct\n"
          . Farm::Raw::shown($direct)
          . "\n--- through\n"
          . Farm::Raw::shown($through));
}

# A request with these header lines.
sub lines {
    my (@lines) = @_;
    return join "\r\n", 'GET /cgi/env HTTP/1.1', 'Host: asked.test', @lines, '', '';
}

my @fields = (
    'Authorization: Basic dXNlcjpwYXNz',
    'Cookie: k=v',
    'X-Thing: one',
    'X-Other: two',
    'Accept: */*',
    'Proxy-Authorization: Basic eDp5',
    'Max-Forwards: 3',
    'Via: 1.1 else',
    'Close: 1',
    'Keep-Alive: timeout=9',
    'Proxy-Connection: keep-alive',
    'TE: trailers, deflate',
    'Trailer: X-Sum',
    'Upgrade: something/1',
    'HTTP2-Settings: AAA'
);

# Ways to say what a Connection header says; each ends the connection.
my @connections = (
    ['Connection: close, Backhand-Proxied'],
    ['Connection: backhand-proxied , CLOSE'],
    ['Connection: Backhand-Proxied',        'Connection: close'],
    ['connection:close,,,Backhand-Proxied', 'CONNECTION: X-Thing'],
    ["Connection: close,\tBACKHAND-PROXIED\t, x-thing"],
    ['Connection: "Backhand-Proxied", close', 'Connection: Backhand-Proxied; Cookie'],
    ['Connection: close, Authorization, Cookie, X-Thing, Accept, Via, Max-Forwards, Proxy-Authorization'],
    ['Connection: close, Host, Content-Length, Transfer-Encoding, Expect, Content-Type'],
    ['Connection: close, Keep-Alive, TE, Trailer, Proxy-Connection, HTTP2-Settings'],
    ['Connection: close, Connection, Backhand-Figures, Date'],
    ['Connection: Upgrade, HTTP2-Settings, close'],
    ['Connection: close' . ', Backhand-Proxied' x 40],
    ['Connection: close, "Backhand-Proxied, X-Thing', 'Connection: \\"'],
    ['Connection: close, =;:,(),/?@[]{}',             'Connection:'],
    ['Connection: close, %0d%0a, a&again=1, "&v=2"'],
    ["Connection: close, \xe4\xff"],
    ['Connection: close'],
);

for my $case (map({ ([$_, 0], [$_, 1]) } Farm->mpms)) {
    my ($mpm, $secret) = @{$case};
    next if $secret && $mpm eq 'worker';
    subtest $mpm . ($secret ? ', with a secret' : '') => sub {
        start_farm($mpm, $secret);
        for my $connection (@connections) {
            same(lines(@fields, @{$connection}), substr join(' | ', @{$connection}), 0, 90);
        }
        same(lines(reverse(@{ $connections[2] }), @fields), 'in front of the others, too');
        same(lines(@fields, 'X-Early: x', 'X-Late: y', 'Connection: close'),
            'mod_headers', like => qr/EARLY=x, early\n(?s:.*)LATE=y, late\n/);
        same(lines(@fields, 'X-Real: 10.1.1.1, 10.2.2.2', 'Connection: close, X-Real'),
            'mod_remoteip', like => qr/ADDR=10\.2\.2\.2\n/);
        same(
            "POST /cgi/env HTTP/1.1\r\nHost: asked.test\r\nConnection: close, Content-Length, Host\r\n"
              . "Content-Length: 5\r\n\r\nhello",
            'a body whose length is named',
            like => qr/\n5:hello\n/
        );
        same(
            "POST /cgi/env HTTP/1.1\r\nHost: asked.test\r\nConnection: close, Transfer-Encoding, Backhand-Proxied\r\n"
              . "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            'and in chunks',
            like => qr/\n5:hello\n/
        );
        same("GET /cgi/env HTTP/1.0\r\nHost: asked.test\r\nConnection: Backhand-Proxied\r\n\r\n", 'HTTP/1.0');
        same("GET /cgi/env HTTP/1.0\r\nConnection: Host, Backhand-Proxied\r\n\r\n", 'HTTP/1.0 without a Host header');
        same("GET /cgi/env HTTP/1.0\r\n\r\n",                                       'without any header');
        same("GET /cgi/env HTTP/1.0\r\nHost:\r\nConnection: Host\r\n\r\n",          'HTTP/1.0 with an empty one');
        same(
            "GET /cgi/env/farm HTTP/1.1\r\nHost: asked.test\r\nConnection: close, Backhand-Proxied\r\n\r\n",
            'what is for servers stays so',
            like => qr/\A\S+ 403 /,
            here => 1
        );

        # A mark of the client's own is never the one that counts.
        my $mark = 'v=1&client=127.0.0.3:9&scheme=https&port=443';
        for my $forged (
            ["Backhand-Proxied: $mark"], ["backhand-proxied: $mark", "BACKHAND-PROXIED: $mark"],
            ["Backhand_Proxied: $mark"], ["Backhand-Proxied : $mark"],
            ['Backhand-Proxied:'],       ['Connection: Backhand-Proxied', "Backhand-Proxied: $mark"]
          )
        {
            my ($direct, $through) = map { ask($_, lines(@{$forged}, 'Connection: close')) } $b, $a;
            s/^BACKHAND_(?:RECEIVED|REASON|SERVER|TRIES|USEC)=.*\n//mg for $direct, $through;
            is $through, $direct, "the client says $forged->[0]";
            unlike $through, qr/HTTPS=|PROXIED=v/, 'and nobody believes it';
        }

        # A client that wants its connection kept, or closed, or to become another protocol's.
        my $client = Farm::Client->new(host => $a->{host}, port => $asked, from => '127.0.0.77');
        for my $kept ([], [Connection => 'keep-alive, Backhand-Proxied'], [Connection => 'X-Thing', 'X-Thing' => 1]) {
            like $client->request('GET', '/cgi/env', headers => [Host => 'asked.test', @{$kept}])->body,
              qr/^BACKHAND_RECEIVED=127/m, 'handed off on a kept connection';
        }
        my $last =
          $client->request('GET', '/cgi/env', headers => [Host => 'asked.test', Connection => 'Cookie, close']);
        like $last->header('connection'), qr/close/, 'close is heard';
        ok $client->closed(5), 'and done';
        $client = Farm::Client->new(host => $a->{host}, port => $asked, from => '127.0.0.77');
        like $client->request(
            'GET', '/cgi/file',
            version => '1.0',
            headers => [Host => 'asked.test', Connection => 'Keep-Alive']
        )->header('connection'), qr/keep-alive/i, 'an HTTP/1.0 client may keep its connection';
        like $client->request('GET', '/cgi/env', headers => [Host => 'asked.test', Connection => 'close'])->body,
          qr/HTTP_CONNECTION=close/, 'and use it again';
        if ($mpm eq 'event') {
            my @received = grep { m{ /cgi/env} && /received=127/ } $b->access_lines;
            cmp_ok 5 * (grep { /kept=0/ } @received), '<', scalar @received,
              "that clients close their connections does not close the servers'";
        }

        # The request line.
        for my $target (
            'http:/cgi/env?a',                         'http:/cgi/env?://h/cgi/private',
            '/cgi/env?http://h/private',               'http://asked.test/cgi/env?://x/y',
            'http://asked.test/cgi/env/a://b/c?d://e', 'HTTP://ASKED.test/cgi/env',
            'http://u:p@other.test/cgi/env',           'http://other.test/cgi/env',
            "http://other.test:$asked/cgi/env",        'http://asked.test:81/cgi/env',
            'http://x&y@other.test/cgi/env',           'http:///cgi/env',
            '//cgi/env',                               '///cgi/env?x',
            'http:/cgi/env/%2e%2e//x',                 'https:/cgi/env',
            'http://asked.test:/cgi/env',              'http://asked.test:99999/cgi/env',
            'http://asked.test:0/cgi/env',             'http://other.test:080/cgi/env',
            'http://[::1]:/cgi/env',                   'https://asked.test/cgi/env'
          )
        {
            same(
                "GET $target HTTP/1.1\r\nHost: asked.test\r\nConnection: close\r\n\r\n", "GET $target",
                here => 1,
                like => qr/./
            );
        }
        for my $host (
            '',                  'asked.test:81', 'other.test', 'OTHER.TEST.',
            "other.test:$asked", 'unknown.test',  '[::1]',      '127.0.0.9:80',
            'a b',               'a/b',           ':80',        'other.test:',
            'x@other.test',      'other.test:0'
          )
        {
            same(
                "GET /cgi/env HTTP/1.1\r\nHost: $host\r\nConnection: close, Host\r\n\r\n", "Host: $host",
                here => 1,
                like => qr/./
            );
        }
        same(
            "GET /cgi/env HTTP/1.1\r\nHost: asked.test\r\nHost: other.test\r\nConnection: close\r\n\r\n",
            'two Host headers',
            here => 1,
            like => qr/./
        );
        same("GET http://other.test/cgi/env HTTP/1.0\r\n\r\n", 'absolute, HTTP/1.0, no Host', like => qr/OTHER=1/);
        same(
            "GET /cgi/env HTTP/1.1\r\nConnection: close\r\n\r\n", 'HTTP/1.1 without Host',
            here => 1,
            like => qr/\A\S+ 400/
        );
        same("GET /cgi/env\r\n", 'HTTP/0.9', here => 1, like => qr/./);
        same("GET /cgi/env HTTP/$_\r\nHost: asked.test\r\nConnection: close\r\n\r\n", "a request line of HTTP/$_")
          for qw(2.0 3.0);
        for my $upgrade ('websocket, h2c', 'WebSocket', 'websockets', 'websocket,something/1', 'h2c, websocket') {
            same(lines("Upgrade: $upgrade", 'Connection: Upgrade, close'), "Upgrade: $upgrade");
        }
        same(
            "GET /cgi/env HTTP/1.2\r\nHost: asked.test\r\nConnection: close\r\n\r\n", 'HTTP/1.2',
            here => 1,
            like => qr/./
        );
        for my $what (
            'OPTIONS *',
            'CONNECT asked.test:80',
            'CONNECT /cgi/env',
            'OPTIONS http://asked.test',
            'GET *',
            'GET cgi/env',
            'GET http:cgi/env'
          )
        {
            same("$what HTTP/1.1\r\nHost: asked.test\r\nConnection: close\r\n\r\n", $what, here => 1, like => qr/./);
        }

        # The port that the client asked.
        for my $how (qw(phys name both)) {
            for my $host ('asked.test', 'asked.test:81', 'other.test', undef) {
                my $line = defined $host ? "Host: $host\r\n" : '';
                my $name = $host // 'no Host';
                same("GET /cgi/env/$how HTTP/1.0\r\n$line\r\n", "$how: $name");
            }
        }
        $farm->announce_log(
            qr/127\.0\.0\.77 sent a request marked as handed off/,
            qr/AH01630|AH02414|AH00126|AH10244|AH00127|AH00036/
        );
        $farm->check;
    };
}

# What a client says to one server of its connection is not for the connection between the two.
subtest 'a protocol that only the other server speaks' => sub {
    my $farm = Farm->new(modules => ['http2'], conf => <<'EOT');
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
    </Location>
</IfDefine>
<IfDefine !FRONT>
    Protocols h2c http/1.1
</IfDefine>
EOT
    my $a = $farm->add(head => 'Define FRONT');
    my $b = $farm->add;
    $farm->start;
    ok $farm->together, 'they see each other';
    my @wish = (Upgrade => 'h2c', 'HTTP2-Settings' => 'AAMAAABkAAQAAP__', Connection => 'Upgrade, HTTP2-Settings');
    for my $method (qw(GET POST OPTIONS)) {
        my $told = $a->request($method, '/app/echo', headers => \@wish)->echoed;
        is "@{$told}{qw(BACKHAND_RECEIVED HTTP_UPGRADE HTTP_CONNECTION)}", "127.0.0.1 h2c $wish[-1], close",
          "$method: the program sees the wish, and nobody follows it";
    }
    is $a->connect->request('OPTIONS', '*', headers => \@wish)->status, 200, 'OPTIONS *';
    my $client = $b->connect;
    $client->send("GET /app/echo HTTP/1.1\r\nHost: b.test\r\n"
          . join(q(), map { "$wish[2 * $_]: $wish[2 * $_ + 1]\r\n" } 0 .. 2)
          . "\r\n");
    $client->{deadline} = time + Farm::scaled(10);
    like $client->up_to("\r\n\r\n"), qr{\AHTTP/1\.1 101 }, 'directly it would be followed';
    $farm->check;
};

# mod_ssl would turn the connection between the servers into TLS. The client, taken for the other server, could then say
# anything within.
subtest 'TLS is for the two ends of a connection' => sub {
    my $farm = Farm->new;
    my $fake = Farm::Fake->new(
        farm  => $farm,
        serve => sub {
            my ($socket) = @_;
            my $said = '';
            while ($said !~ /\r\n\r\n/ && sysread $socket, $said, 65_536, length $said) { }
            syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: " . length($said) . "\r\n\r\n$said";
        }
    );
    my $a = $farm->add(conf => "<Location /app>\nBackhand removeSelf\n</Location>\n");
    $farm->start;
    $fake->start;
    eventually { $a->row($fake->contact) } 10, 'a server that is no httpd';
    for my $upgrade ('TLS/1.0', 'websocket, TLS/1.0', 'WEBSOCKET,tls/1.0', 'TLS, websocket', 'websocket, h2c, tls/1') {
        my $told = $a->request('GET', '/app/echo', headers => [Upgrade => $upgrade, Connection => 'Upgrade'])->body;
        like $told,   qr/^Backhand-Proxied: /m, "$upgrade: handed off";
        unlike $told, qr/^Upgrade:.*\btls\b/mi, 'without the wish';
    }
    my $told = $a->request('GET', '/app/echo', headers => [Upgrade => 'websocket', Connection => 'Upgrade'])->body;
    like $told, qr/^Upgrade: websocket\r$/mi, 'others are passed on';
    $farm->check;
};

done_testing;
