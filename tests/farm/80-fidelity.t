#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The client gets through another server, byte for byte, the response that the chosen server gives directly.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm;
use Farm::Raw;
use Test::More;

# Both servers have the same configuration and the same files; only the first one hands requests on.
my $conf = <<'EOT';
# Silent after 3 s: on a busy machine a server must not seem so unless it is.
BackhandInterval 1s
DocumentRoot ${SHARED}
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
    </Location>
</IfDefine>
<Directory ${SHARED}>
    AllowOverride All
    Options +Includes +MultiViews +FollowSymLinks +ExecCGI
    AcceptPathInfo On
</Directory>
Header always set X-Server ${NAME}
ScriptAlias /app/cgi/ ${SHARED}/cgi/
TypesConfig /etc/mime.types
AddDefaultCharset utf-8
AddHandler server-parsed .shtml
AddType text/html .html .shtml
AddType text/plain .txt
AddLanguage en .en
AddLanguage fr .fr
AddEncoding x-gzip .gz
LanguagePriority en fr
ForceLanguagePriority Prefer Fallback
DirectoryIndex index.html
AllowEncodedSlashes NoDecode
EnableSendfile Off
RewriteEngine On
RewriteRule ^/app/old/(.*) /app/files/$1 [PT]
RewriteRule ^/app/away$ /app/files/one.txt [R=301,L]
RewriteRule ^/app/outside$ /files/one.txt [PT]

<Location /app/headers>
    RequestHeader append X-Request appended
    RequestHeader add X-Added added
    Header add X-Multi one
    Header add X-Multi two
    Header set X-Set "%D" env=never
    Header set X-Set set
    Header append Vary X-Thing
    Header always add X-Always always
    Header add Set-Cookie "a=1; path=/"
    Header add Set-Cookie "b=2; path=/; HttpOnly"
    Header add Expires "Thu, 01-Jan-1970 00:00:01 GMT"
    Header add Warning "199 - \"something\" \"Thu, 01 Jan 1970 00:00:01 GMT\""
</Location>
<Location /app/track>
    CookieTracking On
</Location>
<Location /app/substitute>
    AddOutputFilterByType SUBSTITUTE text/html text/plain
    Substitute "s/hello/hello hello/n"
</Location>
<Location /app/deflate>
    SetOutputFilter DEFLATE
</Location>
<Location /app/inflate>
    SetInputFilter DEFLATE
</Location>
<Location /app/expires>
    ExpiresActive On
    ExpiresDefault "access plus 0 seconds"
</Location>
<Location /app/perlfilter>
    PerlOutputFilterHandler Fidelity::upper
</Location>
<Location /app/perl>
    SetHandler modperl
    PerlResponseHandler Fidelity::dump
</Location>
<Location /app/unwanted>
    SetHandler modperl
    PerlResponseHandler "sub { 413 }"
</Location>
<Location /app/errors>
    ErrorDocument 404 /app/files/notfound.html
    ErrorDocument 403 "no, said the server"
</Location>
<Location /app/errors/forbidden>
    Require all denied
</Location>
<Location /app/private>
    AuthType Basic
    AuthName secret
    AuthUserFile ${SHARED}/users
    Require valid-user
</Location>
ProxyPass /app/pass http://127.0.0.9:${PORT}/pass
ProxyPass /up http://127.0.0.9:${PORT}/up
<IfDefine !FRONT>
    ProxyPass /app/upstream http://127.0.0.9:${PORT}/up
</IfDefine>
EOT

