# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Table;

# The results as Markdown.

use strict;
use warnings;
use utf8;

use Exporter qw(import);

our @EXPORT_OK = qw(ms overview table);

# Three digits are more than such a figure holds.
sub ms {
    my ($ms) = @_;
    return '-'      if !defined $ms || $ms eq 'nan';
    return 'failed' if $ms == 9**9**9;
    return sprintf $ms < 9.95 ? '%.1f' : '%.0f', $ms;
}

sub shares {
    my ($summary) = @_;
    return join ' ', map { sprintf '%.0f', 100 * $summary->{shares}{$_} } sort keys %{ $summary->{shares} };
}

sub ratio {
    my ($summary, $own) = @_;
    return '' if !$own || $summary == $own;
    return '-' if $summary->{p99} !~ /\A[0-9.]+\z/ || $own->{p99} !~ /\A[0-9.]+\z/ || !$summary->{p99};
    return sprintf '%.2f', $own->{p99} / $summary->{p99};
}

sub row {
    my ($system, $summary, $own) = @_;
    my $spread = join '…', map { ms($_) } (sort { $a <=> $b } @{ $summary->{all99} })[0, -1];
    my @cells  = (
        $system->{label},                              $system->{dispatchers},
        (map { ms($summary->{$_}) } qw(mean p50 p90)), '**' . ms($summary->{p99}) . "** ($spread)",
        (map { ms($summary->{$_}) } qw(p999 max)),     $summary->{failed},
        $summary->{again},                             shares($summary),
        ratio($summary, $own)
    );
    return '| ' . (join ' | ', @cells) . " |\n";
}

# "350 (0.32)": its 99th percentile and ours as a share of it.
sub beside {
    my ($summary, $own) = @_;
    return '' if !$summary;
    my $ratio = ratio($summary, $own);
    return ms($summary->{p99}) . ($ratio eq '' ? '' : " ($ratio)");
}

sub best {
    my ($dispatchers, @rows) = @_;
    my ($best) =
      sort { $a->[1]{p99} <=> $b->[1]{p99} } grep { $_->[0]{peer} && $_->[0]{dispatchers} == $dispatchers } @rows;
    return $best;
}

sub overview_row {
    my ($scenario, @rows) = @_;
    my ($own) = map { $_->[1] } grep { !$_->[0]{peer} } @rows;
    my %by    = map { $_->[0]{name} => $_->[1] } @rows;
    my @cells = ($scenario->{title}, $own ? ms($own->{p99}) : '');
    for my $dispatchers (1, 4) {
        my $best = best($dispatchers, @rows);
        push @cells, beside($by{"haproxy-leastconn-$dispatchers"}, $own),
          $best ? "$best->[0]{label} " . beside($best->[1], $own) : '';
    }
    return '| ' . (join ' | ', @cells) . " |\n";
}

# overview([scenario, [system, summary], …], …): the 99th percentiles beside the most usual balancer and the best one.
sub overview {
    return
        "| p99 (ours as a share of it) | mod_backhand | one HAProxy leastconn | best of one | four HAProxy "
      . "leastconn | best of four |\n"
      . "|---|--:|--:|--:|--:|--:|\n"
      . join q(), map { overview_row(@{$_}) } @_;
}

# table(scenario, [[system, summary], …])
sub table {
    my ($scenario, @rows) = @_;
    my ($own) = map { $_->[1] } grep { !$_->[0]{peer} } @rows;
    return
        "### $scenario->{title}\n\n$scenario->{about}\n\n"
      . "| | dispatchers | mean | p50 | p90 | p99 (passes) | p99.9 | max | failed | again | share of a b c d, % | "
      . "p99: ours / its |\n"
      . "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|\n"
      . join q(), map { row(@{$_}, $own) } @rows;
}

1;
