#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers that answer before they have the whole request, and ones that take long between two parts of an answer.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $conf = <<'EOT';
Timeout 2
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT

sub head_of {
    my ($socket) = @_;
    my $request = '';
    while ($request !~ /\r\n\r\n/) {
        sysread $socket, $request, 4096, length $request or return;
    }
    return $request;
}

# A farm of one server and one that is no httpd, which treats connections so. Each connection gets a process of its own.
sub farm_of {
    my ($mpm, $serve, %options) = @_;
    my $farm  = Farm->new(mpm => $mpm, workers => 16);
    my $front = $farm->add(conf => $conf . ($options{conf} || q()));
    $farm->start;
    my $fake = Farm::Fake->new(
        farm  => $farm,
        says  => { ms => 1000, ready => 16, boot => sprintf '%x', 1 + int rand 2**31 },
        serve => sub {
            my ($socket) = @_;
            my $pid = fork;
            return if $pid;
            local $SIG{ALRM} = sub { POSIX::_exit(1) };
            alarm scaled(60);
            $serve->($socket);
            POSIX::_exit(0);
        }
    );
    $fake->start;
    eventually { $front->row($fake->contact) } 5, 'the other one is in the table';
    return ($farm, $front, $fake);
}

sub requests_of {
    my ($path, $length) = @_;
    my $body  = 'x' x $length;
    my $chunk = sprintf "%x\r\n%s\r\n0\r\n\r\n", $length, $body;
    return map {
        my $method = $_;
        my $line   = "$method $path HTTP/1.1\r\nHost: x\r\n";
        (
            "${line}Content-Length: $length\r\n\r\n$body",
            "${line}Transfer-Encoding: chunked\r\n\r\n$chunk",
            "${line}Connection: close\r\nContent-Length: $length\r\n\r\n$body"
        );
    } qw(POST PUT);
}

# Answers and closes at once; what it has not read makes the kernel reset the connection.
sub answer_unread {
    my ($socket) = @_;
    head_of($socket);
    syswrite $socket, "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nConnection: close\r\nX-Early: yes\r\n\r\nnever";
    close $socket;
    return;
}

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest "$mpm: answers to requests that are still under way" => sub {
        my ($farm, $front, $fake) = farm_of($mpm, \&answer_unread);
        for my $length (10, 5000, 300_000, 5_000_000) {
            my @statuses;
            for my $bytes (requests_of('/app/x', $length)) {
                for (1 .. 3) {
                    my $client = $front->connect(timeout => 20);
                    $client->send($bytes);
                    my $response = eval { $client->response('POST') };
                    push @statuses,
                      $response ? $response->status . ($response->header('x-early') || q()) . $response->body : $@;
                }
            }
            is scalar(grep { $_ eq '403yesnever' } @statuses), 18, "bodies of $length bytes: the client gets the answer"
              or diag explain [map { substr $_, 0, 200 } @statuses];
        }
        is $front->row($fake->contact)->{'Refused-Ago'}, undef, 'and nobody is blamed';
        $fake->stop;
        $farm->check;
    };
}

# --- pauses -----------------------------------------------------------------------------------------------------------

sub chunk { return sprintf "%x\r\n%s\r\n", length $_[0], $_[0] }

sub begin_chunks {
    my ($socket) = @_;
    syswrite $socket,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n" . chunk("first\n");
    return;
}

# Until the other side closes.
sub wait_for_end {
    my ($socket) = @_;
    1 while sysread $socket, my $rest, 100;
    return;
}

# By what it is asked for: a response with a pause; one that never goes on; one that never begins; a tunnel; a stream.
sub serve_slowly {
    my ($socket) = @_;
    my ($what)   = (head_of($socket) || q()) =~ m{\A\S+ /app/(\w+)};
    if ($what eq 'pause') {
        begin_chunks($socket);
        sleep 4.5;
        syswrite $socket, chunk("last\n") . "0\r\n\r\n";
    }
    elsif ($what eq 'forever') {
        begin_chunks($socket);
        wait_for_end($socket);
    }
    elsif ($what eq 'untilclose') {
        syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nfirst\n";
        wait_for_end($socket);
    }
    elsif ($what eq 'never') {
        wait_for_end($socket);
    }
    elsif ($what eq 'tunnel') {
        syswrite $socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        while (sysread $socket, my $text, 100) {
            syswrite $socket, uc $text;
        }
    }
    elsif ($what eq 'stream') {
        local $SIG{PIPE} = 'IGNORE';
        begin_chunks($socket);
        for (1 .. 300) {
            syswrite $socket, chunk("event\n") or last;
            sleep 0.1;
        }
    }
    close $socket;
    return;
}

sub ask_for {
    my ($front, $what, @headers) = @_;
    my $client = $front->connect(timeout => 30);
    $client->send(join "\r\n", "GET /app/$what HTTP/1.1", 'Host: x', @headers, q(), q());
    $client->{deadline} = time + scaled(30);
    return $client;
}

sub all_of {
    my ($client) = @_;
    1 while $client->fill;
    return $client->{buffer};
}

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest "$mpm: long between two parts" => sub {
        my ($farm, $front, $fake) = farm_of($mpm, \&serve_slowly);
        my $contact = $fake->contact;

        # All at once: each takes its time. The first two wait before the head is there.
        my $began  = time;
        my $never  = ask_for($front, 'never');
        my $pause  = ask_for($front, 'pause',  'Connection: close');
        my $tunnel = ask_for($front, 'tunnel', 'Connection: Upgrade', 'Upgrade: websocket');
        my $stream = ask_for($front, 'stream');
        like $tunnel->up_to("\r\n\r\n"), qr{\AHTTP/1\.1 101 }, 'a tunnel';
        my $left = ask_for($front, 'forever');
        $stream->up_to("event\n");
        $left->up_to("first\n");
        undef $stream;
        undef $left;
        my $text = all_of($pause);
        cmp_ok time - $began, '>', 4, 'a pause longer than Timeout';
        like $text, qr/first.*last.*\r\n0\r\n\r\n\z/s, 'does not cut a response';
        is $never->response('GET')->status, 504, 'but one that has not begun in time is given up';
        $tunnel->send("hello\n");
        is $tunnel->up_to("\n"), 'HELLO', 'nor does it end a tunnel';
        undef $tunnel;
        eventually { $front->row($contact)->{'Sent-Waiting'} == 0 } 15,
          'when their clients leave, a stream, a response that pauses and a tunnel end';
        is $front->row($contact)->{'Refused-Ago'}, undef, 'nobody is blamed';

        # Silent, and nothing comes: it is gone.
        my $forever    = ask_for($front, 'forever',    'Connection: close');
        my $untilclose = ask_for($front, 'untilclose', 'Connection: close');
        my $idle       = ask_for($front, 'tunnel',     'Connection: Upgrade', 'Upgrade: websocket');
        $_->up_to("first\n") for $forever, $untilclose;
        $idle->up_to("\r\n\r\n");
        $fake->stop;
        unlike all_of($forever), qr/\r\n0\r\n\r\n\z/,
          'a server that falls silent within a response: it ends, and not as if it were whole';
        all_of($_) for $untilclose, $idle;
        eventually { $front->row($contact)->{'Sent-Waiting'} == 0 } 15, 'nobody waits for it any more';
        isnt $front->row($contact)->{'Refused-Ago'}, undef, 'and it is blamed';
        $farm->announce_log(qr/did not respond within BackhandResponseTimeout; .*asked as before/,
            qr/fell silent within a response; it is asked last/);
        $farm->check;
    };
}

done_testing;
