#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Clients use TLS and HTTP/2 with one server; others serve them over plain connections, and the responses do not differ.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm;
use Test::More;

plan skip_all => 'needs curl and openssl' if system('command -v curl openssl >/dev/null 2>&1') != 0;
my $has_http2 = qx{curl --version} =~ /\bHTTP2\b/;

# Each server has the same hosts: plain ones, and on a port of its own TLS ones.
my $conf = <<'EOT';
# Silent after 3 s: on a busy machine a server must not seem so unless it is.
BackhandInterval 1s
Listen ${HOST}:${TLS}
SSLRandomSeed startup builtin
SSLSessionCache none
Protocols h2 http/1.1
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
    </Location>
</IfDefine>
<Macro Host $name>
    <VirtualHost *:${PORT}>
        ServerName $name
        Header always set X-Host "plain $name"
        RewriteEngine On
        RewriteCond %{HTTPS} !=on
        RewriteCond %{REQUEST_URI} ^/app/
        RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=302,L]
    </VirtualHost>
    <VirtualHost *:${TLS}>
        ServerName $name:${TLS}
        SSLEngine On
        SSLCertificateFile ${CERT}
        Header always set X-Host "tls $name"
        RewriteEngine On
        RewriteCond %{HTTPS} !=on
        RewriteRule ^/app/ https://%{HTTP_HOST}%{REQUEST_URI} [R=302,L]
        RewriteCond %{REQUEST_SCHEME} !=https
        RewriteRule ^/app/ https://%{HTTP_HOST}/scheme [R=302,L]
        <Location /app/secure>
            Require ssl
        </Location>
        <Location /app/expression>
            Require expr "%{HTTPS} == 'on' && %{REQUEST_SCHEME} == 'https' && %{SERVER_PORT} == '${TLS}'"
        </Location>
    </VirtualHost>
</Macro>
<VirtualHost *:${PORT}>
    ServerName first.test
</VirtualHost>
<VirtualHost *:${TLS}>
    ServerName first.test:${TLS}
    SSLEngine On
    SSLCertificateFile ${CERT}
    Header always set X-Host "tls first.test"
</VirtualHost>
Use Host one.test
Use Host two.test
EOT

my $perl = <<'EOT';
PerlModule Apache2::RequestRec Apache2::RequestIO Apache2::RequestUtil Apache2::URI
<Location /app/perl>
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; $r->print(join ' ', $r->protocol, $r->get_server_port, \
        $r->get_server_name, $r->construct_url); 0 }"
</Location>
EOT

sub make_certificate {
    my ($path) = @_;
    my $said = qx{openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=one.test \\
            -addext 'subjectAltName=DNS:one.test,DNS:two.test' -keyout '$path.key' -out '$path.crt' 2>&1};
    die "openssl: $said" if $?;
    system("cat '$path.crt' '$path.key' > '$path'") == 0 or die 'cat';
    chmod 0644, $path;
    return $path;
}

