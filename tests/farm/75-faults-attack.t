#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: one client tries to make servers look bad. No other client's requests move.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled wait_for);
use Farm::Steady;
use Test::More;
use Time::HiRes qw(sleep time);

my $long     = $ENV{BACKHAND_TEST_LONG};
my $attacker = '127.0.0.98';

# Resources that a site may well have. None reads a body.
my $script = <<'EOT';
function handle(r)
    local kind = r.uri:match('bad/(%a+)')
    if kind == 'forbidden' then
        return 403
    end
    if kind == 'large' then
        r.status = 413
        r.headers_out['Connection'] = 'close'
        r:puts('too large\n')
        return apache2.OK
    end
    if kind == 'short' then
        r.headers_out['Content-Length'] = '1000'
        r.headers_out['Connection'] = 'close'
        r:puts('short\n')
        return apache2.OK
    end
    if kind == 'slow' then
        r.usleep(3000000)
    end
    if kind == 'header' then
        r.headers_out['X-Long'] = string.rep('x', 100000)
    end
    if kind == 'crash' then
        os.execute('kill -9 $PPID')
    end
    if kind == 'download' then
        local part = string.rep('x', 100000)
        for n = 1, 200 do
            r:puts(part)
        end
    end
    if kind == 'broken' then
        return 502
    end
    r:puts('done\n')
    return apache2.OK
end
EOT

# What the attacker sends, again and again over connections of its own. `reads`: it reads that many bytes of the answer
# (default: all) and leaves. `status`: of answers, if there is to be one. `long`: only with the slow tests.
my $upload  = 'x' x 300_000;
my @attacks = (
    {
        fault => 'a client uploads what is answered unread',
        bytes => sub {
            "POST /app/bad/forbidden HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n$upload";
        },
        status => 403,
    },
    {
        fault => 'by PUT, in chunks',
        bytes => sub {
            "PUT /app/bad/large HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
              . sprintf("%x\r\n%s\r\n0\r\n\r\n", length $upload, $upload);
        },
        status => 413,
    },
    {
        fault => 'it gives up in the middle of an upload',
        bytes => sub {
            "PUT /app/bad/forbidden HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" . substr $upload, 0, 100_000;
        },
        reads => 0,
    },
    {
        fault => 'it asks for what is shorter than it says',
        bytes => sub { "GET /app/bad/short HTTP/1.1\r\nHost: x\r\n\r\n" }
    },
    {
        fault   => 'it asks for what takes too long',
        bytes   => sub { "GET /app/bad/slow HTTP/1.1\r\nHost: x\r\n\r\n" },
        status  => qr/\A(?:504|200)\z/,
        clients => 8
    },
    {
        long    => 1,
        fault   => 'it gives up waiting',
        bytes   => sub { "GET /app/bad/slow HTTP/1.1\r\nHost: x\r\n\r\n" },
        reads   => 0,
        clients => 1,
        # What it has asked for occupies a third of the workers, by chance half of a server's; not all of them.
        pause => 0.1
    },
    { fault => 'it asks for long headers', bytes => sub { "GET /app/bad/header HTTP/1.0\r\n\r\n" }, status => 200 },
    {
        long  => 1,
        fault => 'it gives up in the middle of a download',
        bytes => sub { "GET /app/bad/download HTTP/1.1\r\nHost: x\r\n\r\n" },
        reads => 100
    },
    {
        long   => 1,
        fault  => 'it asks for an error',
        bytes  => sub { "GET /app/bad/broken HTTP/1.1\r\nHost: x\r\n\r\n" },
        status => 502
    },
    {
        long   => 1,
        fault  => 'it asks for a WebSocket and leaves',
        bytes  => sub { "GET /app/bad/done HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" },
        status => 200
    },
    # A child that dies takes what other clients asked it with it, so each serves one request.
    {
        fault   => 'it asks for what kills the child',
        bytes   => sub { "POST /app/bad/crash?" . rand() . " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" },
        mpm     => 'prefork',
        clients => 1,
        pause   => 0.15
    },
);

# The statuses of all answers until the time is over; 0: none.
sub attack {
    my ($server, $attack, $until) = @_;
    my @statuses;
    while (time < $until) {
        my $client = $server->connect(from => $attacker);
        $client->send($attack->{bytes}->());
        if (defined $attack->{reads}) {
            sysread $client->{socket}, my $some, $attack->{reads} if $attack->{reads};
            sleep($attack->{pause} || 0.05);
            next;
        }
        my $response = eval { $client->response('GET') };
        my $status   = $response ? $response->status : $client->{buffer} =~ m{\AHTTP/1\.1 (\d+)} ? $1 : 0;
        push @statuses, $status;
        sleep($attack->{pause} || 0.01);
    }
    return \@statuses;
}

sub start_farm {
    my ($mpm) = @_;
    my $farm = Farm::Steady::idle_farm(
        4,
        mpm     => $mpm,
        workers => 24,
        also    => 'BackhandResponseTimeout 2s',
        chain   => "Backhand byAge 20\nBackhand byRandom\n"
    );
    for my $server ($farm->servers) {
        my $path = $server->write_file('bad.lua', $script);
        $server->reconfigure("$server->{conf}\nBackhandRetry 5s\nLuaMapHandler ^/app/bad $path handle\n");
    }
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    # Programs that die, and clients that leave.
    $farm->announce_log(qr/AH00052:|AH00051:|AH01102:|AH00287:/);
    return $farm;
}

for my $mpm ($long ? Farm->mpms : 'event', 'prefork') {
    my @some = grep { $_->{mpm} ? $_->{mpm} eq $mpm : $long || ($mpm eq 'event' && !$_->{long}) } @attacks;
    my $farm = start_farm($mpm);
    my ($front, @others) = $farm->servers;
    my $load = Farm::Steady->new(servers => [$front], get => 1, timeout => 20);
    for my $attack (@some) {
        my @statuses;
        my $seconds = $long ? 4 : 1.5;
        my $result  = $load->during(
            $attack->{fault},
            $seconds,
            sub {
                my $until = time + $seconds - 0.5;
                @statuses = map { ref eq 'ARRAY' ? @{$_} : () }
                  Farm::in_parallel($attack->{clients} || 3, sub { attack($front, $attack, $until) });
            }
        );
        $result->nothing_failed;
        my $all = @{ $result->{answers} };
        for my $server ($front, @others) {
            my $share = $result->answered($server, -1) / $all;
            cmp_ok $share, '>', 0.12, sprintf '%s: %s answered %.0f %% of what others asked', $attack->{fault},
              $server->name, 100 * $share;
        }
        if ($attack->{status}) {
            cmp_ok scalar @statuses, '>', 5, 'there was an attack';
            my @wrong = grep { $_ !~ /\A$attack->{status}\z/ } @statuses;
            is "@wrong", q(), "it always got $attack->{status}";
        }
        is join(q(), grep { defined } map { $front->row($_->contact)->{'Refused-Ago'} } @others), q(),
          'nobody was blamed';
    }
    $farm->check;
}

done_testing;
