# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Cost::Curve;

# How what a decision takes grows with the farm, as SVG, both scales logarithmic.

use strict;
use warnings;
use utf8;

use Exporter qw(import);

use Bench::Picture qw(line text);

our @EXPORT_OK = qw(curve);

my ($left, $top, $width, $height) = (60, 50, 560, 260);

# Servers, and ns.
my @servers = (4,  4096);
my @ns      = (30, 100_000);

sub share { return log($_[0] / $_[1]) / log($_[2] / $_[1]) }

sub at {
    my ($servers, $ns) = @_;
    return ($left + $width * share($servers, @servers), $top + $height * (1 - share($ns, @ns)));
}

sub path {
    my ($colour, $style, @points) = @_;
    my @at   = map { sprintf '%.1f,%.1f', at(@{$_}) } @points;
    my $dots = join q(), map {
        my ($x, $y) = at(@{$_});
        sprintf qq(<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>\n), $x, $y, $colour
    } @points;
    return qq(<polyline points="@at" fill="none" stroke="$colour" $style/>\n$dots);
}

# curve(ours => [[servers, ns], …], floor => […], targets => […])
sub curve {
    my (%of) = @_;
    my $svg = text(
        20, 22, 'The default chain: time for one decision, by servers in the farm',
        'font-size'   => 15,
        'font-weight' => 'bold'
    );
    for my $tick ([100, '100 ns'], [1000, '1 µs'], [10_000, '10 µs'], [100_000, '100 µs']) {
        my (undef, $y) = at(4, $tick->[0]);
        $svg .=
          line($left, $y, $left + $width, $y, '#ddd') . text($left - 6, $y + 4, $tick->[1], 'text-anchor' => 'end');
    }
    for my $servers (map { $_->[0] } @{ $of{ours} }) {
        my ($x) = at($servers, 100);
        $svg .= line($x, $top, $x, $top + $height, '#eee')
          . text($x, $top + $height + 16, $servers, 'text-anchor' => 'middle');
    }
    $svg .= path('#888',    'stroke-width="1.2" stroke-dasharray="4 3"', @{ $of{floor} });
    $svg .= path('#c22a2a', 'stroke-width="2.4"',                        @{ $of{ours} });
    for my $target (@{ $of{targets} }) {
        my ($x, $y) = at(@{$target});
        $svg .= line($x - 14, $y, $x + 14, $y, '#2f6fb5')
          . text($x, $y - 5, 'target', 'text-anchor' => 'middle', fill => '#2f6fb5');
    }
    $svg .= text(
        $left,
        $top + $height + 36,
        'red: Backhand on; grey: a loop that looks once at each server; blue: what it may take at most'
    );
    return sprintf qq(<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" )
      . qq(font-family="sans-serif" font-size="11">\n<rect width="100%%" height="100%%" fill="white"/>\n%s</svg>\n),
      ($left + $width + 30, $top + $height + 50) x 2, $svg;
}

1;
