#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers use TLS between each other. Each proves its name, answers do not differ, and a server that cannot prove its
# name costs no request.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Certs;
use Farm::Fake;
use Test::More;

plan skip_all => 'needs curl and openssl' if system('command -v curl openssl >/dev/null 2>&1') != 0;

# One port is for the servers: they ask for certificates there. Clients use the plain port and a TLS port. Which host an
# answer is from says X-Host.
my $conf = <<'EOT';
BackhandInterval 1s
BackhandSecretFile secret
Listen ${HOST}:${TLS} https
Listen ${HOST}:${HOP} https
SSLRandomSeed startup builtin
SSLSessionCache none
SSLProxyEngine On
SSLProxyVerify require
SSLProxyCACertificateFile ${CA}
SSLProxyMachineCertificateFile ${CERT}
LogFormat "%h %>s \"%r\" received=%{BACKHAND_RECEIVED}e kept=%k host=%v client=%{SSL_CLIENT_S_DN_CN}x" tls
CustomLog tls.log tls
Header always set X-Host "main"
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
        SSLOptions +StdEnvVars
    </Location>
</IfDefine>
# Whom the client asked, who asks by no name: it has another certificate.
<VirtualHost ${HOST}:${HOP}>
    ServerName nobody.test
    SSLEngine On
    SSLCertificateFile ${WRONG}
</VirtualHost>
<VirtualHost ${HOST}:${HOP}>
    ServerName ${NAME}
    SSLEngine On
    SSLCertificateFile ${CERT}
    SSLVerifyClient require
    SSLCACertificateFile ${CA}
    SSLOptions +StdEnvVars
    SSLUserName SSL_CLIENT_S_DN_CN
    Header always set X-Host "hop"
    <Location "/">
        Require all denied
    </Location>
</VirtualHost>
<VirtualHost ${HOST}:${TLS}>
    ServerName one.test
    SSLEngine On
    SSLCertificateFile ${SITE}
    SSLOptions +StdEnvVars
    Header always set X-Host "tls one.test"
    <Location /app/secure>
        Require ssl
    </Location>
    Alias /app/secure ${HTDOCS}/app/who
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName one.test
    Header always set X-Host "plain one.test"
    SSLOptions +StdEnvVars
    SSLUserName SSL_CLIENT_S_DN_CN
    <Location /app/secure>
        Require ssl
    </Location>
    Alias /app/secure ${HTDOCS}/app/who
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName two.test
    Header always set X-Host "plain two.test"
</VirtualHost>
EOT

sub curl {
    my ($server, $tls, $path) = @_;
    my $limit = int scaled(20);
    open my $pipe, '-|', 'curl', '-sS', '-k', '-i', '--http1.1', '--noproxy', '*', '-m', $limit, '--resolve',
      "one.test:$tls:$server->{host}", '--interface', '127.0.0.99', "https://one.test:$tls$path"
      or die "curl: $!";
    my $text = do { local $/ = undef; readline $pipe };
    close $pipe or return "curl failed: $?";
    return $text;
}

sub tls_farm {
    my (%options) = @_;
    my $farm      = Farm->new(%options, modules => [qw(ssl headers authz_user socache_shmcb)]);
    my $ca        = Farm::Certs->new("$farm->{root}/ca");
    return ($farm, $ca);
}

