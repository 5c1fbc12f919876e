#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Another server gets a handed-off request unchanged, with the client's address.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually in_parallel);
use Test::More;

my $to_the_other = <<'EOT';
<Location /app>
    Backhand byAge 5
    Backhand removeSelf
</Location>
EOT

# Bytes that a mistake anywhere would change.
sub bytes {
    my ($n)   = @_;
    my $bytes = join q(), map { chr $_ * 7 % 256 } 0 .. 250;
    return substr $bytes x (1 + $n / 251), 0, $n;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: handed off and answered" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other, workers => 16);
        # The addresses are such that the kernel would not choose them as source by itself.
        my $a = $farm->add(host => '127.0.0.3');
        my $b = $farm->add(host => '127.0.0.4', load => 'first');
        $farm->start;
        ok $farm->together, 'they see each other';

        is $a->get('/app/who')->body, 'b', 'asked a, served by b';
        my $at_a = $a->logged('/app/who');
        my $at_b = $b->logged('/app/who');
        is $b->get('/app/who')->body, 'a', 'asked b, which was loaded before mod_proxy, served by a';
        is $a->get('/who')->body,     'a', 'what has no chain is served here';

        is_deeply [@{$at_a}{qw(status reason server)}], [200, 'handed-off:chosen', $b->contact], 'a says where it went';
        is $at_a->{received}, '-', 'a got it from a client';
        is_deeply [@{$at_b}{qw(status reason received)}], [200, '-', '127.0.0.3'],
          'b did not decide, and says from whom it came';

        # Everything that a program may look at.
        my $uri  = '/app/echo?a=%2F%2f&b=+;%zz&c=//x';
        my $told = $a->get($uri, from => '127.0.0.77', headers => ['X-Thing' => 'one', 'Cookie' => 'k=v'])->echoed;
        is $told->{SERVER_ADDR}, '127.0.0.4',  'b serves it';
        is $told->{REMOTE_ADDR}, '127.0.0.77', 'REMOTE_ADDR is the client';
        like $told->{REMOTE_PORT}, qr/\A[1-9]\d+\z/, 'REMOTE_PORT is a port';
        is $told->{REQUEST_URI},       $uri,                     'REQUEST_URI byte for byte';
        is $told->{QUERY_STRING},      'a=%2F%2f&b=+;%zz&c=//x', 'QUERY_STRING too';
        is $told->{HTTP_HOST},         $a->address,              'Host is what the client sent';
        is $told->{HTTP_X_THING},      'one',                    'headers are there';
        is $told->{HTTP_COOKIE},       'k=v',                    'cookies are there';
        is $told->{BACKHAND_RECEIVED}, '127.0.0.3',              'b knows who sent it, from its contact address';
        is_deeply [grep { /FORWARDED|VIA|PROXIED/ } keys %{$told}], [], 'no header is added';

        my $logged = $b->logged('/app/echo');
        is $logged->{client},   '127.0.0.77', 'the log has the client';
        is $logged->{peer},     '127.0.0.77', 'so does the connection, for whoever looks there';
        is $logged->{received}, '127.0.0.3',  'it came from the contact address of a';

        my $through = $a->get('/app/who');
        my $direct  = $b->get('/who');
        for my $header (sort keys %{ $direct->{headers} }) {
            next if $header =~ /\A(?:date|etag|last-modified|connection)\z/;
            is $through->header($header), $direct->header($header), "header $header is as from b itself";
        }
        is_deeply [sort keys %{ $through->{headers} }], [sort keys %{ $direct->{headers} }], 'and there are no others';

        is $a->request('HEAD', '/app/who')->body,                     '', 'HEAD';
        is $a->request('HEAD', '/app/who')->header('content-length'), 1,  'with the length';
        is $a->get('/app/none')->status, 404, 'a status of b travels';
        my $tag = $a->get('/app/who')->header('etag');
        is $a->get('/app/who', headers => ['If-None-Match' => $tag])->status, 304, '304 travels';
        is $a->get('/app/who', version => '1.0')->body,                       'b', 'an HTTP/1.0 client';
        is $a->get('http://' . $a->address . '/app/who')->body, 'b', 'a request line with a whole URL';

        for my $n (0, 1, 1000, 5000, 65_536, 102_400) {
            my $told = $a->post('/app/echo', bytes($n))->echoed;
            is "$told->{SERVER_ADDR} $told->{BODY_LENGTH} $told->{BODY_MD5}", "127.0.0.4 $n " . md5_hex(bytes($n)),
              "POST of $n bytes";
            $told = $a->post('/app/echo', bytes($n), chunked => 1)->echoed;
            is "$told->{BODY_LENGTH} $told->{BODY_MD5}", "$n " . md5_hex(bytes($n)), "chunked POST of $n bytes";
        }

        my $client = $a->connect;
        my $wrong =
          grep { $client->request('GET', $_ % 3 ? '/app/who' : '/who')->body ne ($_ % 3 ? 'b' : 'a') } 1 .. 60;
        is $wrong, 0, 'here and there by turns on one kept connection';
        my @bodies = in_parallel 6, sub {
            my $client = $a->connect;
            return join q(), map { $client->request('GET', '/app/who')->body } 1 .. 20;
        };
        is scalar(grep { /\Ab{20}\z/ } @bodies), 6, 'several clients at once' or diag explain \@bodies;

        $farm->check;
    };

    subtest "$mpm: connections are kept" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other, workers => 16);
        my $a    = $farm->add;
        my $b    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        my $client = $a->connect;
        $client->request('GET', '/app/who') for 1 .. 20;
        eventually {
            20 == grep { m{/app/who} } $b->access_lines
        }
        5, 'b got them all';
        is scalar(grep { m{/app/who} && /kept=0/ } $b->access_lines), 1, 'over one connection';
        $farm->check;
    };

    subtest "$mpm: access control sees the client, on both servers" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other);
        my $a    = $farm->add(conf => <<"EOT");
