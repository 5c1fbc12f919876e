# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Reach;

# What `Backhand on` should reach in the cells of Bench::Workloads, and the results as Markdown.

use strict;
use warnings;
use utf8;

use Exporter   qw(import);
use List::Util qw(max);

use Bench::Table qw(ms);

our @EXPORT_OK = qw(reaches cell_line line_head details);

my @figures = qw(mean p50 p90 p99);
my %peers   = (none => 'no balancing', haproxy => "HAProxy's");

# As [other system, figure, most of its figure].
sub limits {
    my ($cell) = @_;
    my $kind   = $cell->{kind};
    my @limits = map { ['none', $_, 1.05] } @figures;
    if ($cell->{farm}{lane}{light}) {
        push @limits, map { ['haproxy', $_, 1.05] } qw(mean p90 p99);
    }
    elsif ($kind eq 'equal') {
        push @limits, ['haproxy', 'mean', 1.1], ['haproxy', 'p90', 1.15], ['haproxy', 'p99', 1.1];
    }
    elsif ($kind eq 'slow' || $kind eq 'moving') {
        push @limits, ['haproxy', 'p99', 1 / 3];
    }
    elsif ($kind eq 'speeds') {
        push @limits, ['haproxy', 'p99', 0.62];
    }
    return @limits;
}

sub ratio {
    my ($of, $other, $figure) = @_;
    my ($ours, $its) = map { $of->{$_} ? $of->{$_}{$figure} : undef } 'backhand', $other;
    return if !defined $ours || !$its || $its =~ /nan/i;
    # A quantile that fell on a failed request is infinite.
    return $its == 9**9**9 ? ($ours == 9**9**9 ? 1 : 0) : $ours / $its;
}

# Most that equal servers without much to do may hand off, %.
my $idle_load = 30;
my $idle_most = 5;

# Each figure that the cell should reach, as { what, is, most, held }; without the systems that were not measured. `of`:
# summaries by system.
sub reaches {
    my ($cell, $of) = @_;
    my @reaches;
    for my $limit (limits($cell)) {
        my ($other, $figure, $most) = @{$limit};
        my $is = ratio($of, $other, $figure);
        push @reaches, { what => "$figure to $peers{$other}", is => $is, most => $most, held => $is <= $most }
          if defined $is;
    }
    my $own = $of->{backhand} or return @reaches;
    if ($cell->{kind} eq 'equal' && $cell->{load} <= $idle_load && defined $own->{handed}) {
        push @reaches,
          { what => 'handed off, %', is => $own->{handed}, most => $idle_most, held => $own->{handed} <= $idle_most };
    }
    push @reaches, { what => 'failed', is => $own->{failed}, most => 0, held => !$own->{failed} };
    return @reaches;
}

sub four {
    my ($summary) = @_;
    return $summary ? join ' / ', map { ms($summary->{$_}) } @figures : '';
}

sub ratios {
    my ($of, $other) = @_;
    return join ' / ', map {
        my $ratio = ratio($of, $other, $_);
        defined $ratio ? sprintf('%.2f', $ratio) : '-'
    } @figures;
}

sub missed {
    my ($cell, $of) = @_;
    return join ', ',
      map { sprintf '%s %.2f (%.2f)', @{$_}{qw(what is most)} } grep { !$_->{held} } reaches($cell, $of);
}

sub line_head {
    return
        "| mean / p50 / p90 / p99, ms | no balancing | `Backhand on` | HAProxy leastconn | nginx least_conn "
      . "| ours to no balancing | "
      . "ours to HAProxy's | handed off | failed | busy | late, ms | not reached |\n"
      . "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";
}

# A row of the table. failed: of each system, in its order. busy, late: the most of all systems.
sub cell_line {
    my ($cell, $of) = @_;
    my $handed = $of->{backhand} ? $of->{backhand}{handed} : undef;
    my @cells  = (
        $cell->{name},
        (map { four($of->{$_}) } qw(none backhand haproxy nginx)),
        ratios($of, 'none'),
        ratios($of, 'haproxy'),
        defined $handed ? sprintf('%.1f %%', $handed) : '-',
        join(' ', map { $of->{$_} ? $of->{$_}{failed} : '-' } qw(none backhand haproxy nginx)),
        sprintf('%.0f %%', 100 * max(map { $_->{busy} } values %{$of})),
        sprintf('%.1f',    max(map { $_->{lag99} } values %{$of})),
        missed($cell, $of) || 'none'
    );
    return '| ' . join(' | ', @cells) . " |\n";
}

# How many of the figures hold, and the passes' p99 of each system, for who wants to know how sure they are.
sub details {
    my (@results) = @_;
    my @all       = map  { reaches(@{$_}) } @results;
    my $held      = grep { $_->{held} } @all;
    return sprintf "%d of %d figures are reached.\n", $held, scalar @all;
}

1;
