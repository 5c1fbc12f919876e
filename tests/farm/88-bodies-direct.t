#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Requests with bodies of all kinds, sent as raw bytes: the response, and the fate of a second request on the
# connection, are as in a direct request. Each is handed off, handed off after a refusal, or served here after one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use Test::More;

my $policies = Farm::build_dir() . '/meson/tests/farm/policies.so';
# Names of one length, so that all places say the same.
my %orders = (next => 'fake.test b.test', here => 'fake.test a.test', othr => 'b.test');
my $chains = join q(),
  map { "<Location /app/$_>\nBackhandFromSO $policies in_order $orders{$_}\n</Location>\n" } sort keys %orders;
my $both = <<'EOT';
BackhandInterval 1s
BackhandRetry 1ms
KeepAliveTimeout 60
ScriptAliasMatch ^/app/\w+/(?:dump|inflate)$ ${ROOT}/cgi/dump
ScriptAlias /documents/ ${ROOT}/cgi/
AliasMatch ^/app/\w+/file$ ${ROOT}/htdocs/who
AliasMatch ^/app/\w+/dav/(.*)$ ${ROOT}/dav/$1
AliasMatch ^/app/\w+/dir/(.*)$ ${ROOT}/dir/$1
DavLockDB ${ROOT}/run/davlock
<LocationMatch ^/app/\w+/dav/>
    Dav On
</LocationMatch>
<LocationMatch ^/app/\w+/error>
    ErrorDocument 404 /documents/dump
</LocationMatch>
<LocationMatch ^/app/\w+/inflate$>
    SetInputFilter DEFLATE
</LocationMatch>
<Directory ${ROOT}/dir>
    Options +ExecCGI
    AddHandler cgi-script .cgi
    DirectoryIndex index.cgi
    Require all granted
</Directory>
<LocationMatch ^/app/\w+/action$>
    SetHandler action-of-test
</LocationMatch>
Action action-of-test /documents/dump virtual
PerlModule Apache2::RequestRec Apache2::RequestIO
<LocationMatch ^/app/\w+/early>
    SetHandler modperl
</LocationMatch>
<LocationMatch ^/app/\w+/early403$>
    PerlResponseHandler "sub { 403 }"
</LocationMatch>
<LocationMatch ^/app/\w+/early413$>
    PerlResponseHandler "sub { 413 }"
</LocationMatch>
<LocationMatch ^/app/\w+/early200$>
    PerlResponseHandler "sub { $_[0]->content_type('text/plain'); $_[0]->print('early'); 0 }"
</LocationMatch>
EOT
# What a program sees, but for what tells the two servers apart.
my $dump = <<'EOT';
#!/usr/bin/perl
local $/;
my $body = <STDIN>;
delete @ENV{qw(REMOTE_PORT SERVER_ADDR SERVER_NAME SERVER_PORT DOCUMENT_ROOT CONTEXT_DOCUMENT_ROOT SCRIPT_FILENAME
    PATH_TRANSLATED REDIRECT_HANDLER), grep { /BACKHAND/ } keys %ENV};
print "Content-Type: text/plain\n\n", (map { "$_=$ENV{$_}\n" } sort keys %ENV), length $body, ':',
    unpack('%32C*', $body), "\n";
EOT

my $then = "GET /app/PLACE/file HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n";

# All that comes, but for what differs between servers and times, and for the framing.
sub talk {
    my ($server, $place, $bytes) = @_;
    my $client = $server->connect(timeout => 20);
    $client->send($bytes =~ s/PLACE/$place/gr);
    $client->{deadline} = time + scaled(20);
    1 while $client->fill;
    my $text = $client->{buffer};
    if ($text =~ /^Transfer-Encoding: chunked\r$/m) {
        $text =~ s/\r\n\r\n[0-9a-f]+\r\n/\r\n\r\n/g;
        $text =~ s/\r\n0\r\n\r\n//g;
    }
    # A server may leave 100 Continue out when some of the body has come.
    $text =~ s{^HTTP/1[.]1 100 Continue\r\n\r\n}{}mg;
    $text =~ s/^(?:Date|Last-Modified|ETag|Allow|Transfer-Encoding|Content-Length): [^\r]*\r\n//mg;
    $text =~ s/\b(?:next|here|othr|bare)\b/PLACE/g;
    $text =~ s/127\.0\.0\.[12]:\d+|\b[ab]\.test/SERVER/g;
    return $text;
}