# Two servers whose contacts are https.
sub both {
    my ($mpm,  %options) = @_;
    my ($farm, $ca)      = tls_farm(mpm => $mpm, workers => 16);
    my ($tls,  $hop)     = (Farm::free_port(), Farm::free_port());
    my %define = (
        TLS   => $tls,
        HOP   => $hop,
        PORT  => $farm->port,
        CA    => $ca->path,
        WRONG => $ca->issue('nobody.test'),
        SITE  => $ca->issue('one.test')
    );
    for my $n (1, 2) {
        my $name = ('a', 'b')[$n - 1];
        my %own  = (
            %define,
            HOST   => "127.0.0.$n",
            NAME   => "$name.test",
            CERT   => $ca->issue("$name.test"),
            HTDOCS => "$farm->{root}/$name/htdocs"
        );
        my $head   = join q(), map { "Define $_ $own{$_}\n" } sort keys %own;
        my $server = $farm->add(
            contact => "https://127.0.0.$n:$hop",
            conf    => $conf,
            head    => $head . ($n == 1 ? "Define FRONT\n" : ''),
            %options
        );
        my $secret = $server->write_file('secret', '0a1b2c3d' x 8 . "\n");
        chmod 0600, $secret or die "chmod: $!";
    }
    $farm->announce_log(qr/AH01630|AH00671|AH01882|AH01873|AH01909|AH00161/);
    return ($farm, $farm->servers, $tls, $hop);
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: over TLS" => sub {
        my ($farm, $a, $b, $tls) = both($mpm, $mpm eq 'worker' ? (load => 'first') : ());
        $farm->start;
        ok $farm->together, 'they see each other';

        my $got = $a->get('/app/who', headers => [Host => 'one.test']);
        is $got->status . $got->body, '200b',           'a plain client is served by b';
        is $got->header('x-host'),    'plain one.test', 'by the host that it asked';
        my $at_a = $a->logged('/app/who');
        is "$at_a->{server} $at_a->{reason}", $b->contact . ' handed-off:chosen', 'over TLS';
        my ($at_b) = grep { m{/app/who} } $b->lines('tls.log');
        unlike $at_b, qr/client=\w/, 'whose certificate is nobody else\'s';

        my $told = $a->get('/app/echo?x=1', headers => [Host => 'one.test'])->echoed;
        is $told->{HTTPS},             undef,        'HTTPS is not on';
        is $told->{REQUEST_SCHEME},    'http',       'the scheme is http';
        is $told->{REMOTE_ADDR},       '127.0.0.99', 'the client is the client';
        is $told->{REMOTE_USER},       undef,        'and no user';
        is $told->{BACKHAND_RECEIVED}, '127.0.0.1',  'b knows from whom it came';
        is_deeply [grep { /\ASSL_/ } keys %{$told}], [], 'there is no word of TLS';
        is $a->get('/app/secure', headers => [Host => 'one.test'])->status, 403, 'and none that Require believes';
        is $a->get('/app/who',    headers => [Host => 'two.test'])->header('x-host'), 'plain two.test', 'another host';
        is $a->get('/app/who',    headers => [Host => 'none.test'])->body,            'b', 'one that nobody has';
        is $a->get('/app/who', version => '1.0', no_host => 1)->body, 'b', 'none at all';

        # Nothing that a client names takes the mark off the way over TLS.
        $told = $a->get('/app/echo',
            headers => [Host => 'one.test', Cookie => 'k=v', Connection => 'close, Cookie, Backhand-Proxied'])->echoed;
        is "@{$told}{qw(REMOTE_ADDR BACKHAND_RECEIVED HTTP_COOKIE)}", '127.0.0.99 127.0.0.1 k=v',
          'a Connection header takes nothing away';

        my $secure = curl($a, $tls, '/app/echo');
        like $secure,                       qr/^HTTPS=on\r?$/m,                 'a TLS client: HTTPS is on';
        like $secure,                       qr/^REQUEST_SCHEME=https\r?$/m,     'the scheme is https';
        like $secure,                       qr/^SERVER_PORT=$tls\r?$/m,         'the port is the one asked';
        like $secure,                       qr/^SERVER_ADDR=127\.0\.0\.2\r?$/m, 'b serves it';
        like $secure,                       qr/^X-Host: tls one\.test\r?$/m,    'by its host';
        unlike $secure,                     qr/^SSL_/m,                         'what TLS knows does not travel';
        like curl($a, $tls, '/app/secure'), qr{^HTTP/1\.1 200},                 'Require ssl';

        for my $n (0, 5000, 300_000) {
            my $body = join q(), map { chr $_ % 251 } 1 .. $n;
            my $told = $a->post('/app/echo', $body)->echoed;
            is "$told->{SERVER_ADDR} $told->{BODY_LENGTH} $told->{BODY_MD5}", "127.0.0.2 $n " . md5_hex($body),
              "POST of $n bytes";
            $told = $a->post('/app/echo', $body, chunked => 1)->echoed;
            is "$told->{BODY_LENGTH} $told->{BODY_MD5}", "$n " . md5_hex($body), 'in chunks';
        }
        is curl($b, $tls, '/app/echo') =~ /^SSL_PROTOCOL=TLS/m ? 1 : 0, 1, 'what comes to b on its own has its TLS';
        $farm->check;
    };

    subtest "$mpm: connections are kept, for all hosts" => sub {
        my ($farm, $a, $b) = both($mpm);
        $farm->start;
        ok $farm->together, 'they see each other';
        my $client = $a->connect;
        my @bodies = map {
            $client->request('GET', "/app/who?$_", headers => [Host => ('one.test', 'two.test', 'none.test')[$_ % 3]])
              ->body
        } 1 .. 30;
        is "@bodies", join(q( ), ('b') x 30), 'thirty requests';
        eventually {
            30 == grep { m{/app/who} } $b->lines('tls.log')
        }
        5, 'b got them all';
        # The host one.test has directives of mod_ssl of its own, and so connections of its own.
        is scalar(grep { m{/app/who} && /kept=0/ } $b->lines('tls.log')), 2,
          'over one connection, and one for the host with other settings';
        my $self = $a->get('/who', headers => [Host => 'one.test']);
        is $self->body, 'a', 'what is not handed off stays';
        # An old child would wait for it.
        undef $client;
        ok $a->graceful, 'a restarts gracefully';
        eventually { $a->get('/app/who')->body eq 'b' } 10, 'and goes on';
        $farm->check;
    };
}

