#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The demo shows what its text promises, and leaves nothing behind.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually free_port repo_dir);
use Farm::Client;
use Farm::Server;
use IO::Socket::INET;
use Test::More;

local $ENV{BACKHAND_BUILD_DIR} = build_dir();
my $repo = repo_dir();

# Exit status and output of a command, with PORT set.
sub said {
    my ($port, @command) = @_;
    local $ENV{PORT} = $port;
    my $pid  = open my $out, '-|', "@command 2>&1 </dev/null" or die "$command[0]: $!";
    my $text = join q(), readline $out;
    close $out;
    return ($? >> 8, $text);
}

# Is anything listening there?
sub listening {
    my ($port) = @_;
    return grep { IO::Socket::INET->new(PeerAddr => "127.0.0.$_", PeerPort => $port, Timeout => 2) } 1 .. 4;
}

my $port = free_port();
my ($status, $text) = said($port, "$repo/tools/demo", '--once');
is $status, 0, 'demo --once' or diag $text;
like $text, qr{http://127\.0\.0\.$_:$port/app/}, "names address $_" for 1 .. 4;
for my $place ('/app/', '/soonest/') {
    my ($part) = $text =~ /^40 requests for \Q$place\E.*?\n\n(.*?)\n\n/ms;
    my %served = ($part || q()) =~ /^  (server\d\.demo)\s+(\d+)$/gm;
    my $sum    = 0;
    $sum += $_ for values %served;
    is $sum, 40, "$place: all requests are answered";
    # Backhand on keeps all of them on a machine that is slow to send them.
    cmp_ok scalar keys %served, '>', 1, 'by several servers' if $place eq '/app/';
}
like $text, qr{^  server\d\.demo +http://127\.0\.0\.$_:$port +alive}m, "the table holds $_" for 1 .. 4;
like $text, qr/\b(?:handed-off|served-here):(?:chosen|next|sooner|free|soonest|trial)\b/, 'it says why';
is scalar listening($port), 0, 'nothing is left running';

$port = free_port();
($status, $text) = said($port, "$repo/tools/demo", '--once', '--light-heavy');
is $status, 0, 'demo --once --light-heavy' or diag $text;
my ($part) = $text =~ /^40 requests for .*?\n\n(.*?)\n\n/ms;
my $answered = 0;
$answered += $_ for ($part || q()) =~ /^  server\d\.demo\s+(\d+)$/gm;
is $answered, 40, 'all requests are answered by the heavy servers' or diag $text;
my $behind = $port + 1;
like $text, qr{^  server$_\.demo +http://127\.0\.0\.$_:$behind +alive}m,
  "heavy server $_ is the contact of its light one"
  for 1 .. 4;
like $text, qr{ 200 handed-off:\w+ http://127\.0\.0\.\d:$behind tries=1$}m, 'and why a request went there is said';
is scalar listening($port),   0, 'nothing is left running';
is scalar listening($behind), 0, 'nor behind it';

for my $senseless ('abc', '0', '-1', '70000', '99999999999', '80 80', '') {
    ($status, $text) = said($senseless, "$repo/run", 'demo', '--once');
    is $status,                               1, "PORT='$senseless': an error";
    is scalar(my @lines = split /\n/, $text), 1, 'of one line';
    like $text, qr/PORT=\Q$senseless\E /, 'that names it';
}

$port = free_port();
my $other = IO::Socket::INET->new(LocalAddr => '127.0.0.3', LocalPort => $port, Listen => 1) or die "listen: $!";
($status, $text) = said($port, "$repo/tools/demo", '--once');
is $status,                               1, 'a port that is taken: an error';
is scalar(my @lines = split /\n/, $text), 1, 'of one line';
like $text, qr/\b$port\b/, 'that names it';
close $other;
is scalar listening($port), 0, 'nothing is left running';

for my $signal (qw(INT TERM)) {
    $port = free_port();
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if (!$pid) {
        $ENV{PORT} = $port;
        setpgrp 0, 0;
        open STDOUT, '>', '/dev/null' or POSIX::_exit(2);
        open STDIN,  '<', '/dev/null' or POSIX::_exit(2);
        exec "$repo/tools/demo" or POSIX::_exit(2);
    }
    eventually { listening($port) == 4 } 20, 'the demo is up';
    kill $signal, $pid;
    eventually { waitpid $pid, POSIX::WNOHANG() } 15, "$signal ends it";
    is scalar listening($port), 0, 'nothing is left listening';
    eventually {
        !grep {
            my ($process) = $_->[0];
            (readlink "/proc/$process/exe" || '') =~ /apache2/ && cmdline($process) =~ /Define PORT "$port"/
        } Farm::Server::processes()
    }
    5, 'nor running';
}

sub cmdline {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/cmdline" or return '';
    my $text = join q(), readline $file;
    close $file;
    return $text;
}

done_testing;