$to_the_other
<Location /app/echo>
    Require ip 127.0.0.77
</Location>
EOT
        my $b = $farm->add(conf => <<"EOT");
$to_the_other
<Location /app/who>
    Require ip 127.0.0.77
</Location>
EOT
        $farm->start;
        ok $farm->together, 'they see each other';
        is $a->get('/app/who', from => '127.0.0.77')->status, 200, 'b allows the client';
        is $a->get('/app/who', from => '127.0.0.78')->status, 403, 'b refuses another, though a asks';
        my $received = $b->status->{Received};
        is $a->get('/app/echo', from => '127.0.0.78')->status, 403,       'a refuses before it hands off';
        is $b->status->{Received},                             $received, 'b has not heard of it';
        $farm->announce_log(qr/AH01630: client denied/);
        $farm->check;
    };

    subtest "$mpm: a stranger's header keeps the request here, and does nothing else" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other);
        my $a    = $farm->add;
        my $b    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        my $mark = 'v=1&client=10.1.1.1:99&scheme=https&port=443';
        for my $headers (['Backhand-Proxied' => $mark], ['backhand-proxied' => $mark, 'Backhand-Proxied' => $mark]) {
            for my $path ('/app/echo', '/echo') {
                my $told = $a->get($path, from => '127.0.0.77', headers => $headers);
                next if $path eq '/echo';
                $told = $told->echoed;
                is $told->{REMOTE_ADDR}, '127.0.0.77', 'the client is the stranger';
                is $told->{SERVER_ADDR}, '127.0.0.1',  'what may have been handed off is final';
                is_deeply [grep { /PROXIED|RECEIVED|HTTPS/ } keys %{$told}], [], 'nobody sees the header';
            }
        }
        my $logged = $a->logged('/app/echo');
        is_deeply [@{$logged}{qw(client reason tries)}], ['127.0.0.77', 'served-here:marked', 0], 'the log says why';
        is $a->get('/app/who', from => '127.0.0.77')->body, 'b', 'without it that client is handed off';
        is scalar(grep { m{/app/echo} } $b->access_lines),  0,   'b heard of nothing else';
        is $a->get('/backhand?auto')->status,               200, 'a answers';
        cmp_ok $a->status->{Untrusted},                               '>',  0, 'they are counted';
        cmp_ok scalar(grep { /marked as handed off/ } $a->log_lines), '<=', 1, 'the log says it once at most';
        $farm->announce_log(qr/backhand: 127\.0\.0\.77 sent a request marked as handed off/);
        $farm->check;
    };

    subtest "$mpm: when every peer refuses, this server gets the whole body" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $to_the_other =~ s/byAge 5/byAge 60/r);
        my $a    = $farm->add;
        my $b    = $farm->add;
        my $c    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        $_->kill_all for $b, $c;
        for my $n (0, 1, 1000, 5000, 16_384, 65_536, 65_537, 102_400) {
            for my $chunked (0, 1) {
                my $told = $a->post('/app/echo', bytes($n), chunked => $chunked)->echoed;
                is "$told->{SERVER_ADDR} $told->{BODY_LENGTH} $told->{BODY_MD5}", "127.0.0.1 $n " . md5_hex(bytes($n)),
                  ($chunked ? 'chunked ' : '') . "POST of $n bytes";
            }
        }
        my $logged = $a->logged('/app/echo');
        is $logged->{reason}, 'served-here:failed', 'the log says why';
        is $logged->{tries},  2,                    'and that two were asked';
        my $told = $a->get('/app/echo?x', from => '127.0.0.77', headers => ['X-Thing' => 'one'])->echoed;
        is $told->{HTTP_X_THING},    'one',        'headers are whole';
        is $told->{REMOTE_ADDR},     '127.0.0.77', 'the client too';
        is $told->{BACKHAND_SERVER}, $a->contact, 'the program knows who serves it' if defined $told->{BACKHAND_SERVER};
        is_deeply [grep { /FORWARDED|VIA|PROXIED/ } keys %{$told}], [], 'nothing is left of the tries';

        my $client  = $a->connect;
        my @lengths = map { $client->request('POST', '/app/echo', body => bytes($_))->echoed->{BODY_LENGTH} } 10, 5000,
          20;
        is "@lengths", '10 5000 20', 'three on one kept connection';
        $farm->announce_log(qr/backhand: server \S+ .*asked (?:last|as before)/);
        $farm->check;
    };
}