# Places on a server, by what is wrong with the certificate there: host announced, certificate, what else, and what the
# log shall say. The last one is good.
my $places = <<'EOT';
ProxyPass /app/only-good/socket http://127.0.0.9:${PORT}/socket upgrade=websocket
<VirtualHost 127.0.0.2:${EXPIRED}>
    ServerName expired.test
    SSLEngine On
    SSLCertificateFile ${C_EXPIRED}
</VirtualHost>
<VirtualHost 127.0.0.2:${STRANGER}>
    ServerName stranger.test
    SSLEngine On
    SSLCertificateFile ${C_STRANGER}
</VirtualHost>
<VirtualHost 127.0.0.2:${MISNAMED}>
    ServerName misnamed.test
    SSLEngine On
    SSLCertificateFile ${C_GOOD}
</VirtualHost>
<VirtualHost 127.0.0.2:${STRICT}>
    ServerName strict.test
    SSLEngine On
    SSLCertificateFile ${C_STRICT}
    SSLVerifyClient require
    SSLCACertificateFile ${CA}
</VirtualHost>
<VirtualHost 127.0.0.2:${OLD}>
    ServerName old.test
    SSLEngine On
    SSLProtocol TLSv1.2
    SSLCertificateFile ${C_OLD}
    SSLVerifyClient require
    SSLCACertificateFile ${CA}
</VirtualHost>
<VirtualHost 127.0.0.2:${PLAIN}>
    ServerName plain.test
</VirtualHost>
<VirtualHost 127.0.0.2:${GOOD}>
    ServerName good.test
    SSLEngine On
    SSLCertificateFile ${C_GOOD}
</VirtualHost>
EOT

# The front: who asks the servers how is said by its hosts.
my $hosts = <<'EOT';
SSLRandomSeed startup builtin
SSLProxyEngine On
SSLProxyVerify require
SSLProxyCACertificateFile ${CA}
BackhandRetry 0
BackhandConnectTimeout 500ms
<VirtualHost *:${PORT}>
    ServerName usual.test
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName lax.test
    SSLProxyVerify none
    SSLProxyCheckPeerName Off
    SSLProxyCheckPeerExpire Off
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName unproven.test
    SSLProxyMachineCertificateFile ${C_STRANGER}
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName proven.test
    SSLProxyMachineCertificateFile ${C_FRONT}
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName off.test
    SSLProxyEngine Off
</VirtualHost>
EOT

my %wrong = (
    expired  => qr/has a certificate that is expired or not yet valid: renew it there/,
    stranger =>
      qr/has a certificate that is not trusted \(.+\): name the CA that signed it in SSLProxyCACertificateFile/,
    misnamed => qr/has a certificate without the name misnamed\.test, .*BackhandHostname.*SSLProxyCheckPeerName Off/,
    strict   => qr/wants a client certificate: give this server one in SSLProxyMachineCertificateFile/,
    old      => qr/wants a client certificate: give this server one in SSLProxyMachineCertificateFile/,
    plain    => qr/failed the TLS handshake: "LogLevel ssl:info" tells why/,
    mute     => qr/did not finish the TLS handshake within BackhandConnectTimeout/,
);

