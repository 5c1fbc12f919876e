#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# Simulated servers behave as the theory of queues says, and what the scenario has in store happens.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Sim qw(outcome);

# about(got, expected, part, name): within that part of what is expected.
sub about {
    my ($got, $expected, $part, $name) = @_;
    cmp_ok abs($got - $expected), '<=', $part * $expected, "$name: $got, expected $expected";
    return;
}

my $common = "delay 0\nwarmup 10s\n";

# One worker and exponential times: service / (1 - load). With fixed ones the wait is half as long.
my $one = "$common\nservers 1 workers 1\nduration 2500s\nservice exp 10ms\nreference roundrobin\n";
about outcome("${one}arrivals load 0.5\n")->[0]{roundrobin}{mean},                     0.020, 0.02, 'M/M/1 at 0.5';
about outcome("${one}arrivals load 0.8\n")->[0]{roundrobin}{mean},                     0.050, 0.04, 'M/M/1 at 0.8';
about outcome("${one}arrivals load 0.5\nservice fixed 10ms\n")->[0]{roundrobin}{mean}, 0.015, 0.02, 'M/D/1 at 0.5';

# A shared processor: service / (1 - load), whatever the distribution.
my $shared = "$common\nservers 1 workers unlimited cpus 1\nduration 2500s\narrivals load 0.5\nreference roundrobin\n";
about outcome("${shared}service exp 10ms\n")->[0]{roundrobin}{mean},   0.020, 0.02, 'a shared processor, exponential';
about outcome("${shared}service fixed 10ms\n")->[0]{roundrobin}{mean}, 0.020, 0.02, 'a shared processor, fixed';
about outcome("${shared}service lognormal 10ms 1\n")->[0]{roundrobin}{mean}, 0.020, 0.05,
  'a shared processor, log-normal';

# Means of distributions, seen where nobody waits.
my $idle = "$common\nservers 1 workers unlimited\narrivals rate 100\nduration 2000s\nreference roundrobin\n";
for my $shape ('fixed 50ms', 'exp 50ms', 'uniform 50ms', 'pareto 50ms 2.5', 'lognormal 50ms 1') {
    about outcome("${idle}service $shape\n")->[0]{roundrobin}{mean}, 0.05, 0.03, $shape;
}

# Speed, network and hop.
my $plain = "warmup 1s\nduration 20s\nservice fixed 100ms\narrivals rate 1\nreference roundrobin\n";
about outcome("${plain}servers 2 speed 4\ndelay 2ms\nhop 1ms\n")->[0]{roundrobin}{p50}, 0.030, 0.001,
  'speed, delay and hop';

# Memory: two requests at once that do not fit together.
my $memory = "delay 0\nwarmup 0\nduration 1000s\nservice fixed 1s\narrivals rate 0.01\nreference roundrobin\n"
  . "servers 1 workers unlimited memory 100\nthrash 5\nmemory fixed ";
about outcome("${memory}90\n")->[0]{roundrobin}{p50},  1, 0.001, 'memory that suffices';
about outcome("${memory}110\n")->[0]{roundrobin}{p50}, 5, 0.001, 'memory that does not';

# Requests of several kinds, and in parts.
my $kinds =
  outcome("${plain}servers 4\ndelay 0\nrequest 1 GET /a\nrequest 1 GET /b times 3\narrivals rate 5\nduration 400s\n");
about $kinds->[0]{roundrobin}{mean}, 0.2, 0.03, 'two kinds of requests';
my $parts = outcome("${plain}servers 4\ndelay 0\nsplit 1 times 12 parts 4 4\narrivals rate 0.1\nduration 400s\n");
about $parts->[0]{roundrobin}{p50}, 0.3, 0.001, 'a request in four parts, on four servers';

