#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# BackhandRetryStatus: a response with such a status counts as a failure, before a byte of it reaches the client. So
# does an error of this server's own application of which nothing was sent.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir configtest eventually scaled);
use Farm::Fake;
use Test::More;

my $chain = "<Location /app>\nBackhand byAge 60\nBackhand removeSelf\nBackhand byRandom\n</Location>\n";
my $retry = "BackhandRetryStatus 502 503 504\n";
# What stands for an application whose processes are dead.
my $dead   = "<Location /app>\nRedirect 503\n</Location>\n";
my $failed = qr/backhand: server \S+ answered with a status of BackhandRetryStatus; /;

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm);
    my ($a, $b) = map { $farm->add(conf => "$retry$chain") } 1 .. 2;
    my $c = $farm->add(conf => "$retry$dead$chain");
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    my %got;
    for my $server ($a, $b) {
        my $client = $server->connect;
        $got{ $client->request('GET', '/app/who')->status }++ for 1 .. 40;
    }
    is_deeply \%got, { 200 => 80 }, 'of 80 GETs at the others none gets the 503 of a server whose application is dead';
    cmp_ok $c->status->{'Received'}, '>', 5, 'which was asked';
    my $body = 'x' x 5000;
    my @puts = map { $a->request('PUT', '/app/echo', body => $body) } 1 .. 8;
    is scalar(grep { $_->status == 200 && $_->echoed->{BODY_MD5} eq md5_hex($body) } @puts), 8,
      'a PUT is repeated, its body whole';
    my %posts;
    $posts{ $a->post('/app/echo', $body)->status }++ for 1 .. 12;
    is_deeply [sort keys %posts], [200, 503], 'a POST is not';
    $farm->announce_log($failed);
    $farm->check;
}

# This server, c, is the first candidate. The application behind it is dead, or a handler in Perl fails.
my $own = <<"EOT";
PerlSwitches -I@{[build_dir()]}/perl5
PerlModule Apache::Backhand
<Perl>
package Own;
# This server, and where it is no candidate, the others.
sub alone { my (\$r, \$ids) = \@_; return (grep { !\$_ } \@{\$ids}) ? [0] : \$ids }
</Perl>
<Location /app>
    Backhand byAge 60
</Location>
<Location /app/on>
    Backhand off
    Backhand on
</Location>
<Location /app/alone>
    BackhandFromSO @{[build_dir()]}/modules/byPerl.so byPerl Own::alone
</Location>
<Location /app/session>
    BackhandSessionCookie S
</Location>
<Location /app/buffered>
    BackhandBufferBody 4000
</Location>
EOT
my $broken = <<'EOT';
PerlModule Apache2::RequestRec Apache2::RequestIO Apache2::RequestUtil APR::Table
PerlModule Apache2::Access
<LocationMatch "^/app/(dead|on|alone|session|buffered)">
    SetHandler "proxy:unix:/nonexistent/socket|http://localhost/"
</LocationMatch>
<Location /app/perl>
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; $r->$_->set('X-Own', 'c') for qw(headers_out err_headers_out); \
        $r->content_type('text/broken'); $r->notes->set('error-notes', 'own'); \
        $r->uri('/other'); $r->args('a=b'); $r->filename('/other'); 503 }"
</Location>
<Location /app/reads>
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; my $n = 0; $n += length $b while $r->read(my $b, 8192); 503 }"
</Location>
<Location /app/begun>
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; $r->print('part'); $r->rflush; 503 }"
</Location>
<Location /app/flushed>
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; $r->rflush; 503 }"
</Location>
<Location /app/other>
    SetHandler modperl
    PerlResponseHandler "sub { 500 }"
</Location>
<Location /app/done>
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; $r->print('all of it'); 0 }"
</Location>
EOT
my $none = <<'EOT';
<Location /app/none>
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; $r->err_headers_out->set('X-Own', 'NAME'); 503 }"
    ErrorDocument 503 "sorry of NAME"
</Location>
<Location /app/page>
    SetHandler modperl
    PerlResponseHandler "sub { 503 }"
    ErrorDocument 503 /page
</Location>
EOT
my $perl = "PerlModule Apache2::RequestRec APR::Table\n";

