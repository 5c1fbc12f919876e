#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A server whose application fails its checks gets no requests, as long as another one works.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(configtest eventually scaled wait_for);
use Test::More;

my $chain = "<Location /app>\nBackhand byAge 60\nBackhand byRandom\n</Location>\n";
my $gone  = qr/AH00132:/;    # the file of the check is removed between httpd's two looks at it
my $down  = qr/backhand: this server is down: BackhandCheck .* fails: .*; other servers get its requests/;

# A server checks a file of its own: /health by a request, the file `works` by a program.
sub check_by_url {
    my ($words) = @_;
    return "BackhandCheck /app/health $words\n$chain";
}

sub breaks {
    my ($server) = @_;
    return unlink $server->root . '/htdocs/app/health';
}

sub works {
    my ($server) = @_;
    return $server->write_file('htdocs/app/health', 'fine');
}

# Who answers so many requests to each of these servers.
sub answered_by {
    my ($n, @servers) = @_;
    my %by;
    # A child that ends at a restart closes its connection after one response.
    for my $server (@servers) {
        $by{ $server->get('/app/who')->body }++ for 1 .. $n;
    }
    return join ' ', sort keys %by;
}

sub slurp {
    my ($name) = @_;
    open my $file, '<', $name or return q();
    local $/ = undef;
    return readline($file) // q();
}

sub state_of {
    my ($server, $at) = @_;
    my $row = $at->row($server->contact) || {};
    return $row->{State} || 'unknown';
}

sub why {
    my ($server, $at) = @_;
    return ($at->row($server->contact) || {})->{'Down-Why'} || q();
}

# For each of its servers.
sub all_are {
    my ($state, $farm) = @_;
    for my $viewer ($farm->servers) {
        return 0 if grep { state_of($_, $viewer) ne $state } $farm->servers;
    }
    return 1;
}

