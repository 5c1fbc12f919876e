#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A body that was read before the hand-off arrives whole, once, and with its length. The reader is mod_security2,
# mod_request, an access handler in Perl, or a policy.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use POSIX ();
use Test::More;

# mod_security2 leaves what it read of its rules behind, in objects that are gone when leaks are looked for.
$ENV{ASAN_OPTIONS} = join q(:), grep { defined } $ENV{ASAN_OPTIONS}, q(detect_leaks=0);

my $policies    = Farm::build_dir() . '/meson/tests/farm/policies.so';
my $by_perl     = Farm::build_dir() . '/modules/byPerl.so';
my $recommended = '/etc/modsecurity/modsecurity.conf-recommended';

# Where a body may go: `next`: one that refuses, then b; `here`: one that refuses, then this server; `other`: b at once.
# The policies of `read…` read of the body first.
my %orders = (next => 'fake.test b.test', here => 'fake.test a.test', other => 'b.test');

sub chains {
    my (%before) = @_;
    my $text = '';
    for my $kind ('', sort keys %before) {
        for my $place (sort keys %orders) {
            $text .=
                "<Location /app/$kind$place>\n"
              . ($before{$kind} || '')
              . "BackhandFromSO $policies in_order $orders{$place}\n</Location>\n";
        }
    }
    return $text;
}

my $both = <<'EOT';
BackhandInterval 1s
BackhandRetry 1ms
ScriptAliasMatch ^/app/\w+/(?:echo|echo/.*)$ ${ROOT}/cgi/echo
EOT

# Debian's recommendation, with what it reads and writes in the server's own folder.
sub security {
    my ($more) = @_;
    open my $file, '<', $recommended or die "$recommended: $!";
    my $text = do { local $/ = undef; readline $file };
    close $file;
    $text =~ s{^SecUnicodeMapFile \S+}{SecUnicodeMapFile /etc/modsecurity/unicode.mapping}m
      or die 'no SecUnicodeMapFile';
    $text =~ s{^SecAuditLog \S+}{SecAuditLog \$\{ROOT\}/audit.log}m or die 'no SecAuditLog';
    return $text . ($more || '');
}

# Bytes that a mistake anywhere would change.
sub bytes {
    my ($n)   = @_;
    my $bytes = join q(), map { chr $_ * 7 % 256 } 0 .. 250;
    return substr $bytes x (1 + $n / 251), 0, $n;
}

