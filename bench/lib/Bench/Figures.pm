# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Figures;

# Medians of several passes.

use strict;
use warnings;

use Exporter   qw(import);
use List::Util qw(max sum0);

our @EXPORT_OK = qw(beside median summary);

# Infinite for a quantile that fell on a failed request.
sub median {
    my @sorted = sort { $a <=> $b } @_;
    return if !@sorted;
    my $middle = $sorted[$#sorted / 2];
    return @sorted % 2 || $middle == $sorted[@sorted / 2] ? $middle : ($middle + $sorted[@sorted / 2]) / 2;
}

# beside([ours in each pass], [the other's]): [median of ours, of the other's, of their ratios pass by pass]. Only
# neighbours compare, because the machine may be twice as fast a moment later.
sub beside {
    my ($ours, $others) = @_;
    return [median(@{$ours}), median(@{$others}), median(map { $ours->[$_] / $others->[$_] } 0 .. $#{$ours})];
}

# Sums up the results of Bench::Lane: the median of each figure, the sums of failed and count, the largest lag99.
# shares: { server => median share }. timeline: { second => [median p50, median p99] }.
sub summary {
    my @results = @_;
    my %summary = map {
        my $key = $_;
        $key => median(map { $_->{$key} } @results)
    } qw(mean p50 p90 p99 p999 max);
    for my $key (qw(count failed again)) {
        $summary{$key} = sum0(map { $_->{$key} } @results);
    }
    $summary{lag99}  = max(map { $_->{lag99} } @results);
    $summary{passes} = @results;
    $summary{all99}  = [map { $_->{p99} } @results];
    for my $server (qw(a b c d)) {
        $summary{shares}{$server} = median(map { $_->{"share_$server"} || 0 } @results);
    }
    my %seconds;
    for my $line (map { @{ $_->{timeline} } } @results) {
        push @{ $seconds{ $line->[0] } }, $line;
    }
    for my $second (keys %seconds) {
        my @lines = @{ $seconds{$second} };
        $summary{timeline}{$second} = [median(map { $_->[4] } @lines), median(map { $_->[5] } @lines)];
    }
    return \%summary;
}

1;
