# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Picture;

# The results as SVG: a row a scenario; on its left the 99th percentiles as bars, on its right how they went in time.
# Times are on a logarithmic scale.

use strict;
use warnings;
use utf8;

use Exporter   qw(import);
use List::Util qw(max min);

use Bench::Table qw(ms);

our @EXPORT_OK = qw(line picture text);

my %look = (
    width    => 1060,
    margin   => 20,
    labels   => 200,    # width of the systems' names
    bars     => 315,
    lines_at => 640,    # where the right half begins
    lines    => 400,
    bar      => 9,      # height of one
    head     => 46,     # of a row: its title and what it is about
);

# ms; a quantile that fell on a failed request is drawn to the end of the scale.
my ($least, $most) = (10, 10_000);

my %colours = (Haproxy => '#2f6fb5', Nginx => '#3a8f4d', Httpd => '#8a6d3b', own => '#c22a2a');

sub colour {
    my ($system) = @_;
    return $colours{ $system->{peer} ? $system->{peer}[0] : 'own' };
}

sub text {
    my ($x, $y, $what, %attributes) = @_;
    my %escaped = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;');
    $what =~ s/([&<>])/$escaped{$1}/g;
    my $more = join q(), map { qq( $_="$attributes{$_}") } sort keys %attributes;
    return sprintf qq(<text x="%.1f" y="%.1f"%s>%s</text>\n), $x, $y, $more, $what;
}

sub line {
    my ($x1, $y1, $x2, $y2, $colour) = @_;
    return sprintf qq(<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>\n), $x1, $y1, $x2, $y2, $colour;
}

# Where a time is on a scale of that length.
sub at {
    my ($ms, $length) = @_;
    $ms = $most  if !defined $ms || $ms eq 'nan' || $ms > $most;
    $ms = $least if $ms < $least;
    return $length * log($ms / $least) / log($most / $least);
}

sub ticks {
    return map { [$_, $_ >= 1000 ? $_ / 1000 . ' s' : "$_ ms"] } 10, 30, 100, 300, 1000, 3000, 10_000;
}

# Rows of [label, [system, summary], …]: the same balancer once and four times share a label.
sub by_label {
    my @pairs = @_;
    my (@rows, %row);
    for my $pair (@pairs) {
        my $label = $pair->[0]{label};
        push @rows, $row{$label} = [$label] if !$row{$label};
        push @{ $row{$label} }, $pair;
    }
    return @rows;
}

sub bars_height {
    my @rows = by_label(@_);
    my $n    = map { @{$_}[1 .. $#{$_}] } @rows;
    return $n * $look{bar} + 6 * @rows;
}

sub bar {
    my ($x, $y, $system, $summary) = @_;
    my $length = at($summary->{p99}, $look{bars});
    my $mark   = $system->{peer} ? "$system->{dispatchers}: " : '';
    return sprintf(
        qq(<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s" opacity="%s"/>\n),
        $x, $y, $length, $look{bar} - 1,
        colour($system), $system->{peer} && $system->{dispatchers} > 1 ? 0.55 : 1
    ) . text($x + $length + 4, $y + $look{bar} - 2, $mark . ms($summary->{p99}), 'font-size' => 9);
}

sub bars {
    my ($y, @pairs) = @_;
    my $x      = $look{margin} + $look{labels};
    my $height = bars_height(@pairs);
    my $svg    = '';
    for my $tick (ticks()) {
        my $at = $x + at($tick->[0], $look{bars});
        $svg .= line($at, $y, $at, $y + $height, '#ddd');
        $svg .= text($at, $y + $height + 12, $tick->[1], 'font-size' => 9, 'text-anchor' => 'middle', fill => '#666');
    }
    for my $row (by_label(@pairs)) {
        my ($label, @of) = @{$row};
        my $middle = $y + (@of * $look{bar}) / 2 + 4;
        $svg .= text($x - 8, $middle, $label, 'text-anchor' => 'end', $of[0][0]{peer} ? () : ('font-weight' => 'bold'));
        for my $pair (@of) {
            $svg .= bar($x, $y, @{$pair});
            $y += $look{bar};
        }
        $y += 6;
    }
    return $svg;
}

# Drawn in time: this farm, and of each other make what is most usual.
sub is_drawn {
    my ($system) = @_;
    return !$system->{peer} || $system->{name} =~ /\A(?:haproxy-leastconn|nginx-least|httpd-busyness)-/;
}

sub course {
    my ($x, $y, $height, $seconds, $system, $summary) = @_;
    my $timeline = $summary->{timeline} || {};
    my @points   = map {
        sprintf '%.1f,%.1f', $x + ($_ + 0.5) * $look{lines} / $seconds, $y + $height - at($timeline->{$_}[1], $height)
    } sort { $a <=> $b } keys %{$timeline};
    my $dashes = $system->{peer} && $system->{dispatchers} > 1 ? ' stroke-dasharray="4 3"' : '';
    return sprintf qq(<polyline points="%s" fill="none" stroke="%s" stroke-width="%s"%s/>\n), "@points",
      colour($system),
      $system->{peer} ? 1.2 : 2.4, $dashes;
}

sub courses {
    my ($y, $seconds, @pairs) = @_;
    my ($x, $height) = ($look{lines_at}, max(bars_height(@pairs), 90));
    my $svg = '';
    for my $tick (ticks()) {
        my $at = $y + $height - at($tick->[0], $height);
        $svg .= line($x, $at, $x + $look{lines}, $at, '#ddd');
        $svg .= text($x - 4, $at + 3, $tick->[1], 'font-size' => 9, 'text-anchor' => 'end', fill => '#666');
    }
    my $step = $seconds > 10 ? 5 : 1;
    for my $second (grep { $_ % $step == 0 } 0 .. $seconds) {
        $svg .= text(
            $x + $second * $look{lines} / $seconds, $y + $height + 12, "$second s",
            'font-size'   => 9,
            'text-anchor' => 'middle',
            fill          => '#666'
        );
    }
    # This farm last, so that it is on top.
    for my $pair (reverse grep { is_drawn($_->[0]) } @pairs) {
        $svg .= course($x, $y, $height, $seconds, @{$pair});
    }
    return $svg;
}

# picture(seconds of a run, [scenario, [system, summary], …], …)
sub picture {
    my ($seconds, @summaries) = @_;
    my $y   = 66;
    my $svg = text(
        $look{margin}, 24, 'How long one request in a hundred takes at least (99th percentile), in ms',
        'font-size'   => 15,
        'font-weight' => 'bold'
      )
      . text($look{margin}, 42,
        'Left: over the whole run; 1: one balancer in front of the farm; 4, in pale colours: four of the same.')
      . text(
        $look{margin},
        56,
        'Right: in each second; thick: mod_backhand, thin: HAProxy leastconn, nginx least_conn, httpd '
          . 'bybusyness; dashed: four of them.'
      );
    for my $of (@summaries) {
        my ($scenario, @pairs) = @{$of};
        $svg .= text($look{margin}, $y + 22, $scenario->{title}, 'font-size' => 13, 'font-weight' => 'bold');
        $svg .= text($look{margin}, $y + 37, $scenario->{about}, fill => '#555');
        $svg .= bars($y + $look{head}, @pairs);
        $svg .= courses($y + $look{head}, $seconds, @pairs);
        $y += $look{head} + max(bars_height(@pairs), 90) + 26;
    }
    return sprintf qq(<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" )
      . qq(font-family="sans-serif" font-size="11">\n<rect width="100%%" height="100%%" fill="white"/>\n%s</svg>\n),
      $look{width}, $y, $look{width}, $y, $svg;
}

1;