subtest 'a request is handed on once at most' => sub {
    my $farm = Farm->new(conf => $to_the_other);
    $farm->add for 1 .. 3;
    $farm->start;
    ok $farm->together, 'they see each other';
    for my $server ($farm->servers) {
        isnt $server->get('/app/who')->body, $server->name, "$server->{name}: another one serves";
    }
    my ($received, $handed) = (0, 0);
    for my $status (map { $_->status } $farm->servers) {
        $received += $status->{Received};
        $handed   += $status->{'Handed-Off'};
    }
    is "$received $handed", '3 3', 'three requests, three hand-offs';
    $farm->check;
};

subtest 'what is not decided on' => sub {
    my $farm = Farm->new(modules => ['rewrite'], conf => <<"EOT");
$to_the_other
<Location /backhand>
    Backhand byAge
    Backhand removeSelf
</Location>
<Location /mine>
    Backhand off
</Location>
Backhand byAge
Backhand removeSelf
ProxyPass /pass http://127.0.0.1:\${OWN_PORT}/who
DirectoryIndex who
EOT
    my $define = 'Define OWN_PORT ' . $farm->port;
    my $a      = $farm->add(head => $define);
    my $b      = $farm->add(head => $define);
    mkdir $_->root . '/htdocs/mine' for $a, $b;
    $_->write_file('htdocs/mine/who', $_->name) for $a, $b;
    $farm->start;
    ok $farm->together, 'they see each other';
    is $b->get('/backhand?auto')->header('content-type') =~ /plain/ ? $b->status->{'Server-0-Contact'} : '',
      $b->contact,
      'the status page is of the server that was asked';
    is $b->get('/mine/who')->body,           'b', 'Backhand off: served here';
    is $a->get('/app/')->body,               'b', 'an index page is balanced by the URL that the client sent';
    is $a->get('/who')->body,                'b', 'a chain at top level';
    is $a->request('TRACE', '/who')->status, 200, 'TRACE is answered here';
    like $a->request('TRACE', '/who')->body, qr{\ATRACE /who}, 'by echo';
    $farm->check;
};

done_testing;
