#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# `max-wait`: a farm with more requests than it can serve goes on serving what it can, and serves it in time.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Sim qw(bhsim outcome write_file);

my $farm = "dispatchers 4 on-servers\nmax-wait 100ms\nwarmup 5s\nduration 20s\nload-window 0\nreport numbers\n"
  . "policy on: on\n";
my $slots = "servers 4 slots 12\nservice exp 80ms\n";
my $small = "servers 4 slots 4\nservice exp 20ms\n";
my $sizes = "servers 2 slots 12\nservers 1 slots 12 speed 0.5\nservers 1 slots 12 speed 0.25\nservice exp 80ms\n";

# What became of the requests: the share that is refused, and the median and the 99th percentile of the others in ms.
sub run {
    my ($lines, $load)  = @_;
    my ($out,   $error) = bhsim('--quiet', write_file('wait.scenario', "$farm${lines}arrivals load $load\n"));
    my ($name,  $mean, $p50, $p90, $p99, $longest, $away, $errors, $refused) = split /\t/, $out;
    is $error, q(), 'bhsim runs';
    return ($refused / 100, $p50, $p99);
}

for my $case (
    ['places for 12',                       $slots,                                                    460],
    ['places for 4, short requests',        $small,                                                    195],
    ['all clients at one server',           "${slots}clients first 1",                                 460],
    ['servers of three speeds',             $sizes,                                                    900],
    ['a few requests are 48 times as long', "servers 4 slots 12\nservice bimodal 80ms 0.05 47.6667\n", 1250],
  )
{
    my ($name, $lines, $bound) = @{$case};
    is((run("$lines\n", 0.75))[0], 0, "$name: a farm that can serve all refuses none");
    for my $load (1.2, 1.5, 3) {
        my ($refused, undef, $p99) = run("$lines\n", $load);
        cmp_ok $load * (1 - $refused), '>', 0.9,          "$name, load $load: it serves what it can";
        cmp_ok $p99,                   '<', 1.5 * $bound, "$name, load $load: about as soon as the limit says";
    }
}

my ($out, $error, $status) = bhsim(write_file('wait.scenario', "${farm}${slots}arrivals load 1\nmax-wait soon\n"));
is $status, 1, 'no time';
like $error, qr/the longest wait/, 'is an error of the scenario';
done_testing;