for my $mpm (Farm->mpms) {
    my $farm  = Farm->new(mpm => $mpm, perl => 1);
    my $conf  = sub { my ($name) = @_; return "$retry$own" . $none =~ s/NAME/$name/gr };
    my @echo  = qw(dead on alone session buffered perl reads);
    my $paths = sub {
        return map { "ScriptAlias /app/$_ $_[0]/cgi/echo\n" } @echo;
    };
    my ($a, $b, $c) = map { $farm->add } 1 .. 3;
    $_->reconfigure(join q(), $perl, $paths->($_->root), $conf->($_->name)) for $a, $b;
    $c->reconfigure($broken . $conf->('c'));
    $_->write_file('htdocs/page', 'page of ' . $_->name) for $a, $b, $c;
    $farm->start;
    ok $farm->together, "$mpm, an error of this server itself: they see each other";
    my $got = sub {
        my ($method, $path, %more) = @_;
        my $response = $c->request($method, $path, %more);
        return ($response, $c->logged($path));
    };

    my ($response, $logged) = $got->('GET', '/app/on/first');
    is $response->status, 200, 'a GET that Backhand on keeps here is answered by another server';
    like $response->echoed->{SERVER_NAME}, qr/\A127[.]0[.]0[.]3\z/, 'as the client asked it';
    isnt $logged->{server}, $c->contact,       'which has served it';
    is $logged->{reason},   'handed-off:next', 'and the log says so';
    cmp_ok $logged->{tries}, '==', 1, 'one other server was asked';

    my $client = $c->connect;
    my %got;
    $got{ $client->request('GET', '/app/dead')->status }++ for 1 .. 20;
    is_deeply \%got, { 200 => 20 }, 'all GETs of a connection';
    my $body = 'x' x 5000;
    eventually { $a->row($c->contact)->{Errors} > 0.1 } 5, 'each counts as an error of this server';
    is $c->get('/app/alone')->status, 200, 'a chain that chose this server alone runs again without it';
    for my $path ('/app/dead', '/app/buffered') {
        for my $chunked (0, 1) {
            $response = $c->request('PUT', $path, body => $body, chunked => $chunked);
            is $response->status,             200,            "a PUT of $path too";
            is $response->echoed->{BODY_MD5}, md5_hex($body), 'its body whole';
        }
    }
    my $long = 'x' x 200_000;
    $response = $c->request('PUT', '/app/dead', body => $long);
    is $response->echoed->{BODY_MD5}, md5_hex($long), 'a long body too, of which little was read';
    is $c->request('PUT', '/app/reads', body => $body)->echoed->{BODY_MD5}, md5_hex($body), 'a short one that was read';
    is $c->request('PUT', '/app/reads', body => $long)->status,             503, 'not if more was read than is kept';
    ($response, $logged) = $got->('POST', '/app/dead/post', body => $body);
    is $response->status, 503,                  'a POST is not given to another server';
    is $logged->{reason}, 'served-here:chosen', 'but served here';

    ($response, $logged) = $got->('GET', '/app/perl?x=y');
    is $response->status,                200,             'a handler that changes the request and fails';
    is $response->echoed->{REQUEST_URI}, '/app/perl?x=y', 'changes nothing of what the other server gets';
    is $response->header('X-Own'),       undef,           'and nothing of its response';
    like $response->header('Content-Type'), qr{\Atext/plain}, 'nor of its type';

    ($response, $logged) = $got->('GET', '/app/session');
    is scalar(() = $response->header('Set-Cookie') =~ /\bS=/g), 1, 'a session begins at the server that answers alone';
    $response = $c->request('GET', '/app/session', headers => [Cookie => $response->header('Set-Cookie') =~ s/;.*//r]);
    is_deeply [$response->status, scalar $response->header('Set-Cookie')], [200, undef], 'and holds';

    ($response, $logged) = $got->('GET', '/app/begun');
    like $response->body, qr/\Apart/, 'a handler that has begun to send before it fails';
    is $logged->{reason}, 'served-here:chosen', 'is not replaced';
    $c->request('HEAD', '/app/flushed', close => 1);
    is $c->logged('/app/flushed')->{reason}, 'served-here:chosen', 'nor is one that has sent its head alone';
    ($response, $logged) = $got->('GET', '/app/other');
    is $response->status, 500,                  'nor is an error that is not named';
    is $logged->{reason}, 'served-here:chosen', 'which comes from here';
    ($response, $logged) = $got->('GET', '/app/done');
    is $response->body, 'all of it', 'who does not fail answers once';

    my $before = $c->status->{'Received'};
    ($response, $logged) = $got->('GET', '/app/none');
    is $response->status,          503,          'where all fail the client gets the error';
    is $response->body,            'sorry of c', 'of this server, its page';
    is $response->header('X-Own'), 'c',          'and its headers';
    is_deeply [@{$logged}{qw(reason tries)}], ['served-here:chosen', 2], 'after the two others were asked';
    ($response, $logged) = $got->('GET', '/app/page');
    is_deeply [$response->status, $response->body], [503, 'page of c'], 'an error page that is a file is there';
    $farm->announce_log($failed, qr/proxy(?:_http)?:error/);
    $farm->check;
}

subtest 'the last answer is passed on' => sub {
    my $farm = Farm->new;
    my $a    = $farm->add(conf => "${retry}BackhandCheck exec:/bin/false 100ms 1 1\n$chain");
    my $b    = $farm->add(conf => "$retry$dead$chain");
    $farm->start;
    ok $farm->together($b), 'they see each other';
    eventually { $b->sees($a) eq 'down' && ($a->row($b->contact) || {})->{'Workers-Ready'} } 10, 'this server is down';
    is $a->get('/app/who')->status, 503, 'of the only other one';
    my $logged = $a->logged('/app/who');
    like $logged->{reason}, qr/\Ahanded-off:/, 'which has answered';
    $farm->announce_log(qr/this server is down/);
    $farm->check;
};

subtest 'a server that asks itself as it asks others' => sub {
    my $any  = "<Location /app>\nBackhand byAge 60\nBackhand byRandom\nBackhandSelfRedirect On\n</Location>\n";
    my $farm = Farm->new(conf => "$retry$any");
    my ($a, $b) = map { $farm->add } 1 .. 2;
    my $program = $a->write_file('cgi/dead', qq(#!/bin/sh\nprintf 'Status: 503\\nContent-Type: text/plain\\n\\nno'\n));
    chmod 0755, $program;
    $a->reconfigure("ScriptAlias /app/part $program\n$retry$any");
    $b->write_file('htdocs/app/part', 'fine');
    $farm->start;
    ok $farm->together, 'they see each other';
    my %got;
    $got{ $a->get('/app/part')->body }++ for 1 .. 20;
    is_deeply \%got, { fine => 20 }, 'passes on no error of its own either';
    $farm->announce_log($failed);
    $farm->check;
};

subtest 'a peer whose error never ends' => sub {
    my $farm = Farm->new(conf => "$retry$chain");
    my $a    = $farm->add;
    $farm->start;
    my $fake = Farm::Fake->new(
        farm  => $farm,
        serve => sub {
            my ($socket) = @_;
            sysread $socket, my $request, 65_536;
            print {$socket} "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n";
            my $chunk = sprintf "%x\r\n%s\r\n", 8000, 'x' x 8000;
            while (print {$socket} $chunk) { }
            close $socket;
        }
    );
    $fake->start;
    eventually { $a->row($fake->contact) } 5, 'it is in the table';
    my $response = $a->get('/app/who');
    is $response->body, 'a', 'the request is served here';
    cmp_ok $response->seconds, '<', scaled(5), 'without waiting for the end';
    is $a->logged('/app/who')->{tries}, 1, 'after one try';
    $fake->stop;
    $farm->announce_log($failed);
    $farm->check;
};

subtest 'without the directive' => sub {
    my $farm = Farm->new(conf => $chain);
    my $a    = $farm->add;
    my $b    = $farm->add(conf => "$dead$chain");
    $farm->start;
    ok $farm->together, 'they see each other';
    is $a->get('/app/who')->status, 503, 'the client gets what the other server answers';
    $farm->check;
};

my ($rc, $said) = configtest(conf => 'BackhandRetryStatus 502 200');
isnt $rc, 0, 'a status that is no error';
like $said, qr{BackhandRetryStatus 200: takes statuses from 400 to 599}, 'is an error of the configuration';
done_testing;