# A server behind the server: becomes something else than HTTP, and says in capitals what it is told.
sub shout {
    my ($socket) = @_;
    my $pid = fork;
    return if $pid;
    alarm scaled(60);
    my $said = '';
    while ($said !~ /\r\n\r\n/) {
        sysread $socket, $said, 65_536, length $said or POSIX::_exit(1);
    }
    my $upgrade = $said =~ /^Upgrade: websocket\r$/mi;
    syswrite $socket,
      $upgrade
      ? "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
      : "HTTP/1.1 426 No\r\nContent-Length: 0\r\n\r\n";
    while (sysread $socket, $said, 65_536) {
        syswrite $socket, uc $said;
    }
    POSIX::_exit(0);
}

# A front, a server with all these places, and one that announces them.
sub places {
    my ($mpm, %options) = @_;
    my ($farm, $ca)     = tls_farm(mpm => $mpm, workers => 16);
    my $other  = Farm::Certs->new("$farm->{root}/other");
    my %define = (
        PORT       => $farm->port,
        CA         => $ca->path,
        C_GOOD     => $ca->issue('good.test'),
        C_STRICT   => $ca->issue('strict.test'),
        C_OLD      => $ca->issue('old.test'),
        C_FRONT    => $ca->issue('a.test'),
        C_EXPIRED  => $ca->issue('expired.test', expired => 1),
        C_STRANGER => $other->issue('stranger.test'),
        map { uc $_ => Farm::free_port() } keys %wrong, 'good'
    );
    my $head     = join q(), map { "Define $_ $define{$_}\n" } sort keys %define;
    my $policies = Farm::build_dir() . '/meson/tests/farm/policies.so';
    my $order    = join q(), map {
            "<Location /app/$_>\n BackhandFromSO $policies in_order \""
          . ($_ eq 'good' ? '' : "$_.test ")
          . "good.test\"\n</Location>\n<Location /app/only-$_>\n BackhandFromSO $policies in_order $_.test\n"
          . "</Location>\n"
          . "ScriptAlias /app/$_ \${CGI}\nScriptAlias /app/only-$_ \${CGI}\n"
    } keys %wrong, 'good';
    my $a = $farm->add(head => "${head}Define CGI $farm->{root}/a/cgi/echo\n", conf => $hosts . $order, %options);
    my $b = $farm->add(
        head => "${head}Define CGI $farm->{root}/b/cgi/echo\n",
        conf => $places . $order . join q(),
        map { "Listen 127.0.0.2:$define{uc $_}\n" } grep { $_ ne 'mute' } keys %wrong, 'good'
    );
    my @fakes = map {
        Farm::Fake->new(
            farm => $farm,
            $_ eq 'mute' ? (host => '127.0.0.8', port => $define{MUTE}, serve => sub { 'open' }) : (),
            says => {
                host    => "$_.test",
                boot    => "1$define{uc $_}",
                contact => 'https://' . ($_ eq 'mute' ? '127.0.0.8' : '127.0.0.2') . ':' . $define{ uc $_ }
            }
        )->start
    } keys %wrong, 'good';
    my %contact = map { $_->{says}{host} =~ /(\w+)/ ? ($1 => $_->{says}{contact}) : () } @fakes;
    $farm->announce_log(qr/AH00671|AH01882|AH01873|AH01909|AH02039/);
    $farm->start;
    my $known = Farm::wait_for {
        my $rows = $a->rows;
        @fakes == grep { $rows->{$_} && $rows->{$_}{State} eq 'alive' } values %contact;
    };
    ok $known, 'all are seen';
    return ($farm, $a, $b, \@fakes, \%contact);
}

