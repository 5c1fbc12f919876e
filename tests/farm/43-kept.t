#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Kept connections: if a server closes one at the moment of its next use, no request is lost and the server is not
# blamed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Fake;
use Test::More;

# Answers the first request of a connection and keeps it open; closes it when the second one has come. The body of an
# answer says which connection it is, and how many bytes of body came.
sub closes_at_the_second {
    my ($socket, $n) = @_;
    my $pid = fork // return;
    return if $pid;
    local $/ = "\r\n\r\n";
    my $head   = readline($socket) // POSIX::_exit(0);
    my $length = $head =~ /^content-length:\s*(\d+)/im ? $1 : 0;
    my $got    = 0;
    $got += read $socket, my $bytes, $length - $got while $got < $length && !eof $socket;
    my $body = "$n $got";
    syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    readline $socket;
    POSIX::_exit(0);
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, workers => 2, conf => <<'EOT');
<Location "/app/">
    Backhand byAge 5
    Backhand removeSelf
</Location>
EOT
    my $a = $farm->add;
    $farm->start;
    local $SIG{CHLD} = 'IGNORE';    # of the fake server's processes
    my $fake = Farm::Fake->new(farm => $farm, serve => \&closes_at_the_second)->start;
    eventually { ($a->row($fake->contact) || {})->{State} } 10, "$mpm: it hears the other server";

    my $client  = $a->connect;
    my @answers = map { $client->request('GET', '/app/x') } 1 .. 6;
    is_deeply [map { $_->status } @answers], [(200) x 6], "$mpm: every GET is answered";
    is scalar(grep { $_->body =~ /\A\d+ 0\z/ } @answers), 6, 'by the other server';
    is $a->logged('/app/x')->{tries},                     1, 'which counts as asked once';

    @answers = map { $client->request('POST', '/app/y', body => 'x' x 100) } 1 .. 6;
    is_deeply [map { $_->status } @answers], [(200) x 6], "$mpm: every POST is answered";
    my %connections = map { $_->body => 1 } @answers;
    is scalar(keys %connections),                   6,     'each over a connection of its own';
    is scalar(grep { / 100\z/ } keys %connections), 6,     'with its whole body';
    is $a->row($fake->contact)->{'Refused-Ago'},    undef, 'the other server is not blamed';
    is $a->status->{'Failed-Over'},                 0,     'and nothing is counted as failed';
    $fake->stop;
    $farm->check;
}

done_testing;
