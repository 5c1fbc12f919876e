#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The status page counts what became of requests with a session: each once, at the server that the client asked.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Session;
use Test::More;

my @kinds = qw(Here Elsewhere Lost Redirected Refused);

# Tests the counters of a server; those that are not named are 0.
sub counts {
    my ($server, $what, %expected) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $status = $server->status;
    my %got    = map { $_ => $status->{"Sessions-$_"} } @kinds;
    is_deeply \%got, { (map { $_ => 0 } @kinds), %expected }, $what or diag explain \%got;
    return;
}

my $redirects = "<Location /pinned/work/redirect>\nBackhandSessionRedirect www-%S\n</Location>\n";

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, modules => ['lua'], conf => Farm::Session::conf());
    my ($a, $b, $c) = Farm::Session::servers($farm, 3);
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    Farm::Session->new->ask($a) for 1 .. 2;
    $a->get('/who');
    counts($a, 'a request without a session counts nowhere');
    my ($of_a, $of_b, $of_c) = map { Farm::Session->new(owner => $_) } $a, $b, $c;
    $of_a->ask($a) for 1 .. 2;
    $of_b->ask($a) for 1 .. 3;
    $of_b->ask($a, body => 'x');
    my %counted = (Here => 2, Elsewhere => 4);
    counts($a, 'with a session of this server, and of another one', %counted);
    counts($b, 'the owner counts nothing that it was handed');
    $c->kill_all;
    my $answer = $of_c->ask($a);
    is $answer->{status}, 200, 'the owner is lost';
    counts($a, 'which is counted', %counted, Lost => 1);
    $of_c->ask($a);
    $counted{ $answer->{server} eq 'a' ? 'Here' : 'Elsewhere' }++;
    counts($a, 'once', %counted, Lost => 1);
    $farm->announce_log(qr/backhand: server \S+ .*asked last/);
    $farm->check;
}

subtest 'an owner that cannot be asked' => sub {
    my $farm = Farm->new(modules => ['lua'], conf => "BackhandMaxHandoffs 0\n" . Farm::Session::conf() . $redirects);
    my ($a, $b) = Farm::Session::servers($farm, 2);
    $farm->start;
    ok $farm->together, 'they see each other';
    my $user = Farm::Session->new(owner => $b);
    is $user->ask($a)->{status}, 503, 'refused' for 1 .. 2;
    my $response = $a->get('/pinned/work/redirect', headers => [Cookie => 'PIN=' . $user->pin]);
    is $response->status, 302, 'redirected';
    counts($a, 'both are counted', Refused => 2, Redirected => 1);
    $farm->announce_log(qr/owns the session of a request, and this server cannot ask it now .limit./);
    $farm->check;
};
done_testing;
