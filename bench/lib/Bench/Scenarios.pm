# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Scenarios;

# The events at the four servers a, b, c, d. rate: arrivals a second; each server has 4 workers and a request asks for
# 20 ms of work on average, so one of full speed serves 200 a second. factors: how much longer work takes on each of
# them, at first; absent: those that do not run at first. events: [share of the run's time, what happens, …], where the
# words are methods of Bench::Lane.

use strict;
use warnings;
use utf8;

use Exporter qw(import);

our @EXPORT_OK = qw(scenarios);

sub slow_one {
    my ($slow) = @_;
    return map { $_ => $_ eq $slow ? 10 : 1 } qw(a b c d);
}

my %equal = (a => 1, b => 1, c => 1, d => 1);

sub scenarios {
    return (
        {
            name    => 'slow',
            title   => 'One of four is ten times slower',
            about   => '465 requests a second, 75 % of what the four can do.',
            rate    => 465,
            factors => { slow_one('d') },
        },
        {
            name    => 'moving',
            title   => 'The slow one moves',
            about   => 'One of four is ten times slower, each for a quarter of the time. 465 requests a second, 75 %.',
            rate    => 465,
            factors => { slow_one('a') },
            events  =>
              [[0.25, factors => slow_one('b')], [0.5, factors => slow_one('c')], [0.75, factors => slow_one('d')]],
        },
        {
            name    => 'speeds',
            title   => 'Speeds 1, 1, ½ and ¼',
            about   => '412 requests a second, 75 % of what the four can do.',
            rate    => 412.5,
            factors => { a => 1, b => 1, c => 2, d => 4 },
        },
        {
            name  => 'join',
            title => 'A server joins',
            about =>
              '450 requests a second, 75 % of what three servers can do. The fourth comes after a quarter of the '
              . 'time and is five times slower at first, for 15 % of the time.',
            rate    => 450,
            factors => { %equal, d => 5 },
            absent  => ['d'],
            events  => [[0.25, start => 'd'], [0.4, factors => d => 1]],
        },
        {
            name  => 'kill',
            title => 'A server is killed',
            about =>
              '450 requests a second, 75 % of what three servers can do. After a third of the time all processes of '
              . 'one of four are killed.',
            rate    => 450,
            factors => {%equal},
            events  => [[0.33, kill => 'd']],
        },
    );
}

1;