sub chunked {
    my ($body) = @_;
    return join q(), (map { sprintf "%x\r\n%s\r\n", length, $_ } $body =~ /(.{1,30000})/gs), "0\r\n\r\n";
}

my @cases;

# A request of that method, with these header lines and what stands after the head; `follow` 0: nothing behind it.
sub request {
    my ($what, $line, $headers, $content, %options) = @_;
    my ($method, $path) = split ' ', $line;
    my $version = $options{version} || '1.1';
    push @cases,
      [
        $what,
        join("\r\n", "$method /app/PLACE/$path HTTP/$version", 'Host: x.test', @{$headers}, '', '')
          . $content
          . (defined $options{follow} ? '' : $then)
      ];
    return;
}

my $long = $ENV{BACKHAND_TEST_LONG};
for my $method (qw(POST PUT GET DELETE OPTIONS PATCH PROPFIND HEAD)) {
    for my $target ('dump', $method =~ /\A(?:PROPFIND|PUT|PATCH)\z/ ? () : 'file') {
        next if !$long && $target eq 'dump' && $method =~ /\A(?:OPTIONS|PATCH)\z/;
        my $line = "$method $target";
        request("$line: a body with a length",  $line, ['Content-Length: 5'],          'hello');
        request("$line: a body in chunks",      $line, ['Transfer-Encoding: chunked'], chunked('hello'));
        request("$line: length 0",              $line, ['Content-Length: 0'],          '');
        request("$line: no chunk but the last", $line, ['Transfer-Encoding: chunked'], chunked(''));
    }
}
my %framings = (
    'length and chunks'         => [['Content-Length: 3', 'Transfer-Encoding: chunked'],          5],
    'chunks and length'         => [['Transfer-Encoding: chunked', 'Content-Length: 3'],          5],
    'another case'              => [['tRANSFER-eNCODING:chunked'],                                5],
    'blanks around it'          => [["Transfer-Encoding:\tchunked \t"],                           5],
    'gzip, chunked'             => [['Transfer-Encoding: gzip, chunked'],                         5],
    'chunked twice'             => [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], 5],
    'identity'                  => [['Transfer-Encoding: identity'],                              5],
    'chunked, gzip'             => [['Transfer-Encoding: chunked, gzip'],                         5],
    'no coding'                 => [['Transfer-Encoding:'],                                       5],
    'xchunked'                  => [['Transfer-Encoding: xchunked'],                              5],
    'a length with a sign'      => [['Content-Length: +5'],                                       0],
    'a list of lengths'         => [['Content-Length: 5, 5'],                                     0],
    'a length that is too long' => [['Content-Length: 99999999999999999999'],                     0],
    'two lengths'               => [['Content-Length: 5', 'Content-Length: 4'],                   0],
    'the same length twice'     => [['Content-Length: 5', 'Content-Length: 5'],                   0],
);
for my $what (sort keys %framings) {
    my ($headers, $chunked) = @{ $framings{$what} };
    for my $target ('dump', 'file') {
        request("$what: $target", "POST $target", $headers, $chunked ? chunked('hello') : 'hello');
        request(
            "$what: $target, HTTP/1.0",
            "POST $target", $headers,
            $chunked ? chunked('hello') : 'hello',
            version => '1.0'
        );
    }
}
my %trailers = (
    'two'               => "X-T: 1\r\nX-U: 2\r\n",
    'framing headers'   => "Content-Length: 99\r\nTransfer-Encoding: x\r\nHost: y\r\n",
    'folded'            => "X-T: a\r\n b\r\n",
    'too long'          => 'X-T: ' . 't' x 9000 . "\r\n",
    'too many'          => join(q(), map { "X-T$_: 1\r\n" } 1 .. 150),
    'as many as may be' => join(q(), map { "X-T$_: 1\r\n" } 1 .. 100),
);
for my $what (sort keys %trailers) {
    request(
        "trailers: $what",
        'POST dump',
        ['Transfer-Encoding: chunked', 'Trailer: X-T'],
        "5\r\nhello\r\n0\r\n$trailers{$what}\r\n"
    );
}
request('a chunk extension', 'POST dump', ['Transfer-Encoding: chunked'], "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n");
for my $n (10, 5000, 300_000, $long ? 3_000_000 : ()) {
    for my $target (qw(early403 early413 early200 nowhere file)) {
        request("$target, $n bytes",           "POST $target", ["Content-Length: $n"],         'x' x $n);
        request("$target, $n bytes in chunks", "POST $target", ['Transfer-Encoding: chunked'], chunked('x' x $n));
    }
}
for my $target (qw(early403 early200 nowhere file dump)) {
    my @expect = ('Expect: 100-continue');
    request("$target, expecting, with a length", "POST $target", ['Content-Length: 5', @expect],      'hello');
    request("$target, expecting, in chunks", "POST $target", ['Transfer-Encoding: chunked', @expect], chunked('hello'));
    next if $target !~ /early/;
    request(
        "$target, expecting and waiting",
        "POST $target", ['Content-Length: 5', @expect, 'Connection: close'],
        '',             follow => 0
    );
}
my $packed = qx{seq 1 2000 | gzip -c};
for ([good => $packed], [bad => 'garbage' x 10]) {
    my ($what, $body) = @{$_};
    my @coded = ('Content-Encoding: gzip');
    request("mod_deflate, $what",            'POST inflate', [@coded, 'Content-Length: ' . length $body], $body);
    request("mod_deflate, $what, in chunks", 'POST inflate', [@coded, 'Transfer-Encoding: chunked'], chunked($body));
}
for my $target (qw(error dir/ action)) {
    request("a redirect within, $target, $_ bytes", "POST $target", ["Content-Length: $_"], 'y' x $_) for 5, 100_000;
    request(
        "a redirect within, $target, in chunks",
        "POST $target",
        ['Transfer-Encoding: chunked'],
        chunked('y' x 100_000)
    );
}
for my $n (5, 300_000) {
    my $wrong = sprintf "5\r\nhello\r\n%x\r\n%s\r\nZZ\r\n", $n, 'z' x $n;
    request("mod_dav: PUT $n bytes", "PUT dav/length-$n-PLACE", ["Content-Length: $n"], 'z' x $n);
    request(
        "mod_dav: PUT $n bytes in chunks",
        "PUT dav/chunks-$n-PLACE",
        ['Transfer-Encoding: chunked'],
        chunked('z' x $n)
    );
    request("mod_dav: PUT a wrong body", "PUT dav/wrong-$n-PLACE", ['Transfer-Encoding: chunked'], $wrong);
}

