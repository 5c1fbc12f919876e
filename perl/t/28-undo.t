#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Whatever a policy does to the request, the client gets one answer, the same as without the policy: where the request
# is served here, and where another server answers it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge ();
use Farm   qw(build_dir);
use Test::More;

# What the policy does, and what the log says of it: that these were put back; 'died' and a part of the message;
# 'failed', for what it may not run; nothing where it may.
my @cases = (
    ['1'],
    # The answer.
    ['$r->status(404)',                             'status'],
    ['$r->status_line("299 Odd")',                  'status_line'],
    ['$r->content_type("text/odd")',                'content_type'],
    ['$r->content_encoding("gzip")',                'content_encoding'],
    ['$r->content_languages(["odd"])',              'content_languages'],
    ['$r->headers_out->set("X-Odd", 1)',            'headers_out'],
    ['$r->headers_out->add("Set-Cookie", "odd=1")', 'headers_out'],
    ['$r->err_headers_out->add("X-Odd", 1)',        'err_headers_out'],
    ['$r->err_headers_out->clear'],
    ['$r->custom_response(404, "odd"); $r->custom_response(500, "odd")', 'custom_response'],
    ['$r->allow_methods(1, "GET"); $r->allowed(1)',                      'allow_methods, allowed'],
    ['$r->set_content_length(5)',                                        'headers_out, set_content_length'],
    ['$r->set_last_modified(5)',                                         'headers_out, mtime'],
    ['$r->no_cache(1)',                                                  'headers_out, no_cache'],
    ['$r->no_local_copy(1)',                                             'no_local_copy'],
    ['$r->bytes_sent'],
    ['$r->meets_conditions'],
    ['$r->print("odd")',       'died', q{can't be called before the response phase}],
    ['$r->puts("odd")',        'died', q{can't be called before the response phase}],
    ['$r->write("odd", 3)',    'died', q{can't be called before the response phase}],
    ['$r->rflush',             'died', q{can't be called before the response phase}],
    ['$r->sendfile($0)',       'died', q{can't be called before the response phase}],
    ['$r->sendfile(__FILE__)', 'died', q{can't be called before the response phase}],
    ['eval { $r->print("odd") }; eval { $r->rflush }; eval { $r->sendfile(__FILE__) }'],
    ['my $h = "\n\nodd"; $r->send_cgi_header($h)', 'died', q{can't be called before the response phase}],
    ['pass($r, $r->output_filters)',               'the response'],
    ['pass($r, $r->proto_output_filters)',         'the response'],
    ['print "odd"; $| = 1; printf "%s", "odd"'],
    # Where it leads.
    ['$r->uri("/odd")',                                                           'uri'],
    ['$r->unparsed_uri("/odd")',                                                  'died', 'Usage'],
    ['$r->filename("/odd")',                                                      'filename'],
    ['$r->filename(undef)',                                                       'filename'],
    ['$r->path_info("/odd")',                                                     'path_info'],
    ['$r->args("odd=1")',                                                         'args'],
    ['$r->handler("odd")',                                                        'handler'],
    ['$r->handler("modperl"); $r->set_handlers(PerlResponseHandler => "U::odd")', 'handlers, handler'],
    ['$r->method("POST"); $r->method_number(2)',                                  'method'],
    ['$r->the_request("GET /odd HTTP/1.0")',                                      'the_request'],
    ['$r->protocol'],
    ['$r->header_only(1)',  'died', 'Usage|read-only|argument|arguments'],
    ['$r->assbackwards(1)', 'assbackwards'],
    ['$r->hostname("odd")', 'hostname'],
    ['$r->proxyreq(1)',     'proxyreq'],
    [
        '$r->proxyreq(2); $r->filename("proxy:http://127.0.0.1:9/"); $r->handler("proxy-server")',
        'proxyreq, handler, filename'
    ],
    ['$r->user("odd"); $r->ap_auth_type("Odd")',                 'user, ap_auth_type'],
    ['$r->add_config(["SetHandler odd", "ForceType text/odd"])', 'add_config'],
    ['$r->add_config(["PerlSetVar Odd 1"])',                     'add_config'],
    ['$r->finfo(APR::Finfo::stat("/", 0x00008170, $r->pool))',   'finfo'],
    ['$r->parsed_uri->path("/odd")'],
    ['$r->mtime(5)',           'mtime'],
    ['$r->update_mtime(5e15)', 'mtime'],
    # Other requests.
    ['$r->internal_redirect("/odd")',                                'internal_redirect', 'failed'],
    ['$r->internal_redirect("/who")',                                'internal_redirect', 'failed'],
    ['$r->internal_redirect($r->uri)',                               'internal_redirect', 'failed'],
    ['$r->internal_redirect("/denied")',                             'internal_redirect'],
    ['$r->internal_redirect("/who"); $r->internal_redirect("/odd")', 'internal_redirect', 'failed'],
    ['$r->internal_redirect_handler("/who")',                        'internal_redirect', 'failed'],
    ['$r->internal_fast_redirect($r->lookup_uri("/who"))',           qr/handler|filename/],
    ['$r->lookup_uri("/who")->status == 200 or die'],
    ['$r->lookup_uri("/denied")->status == 403 or die'],
    ['$r->lookup_file($r->document_root . "/who")->filename =~ /who/ or die'],
    ['$r->lookup_method_uri("POST", "/who")->method eq "POST" or die'],
    ['$r->lookup_uri("/odd")->uri'],
    ['$r->lookup_uri("/who")->run == 500 or die "run"',  '', 'failed'],
    ['my $s = $r->lookup_uri("/who"); $s->run; $s->run', '', 'failed'],
    ['my $s = $r->lookup_uri("/served"); $s->run',       '', 'failed'],
    # Handlers and filters.
    ['$r->push_handlers(PerlLogHandler => sub { die "odd" })',                   'handlers'],
    ['$r->push_handlers(PerlCleanupHandler => sub { die "odd" })',               'handlers'],
    ['$r->push_handlers(PerlCleanupHandler => "U::odd")',                        'handlers'],
    ['$r->push_handlers(PerlResponseHandler => sub { $_[0]->print("odd"); 0 })', 'handlers'],
    ['$r->push_handlers(PerlFixupHandler => [sub { 500 }, \&odd])',              'handlers'],
    ['$r->set_handlers(PerlResponseHandler => undef)',                           'handlers'],
    ['$r->set_handlers(PerlLogHandler => [sub { 500 }])',                        'handlers'],
    ['$r->set_handlers(PerlTransHandler => sub { 500 })',                        'handlers'],
    ['$r->add_output_filter(sub { $_[0]->print("odd"); 0 })',                    'filters'],
    ['$r->add_output_filter(\&odd_filter)',                                      'filters'],
    ['$r->add_input_filter(sub { die "odd" })',                                  'filters'],
    ['$r->add_input_filter(\&odd_filter); $r->add_output_filter(sub { 500 })',   'filters'],
    ['$r->connection->add_output_filter(\&odd_connection)',                      'filters'],
    ['$r->connection->add_input_filter(\&odd_connection)',                       'filters'],
    # The rest.
    ['$r->pnotes(odd => bless [], "Odd")', 'pnotes'],
    ['$r->connection->pnotes(odd => 1)',   'pnotes'],
    ['$r->pnotes'],
    ['$r->connection->keepalive(1)'],
    ['$r->connection->keepalive(2)', 'connection->keepalive'],
    ['$r->pool->destroy; $r->pool; undef $r'],
    ['my $p = $r->pool->new; $p->cleanup_register(sub { 1 }); $p->destroy'],
    ['my $p = $r->pool; undef $p; undef $r'],
    ['$r->notes->set(odd => 1); $r->subprocess_env(ODD => 1); $r->subprocess_env'],
    ['$r->log->debug("odd"); $r->log_reason("odd") if 0; $r->as_string'],
    ['$r->headers_in->set("X-Odd" => 1); $r->headers_in->{"X-Odd"}'],
    ['$r->discard_request_body'],
    ['$r->auth_name; $r->some_auth_required; $r->satisfies'],
    ['$r->set_keepalive', 'chunked, connection->keepalive'],
    ['$r->is_initial_req or die; $r->get_limit_req_body; $r->location; $r->get_server_name; $r->get_server_port'],
);

my $subs = join '', map {
        "sub here$_ { my (\$r, \$ids) = \@_; $cases[$_][0]; return [0] }\n"
      . "sub there$_ { my (\$r, \$ids) = \@_; $cases[$_][0]; return [grep { \$_ } \@\$ids] }\n"
} 0 .. $#cases;

my $perl = <<"EOT";
package U;
use base 'Apache2::Filter';
use APR::Bucket (); use APR::Brigade (); use APR::Finfo (); use APR::Pool (); use APR::URI ();
use Apache2::Access ();
use Apache2::CmdParms ();
use Apache2::Connection ();
use Apache2::ConnectionUtil ();
use Apache2::Filter ();
use Apache2::FilterRec ();
use Apache2::Log ();
use Apache2::RequestIO ();
use Apache2::RequestRec ();
use Apache2::RequestUtil ();
use Apache2::Response (); use Apache2::ServerUtil (); use Apache2::SubRequest (); use Apache2::URI ();
sub odd { die 'odd' }
sub odd_filter { my (\$f) = \@_; while (\$f->read(my \$t)) { \$f->print('odd') } return 0 }
sub odd_connection : FilterConnectionHandler { die 'odd' }
sub served { \$_[0]->print('served'); return 0 }
sub pass { my (\$r, \$filters) = \@_; my \$ba = \$r->connection->bucket_alloc; my \$bb = APR::Brigade->new(\$r->pool,
    \$ba);
    \$bb->insert_tail(APR::Bucket->new(\$ba, 'odd')); \$filters->pass_brigade(\$bb); \$bb->cleanup }
$subs
package Odd; sub DESTROY { \$U::destroyed++ }
1;
EOT

# The parts of an answer that are equal on all servers.
sub shown {
    my ($response) = @_;
    my %headers = %{ $response->{headers} };
    delete @headers{qw(date keep-alive)};
    return join "\n", $response->status, (map { "$_: @{$headers{$_}}" } sort keys %headers), '', $response->body;
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm->new(mpm => $mpm, workers => 8);
        my $near = $farm->add(perl => 1, conf => '');
        my $far  = $farm->add(conf => '');
        $far->reconfigure("AliasMatch ^/there/ @{[$far->root]}/htdocs/who\n");
        my $byperl = 'BackhandFromSO ' . build_dir() . '/modules/byPerl.so byPerl';
        my $conf =
            "PerlModule Apache::Backhand\nPerlPostConfigRequire @{[$near->write_file('cases.pl', $perl)]}\n"
          . "PerlInterpStart 2\nPerlInterpMax 2\nBackhandPolicyTimeout 20s\n"
          . "AliasMatch ^/t?here/ @{[$near->root]}/htdocs/who\n"
          . "<Location /denied>\nRequire all denied\n</Location>\n<Location /served>\nSetHandler modperl\n"
          . "PerlResponseHandler U::served\n</Location>\n";
        $conf .=
            "<Location /here/$_->[0]/>\n$byperl U::here$_->[0]\n</Location>\n<Location /there/$_->[0]/>\n"
          . "Backhand byAge\n$byperl U::there$_->[0]\n</Location>\n"
          for map { [$_] } 0 .. $#cases;
        $near->reconfigure($conf);
        $farm->start;
        ok $farm->together, 'two servers see each other';
        my @children = sort $near->children;

        for my $way (qw(here there)) {
            my $usual = $near->get("/$way/0/");
            is $usual->status, 200,                        "$way";
            is $usual->body,   $way eq 'here' ? 'a' : 'b', 'answered by the right server';
            for my $n (1 .. $#cases) {
                my ($code, $says, $more) = @{ $cases[$n] };
                my $died       = ($says // '') eq 'died';
                my $connection = $near->connect;
                my $response   = eval { $connection->request('GET', "/$way/$n/") };
                # With the list as it was, this server or the other one.
                my $right = $died && $way eq 'there' ? shown($near->get('/here/0/')) : shown($usual);
                my $got   = $response                ? shown($response)              : $@;
                ($got, $right) = map { s/^(?:connection|last-modified|etag|accept-ranges): .*\n//gmr } $got, $right;
                is $got, $right, "$way: $code" or next;
                my $next = eval { $connection->request('GET', '/who', close => 1) };
                if ($code =~ /keepalive\(1\)|redirect|^\$r->pool->x/ && !$next) { next }
                is $next ? $next->body : $@, 'a', 'and so is the next request on the connection'
                  if ($response->header('Connection') // '') ne 'close';
            }
        }
        # prefork may still be starting some.
        my %now = map { $_ => 1 } $near->children;
        is join(' ', grep { !$now{$_} } @children), '', 'no child has died';
        my @log = $near->log_lines;
        for my $n (0 .. $#cases) {
            my ($code, $says, $more) = @{ $cases[$n] };
            for my $way (qw(here there)) {
                my @lines = map { /backhand: byPerl: U::$way$n (.*)/ ? $1 : () } @log;
                my $line  = "@lines";
                if (($says // '') eq 'died') {
                    like $line, qr/\Adied, the list of servers stays as it was: .*(?:$more)/,
                      "$code: the log says that it died, once";
                }
                elsif (ref $says) { like $line, $says, "$code: the log says what it changed" }
                elsif ($says) {
                    is $line, "changed what a policy may not, and it was put back: $says",
                      "$code: the log says what it changed";
                }
                else { is $line, '', "$code: the log says nothing" }
            }
        }
        my %said;
        $_ =~ /pid (\d+).*backhand: a candidacy function has run a sub-request or an internal redirect to /
          && $said{$1}++
          for @log;
        is_deeply [grep { $_ != 1 } values %said], [], 'of what it has run, once a process';
        ok scalar(keys %said), 'at least by one';
        $farm->announce_log(
            qr/backhand: byPerl: U::/,
            qr/backhand: a candidacy function has run/,
            qr/client denied by server configuration|AH01797/,
            qr/server reached Max|request failed|odd/
        );
        $farm->check;
    };
}
# A policy that reads a body which httpd refuses: its answer, once, and the connection ends.
foreach my $mpm (Farm->mpms) {
    subtest "$mpm: a body that cannot be read" => sub {
        my $farm   = Farm->new(mpm => $mpm, workers => 8);
        my $near   = $farm->add(perl => 1);
        my $far    = $farm->add;
        my $byperl = 'BackhandFromSO ' . build_dir() . '/modules/byPerl.so byPerl';
        my $code   = <<'EOT';
package U;
use Apache2::RequestIO (); use Apache2::RequestRec ();
sub reads {
    my ($r, $ids, $where) = @_;
    1 while $r->read(my $text, 1000);
    return $where eq 'here' ? [0] : [grep { $_ } @$ids];
}
sub catches {
    my ($r, $ids, $where) = @_;
    eval { 1 while $r->read(my $text, 1000) };
    return $where eq 'here' ? [0] : [grep { $_ } @$ids];
}
1;
EOT
        my $conf = "PerlModule Apache::Backhand\nPerlPostConfigRequire @{[$near->write_file('cases.pl', $code)]}\n"
          . "BackhandPolicyTimeout 20s\nScriptAliasMatch ^/\\w+/\\w+/echo @{[$near->root]}/cgi/echo\n";
        for my $name (qw(reads catches)) {
            $conf .= "<Location /$name/$_/echo>\nBackhand byAge\n$byperl U::$name $_\n</Location>\n" for qw(here there);
        }
        $near->reconfigure($conf);
        $far->reconfigure("ScriptAliasMatch ^/\\w+/\\w+/echo @{[$far->root]}/cgi/echo\n");
        $farm->start;
        ok $farm->together, 'two servers see each other';
        my %bodies = (
            'garbage after a chunk' => [400, "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n\r\n"],
            'no chunk at all'       => [400, "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n\r\n"],
            'too large a chunk'     => [413, "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n"],
            'a whole body'          => [200, "Content-Length: 5\r\n\r\nhello"],
            'whole chunks'          => [200, "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
        );
        for my $what (sort keys %bodies) {
            my ($status, $bytes) = @{ $bodies{$what} };
            for my $name (qw(reads catches)) {
                for my $where (qw(here there)) {
                    my $connection = $near->connect;
                    my $last =
                      $status == 200
                      ? "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                      : "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";
                    $connection->send("POST /$name/$where/echo HTTP/1.1\r\nHost: x\r\n$bytes$last");
                    my $response = eval { $connection->response };
                    is $response ? $response->status : $@, $status, "$what, $name, $where: $status" or next;
                    if ($status == 200) {
                        like $response->body, qr/^BODY_LENGTH=5$/m, 'whole';
                        is eval { $connection->response->body }, 'a', 'and the next request, too';
                    }
                    $connection->{buffer} //= '';
                    ok $connection->closed(5), 'and nothing more';
                }
            }
        }
        $farm->announce_log(qr/backhand: byPerl: U::reads died|AH\d+.*(?:chunk|body|request)/i);
        $farm->check;
    };
}
done_testing;
