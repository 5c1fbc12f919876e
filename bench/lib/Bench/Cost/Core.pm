# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Cost::Core;

# The default chain beside a plain loop, and taking in a signed announcement beside HMAC alone: by bench/micro/core.c.

use strict;
use warnings;

use Carp qw(croak);

use Bench::Figures qw(median);
use Farm           qw(build_dir);

# Medians over the passes: nanoseconds, and of the floor.
sub measure {
    my ($passes, @words) = @_;
    my $program = build_dir() . '/meson/bench/cost_core';
    my (@ns, @floor);
    for (1 .. $passes) {
        open my $said, '-|', $program, @words or croak "$program: $!";
        my $line = readline $said;
        close $said or croak "$program @words fails";
        my ($ns, $floor) = $line =~ /\Ans=(\d+) floor=(\d+)$/ or croak "$program says $line";
        push @ns,    $ns;
        push @floor, $floor;
    }
    return (median(@ns), median(@floor));
}

1;