for my $mpm ($long ? Farm->mpms : 'event') {
    subtest $mpm => sub {
        my $farm = Farm->new(mpm => $mpm, perl => 1, modules => [qw(dav dav_fs dav_lock deflate actions)]);
        my ($a, $b) = map { $farm->add } 1, 2;
        for my $server ($a, $b) {
            $server->reconfigure((($server == $a ? $chains : '') . $both) =~ s/\$\{ROOT\}/$server->{root}/gr);
            utime 1_600_000_000, 1_600_000_000, $server->write_file('htdocs/who', 'who');
            for my $folder (qw(dav dir)) {
                mkdir "$server->{root}/$folder" or die "$folder: $!";
            }
            chmod 0777, "$server->{root}/dav",                         "$server->{root}/run";
            chmod 0755, $server->write_file($_, $dump) for 'cgi/dump', 'dir/index.cgi';
        }
        $farm->start;
        my $fake = Farm::Fake->new(farm => $farm, says => { ms => 1000 })->start;
        ok $farm->together, 'they see each other';
        eventually { my $row = $a->row($fake->contact); $row && $row->{'Workers-Ready'} } 10,
          'and the one that refuses';

        for (@cases) {
            my ($what, $bytes) = @{$_};
            my $direct = talk($b, 'bare', $bytes);
            like $direct, qr{\AHTTP/1[.]1 \d}, "$what: there is an answer";
            is talk($a, $_, $bytes), $direct, "$what: $_" for qw(othr next here);
        }
        for my $n (5, 300_000) {
            for my $framing (qw(length chunks)) {
                my %size = map { $_ => -s "$b->{root}/dav/$framing-$n-$_" } qw(bare othr next);
                $size{here} = -s "$a->{root}/dav/$framing-$n-here";
                is_deeply \%size, { map { $_ => $n } qw(bare othr next here) }, "mod_dav: files of $n bytes, $framing";
            }
        }
        is_deeply [glob("$a->{root}/dav/wrong*"), glob "$b->{root}/dav/wrong*"], [],
          'mod_dav: and none of a wrong body';
        is $a->row($b->contact)->{'Refused-Ago'} // '-', '-', 'nobody is blamed';
        $fake->stop;
        # httpd's words about bodies that are wrong.
        $farm->announce_log(qr/backhand: server \S+ .*asked last/, qr/AH01387:|\[cgid?:error\]|\[dav:error\]/);
        $farm->check;
    };
}

done_testing;
