#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers that hand everything to each other never wait for one another.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm       qw(eventually in_parallel scaled);
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(time);

my $to_the_other = <<'EOT';
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, workers => 4, conf => "$to_the_other\nKeepAliveTimeout 20");
    my $a    = $farm->add;
    my $b    = $farm->add;
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    # All workers in use is what this test is about; the event MPM then closes idle connections of the other server too.
    # A machine that is busy with other things too may not answer in time, which costs a try.
    $farm->announce_log(
        qr/AH00161:|AH00484:|AH00485:|AH03490:|AH10159:|AH00286:|backhand: server \S+ .*asked (?:last|as before)/);

    my $since   = time;
    my @results = in_parallel 64, sub {
        my ($i) = @_;
        return [
            map {
                my $response = ($i % 2 ? $a : $b)->get('/app/who', timeout => 30);
                [$response->status, $response->body, $response->seconds]
            } 1 .. 5
        ];
    };
    my $took    = time - $since;
    my @answers = map  { ref eq 'ARRAY' ? @{$_} : [0, $_->{died}, 0] } @results;
    my @bad     = grep { $_->[0] != 200 } @answers;
    is scalar @answers, 64 * 5, '64 clients on two servers of 4 workers';
    is scalar @bad,     0,      'nothing fails';
    diag explain $bad[0] if @bad;
    cmp_ok $took, '<', scaled(10), sprintf 'and nothing waits for a time-out: %.1f s', $took;
    my %by;
    $by{ $_->[1] }++ for @answers;
    is join(' ', sort keys %by), 'a b', 'both serve';

    # Kept connections of the other server must not keep the workers from a client.
    my $slowest = max map {
        my $s = $_;
        map { $s->get('/who')->seconds } 1 .. 10
    } $a, $b;
    cmp_ok $slowest, '<', scaled(1), sprintf 'after it a direct request waits for nobody: %.3f s', $slowest;
    eventually { $a->status->{Waiting} == 0 && $b->status->{Waiting} == 0 } 5, 'nothing is left waiting';
    $farm->check;
}

subtest 'a burst of hand-offs leaves an idle prefork server free' => sub {
    my $farm = Farm->new(mpm => 'prefork', conf => "$to_the_other\nKeepAliveTimeout 20");
    my $a    = $farm->add(workers => 16);
    my $b    = $farm->add(workers => 4);
    $farm->start;
    ok $farm->together, 'they see each other';
    $farm->announce_log(qr/AH00161:/);
    my @results = in_parallel 16, sub {
        [map { $a->get('/app/who')->status } 1 .. 5]
    };
    is_deeply \@results, [([200, 200, 200, 200, 200]) x 16], 'the burst is answered';
    my $slowest = max map { $b->get('/who')->seconds } 1 .. 10;
    cmp_ok $slowest, '<', scaled(1), sprintf 'a direct request waits for nobody: %.3f s', $slowest;
    $farm->check;
};

done_testing;
