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
    my $log = $farm->{root} . '/peer.log';
    my $fake = Farm::Fake->new(
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
    my $a = $farm->add;
    $farm->start;
    my ($fake, $log) = peer($farm);
    eventually { $a->row($fake->contact) } 5, "$mpm: the other server is in the table";
    my $went = asks_and_goes($a, $log, 'GET', "\r\n");
    my $closed = wait_for { lines($log) =~ /^GET closed ([\d.]+)$/m ? $1 : 0 } 5;
    my $in_time = $closed && $closed - $went < scaled(0.8);
    ok $in_time, 'the work there is given up within a second'
      or diag $closed ? $closed - $went : 'never';
    my $logged = $a->logged('/app/who');
    is $logged->{reason}, 'ended:gone', 'the log says why';
    is $logged->{status}, 499, 'by a status of its own';
    eventually { $a->status->{Waiting} == 0 } 5, 'nothing waits any more';
    my $patient = $a->get('/app/who');
    is $patient->status, 200, 'a client that waits gets its answer' or diag $patient->body;
    asks_and_goes($a, $log, 'POST', "Content-Length: 2\r\n\r\nxx");
    eventually { lines($log) =~ /^POST answered$/m } 5, 'a POST is not given up';
    $fake->stop;
    $farm->check;
}
done_testing;