# The share of each server.
my $turns = outcome("${plain}servers 3\nservers 1 speed 2\narrivals rate 50\n")->[0]{roundrobin}{shares};
about $_, 25, 0.005, 'each in turn' for map { @{$_} } @{$turns};
my $herd = outcome("${plain}servers 8\narrivals rate 50\npolicy first: byAge\n")->[0];
cmp_ok $herd->{first}{again}, '>', 99, 'a policy that always takes the first is seen to herd';
is $herd->{roundrobin}{again}, '0.0', 'and one that takes turns is not';

# An omniscient dispatcher does not need announcements; others do.
my $deaf = "warmup 30s\nduration 10s\nservers 2\narrivals rate 20\nreference omniscient\npolicy aged: byAge 5\n";
my $lost = outcome("${deaf}announce 250ms loss 1\n")->[0];
is $lost->{omniscient}{failed}, 0, 'no announcement: nothing to the omniscient dispatcher';
cmp_ok $lost->{aged}{failed}, '>', 100, 'and no server for one that goes by age';
is outcome("${deaf}announce 250ms loss 0.3\n")->[0]{aged}{failed}, 0, 'some lost ones do no harm';

# Servers that fail: what they had in their hands is done by others.
my $fails = "warmup 0\nduration 60s\nservers 3\nservers 1 fails 20s returns 40s\narrivals load 0.4\n"
  . "reference leastconn\npolicy aged: byAge | byRandom\n";
my $failed = outcome($fails)->[0];
is $failed->{$_}{failed}, 0, "$_: no request is lost with a server" for qw(leastconn aged);
for my $policy (qw(leastconn aged)) {
    my $share = $failed->{$policy}{shares}[1][0];
    ok $share > 12 && $share < 20, "$policy: the server that was away got less: $share %";
}

# As in httpd, a server that is not heard any more is asked last, also once nobody remembers that it refused.
my $silent =
  outcome("warmup 0\nduration 60s\nservers 3\nservers 1 fails 10s\narrivals rate 50\nretry 1ms\npolicy any: byRandom\n")
  ->[0]{any};
is $silent->{failed}, 0, 'a silent server: no request is lost with it';
my $asked = $silent->{shares}[1][0];
ok $asked > 2 && $asked < 8, "it was asked until it fell silent, and then after all others: $asked %";
my $joins = outcome(
    "warmup 0\nduration 60s\nservers 3\nservers 1 joins 30s\narrivals rate 50\npolicy random: byAge | byRandom\n");
about $joins->[0]{random}{shares}[1][0], 12.5, 0.1, 'a server that joins halfway gets half a share';
my $errors = outcome(
    "warmup 0\nduration 100s\nservers 1\nservers 1 errors 0.5 from 50s\narrivals rate 50\nreference roundrobin\n");
about $errors->[0]{roundrobin}{errors}, 625, 0.15, 'errors: half of half of half';

# Dispatchers on servers: who serves what comes to it has no hop.
my $home = outcome("${plain}servers 4\ndispatchers 4 on-servers\ndelay 5ms\narrivals rate 10\npolicy home: addSelf\n"
      . "policy away: removeSelf\n");
about $home->[0]{home}{p50}, 0.100, 0.001, 'served where it was caught';
about $home->[0]{away}{p50}, 0.110, 0.001, 'served elsewhere';

# One server moves its slowness.
my $moving = outcome(
    "warmup 0\nduration 80s\nservers 4\nslow 10 moves 1s\nservice fixed 10ms\narrivals rate 50\nreference roundrobin\n"
);
about $moving->[0]{roundrobin}{mean}, 0.0325, 0.1, 'one server in four is ten times slower, wherever';

# Announced figures are those of the server: the one that is busy comes last.
my $busy = outcome("${plain}servers 1 workers 8\nservers 1 workers 8 speed 0.01\narrivals rate 10\nannounce 10ms\n"
      . "policy busy: byAge | byBusyChildren\n");
cmp_ok $busy->[0]{busy}{shares}[1][0], '<', 20, 'a server that is known to be busy gets little';

done_testing();