my %programs = (
    # All that a program sees of a request, but for what says that it was handed on.
    dump => <<'EOT',
local $/;
my $body = <STDIN>;
delete $ENV{$_} for qw(BACKHAND_RECEIVED REMOTE_PORT REDIRECT_BACKHAND_RECEIVED);
my $said = join q(), map { "$_=$ENV{$_}\n" } sort keys %ENV;
print "Content-Type: text/plain\n\n$said", length($body // ''), ':', $body // '', "\n";
EOT
    status  => q(print "Status: 418 I am a teapot\nContent-Type: text/plain\nX-One: 1\n\nteapot\n";),
    away    => q(print "Location: http://elsewhere.test/there?x=1\n\n";),
    inside  => q(print "Location: /app/files/one.txt\n\n";),
    nothing => q(print "Status: 204 No Content\nX-Thing: 1\n\n";),
    empty   => q(print "Content-Type: text/plain\n\n";),
    cookies =>
      q(print "Set-Cookie: a=1\nX-Between: 1\nSet-Cookie: b=2\nContent-Type: text/html\nX-After: 1\n\nhello\n";),
    chunks => q($| = 1; print "Content-Type: text/plain\n\n";
        for (1..5) { print "chunk $_\n"; select undef, undef, undef, 0.05 }),
    error    => q(print "Status: 500 Broken\nContent-Type: text/plain\n\nbroken\n";),
    modified =>
      q(print "Last-Modified: Tue, 01 Feb 2022 10:00:00 GMT\nETag: \"x\"\nContent-Type: text/plain\n\nhello\n";),
);

my %files = (
    'app/files/one.txt'        => "hello world\n" x 20,
    'app/files/notfound.html'  => "<p>not here</p>\n",
    'app/headers/page.html'    => "<p>hello</p>\n",
    'app/track/page.html'      => "<p>hello</p>\n",
    'app/substitute/page.html' => "<p>hello</p>\n",
    'app/substitute/page.bin'  => "hello",
    'app/deflate/page.html'    => "<p>hello</p>\n" x 100,
    'app/inflate/page.html'    => "<p>hello</p>\n",
    'app/expires/page.html'    => "<p>hello</p>\n",
    'app/perlfilter/page.html' => "<p>hello</p>\n" x 10,
    'app/ssi/page.shtml'       => qq(<!--#include virtual="/app/cgi/empty" --><!--#include virtual="part.html" -->)
      . qq(<!--#echo var="REQUEST_URI" -->\n),
    'app/ssi/part.html'    => "<p>part</p>\n",
    'app/dir/index.html'   => "<p>index</p>\n",
    'app/lang/doc.html.en' => "<p>hello</p>\n",
    'app/lang/doc.html.fr' => "<p>bonjour</p>\n",
    'app/front/front.txt'  => "front\n",
    'app/front/.htaccess'  => "FallbackResource /app/cgi/dump\n",
    'app/rules/.htaccess'  => "RewriteEngine On\nRewriteBase /app/rules\nRewriteCond %{REQUEST_FILENAME} !-f\n"
      . "RewriteRule ^to/(.*) /app/files/\$1 [R=302,L]\n"
      . "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)\$ /app/cgi/dump/\$1?rule=\$1 [QSA,L]\n",
    'app/rules/file.txt'    => "file\n",
    'app/private/page.html' => "<p>private</p>\n",
    'app/errors/page.html'  => "<p>page</p>\n",
    'app/errors/forbidden'  => "never seen\n",
    'app/big.bin'           => join(q(), map { pack 'N', $_ * 2_654_435_761 % 2**32 } 1 .. 200_000),
    'app/odd/a b.txt'       => "space\n",
    "app/odd/\xc3\xa4.txt"  => "umlaut\n",
    'app/odd/100%.txt'      => "percent\n",
    'app/odd/q?.txt'        => "question\n",
    'app/odd/h#.txt'        => "hash\n",
    'app/odd/empty.txt'     => '',
    'who'                   => "who\n",
    'files/one.txt'         => "outside\n",
    'users'                 => "user:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n",
);

my $perl = <<'EOT';
<Perl>
package Fidelity;
use strict;
use Apache2::Const -compile => qw(OK);
use Apache2::RequestRec ();
use Apache2::RequestIO ();
use Apache2::Connection ();
use Apache2::Filter ();
use APR::Table ();
use APR::SockAddr ();
use base qw(Apache2::Filter);
sub upper : FilterRequestHandler {
    my ($f) = @_;
    while ($f->read(my $buffer, 1024)) { $f->print(uc $buffer) }
    return Apache2::Const::OK;
}
sub dump {
    my ($r) = @_;
    $r->content_type('text/plain');
    my $body = '';
    while ($r->read(my $buffer, 8192)) { $body .= $buffer }
    my @lines;
    $r->headers_in->do(sub { push @lines, "$_[0]: $_[1]"; 1 });
    $r->print("request=", $r->the_request, "\nprotocol=", $r->protocol, "\nunparsed=", $r->unparsed_uri, "\nuri=",
        $r->uri,
        "\nhostname=", $r->hostname // 'none', "\nargs=", $r->args // 'none', "\nip=", $r->useragent_ip, "\n");
    $r->print("$_\n") for sort @lines;
    $r->print("body=$body\n");
    $r->trailers_in->do(sub { $r->print("trailer $_[0]: $_[1]\n"); 1 }) if $r->can('trailers_in');
    $r->headers_out->set('X-Perl', 'yes');
    return Apache2::Const::OK;
}
$INC{'Fidelity.pm'} = 1;
</Perl>
EOT

sub start_farm {
    my ($mpm)  = @_;
    my $farm   = Farm->new(mpm => $mpm, workers => 16);
    my $shared = "$farm->{root}/shared";
    for my $name (keys %files) {
        Farm::Raw::write_tree("$shared/$name", $files{$name});
    }
    # A tag of negotiated content is weak while its folder is younger than a second.
    utime 1_600_000_000, 1_600_000_000, "$shared/app/lang" or die "$shared/app/lang: $!";
    for my $name (keys %programs) {
        Farm::Raw::write_tree("$shared/cgi/$name", "#!/usr/bin/perl\n$programs{$name}\n");
        chmod 0755, "$shared/cgi/$name";
    }
    my @same = (
        conf    => $conf . $perl,
        perl    => 1,
        modules => [
            qw(headers rewrite negotiation deflate filter substitute include expires usertrack
              auth_basic authn_core
              authn_file authz_user)
        ]
    );
    my $defines = "Define SHARED $shared\nDefine PORT " . $farm->port . "\n";
    $farm->add(@same, head => "${defines}Define NAME a\nDefine FRONT\n");
    $farm->add(@same, head => "${defines}Define NAME b\n");
    return $farm;
}

# An upstream of ProxyPass that says what httpd's own handlers cannot.
sub upstream {
    my ($socket) = @_;
    my $request = '';
    while ($request !~ /\r\n\r\n/) {
        sysread $socket, $request, 65_536, length $request or return;
    }
    my ($path) = $request =~ /\A\S+ (\S+)/;
    if ($path =~ /hints/) {
        print {$socket} "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
          . "HTTP/1.1 103 Early Hints\r\nLink: </script.js>; rel=preload\r\n\r\n";
    }
    print {$socket} "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: text/plain\r\n"
      . "Set-Cookie: up=1\r\nX-Up: 1\r\nExpires: 0\r\nConnection: close\r\n\r\nupstream\n";
    return;
}

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        require Farm::Fake;
        my $farm = start_farm($mpm);
        my ($a, $b) = $farm->servers;
        my $fake = Farm::Fake->new(farm => $farm, quiet => 1, serve => \&upstream)->start;
        $farm->start;
        ok $farm->together($a, $b), 'they see each other';
        my $host = 'site.test:' . $farm->port;
        my $raw  = Farm::Raw->new(
            through => $a,
            direct  => $b,
            host    => $host,
            framing => qr{/cgi/|/(?:front|rules)/some|/ssi/}
        );

        $raw->same('/app/files/one.txt',        200, 'a file');
        $raw->same('/app/headers/page.html',    200, 'headers of mod_headers and cookies');
        $raw->same('/app/headers/none',         404, 'headers of an error');
        $raw->same('/app/track/page.html',      200, 'a tracking cookie', ignore => [qr/(?<=Set-Cookie: Apache=)\S+/]);
        $raw->same('/app/substitute/page.html', 200, 'mod_substitute',    body   => qr/\A<p>hello hello<\/p>\n\z/);
        $raw->same('/app/substitute/page.bin',  200, 'what it does not touch');
        $raw->same('/app/ssi/page.shtml',       200, 'server-side includes', body => qr{part.*/app/ssi/page.shtml}s);
        $raw->same(
            '/app/deflate/page.html', 200, 'DEFLATE',
            headers => ['Accept-Encoding: gzip'],
            head    => qr/Content-Encoding: gzip/
        );
        $raw->same('/app/deflate/page.html',    200, 'no DEFLATE');
        $raw->same('/app/cgi/chunks',           200, 'chunked',          head   => qr/Transfer-Encoding: chunked/);
        $raw->same('/app/expires/page.html',    200, 'Expires',          ignore => [qr/(?<=Expires: )[^\r]+/]);
        $raw->same('/app/perlfilter/page.html', 200, 'a filter in Perl', body   => qr/<P>HELLO/);
        $raw->same('/app/perl/x?a=b',           200, 'a handler in Perl');
        $raw->same('/app/errors/none',          404, 'an ErrorDocument of this server', body => qr/not here/);
        $raw->same('/app/errors/forbidden',     403, 'an ErrorDocument text',           here => 1);
        $raw->same('/app/none',                 404, 'the standard error page',         body => qr/not found/i);
        $raw->same('/app/dir/',                 200, 'DirectoryIndex',                  body => qr/index/);
        $raw->same('/app/dir',                  301, 'a directory without its slash',   here => 1);
        $raw->same(
            '/app/front/some/where?a=1', 200,
            'a front controller',
            body => qr{REQUEST_URI=/app/front/some/where\?a=1}
        );
        $raw->same('/app/front/front.txt',      200, 'a file beside it');
        $raw->same('/app/rules/some/where?a=1', 200, 'rules in .htaccess', body => qr{rule=some/where&a=1});
        $raw->same('/app/rules/to/one.txt',     302, 'a redirect by rules in .htaccess', here => 1);
        $raw->same('/app/rules/file.txt',       200, 'a file that no rule is for');
        $raw->same('/app/old/one.txt',          200, 'a rule of the server');
        $raw->same('/app/away',                 301, 'a redirect by a rule of the server', here => 1);
        $raw->same(
            '/app/lang/doc', 200, 'negotiation',
            head    => qr/Content-Language: fr/,
            headers => ['Accept-Language: fr']
        );
        $raw->same('/app/lang/doc.html', 200, 'negotiation without a wish', head => qr/TCN|Vary/i);

        for my $range ('0-4', '5-', '-7', '0-1,10-12,20-', '5000-', '9-3', '0-0,-1') {
            my $status = $range eq '5000-' ? 416 : $range eq '9-3' ? 200 : 206;
            $raw->same(
                '/app/files/one.txt', $status, "range $range",
                headers => ["Range: bytes=$range"],
                framing => $status == 416
            );
        }
        $raw->same(
            '/app/cgi/modified', 200, 'a range of what has no length',
            headers => ['Range: bytes=0-1'],
            any     => 1
        );
        $raw->same('/app/cgi/chunks', 200, 'a range of a slow program', headers => ['Range: bytes=0-1'], any => 1);
        my $tag  = $raw->direct_header('/app/files/one.txt', 'ETag');
        my $date = $raw->direct_header('/app/files/one.txt', 'Last-Modified');
        $raw->same('/app/files/one.txt',     304, 'If-None-Match',     headers => ["If-None-Match: $tag"]);
        $raw->same('/app/headers/page.html', 304, 'If-None-Match *',   headers => ['If-None-Match: *']);
        $raw->same('/app/files/one.txt',     304, 'If-Modified-Since', headers => ["If-Modified-Since: $date"]);
        $raw->same('/app/files/one.txt',     412, 'If-Match',          headers => ['If-Match: "other"']);
        $raw->same('/app/files/one.txt',     200, 'If-Range', headers => ['Range: bytes=0-1', 'If-Range: "other"']);
        $raw->same('/app/cgi/modified',      304, 'a program whose page is known', headers => ['If-None-Match: "x"']);

        for my $method (qw(HEAD OPTIONS DELETE PUT PROPFIND POST)) {
            for my $path (qw(/app/files/one.txt /app/cgi/dump /app/dir/ /app/none)) {
                $raw->same($path, undef, "$method $path", method => $method, any => 1);
            }
        }
        $raw->same('/app/cgi/chunks',    200, 'HEAD of a slow program', method => 'HEAD');
        $raw->same('*',                  200, 'OPTIONS *',              method => 'OPTIONS',    here => 1);
        $raw->same('/app/',              200, 'OPTIONS /app/',          method => 'OPTIONS',    any  => 1);
        $raw->same('/app/files/one.txt', 501, 'an unknown method',      method => 'FROBNICATE', any  => 1);

        # The request line.
        for my $path (qw(/app/cgi/dump /app/perl/x)) {
            for my $uri (
                "http://site.test$path?x=1", "http://other.test:81$path",
                "$path/a%2Fb%2fc",           "$path//x///y?z//",
                "$path/./a/../b?..",         "$path?a=%00%ff&b=+%2B;c??d",
                "$path/%7Eu%41%c3%a4",       "$path/%23hash%3Fmark?x%23y",
                "$path?",                    "$path/'()*!\$&,;=:\@",
                "$path?%",                   "$path?[]{}"
              )
            {
                $raw->same($uri, undef, "GET $uri", any => 1);
            }
        }
        $raw->same("/app/odd/$_", 200, "a file by $_")
          for qw(a%20b.txt %C3%A4.txt 100%25.txt q%3F.txt h%23.txt empty.txt);
        $raw->same("/app/odd/$_", undef, "odd: $_", any => 1, here => 1)
          for "x%00y", "a%2fb", "..%2f..", "x\xe4y", "x#y", 'a"b', "a\\b", "a^b|c", "%zz";
        $raw->same('/app/big.bin', 200, 'many bytes');

        # What handlers see of the request.
        my @many = (
            'X-One: 1',
            'X-Two: a',
            'X-Two: b',
            'Cookie: k=v; l=m',
            'Accept: */*',
            'Via: 1.1 elsewhere',
            'Max-Forwards: 7',
            'X-Forwarded-For: 10.1.1.1',
            'Forwarded: for=10.1.1.1',
            'X-Empty:',
            'Cache-Control: no-cache',
            'Pragma: no-cache',
            'User-Agent: test',
            'Referer: http://x.test/',
            'Authorization: Basic dXNlcjpwYXNz',
            'Proxy-Authorization: Basic eDp5',
            'Date: Thu, 01 Jan 1970 00:00:01 GMT',
            'Warning: 199 - "x"',
            "X-Long: " . 'x' x 6000
        );
        for my $path (qw(/app/cgi/dump /app/perl/x)) {
            $raw->same($path, 200, "$path: many headers", headers => \@many);
            $raw->same(
                $path, 200, "$path: POST",
                method  => 'POST',
                headers => ['Content-Type: text/x', 'Content-Length: 5'],
                content => 'hello'
            );
            $raw->same($path, 200, "$path: an empty POST", method => 'POST', headers => ['Content-Length: 0']);
            $raw->same(
                $path, 200, "$path: chunked",
                method  => 'POST',
                headers => ['Transfer-Encoding: chunked'],
                content => "5\r\nhello\r\n4;x=y\r\n you\r\n0\r\n\r\n"
            );
            $raw->same(
                $path, 200, "$path: trailers",
                method  => 'POST',
                headers => ['Transfer-Encoding: chunked', 'Trailer: X-Sum'],
                content => "5\r\nhello\r\n0\r\nX-Sum: 5\r\nX-More: a b\r\n\r\n"
            );
            $raw->same(
                $path, 200, "$path: a long body with trailers",
                method  => 'POST',
                headers => ['Transfer-Encoding: chunked'],
                content => "9c40\r\n" . 'x' x 40_000 . "\r\n0\r\nX-Sum: 7\r\n\r\n"
            );
            $raw->same(
                $path, 200, "$path: Expect",
                method  => 'POST',
                headers => ['Expect: 100-continue', 'Content-Length: 5'],
                content => 'hello'
            );
            $raw->same($path, 200, "$path: HTTP/1.0", version => '1.0');
            $raw->same($path, 200, "$path: HTTP/1.0 without Host", version => '1.0', host => undef);
            $raw->same(
                $path, 200, "$path: HTTP/1.0 with a body",
                version => '1.0',
                method  => 'POST',
                headers => ['Content-Length: 5'],
                content => 'hello'
            );
        }
        $raw->same('/app/headers/cgi/x', 404, 'request headers that are added', any => 1);
        $raw->same(
            '/app/unwanted', 413, 'a body that nobody wants',
            method  => 'POST',
            headers => ['Expect: 100-continue', 'Content-Length: 5']
        );

        # What programs say.
        $raw->same("/app/cgi/$_->[0]", $_->[1], "program $_->[0]")
          for ['status', 418], ['away', 302], ['inside', 200], ['nothing', 204], ['empty', 200], ['cookies', 200],
          ['error', 500];
        $raw->same("/app/cgi/$_", undef, "program $_, HTTP/1.0", version => '1.0', any => 1)
          for qw(empty chunks status);
        $raw->same(
            '/app/files/one.txt', 200, 'kept alive, HTTP/1.0',
            version => '1.0',
            headers => ['Connection: keep-alive'],
        );

        $raw->same('/app/private/page.html', 401, 'no password', here => 1);
        $raw->same(
            '/app/private/page.html', 401, 'a wrong password',
            here    => 1,
            headers => ['Authorization: Basic dXNlcjp4']
        );
        $raw->same('/app/private/page.html', 200, 'the password', headers => ['Authorization: Basic dXNlcjp0ZXN0']);
        is $raw->through('/app/pass/x')->{body}, "upstream\n",             'ProxyPass beside Backhand wins';
        is $a->logged('/app/pass/x')->{reason},  'not-balanced:proxypass', 'and is not decided on';
        $raw->same('/app/upstream/x', 200, 'what the other one gets by ProxyPass', here => 1);
        $raw->same(
            '/app/upstream/hints', 200, 'early hints',
            here => 1,
            head => qr/103 Early Hints.*style.*103 Early Hints.*script/s
        );

        $fake->stop;
        $farm->announce_log(qr/AH01618|AH01617|AH01630|AH00025|AH00127|AH01264|AH02811|AH01276|AH0269|AH10508/,
            qr/AH10244|AH00128|AH10411|AH10410|AH00135/);
        $farm->check;
    };
}

done_testing;
