#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# WebSockets, other upgraded connections and endless answers through another server.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha1_base64);
use Farm        qw(eventually scaled);
use Farm::Fake;
use IO::Select;
use Test::More;
use Time::HiRes qw(time);

# The other server hands WebSockets to an echo, as one does.
my $conf = <<'EOT';
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
    </Location>
    <Location /pass>
        Backhand byAge
        Backhand removeSelf
        BackhandProxyPass On
    </Location>
</IfDefine>
<IfDefine !FRONT>
    ProxyPass /app/ws http://127.0.0.19:${PORT}/ws upgrade=websocket
</IfDefine>
# Here each server has its own.
ProxyPass /pass/ws http://127.0.0.19:${PORT}/pass upgrade=websocket
ScriptAlias /app/events ${EVENTS}
# Silent after 3 s: on a busy machine a server must not seem so unless it is.
BackhandInterval 1s
BackhandMaxTunnels 4
EOT

my $events = <<'EOT';
#!/usr/bin/perl
use strict;
use warnings;
$| = 1;
print "Content-Type: text/event-stream\nCache-Control: no-cache\n\n";
for my $n (1 .. 5) {
    print "data: $n\n\n";
    # The next one when the test has seen this one.
    for (1 .. 600) {
        last if -e "$ENV{QUERY_STRING}.$n";
        select undef, undef, undef, 0.05;
    }
}
EOT

sub read_exactly {
    my ($socket, $n) = @_;
    my $bytes    = '';
    my $deadline = time + scaled(20);
    while (length $bytes < $n) {
        my $left = $deadline - time;
        die "too slow\n" if $left <= 0;
        IO::Select->new($socket)->can_read($left) or next;
        sysread $socket, $bytes, $n - length $bytes, length $bytes or die "closed\n";
    }
    return $bytes;
}

# One frame: (opcode, payload). The other side's mask is taken off.
sub read_frame {
    my ($socket) = @_;
    my ($first, $second) = unpack 'CC', read_exactly($socket, 2);
    my $length = $second & 0x7f;
    $length = unpack 'n', read_exactly($socket, 2) if $length == 126;
    my $mask    = $second & 0x80 ? read_exactly($socket, 4)       : '';
    my $payload = $length        ? read_exactly($socket, $length) : '';
    $payload ^= substr $mask x (1 + $length / 4), 0, $length if $mask ne '';
    return ($first & 0x0f, $payload);
}

sub frame {
    my ($opcode, $payload, $mask) = @_;
    my $length = length $payload;
    my $head   = pack 'C', 0x80 | $opcode;
    $head .= $length < 126 ? pack 'C', $length | ($mask ? 0x80 : 0) : pack 'Cn', 126 | ($mask ? 0x80 : 0), $length;
    return "$head$payload" if !$mask;
    return "$head$mask" . ($payload ^ substr $mask x (1 + $length / 4), 0, $length);
}

