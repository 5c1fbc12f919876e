#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# BackhandMaxWait: a request that no server would begin in time gets 503 at once.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(configtest eventually);
use Farm::Fake;
use Test::More;

# One request a second, one at a time; its queue is so long.
sub says {
    my ($inflight) = @_;
    return { inflight => $inflight, service => 1_000_000, parallel => 1000, typical => 1_000_000, samples => 900 };
}

my $chain = "Backhand byAge 60\nBackhand removeSelf\n";

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm);
    my $a    = $farm->add(conf => <<"EOT");
<Location /app>
${chain}BackhandMaxWait 5s
</Location>
<Location /app/internal>
BackhandMaxWaitExempt Internal
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
    is $response->status, 503, 'a request that would wait for longer is refused';
    is $response->header('Retry-After'), 10, 'until it need not wait any more';
    cmp_ok $response->seconds, '<', 3, 'at once';
    is $a->logged('/app/who')->{reason}, 'refused:wait', 'the log says why';
    is $a->get('/app/internal')->body, 'fake', 'requests from here may be exempt';
    is $a->get('/app/off')->body,      'fake', 'a place may be, too';
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
