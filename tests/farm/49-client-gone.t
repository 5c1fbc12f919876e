#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# When the client of a safe request goes away, the front server notices it, and gives up the request at the other
# server.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled wait_for);
use Farm::Fake;
use IO::Select;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

my $chain = "<Location /app>\nBackhand byAge 60\nBackhand removeSelf\n</Location>\n";

# A server that answers nothing. For each request it writes when it came and when its connection was closed.
sub peer {
    my ($farm) = @_;
    my $log    = $farm->{root} . '/peer.log';
    my $fake   = Farm::Fake->new(
        farm  => $farm,
        serve => sub {
            my ($socket) = @_;
            # It goes on announcing itself meanwhile.
            local $SIG{CHLD} = 'IGNORE';
            return if fork;
            sysread $socket, my $request, 65_536;
            my ($method) = $request =~ /\A(\w+)/;
            note_line($log, "$method begins");
            my $closed = IO::Select->new($socket)->can_read(scaled(3)) && !sysread $socket, my $more, 1;
            note_line($log, $closed ? "$method closed " . time : "$method answered");
            print {$socket} "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            close $socket;
            POSIX::_exit(0);
        }
    );
    return ($fake->start, $log);
}

sub note_line {
    my ($log, $line) = @_;
    open my $file, '>>', $log or die "$log: $!";
    syswrite $file, "$line\n";
    close $file;
    return;
}

sub lines {
    my ($log) = @_;
    open my $file, '<', $log or return q();
    local $/ = undef;
    return readline($file) // q();
}

# A client that asks and goes away. @return when it went
sub asks_and_goes {
    my ($server, $log, $method, $more) = @_;
    my $client = $server->connect;
    $client->send("$method /app/who HTTP/1.1\r\nHost: a.test\r\n$more");
    wait_for { lines($log) =~ /^$method begins$/m } 5;
    close $client->{socket};
    return time;
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, conf => $chain);
    my $a    = $farm->add;
    $farm->start;
    my ($fake, $log) = peer($farm);
    eventually { $a->row($fake->contact) } 5, "$mpm: the other server is in the table";
    my $went    = asks_and_goes($a, $log, 'GET', "\r\n");
    my $closed  = wait_for { lines($log) =~ /^GET closed ([\d.]+)$/m ? $1 : 0 } 5;
    my $in_time = $closed && $closed - $went < scaled(0.8);
    ok $in_time, 'the work there is given up within a second'
      or diag $closed ? $closed - $went : 'never';
    my $logged = $a->logged('/app/who');
    is $logged->{reason}, 'ended:gone', 'the log says why';
    is $logged->{status}, 499,          'by a status of its own';
    eventually { $a->status->{Waiting} == 0 } 5, 'nothing waits any more';
    my $patient = $a->get('/app/who');
    is $patient->status, 200, 'a client that waits gets its answer' or diag $patient->body;
    asks_and_goes($a, $log, 'POST', "Content-Length: 2\r\n\r\nxx");
    eventually { lines($log) =~ /^POST answered$/m } 5, 'a POST is not given up';
    $fake->stop;
    $farm->check;
}

# Frames of HTTP/2: the client's preface, an empty SETTINGS frame, and HEADERS of a GET request.
sub get_by_http2 {
    my ($path) = @_;
    my $frame = sub {
        my ($type, $flags, $stream, $text) = @_;
        return substr(pack('N', length $text), 1) . pack('CCN', $type, $flags, $stream) . $text;
    };
    my $fields = "\x82\x86\x04" . chr(length $path) . "$path\x01\x06a.test";
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . $frame->(4, 0, 0, q()) . $frame->(1, 5, 1, $fields);
}

subtest 'a client of HTTP/2' => sub {
    my $farm = Farm->new(modules => ['http2'], conf => "Protocols h2c http/1.1\n$chain");
    my $a    = $farm->add;
    $farm->start;
    my ($fake, $log) = peer($farm);
    eventually { $a->row($fake->contact) } 5, 'the other server is in the table';
    my %gone = (
        'the stream is reset'      => sub { $_[0]->send("\0\0\4\3\0\0\0\0\1\0\0\0\x8") },
        'the connection is closed' => sub { close $_[0]{socket} }
    );
    for my $how (sort keys %gone) {
        unlink $log;
        my $client = $a->connect;
        $client->send(get_by_http2('/app/who'));
        ok wait_for(sub { lines($log) =~ /^GET begins$/m }, 5), "$how: the other server has the request";
        my $went = time;
        $gone{$how}->($client);
        my $closed  = wait_for { lines($log) =~ /^GET closed ([\d.]+)$/m ? $1 : 0 } 5;
        my $in_time = $closed && $closed - $went < scaled(0.8);
        ok $in_time, 'the work there is given up within a second'
          or diag $closed ? $closed - $went : 'never';
        eventually { $a->status->{Waiting} == 0 } 5, 'nothing waits any more';
    }
    unlink $log;
    my $patient = $a->connect;
    $patient->send(get_by_http2('/app/who'));
    eventually { lines($log) =~ /^GET answered$/m } scaled(5), 'a client that waits is not given up';
    eventually { $a->status->{Waiting} == 0 } 5, 'and gets its answer';
    eventually {
        2 == grep { /reason=ended:gone/ } $a->access_lines
    }
    5, 'the log says why';
    $fake->stop;
    $farm->check;
};
done_testing;