sub accept_key {
    my ($key) = @_;
    return sha1_base64($key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . q{=};
}

# Echoes in capitals; says of itself something, too, after every message.
sub echo {
    my ($socket) = @_;
    my $request = '';
    while ($request !~ /\r\n\r\n/) {
        sysread $socket, $request, 65_536, length $request or return;
    }
    my ($key) = $request =~ /^Sec-WebSocket-Key: (\S+)\r$/mi;
    if (!$key || $request !~ /^Upgrade: websocket\r$/mi) {
        print {$socket} "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"
          . "Content-Length: 3\r\n\r\nno\n";
        return;
    }
    $socket->autoflush(1);
    print {$socket}
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
      . accept_key($key)
      . "\r\n\r\n"
      . frame(1, 'welcome');
    while (my ($opcode, $payload) = eval { read_frame($socket) }) {
        if ($opcode == 8) {
            print {$socket} frame(8, $payload);
            return;
        }
        print {$socket} frame($opcode, uc $payload);
    }
    return;
}

# Each connection in a process of its own.
sub serve {
    my ($socket) = @_;
    my $pid = fork;
    return if $pid;
    local $SIG{ALRM} = sub { POSIX::_exit(1) };
    alarm scaled(120);
    echo($socket);
    close $socket;
    POSIX::_exit(0);
}

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm   = Farm->new(mpm => $mpm, modules => ['proxy_wstunnel']);
        my $script = "$farm->{root}/events";
        open my $file, '>', $script or die "$script: $!";
        print {$file} $events;
        close $file;
        chmod 0755, $script;
        my $head = 'Define PORT ' . $farm->port . "\nDefine EVENTS $script\n";
        my $a    = $farm->add(conf => $conf, head => "${head}Define FRONT\n");
        my $b    = $farm->add(conf => $conf, head => $head);
        my $echo = Farm::Fake->new(farm => $farm, host => '127.0.0.19', quiet => 1, serve => \&serve)->start;
        $farm->start;
        ok $farm->together, 'they see each other';

        my $open = sub {
            my ($path) = @_;
            $path ||= '/app/ws';
            my $client = $a->connect(timeout => 20);
            $client->send("GET $path HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  . "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            $client->{deadline} = time + scaled(20);
            # Byte by byte: what follows the head is no HTTP.
            my $answer = '';
            $answer .= read_exactly($client->{socket}, 1) while $answer !~ /\r\n\r\n/;
            return ($client->{socket}, $answer);
        };
        my ($socket, $answer) = $open->();
        like $answer, qr{\AHTTP/1\.1 101 },                                         'the connection is switched';
        like $answer, qr{^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$}m, 'by the echo';
        is((read_frame($socket))[1], 'welcome', 'the other side may speak first');

        my $wrong = 0;
        for my $n (1 .. 1000) {
            my $text = "message $n " . 'x' x ($n % 700);
            print {$socket} frame(1, $text, pack 'N', $n * 7919);
            $socket->flush;
            my (undef, $said) = read_frame($socket);
            $wrong++ if $said ne uc $text;
        }
        is $wrong, 0, 'a thousand messages, one after the other, each way';
        print {$socket} map { frame(2, "burst $_", 'mask') } 1 .. 1000;
        $socket->flush;
        is scalar(grep { (read_frame($socket))[1] ne "BURST $_" } 1 .. 1000), 0, 'a thousand at once';

        # A server that falls silent loses requests that others can have, but nobody else can have this one.
        $b->pause;
        eventually { $a->row($b->contact)->{Age} >= 4 } 15, 'the other server falls silent';
        $b->resume;
        print {$socket} frame(1, 'still there', 'mask');
        $socket->flush;
        is((eval { read_frame($socket) })[1], 'STILL THERE', 'its connections live on');
        eventually { $a->row($b->contact)->{Age} < 1 } 10, 'and it is heard of again';
        print {$socket} frame(8, 'bye', 'mask');
        $socket->flush;
        is((read_frame($socket))[0], 8, 'closed from the client');
        my $rest = '';
        ok !sysread($socket, $rest, 1), 'and the connection with it';
        close $socket;
        is $a->logged('/app/ws')->{reason},   'handed-off:chosen', 'it was handed off';
        is $b->logged('/app/ws')->{received}, '127.0.0.1',         'and received';
        is $a->logged('/app/ws')->{tries},    1,                   'once';

        # Many at once, and some that break off.
        my @sockets = map { ($open->())[0] } 1 .. 3;
        read_frame($_) for @sockets;
        for my $n (0 .. 2) {
            print { $sockets[$n] } frame(1, "to $n", 'mask');
            $sockets[$n]->flush;
        }
        is join(' ', map { (read_frame($sockets[$_]))[1] } 0 .. 2), 'TO 0 TO 1 TO 2', 'three side by side';
        close $_ for @sockets;
        eventually { $a->status->{Waiting} == 0 } 10, 'broken off: no request waits any more';
        # The page itself is one.
        eventually { $b->row($b->contact)->{'In-Flight'} <= 1 } 10, 'and nothing is left on the other server';

        # Behind ProxyPass, the other server's.
        ($socket, $answer) = $open->('/pass/ws');
        like $answer, qr{\AHTTP/1\.1 101 }, 'ProxyPass: the connection is switched';
        is((read_frame($socket))[1], 'welcome', 'ProxyPass: the other side may speak first');
        print {$socket} frame(1, 'passed', 'mask');
        $socket->flush;
        is((read_frame($socket))[1], 'PASSED', 'ProxyPass: there and back');
        print {$socket} frame(8, 'bye', 'mask');
        $socket->flush;
        is((read_frame($socket))[0], 8, 'ProxyPass: closed');
        close $socket;
        is $a->logged('/pass/ws')->{reason}, 'handed-off:chosen', 'ProxyPass: it was handed off';

        my $refused = $a->get('/app/ws');
        is $refused->status, 426, 'who does not ask for it is told so by the echo';

        # Events arrive as they happen.
        my $flag   = "$farm->{root}/seen";
        my $client = $a->connect(timeout => 20);
        $client->send("GET /app/events?$flag HTTP/1.1\r\nHost: x.test\r\n\r\n");
        $client->{deadline} = time + scaled(20);
        like $client->up_to("\r\n\r\n"), qr{^Content-Type: text/event-stream\r?$}m, 'a stream of events';
        my $seen = 0;
        for my $n (1 .. 5) {
            $client->{deadline} = time + scaled(10);
            last if !eval { $client->up_to("data: $n\n\n"); 1 };
            $seen++;
            open my $mark, '>', "$flag.$n" or die $!;
            close $mark;
        }
        is $seen, 5, 'each arrived before the next was written';

        $echo->stop;
        $farm->check;
    };
}

done_testing;