# Who answered, 'here' or 'b', and the length of the body that arrived.
sub ask {
    my ($a, $host, $path, $body) = @_;
    my $response =
      defined $body ? $a->post($path, $body, headers => [Host => $host]) : $a->get($path, headers => [Host => $host]);
    return "$response->{status}" if $response->status != 200;
    my $told = $response->echoed;
    return ($told->{SERVER_ADDR} eq '127.0.0.1' ? 'here ' : 'b ') . $told->{BODY_LENGTH};
}

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest "$mpm: who cannot prove who it is" => sub {
        my ($farm, $a, $b, $fakes, $contact) = places($mpm);
        is ask($a, 'usual.test', '/app/only-good'), 'b 0', 'one that can is asked';
        my $shouter = Farm::Fake->new(farm => $farm, quiet => 1, serve => \&shout)->start;
        my $client =
          $a->connect->send("GET /app/only-good/socket HTTP/1.1\r\nHost: usual.test\r\n"
              . "Connection: Upgrade\r\nUpgrade: websocket\r\n"
              . "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        is $client->response('HEAD')->status, 101, 'a WebSocket';
        my $wrong = grep {
            $client->send("message $_\n");
            $client->{deadline} = time + scaled(10);
            $client->up_to("\n") !~ /\AMESSAGE $_\n?\z/
        } 1 .. 20;
        is $wrong, 0, 'goes to and fro';
        undef $client;
        my $big = 'x' x 200_000;
        for my $what (sort keys %wrong) {
            is ask($a, 'usual.test', "/app/only-$what"), 'here 0', "$what: served here";
            ok $a->wait_log(qr/\Q$contact->{$what}\E $wrong{$what}/), 'the log says what is wrong';
            $farm->announce_log(qr/\Q$contact->{$what}\E $wrong{$what}; it is asked last for the next 0 s/);
            is ask($a, 'usual.test', "/app/$what"), 'b 0', 'or by the next';
            is ask($a, 'usual.test', "/app/$what",      $big), 'b 200000',    'a POST too';
            is ask($a, 'usual.test', "/app/only-$what", $big), 'here 200000', 'and here';
            is scalar(grep { /\Q$contact->{$what}\E/ && /\[\w*:(?:warn|error|crit)\]/ } $a->log_lines), 1,
              'which the log says once';
        }
        # Each host by its own settings, however other hosts' connections were made.
        for my $what (qw(expired stranger misnamed)) {
            is ask($a, 'lax.test',   "/app/only-$what"), 'b 0',    "$what: a host that does not care asks it";
            is ask($a, 'usual.test', "/app/only-$what"), 'here 0', 'another one still does not';
        }
        for my $what (qw(strict old)) {
            is ask($a, 'proven.test',   "/app/only-$what"), 'b 0', "$what: a host with a certificate asks it";
            is ask($a, 'proven.test',   "/app/only-$what", $big), 'b 200000', 'a POST too';
            is ask($a, 'unproven.test', "/app/only-$what", $big), 'here 200000',
              'one with a certificate of another authority cannot';
        }
        is $a->logged('/app/only-plain')->{reason}, 'served-here:failed', 'the access log says it';

        is ask($a, 'off.test', '/app/good'),  'here 0',             'a host without SSLProxyEngine asks none';
        is $a->logged('/app/good')->{reason}, 'served-here:no-tls', 'the access log says it';
        ask($a, 'off.test', '/app/strict') for 1 .. 5;
        my @said = grep { /is not asked/ } $a->log_lines;
        is scalar(@said), 1, 'the error log says it once';
        like $said[0], qr/add "SSLProxyEngine On" .* virtual host off\.test/, 'and what to do';
        $farm->announce_log(qr/is not asked: its contact is https; add "SSLProxyEngine On"/);
        $_->stop for @{$fakes};
        $farm->check;
    };
}

subtest 'without mod_ssl' => sub {
    my $farm = Farm->new(mpm => 'event');
    my $a    = $farm->add(conf => "<Location /app>\nBackhand byAge\nBackhand removeSelf\n</Location>\n");
    my $fake = Farm::Fake->new(farm => $farm, says => { contact => 'https://127.0.0.9:443' })->start;
    $farm->start;
    eventually { $a->row('https://127.0.0.9:443') } 10, 'one is seen whose contact is https';
    is $a->get('/app/who')->body, 'a', 'it is not asked' for 1 .. 3;
    my @said = grep { /is not asked/ } $a->log_lines;
    is scalar(@said), 1, 'the log says so once';
    like $said[0],
      qr{https://127\.0\.0\.9:443 is not asked: .* is not loaded; add "LoadModule ssl_module \S+/mod_ssl\.so"},
      'and what to do';
    $farm->announce_log(qr/mod_ssl is not loaded/);
    $fake->stop;
    $farm->check;
};

done_testing;