# What curl got: the status line and headers, and the body.
sub curl {
    my ($server, $port, $url, @options) = @_;
    my ($name) = $url =~ m{//([^:/]+)};
    my $limit = int Farm::scaled(20);
    open my $pipe, '-|', 'curl', '-sS', '-k', '-i', '--noproxy', '*', '-m', $limit, '--resolve',
      "$name:$port:$server->{host}", '--interface', '127.0.0.99', @options, $url
      or die "curl: $!";
    my $text = do { local $/ = undef; readline $pipe };
    close $pipe or return { head => "curl failed: $?", body => $text };
    my ($head, $body) = split /\r?\n\r?\n/, $text, 2;
    return { head => $head, body => $body };
}

# The answer of a server without what tells the connection and the time.
sub answer {
    my (@args) = @_;
    my $got = curl(@args);
    $got->{head} =~ s/^(?:date|connection|keep-alive|transfer-encoding|upgrade|content-length):.*\n?//mig;
    $got->{body} =~ s/^(?:REMOTE_PORT|BACKHAND_RECEIVED|HTTP_CONNECTION|SSL_\w+|H2\w*|HTTP2|UNIQUE_ID)=.*\n//mg;
    $got->{body} =~ s/^BODY_MD5.*\n//mg;
    $got->{head} =~ s/\s+\z//;
    return "$got->{head}\n\n$got->{body}";
}

for my $mpm ($has_http2 ? 'event' : (), 'prefork') {
    subtest $mpm => sub {
        my $farm = Farm->new(
            mpm     => $mpm,
            perl    => 1,
            workers => 16,
            modules => ['rewrite', 'ssl', 'headers', 'macro', 'authz_user', $mpm eq 'event' ? 'http2' : ()]
        );
        my $certificate = make_certificate("$farm->{root}/cert.pem");
        my $tls         = Farm::free_port();
        for my $n (1, 2) {
            my $text = $conf . $perl;
            $text =~ s/^Protocols.*\n//m if $mpm ne 'event';
            $farm->add(
                conf => $text,
                head => "Define HOST 127.0.0.$n\nDefine TLS $tls\nDefine PORT "
                  . $farm->port
                  . "\nDefine CERT $certificate\n"
                  . "DocumentRoot $farm->{root}/b/htdocs\nScriptAlias /app/echo $farm->{root}/b/cgi/echo\n"
                  . ($n == 1 ? "Define FRONT\n" : '')
            );
        }
        my ($a, $b) = $farm->servers;
        # A file that was just written has a weak ETag for a second.
        for my $server ($a, $b) {
            utime 1_600_000_000, 1_600_000_000, "$server->{root}/htdocs/app/who",
              map { $server->write_file("htdocs/app/$_", $server->name) } qw(secure expression);
        }
        $farm->start;
        ok $farm->together, 'they see each other';

        my $plain = $farm->port;
        like curl($a, $plain, "http://one.test:$plain/app/who")->{head},
          qr{302.*Location: https://one\.test:$plain/app/who}s, 'plain: sent to https';
        my @versions = $mpm eq 'event' && $has_http2 ? ('--http1.1', '--http2') : '--http1.1';
        for my $version (@versions) {
            for my $host (qw(one.test two.test other.test)) {
                for
                  my $path ('/app/who', '/app/echo?a=b%2Fc', '/app/perl', '/app/secure', '/app/expression', '/app/none')
                {
                    my @get = ($tls, "https://$host:$tls$path", $version);
                    my ($direct, $through) = map { answer($_, @get) } $b, $a;
                    s{^(SERVER_ADDR|SCRIPT_FILENAME|CONTEXT_DOCUMENT_ROOT|DOCUMENT_ROOT)=.*\n}{}mg
                      for $direct, $through;
                    is $through, $direct, "$version $host$path: as directly";
                    unlike $through, qr/\A\S+ 30\d|curl failed/, 'without a redirect';
                }
            }
            like curl($a, $tls, "https://one.test:$tls/app/$_", $version)->{body}, qr/\Ab\z/, "$_ over TLS only"
              for qw(secure expression);
            my $got = curl($a, $tls, "https://two.test:$tls/app/echo", $version);
            like $got->{body}, qr/^SERVER_ADDR=127\.0\.0\.2$/m,  "$version: served by the other one";
            like $got->{body}, qr/^HTTPS=on$/m,                  'HTTPS is on';
            like $got->{body}, qr/^REQUEST_SCHEME=https$/m,      'the scheme is https';
            like $got->{body}, qr/^SERVER_PORT=$tls$/m,          'the port is the one asked';
            like $got->{body}, qr/^REMOTE_ADDR=127\.0\.0\.99$/m, 'for the client';
            my $protocol = $version eq '--http2' ? 'HTTP/2.0' : 'HTTP/1.1';
            # Over HTTP/2 there is no Connection header, which curl knows.
            my @named =
              ('-H', 'Connection: close, X-Thing, Backhand-Proxied', '-H', 'X-Thing: 1', '-H', 'TE: trailers');
            my ($direct, $through) = map {
                my $text = curl($_, $tls, "https://two.test:$tls/app/echo", $version, @named)->{body};
                my $own = qr/PATH|H2\w+|HTTP2|SSL_\w+|\w*DOCUMENT_ROOT|SCRIPT_FILENAME|SERVER_(?:ADDR|ADMIN|SIGNATURE)/;
                $text =~ s/^(?:$own|REMOTE_PORT|BACKHAND_RECEIVED)=.*\n//mg;
                $text;
            } $b, $a;
            is $through, $direct, "$version: what a program sees is what it sees directly";
            like $direct, qr/^HTTP_X_THING=1$/m, 'with all headers';
            my $forged = curl($a, $tls, "https://two.test:$tls/app/echo",
                $version, '-H', 'Backhand-Proxied: v=1&client=127.0.0.3:9&scheme=http&port=80')->{body};
            like $forged, qr/^REMOTE_ADDR=127\.0\.0\.99$(?s:.*)^SERVER_ADDR=127\.0\.0\.1$/m,
              'a mark of its own keeps it here';
            like $got->{body}, qr{^SERVER_PROTOCOL=$protocol$}m, 'by its protocol';
            like curl($a, $tls, "https://two.test:$tls/app/who", $version)->{head}, qr/^x-host: tls two\.test\r?$/mi,
              'by its host';

            my $file = $a->write_file('upload', 'x' x 300_000);
            like curl($a, $tls, "https://one.test:$tls/app/echo", $version, '--data-binary', "\@$file")->{body},
              qr/^BODY_LENGTH=300000$/m, 'a body';
            like curl($a, $tls, "https://one.test:$tls/app/echo",
                $version, '--data-binary', "\@$file", '-H', 'Transfer-Encoding: chunked')->{body},
              qr/^BODY_LENGTH=300000$/m, 'in chunks'
              if $version eq '--http1.1';
            my @many = map { "https://one.test:$tls/app/who" } 1 .. 30;
            my $all  = curl($a, $tls, $many[0], $version, @many[1 .. $#many]);
            is scalar(() = "$all->{head}\n$all->{body}" =~ /HTTP\S+ 200/g), 30, 'thirty on one connection';
        }
        like $b->logged('/app/who')->{received}, qr/\A127/, 'the other one received them';
        is curl($b, $plain, "http://one.test:$plain/who")->{head} =~ /X-Host: (.*?)\r/ ? $1 : '', 'plain one.test',
          'what comes to it afterwards on its own is plain';
        $farm->announce_log(
            qr/AH0\d+.*(?:server certificate|ServerName|does NOT include an ID)/,
            qr/marked as handed off|AH01630|AH00671|AH01882|AH01873|AH01909|AH02292|AH02032/
        );
        $farm->check;
    };
}

done_testing;
