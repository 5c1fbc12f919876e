#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# BackhandMaxWait: a request that no server would begin in time gets 503 at once.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(configtest eventually);
use Farm::Fake;
use Farm::Session;
use Test::More;

# One request a second, one at a time; its queue is so long.
sub says {
    my ($inflight) = @_;
    return { inflight => $inflight, service => 1_000_000, parallel => 1000, typical => 1_000_000, samples => 900 };
}

my $chain = "Backhand byAge 60\nBackhand removeSelf\n";

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, modules => ['remoteip']);
    my $a    = $farm->add(conf => <<"EOT");
RemoteIPHeader X-Client
RemoteIPInternalProxy 127.0.0.99
<Location /app>
${chain}BackhandMaxWait 5s
</Location>
<Location /app/internal>
BackhandMaxWaitExempt Internal
</Location>
<Location /app/session>
BackhandMaxWaitExempt None
Backhand bySession PIN=
</Location>
<Location /app/session/exempt>
BackhandMaxWaitExempt Sessions
</Location>
<Location /app/session/all>
BackhandMaxWaitExempt All
</Location>
<Location /app/off>
BackhandMaxWait 0
</Location>
EOT
    $farm->start;
    my $fake = Farm::Fake->new(
        farm  => $farm,
        says  => says(9),
        serve => sub {
            my ($socket) = @_;
            sysread $socket, my $request, 65_536;
            print {$socket} "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfake";
            close $socket;
        }
    );
    $fake->start;
    my $inflight = sub { return ($a->row($fake->contact) || {})->{'In-Flight'} || 0 };
    eventually { $inflight->() == 9 } 10, "$mpm: the other server is busy";
    my $response = $a->get('/app/who');
    is $response->status,                503, 'a request that would wait for longer is refused';
    is $response->header('Retry-After'), 10,  'until it need not wait any more';
    cmp_ok $response->seconds, '<', 3, 'at once';
    is $a->logged('/app/who')->{reason}, 'refused:wait', 'the log says why';
    is $a->get('/app/internal')->body,   'fake',         'requests from here may be exempt';
    my @outside = (headers => ['X-Client' => '192.0.2.9']);
    is $a->get('/app/internal', @outside)->status, 503,    'requests from elsewhere are not';
    is $a->get('/app/off')->body,                  'fake', 'a place may be, too';
    my @session = (headers => [Cookie => 'PIN=' . Farm::Session->new(owner => $fake)->pin, 'X-Client' => '192.0.2.9']);
    my @own     = (headers => [Cookie => 'PIN=' . Farm::Session->new(owner => $a)->pin]);
    is $a->get('/app/session', @session)->status, 503, 'a request with a session is refused as any other';

    for my $path ('/app/session/exempt', '/app/session/all') {
        is $a->get($path,     @session)->body,   'fake', "$path: unless sessions are exempt";
        is $a->get("$path?x", @outside)->status, 503,    'which no other request is';
        is $a->logged("$path?x")->{reason}, 'refused:wait', 'as the log says';
    }
    is $a->get('/app/session/exempt')->status, 503,    'a request from here is not exempt by Sessions';
    is $a->get('/app/session/all')->body,      'fake', 'but by All';
    $fake->stop;
    $fake->{says} = says(4);
    $fake->start;
    eventually { $inflight->() == 4 } 10, 'its queue is shorter now';
    is $a->get('/app/who')->body, 'fake', 'a request that waits for less is handed there';
    $fake->stop;
    $farm->check;
}

my ($rc, $said) = configtest(conf => "BackhandMaxWait soon");
isnt $rc, 0, 'no time';
like $said, qr{BackhandMaxWait soon: takes a time from 1ms to 1h, or 0 for no limit},
  'is an error of the configuration';
done_testing;