# The process that makes a server's checks: a child of its moderator, itself a child of the parent.
sub checkers {
    my ($server)    = @_;
    my %child       = map { $_ => 1 } $server->children;
    my ($moderator) = $server->lines('run/moderator.pid');
    return map { $_->[0] } grep { $_->[1] == $moderator } Farm::Server::processes();
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, conf => check_by_url('100ms 2 2') . "BackhandModeratorPIDFile moderator.pid\n");
    my ($a, $b, $c) = map { $farm->add } 1 .. 3;
    works($_) for $farm->servers;
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    is answered_by(30, $a), 'a b c', 'all are asked';
    like $a->logged('/app/health')->{line}, qr/ 200 .*reason=served-here:own tries=0/,
      'a check is served where it was made';
    is $a->status->{'Handed-Off'}, $b->status->{'Received'} + $c->status->{'Received'}, 'and nowhere else';

    breaks($a);
    eventually { state_of($a, $a) eq 'down' && state_of($a, $b) eq 'down' && state_of($a, $c) eq 'down' } 10,
      'a server whose check fails is down, for itself and for the others';
    my $row = $b->row($a->contact);
    is $row->{'Down-Why'},  q(the response's status was 404), 'the page says why';
    is $row->{'Down-Code'}, 404,                              'in a number, too';
    cmp_ok $row->{'Down-For'}, '>=', 1, 'and since when';
    like $b->get('/backhand')->body, qr{down</span> <small>for [\d.]+ s: the response(?:&#39;|')s status was 404},
      'the page for people, too';
    is answered_by(30, $a, $b, $c), 'b c', 'it serves nobody, not its own clients either';
    ok $a->graceful, 'after a graceful restart';
    is state_of($a, $a), 'down', 'it is down as before';
    # Its children of before hold connections to the workers of the others until they have ended.
    eventually { answered_by(20, $a) eq 'b c' } 10, 'and serves nobody';

    breaks($_) for $b, $c;
    eventually { all_are('down', $farm) } 10, 'all are down';
    is answered_by(30, $a, $b, $c), 'a b c', 'all serve as if all were up';

    works($_) for $farm->servers;
    eventually { all_are('alive', $farm) } 10, 'all are up again';
    is answered_by(30, $a, $b),            'a b c', 'and serve';
    is $b->row($a->contact)->{'Down-For'}, undef,   'nothing is left on the page';
    ok $a->wait_log(qr/backhand: this server is up: BackhandCheck \/app\/health succeeds/), 'the log says so';

    my ($checker) = checkers($a);
    ok $checker, 'a process makes the checks';
    kill 'KILL', $checker;
    eventually { my ($now) = checkers($a); $now && $now != $checker } 10, 'killed, another one takes its place';
    my ($moderator) = $a->lines('run/moderator.pid');
    ($checker) = checkers($a);
    kill 'KILL', $moderator;
    eventually { !kill 0, $checker } 10, 'it ends with the moderator';
    eventually { my ($now) = checkers($a); $now } 10, 'whose successor has one';
    breaks($a);
    eventually { state_of($a, $b) eq 'down' } 10, 'which works';
    $farm->announce_log(
        $down, $gone,
        qr/backhand: the process \d+ that makes the checks of BackhandCheck ended unexpectedly/,
        qr/backhand: the moderator process \d+ ended unexpectedly/
    );
    $farm->check;
}

subtest 'programs, and requests without an answer' => sub {
    my $farm = Farm->new;
    my $a    = $farm->add;
    my $b    = $farm->add;
    my $slow = $farm->add(workers => 16, conf => "BackhandCheck /app/slow?1.5 200ms 1 1 200ms\n$chain");
    my $file = $a->root . '/works';
    $a->reconfigure(qq(BackhandCheck "exec:/usr/bin/test -e $file" 100ms 1 1\n$chain));
    $b->reconfigure("BackhandCheck exec:" . $b->root . "/cgi/hangs 100ms 1 1 300ms\n$chain");
    chmod 0755, $b->write_file('cgi/hangs', "#!/bin/sh\nHEALTH_TEST=$$ sleep 1234 &\nHEALTH_TEST=$$ sleep 1234\n");
    $farm->start;
    eventually { why($a,    $a) eq q(the program's exit status was 1) } 10, 'a program that fails';
    eventually { why($b,    $a) eq 'the check took too long' } 10,          'a program that hangs';
    eventually { why($slow, $a) eq 'the check took too long' } 10,          'a request that hangs';
    eventually { answered_by(20, $a) eq 'a b c' } 10, 'all are down, all serve';
    $a->write_file('works', 'yes');
    eventually { state_of($a, $b) eq 'alive' && state_of($a, $slow) eq 'alive' } 10, 'the program succeeds';
    is answered_by(10, $b, $slow), 'a', 'that server alone is asked';
    my $sleepers = sub {
        my @sleep = grep { slurp("/proc/$_->[0]/cmdline") =~ /\Asleep\b/ } Farm::Server::processes();
        return scalar grep { slurp("/proc/$_->[0]/environ") =~ /\bHEALTH_TEST=$$\b/ } @sleep;
    };
    cmp_ok $sleepers->(), '<=', 2, 'programs that hang are killed, all of them';
    kill 'TERM', $b->pid;
    ok $b->gone, 'it stops';
    # A request in it may wait for mod_cgid's daemon, which ends first, for 10 s.
    $slow->kill_all;
    $farm->announce_log($down, qr/AH00045:/);
    $farm->check;
};

subtest 'a server without a free worker is not down' => sub {
    my $farm = Farm->new(mpm => 'prefork', workers => 2, conf => check_by_url('100ms 1 1 200ms'));
    my $a    = $farm->add;
    works($a);
    $farm->start;
    my $slow = 'GET /app/slow?' . scaled(2) . " HTTP/1.1\r\nHost: a.test\r\n\r\n";
    my @busy = map { $a->connect->send($slow) } 1 .. 2;
    is $_->response->status,                                 200, 'a slow request is answered' for @busy;
    is scalar(grep { /this server is down/ } $a->log_lines), 0,   'checks that found no worker count as nothing';
    $farm->announce_log(qr/AH00161:/);
    $farm->check;
};

my ($rc, $said) = configtest(conf => 'BackhandCheck exec:/nonexistent/check');
isnt $rc, 0, 'a program that is not there';
like $said, qr{BackhandCheck exec:/nonexistent/check: /nonexistent/check is no program}, 'is an error that names it';
($rc, $said) = configtest(conf => 'BackhandCheck /health 10ms');
like $said, qr{BackhandCheck 10ms: takes as its second word}, 'and so is a time out of range';
($rc, $said) = configtest(conf => "<Location /app>\nBackhandCheck /health\n</Location>");
like $said, qr{BackhandCheck: belongs to the whole server}, 'in a container, too';
done_testing;
