#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# When the owner of a session is gone, another server takes its users over at once and for good; each gets one new
# cookie in the first answer. An owner that lives loses no user.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use Farm::Session qw(moves stays);
use Test::More;

for my $mpm (Farm->mpms) {
    subtest "$mpm: killed, back again; stopped" => sub {
        my $farm = Farm->new(mpm => $mpm, modules => ['lua'], conf => Farm::Session::conf());
        my ($a, $b, $c) = Farm::Session::servers($farm, 3);
        $farm->start;
        ok $farm->together, 'they see each other';
        my ($get, $post, $later) = map { Farm::Session->new(owner => $c) } 1 .. 3;
        is $get->ask($a)->{server}, 'c',   'on c';
        is $get->ask($a)->{set},    undef, 'without another cookie';

        $c->kill_all;
        $farm->announce_log(qr/backhand: server \S+ .*asked last/);
        my @moved = (moves($get, 'killed', scaled(1), [$a, $b]));
        push @moved, moves($post, 'POST', scaled(1), [$b, $a], body => 'x' x 5000);
        push @moved, moves($later, 'by a server that knows', scaled(0.5), [$a, $b]);

        $c->start;
        ok $farm->together, 'c is back';
        stays($get,   $moved[0], 'c is back', [$a, $b, $c]);
        stays($post,  $moved[1], 'c is back', [$b, $c, $a]);
        stays($later, $moved[2], 'c is back', [$c, $a, $b]);

        my $user = Farm::Session->new(owner => $c);
        is $user->ask($a)->{server}, 'c', 'c has users again';
        ok $c->graceful_stop, 'c stops';
        eventually { $a->row($c->contact)->{State} eq 'left' } 5, 'which a hears';
        moves($user, 'stopped', scaled(0.5), [$a, $b]);
        $farm->check;
    };

    subtest "$mpm: silent" => sub {
        my $farm = Farm->new(mpm => $mpm, modules => ['lua'], conf => Farm::Session::conf());
        my ($a, $b, $c) = Farm::Session::servers($farm, 3);
        $farm->start;
        ok $farm->together, 'they see each other';
        my ($first, $second, $third) = map { Farm::Session->new(owner => $c) } 1 .. 3;
        $c->pause;
        $farm->announce_log(qr/backhand: server \S+ .*asked last/);
        # Three intervals, and a little more.
        my $owner = moves($first, 'paused', scaled(2.5), [$a, $b]);
        moves($second, 'known to be',       scaled(0.5), [$a, $b]);
        moves($third,  'at another server', scaled(0.5), [$b, $a]);
        $c->resume;
        ok $farm->together, 'c is heard again';
        stays($first, $owner, 'c is heard again', [$a, $b, $c]);
        $farm->check;
    };
}

# The other servers hear it; only its connections fail.
subtest 'refuses, and announces itself' => sub {
    my $farm = Farm->new(modules => ['lua'], conf => Farm::Session::conf());
    my ($a, $b) = Farm::Session::servers($farm, 2);
    my $fake = Farm::Fake->new(farm => $farm)->start;
    $farm->announce_log(qr/backhand: server \S+ .*asked last/);
    $farm->start;
    ok $farm->together, 'they see each other';
    eventually { 2 == grep { ($_->row($fake->contact) || { State => q() })->{State} eq 'alive' } $a, $b } 5,
      'and the other one';
    for my $n (1 .. 4) {
        my $user = Farm::Session->new(owner => $fake);
        moves($user, "user $n", scaled(1), $n % 2 ? [$a, $b] : [$b, $a]);
    }
    $fake->stop;
    $farm->check;
};

# A single request can cause this, so the owner counts as alive.
subtest 'closes connections, and announces itself' => sub {
    my $farm = Farm->new(modules => ['lua'], conf => Farm::Session::conf());
    my ($a, $b) = Farm::Session::servers($farm, 2);
    my $fake = Farm::Fake->new(
        farm  => $farm,
        serve => sub { my ($socket) = @_; sysread $socket, my $request, 4096; return }
    )->start;
    $farm->announce_log(qr/backhand: server \S+ .*asked as before/, qr/owns the session of a request, and .*failed/);
    $farm->start;
    ok $farm->together, 'they see each other';
    eventually { ($a->row($fake->contact) || { State => q() })->{State} eq 'alive' } 5, 'and the other one';
    my $user   = Farm::Session->new(owner => $fake);
    my $answer = $user->ask($a);
    is $answer->{status},                   503,   'nobody takes the session over';
    is $answer->{set},                      undef, 'nor the user';
    is $a->logged('/pinned/work')->{tries}, 3,     'after three tries';
    $answer = $user->ask($a, body => 'x');
    is $answer->{status}, 502,   'a POST is sent once only';
    is $answer->{set},    undef, 'and changes nothing either';
    $fake->stop;
    $farm->check;
};

done_testing;