# Who got it, and what.
sub told {
    my ($response) = @_;
    return "status $response->{status}" if $response->status != 200;
    my $told   = $response->echoed;
    my $length = $told->{CONTENT_LENGTH} // '-';
    return "$told->{SERVER_ADDR} $told->{BODY_LENGTH} $told->{BODY_MD5} "
      . ($told->{HTTP_TRANSFER_ENCODING} // "length $length");
}

sub expected {
    my ($place, $body, $chunked) = @_;
    return join ' ', ($place =~ /here\z/ ? '127.0.0.1' : '127.0.0.2'), length $body, md5_hex($body),
      $chunked ? 'chunked' : 'length ' . length $body;
}

my $long  = $ENV{BACKHAND_TEST_LONG};
my @sizes = $long ? (10, 5000, 100_000, 3_000_000) : (10, 100_000, 3_000_000);

# All places, sizes and framings, by turns by POST and PUT.
sub all_whole {
    my ($a, $what, %options) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @headers = @{ $options{headers} || [] };
    my $n       = 0;
    for my $kind (@{ $options{kinds} || [''] }) {
        for my $place (sort keys %orders) {
            for my $size (@{ $options{sizes} || \@sizes }) {
                for my $chunked (0, 1) {
                    my $method   = $n++ % 2 ? 'PUT' : 'POST';
                    my $body     = bytes($size);
                    my $response = $a->request(
                        $method, "/app/$kind$place/echo",
                        body    => $body,
                        chunked => $chunked,
                        headers => [@headers]
                    );
                    my $expected = expected($place, $body, $chunked);
                    is told($response), $expected,
                      "$what: $method, $kind$place, $size bytes" . ($chunked ? ', chunked' : '');
                }
            }
        }
    }
    return;
}

# A farm of a front and a back, with these texts in their configurations, and one that refuses.
sub make {
    my ($front, $back, %options) = @_;
    my $farm = Farm->new(%options);
    my ($a, $b) = map { $farm->add } 1, 2;
    $a->reconfigure(($both . $front) =~ s/\$\{ROOT\}/$a->{root}/gr);
    $b->reconfigure(($both . $back)  =~ s/\$\{ROOT\}/$b->{root}/gr);
    $_->write_file('audit.log', '') for $a, $b;
    $farm->start;
    my $fake = Farm::Fake->new(farm => $farm, says => { ms => 1000 })->start;
    ok $farm->together, 'they see each other';
    eventually { my $row = $a->row($fake->contact); $row && $row->{'Workers-Ready'} } 10, 'and the one that refuses';
    $farm->announce_log(qr/backhand: server \S+ .*asked last/);
    return ($farm, $a, $b, $fake);
}

my $deny = <<'EOT';
SecRuleEngine On
SecRule REQUEST_BODY "@contains attack" "id:1,phase:2,deny,status:403,nolog"
EOT
my $part = "--x\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n";
my $upload =
  sprintf($part, 'field', '', 'value') . sprintf($part, 'upload', '; filename="f"', bytes(300_000)) . "--x--\r\n";
my @as_form = ('Content-Type' => 'application/x-www-form-urlencoded');

for my $mpm (Farm->mpms) {
    for my $where ('front', 'back', 'both') {
        next if !$long && $where ne ($mpm eq 'event' ? 'front' : 'both');
        subtest "$mpm: mod_security2 on $where" => sub {
            my $front = chains() . ($where eq 'back' ? '' : security());
            my $back  = $where eq 'front' ? '' : security();
            my ($farm, $a, $b, $fake) = make($front, $back, mpm => $mpm, modules => ['unique_id', 'security2']);
            all_whole($a, 'as shipped', headers => ['Content-Type' => 'application/octet-stream']);
            for my $place (sort keys %orders) {
                for my $chunked (0, 1) {
                    my $response = $a->post(
                        "/app/$place/echo", $upload,
                        chunked => $chunked,
                        headers => ['Content-Type' => 'multipart/form-data; boundary=x']
                    );
                    is told($response), expected($place, $upload, $chunked), "a multipart upload, $place";
                }
            }
            my $small = 'a=b&c=' . 'd' x 60_000;
            is told($a->post('/app/next/echo', $small, headers => [@as_form])), expected('next', $small), 'a form';
            my $client = $a->connect;
            for my $n (1 .. 3) {
                my $body     = bytes(100 * $n);
                my $response = $client->request($n == 2 ? 'POST' : 'PUT', '/app/other/echo', body => $body);
                is told($response), expected('other', $body), 'on one connection';
            }
            $fake->stop;
            $farm->check;
        };
    }
}

for my $where ('front', 'back') {
    subtest "mod_security2 on $where denies by what is in a body" => sub {
        my $security = security($deny);
        my ($farm, $a, $b, $fake) = make(
            chains() . ($where eq 'front' ? $security : ''),
            $where eq 'back' ? $security : '',
            modules => ['unique_id', 'security2']
        );
        for my $place (qw(next other)) {
            for my $chunked (0, 1) {
                my @options = (chunked => $chunked, headers => [@as_form]);
                is $a->post("/app/$place/echo", 'a=an+attack', @options)->status, 403, "$place: 403";
                is told($a->post("/app/$place/echo", 'a=nothing', @options)), expected($place, 'a=nothing', $chunked),
                  'other bodies arrive';
            }
        }
        is $a->row($b->contact)->{'Refused-Ago'} // '-', '-', 'nobody is blamed';
        $fake->stop;
        $farm->check;
    };
}

my $perl = <<'EOT';
<Perl>
package Fed;
use strict;
use Apache2::Const -compile => qw(OK);
use Apache2::Log ();
use Apache2::RequestRec ();
use Apache2::RequestIO ();
use Apache2::RequestUtil ();
use Apache2::Filter ();
use APR::Brigade ();
use APR::Bucket ();
use APR::BucketAlloc ();
use APR::Table ();
use APR::Const -compile => qw(SUCCESS);
use base qw(Apache2::Filter);

# Reads the whole body and puts a filter in that gives it again.
sub access {
    my ($r) = @_;
    return Apache2::Const::OK if !$r->is_initial_req;
    my $body = '';
    while ($r->read(my $buffer, 8192)) { $body .= $buffer }
    $r->pnotes(body => \$body);
    $r->add_input_filter(\&feed);
    return Apache2::Const::OK;
}
sub feed : FilterRequestHandler {
    my ($f, $bb, $mode, $block, $readbytes) = @_;
    my $body = $f->r->pnotes('body');
    my $alloc = $bb->bucket_alloc;
    if (length $$body) {
        $bb->insert_tail(APR::Bucket->new($alloc, substr $$body, 0, $readbytes, ''));
    }
    $bb->insert_tail(APR::Bucket::eos_create($alloc)) if !length $$body;
    return APR::Const::SUCCESS;
}
# Reads some of it, and a filter gives that again before the rest.
sub access_some {
    my ($r) = @_;
    return Apache2::Const::OK if !$r->is_initial_req;
    $r->read(my $buffer, 8);
    $r->pnotes(body => \$buffer);
    $r->add_input_filter(\&feed_some);
    return Apache2::Const::OK;
}
sub feed_some : FilterRequestHandler {
    my ($f, $bb, $mode, $block, $readbytes) = @_;
    my $body = $f->r->pnotes('body');
    return $f->next->get_brigade($bb, $mode, $block, $readbytes) if !length $$body;
    $bb->insert_tail(APR::Bucket->new($bb->bucket_alloc, substr $$body, 0, $readbytes, ''));
    return APR::Const::SUCCESS;
}
# A content filter: every x twice.
sub twice : FilterRequestHandler {
    my ($f) = @_;
    while ($f->read(my $buffer, 1024)) { $buffer =~ s/x/xx/g; $f->print($buffer) }
    return Apache2::Const::OK;
}
# A content filter that leaves a trace, and a handler that reads as handlers of httpd 1.3 did.
sub trace : FilterRequestHandler {
    my ($f) = @_;
    $f->r->server->log->notice('content filter at work') if !$f->ctx;
    $f->ctx(1);
    while ($f->read(my $buffer, 8192)) { $f->print($buffer) }
    return Apache2::Const::OK;
}
sub block {
    my ($r) = @_;
    my $length = 0;
    $r->content_type('text/plain');
    $r->setup_client_block(2);    # REQUEST_CHUNKED_DECHUNK
    if ($r->should_client_block) {
        while ((my $n = $r->get_client_block(my $buffer, 8192)) > 0) { $length += $n }
    }
    $r->print($length);
    return Apache2::Const::OK;
}
# Policies.
sub reads_all  { my ($r, $ids) = @_; 1 while $r->read(my $buffer, 8192); return $ids }
sub reads_some { my ($r, $ids) = @_; $r->read(my $buffer, 7); return $ids }
$INC{'Fed.pm'} = __FILE__;
</Perl>
EOT

my $block = "<LocationMatch /block\$>\nSetHandler modperl\nPerlResponseHandler Fed::block\n</LocationMatch>\n";

# Answers before it has read all, and closes.
sub early {
    my ($socket) = @_;
    my $pid = fork // return;
    return if $pid;
    read $socket, my $some, 100_000;
    syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly";
    POSIX::_exit(0);
}

subtest 'the rest of a body that another server does not want is seen by no content filter' => sub {
    my $farm = Farm->new(
        perl => 1,
        conf => "BackhandInterval 1s\n$perl<Location /app>\nPerlInputFilterHandler Fed::trace\n"
          . "BackhandFromSO $policies in_order fake.test a.test\n</Location>\n"
    );
    my $a = $farm->add;
    $farm->start;
    local $SIG{CHLD} = 'IGNORE';
    my $fake = Farm::Fake->new(farm => $farm, says => { ms => 1000 }, serve => \&early)->start;
    eventually { my $row = $a->row($fake->contact); $row && $row->{'Workers-Ready'} } 10, 'one that answers early';
    my $client = $a->connect;
    is $client->request('POST', '/app/x', body => bytes(20_000_000))->body, 'early', 'its answer comes';
    is $client->request('GET', '/who')->body,                               'a',     'the rest is read away';
    is scalar(grep { /content filter at work/ } $a->log_lines),             0,       'by no content filter';
    $fake->stop;
    is $a->post('/app/echo', 'hello')->echoed->{BODY_LENGTH},   5, 'when it is gone, this server serves';
    is scalar(grep { /content filter at work/ } $a->log_lines), 1, 'and the content filter is at work';
    $farm->announce_log(qr/backhand: server \S+/);
    $farm->check;
};

for my $mpm ($long ? Farm->mpms : 'event') {
    subtest "$mpm: an access handler" => sub {
        my $filter = "$perl<LocationMatch ^/app/\\w+/echo/some>\nPerlInputFilterHandler Fed::twice\n</LocationMatch>\n";
        my $front =
            "$filter<LocationMatch ^/app/(?:next|here|other)/echo\$>\nPerlAccessHandler Fed::access\n</LocationMatch>\n"
          . "<LocationMatch ^/app/(?:next|here|other)/echo/some\$>\nPerlAccessHandler Fed::access_some\n"
          . "</LocationMatch>\n"
          . chains();
        my ($farm, $a, $b, $fake) = make($front, $filter, mpm => $mpm, perl => 1);
        all_whole($a, 'an access handler feeds');
        for my $place ('next', 'other') {
            for my $chunked (0, 1) {
                for my $size (5, 5000, 100_000) {
                    my $body     = bytes($size) =~ tr/x/y/r;
                    my $response = $a->post("/app/$place/echo/some", "$body x", chunked => $chunked);
                    is $response->echoed->{BODY_MD5}, md5_hex("$body xx"),
                      "it feeds what it has read, $place: a content filter runs once";
                }
            }
        }
        $fake->stop;
        $farm->check;
    };

    subtest "$mpm: a content filter runs once" => sub {
        my $filters =
            "$perl<LocationMatch ^/app/\\w+/echo/twice>\nPerlInputFilterHandler Fed::twice\n</LocationMatch>\n"
          . "<LocationMatch ^/app/\\w+/echo/inflate>\nSetInputFilter DEFLATE\n</LocationMatch>\n";
        for my $fed (0, 1) {
            my $front = $filters . chains(read => "BackhandFromSO $policies reads_body 3\n") . ($fed ? security() : '');
            my ($farm, $a, $b, $fake) = make(
                $front, $filters,
                mpm     => $mpm,
                perl    => 1,
                modules => ['deflate', $fed ? ('unique_id', 'security2') : ()]
            );
            for my $kind ('', 'read') {
                for my $place (sort keys %orders) {
                    my $what = "$kind$place" . ($fed ? ', behind mod_security2' : '');
                    my $told = $a->post("/app/$kind$place/echo/twice", 'ax' x 3000)->echoed;
                    is $told->{BODY_MD5}, md5_hex('axx' x 3000), "$what: every x twice";
                    next if $fed && $place eq 'here';    # mod_security2 feeds above DEFLATE, directly too
                    my $packed = qx{printf %s hello | gzip -c};
                    $told =
                      $a->post("/app/$kind$place/echo/inflate", $packed, headers => ['Content-Encoding' => 'gzip'])
                      ->echoed;
                    is $told->{BODY_MD5}, md5_hex('hello'), "$what: inflated once";
                }
            }
            $fake->stop;
            $farm->check;
        }
    };

    subtest "$mpm: policies" => sub {
        my %before = (
            readall   => "BackhandFromSO $by_perl byPerl Fed::reads_all\n",
            readsome  => "BackhandFromSO $by_perl byPerl Fed::reads_some\n",
            readc     => "BackhandFromSO $policies reads_body 100000000\n",
            readcsome => "BackhandFromSO $policies reads_body 4000\n",
            readtwice => "BackhandFromSO $policies reads_body 4000\nBackhandFromSO $by_perl byPerl Fed::reads_some\n",
        );
        my ($farm, $a, $b, $fake) = make($perl . $block . chains(%before), "$perl$block", mpm => $mpm, perl => 1);
        all_whole(
            $a, 'a policy reads',
            kinds => [sort keys %before],
            sizes => $long ? [10, 5000, 100_000, 131_072] : [10, 100_000]
        );
        for my $kind ('', 'readc', 'readtwice') {
            for my $place (sort keys %orders) {
                is $a->post("/app/$kind$place/block", bytes(5000), chunked => $_)->body, 5000,
                  "$kind$place: a handler of the old kind"
                  for 0, 1;
            }
        }
        # More than a policy may read.
        my $body = bytes(1_000_000);
        for my $kind (qw(readall readc readsome)) {
            for my $place (sort keys %orders) {
                my $response = $a->post("/app/$kind$place/echo", $body);
                is told($response), expected($place, $body), "$kind$place: a body that is longer than that";
            }
        }
        ok $a->wait_log(qr/byPerl: Fed::reads_all died.*No space left on device/),
          'a policy that reads too far is told so';
        $farm->announce_log(qr/byPerl: Fed::reads_all died.*No space left on device/);
        # A wrong body is the client's error, whoever reads it first.
        my $client = $a->connect;
        $client->send("POST /app/readallother/echo HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n\r\n"
              . "5\r\nhelloZZ\r\n"
              . "GET /app/smuggled HTTP/1.1\r\nHost: x.test\r\n\r\n");
        $client->{deadline} = time + scaled(10);
        1 while $client->fill;
        like $client->{buffer},   qr{\AHTTP/1[.]1 400 }, 'a wrong body: 400';
        unlike $client->{buffer}, qr{HTTP/1.*HTTP/1}s,   'once';
        is $a->row($b->contact)->{'Refused-Ago'} // '-', '-', 'nobody is blamed';
        $farm->announce_log(qr/byPerl: Fed::reads_\w+ died.*Apache2::RequestIO::read/);
        $fake->stop;
        $farm->check;
    };

    subtest "$mpm: mod_auth_form and mod_request" => sub {
        my $form = <<'EOT';
<LocationMatch ^/app/(?:next|here|other|bare)>
    KeptBodySize 4000000
    AuthType form
    AuthName x
    AuthFormProvider file
    AuthUserFile ${ROOT}/users
    AuthFormSize 300000
    Require valid-user
</LocationMatch>
Session On
SessionCookieName session path=/
EOT
        my @modules = qw(request auth_form authn_core authn_file authz_user session session_cookie);
        my ($farm, $a, $b, $fake) =
          make($form . chains(kept => "KeptBodySize 4000000\n"), '', mpm => $mpm, modules => \@modules);
        $a->write_file('users', "user:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n");
        my $login = 'httpd_username=user&httpd_password=test';
        # The form is the server's own; what it says to go on with is what a handler gets.
        for my $body ($login, "$login&httpd_mimetype=text/plain&httpd_body=" . 'x' x 5000) {
            for my $chunked (0, 1) {
                my @options = (chunked => $chunked, headers => [@as_form]);
                my $direct  = $a->post('/app/bare/echo', $body, @options)->echoed;
                for my $place (sort keys %orders) {
                    my $told = $a->post("/app/$place/echo", $body, @options)->echoed;
                    is "$told->{SERVER_ADDR} $told->{BODY_LENGTH} $told->{BODY_MD5}",
                      ($place eq 'here' ? '127.0.0.1' : '127.0.0.2') . " $direct->{BODY_LENGTH} $direct->{BODY_MD5}",
                      "a form with the password, and $direct->{BODY_LENGTH} bytes to go on with, $place"
                      . ($chunked ? ', chunked' : '');
                }
            }
        }
        is $a->post('/app/other/echo', 'httpd_username=user&httpd_password=wrong', headers => [@as_form])->status, 401,
          'wrong: 401';
        $farm->announce_log(qr/AH01807:/);
        all_whole($a, 'mod_request keeps', kinds => ['kept']);
        $fake->stop;
        $farm->check;
    };
}

done_testing;
