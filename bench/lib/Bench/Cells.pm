# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Cells;

# The cells of the table that `./run bench rule` makes: what is asked of a rule, and how bhsim is told.

use strict;
use warnings;

use Exporter   qw(import);
use List::Util qw(max min sum0);

our @EXPORT_OK = qw(cells group_of name_of scenario);

# Each cell is a hash: dist load n w cpus prefork var skew mean ann hop delay sizes burst loss. Keys that are left out
# have the value of %usual.
my %usual = (
    n       => 4,
    w       => 12,
    cpus    => 0,
    prefork => 0,
    var     => 'equal',
    skew    => 0,
    mean    => 0.08,
    ann     => 0.25,
    hop     => 0.00015,
    delay   => 0.0002
);
my @order = qw(n w cpus prefork sizes dist var skew load mean ann hop delay burst loss);

sub name_of {
    my ($cell) = @_;
    return join q( ), map { "$_=$cell->{$_}" } grep { exists $cell->{$_} } @order;
}

# All combinations of the lists.
sub crossed {
    my (%lists) = @_;
    my @cells = ({});
    foreach my $key (sort keys %lists) {
        my @values = ref $lists{$key} ? @{ $lists{$key} } : $lists{$key};
        @cells = map {
            my $cell = $_;
            map { +{ %{$cell}, $key => $_ } } @values
        } @cells;
    }
    return @cells;
}

sub slots {
    return (
        crossed(dist => [qw(fixed exp bimodal logn pareto)], load => [.1, .3, .6, .85, .95, 1.1]),
        crossed(
            dist => [qw(exp bimodal logn pareto)],
            var  => [qw(speeds slow10 slow2 moving)],
            load => [.3, .6, .85, .95]
        ),
        crossed(mean  => [.002, .01, .5], dist => 'exp', load => [.6, .85]),
        crossed(ann   => 1,    dist => [qw(exp bimodal)], load => [.6, .85]),
        crossed(ann   => 1,    dist => 'exp', load => .6, var => [qw(slow10 moving)]),
        crossed(hop   => .002, dist => 'exp', load => .6),
        crossed(delay => .002, dist => 'exp', load => .85),
    );
}

sub sizes {
    return (
        crossed(n => [8, 32, 128], dist => [qw(exp bimodal)],      load => [.6, .85]),
        crossed(n => [8, 32, 128], dist => 'exp',                  load => .6, var => [qw(slow10 moving)]),
        crossed(n => [8, 32, 128], dist => 'bimodal',              load => .6, var => 'speeds'),
        crossed(w => [1, 4,  64],  dist => [qw(exp bimodal logn)], load => [.3, .6, .85]),
        crossed(w => [1, 4,  64],  dist => 'exp',                  load => .6, var => [qw(slow10 moving)]),
        crossed(w => [1, 4,  64],  dist => 'bimodal',              load => .6, var => 'speeds'),
    );
}

sub others {
    return (
        crossed(cpus    => [2, 4, 16], dist => [qw(exp bimodal)], load => [.3, .6, .85]),
        crossed(cpus    => [2, 4, 16], dist => 'exp', load => .6, var => [qw(slow10 speeds moving)]),
        crossed(prefork => 1,                   dist => [qw(exp bimodal logn)], load => [.3, .6, .85]),
        crossed(prefork => 1,                   dist => 'exp', load => [.3, .6], var => [qw(speeds slow10 moving)]),
        crossed(prefork => 1,                   dist => 'exp', load => .15, skew => 1),
        crossed(skew    => [1, 2],              dist => [qw(exp bimodal)], load => [.3, .6, .85]),
        crossed(skew    => 1,                   dist => 'exp',             load => .6, cpus => 4),
        crossed(skew    => 1,                   dist => 'exp',             load => .6, n    => 8),
        crossed(skew    => 1,                   dist => 'exp',             load => .6, var  => [qw(slow10 moving)]),
        crossed(dist    => [qw(mixed mixskew)], load => [.3, .6, .85]),
        crossed(dist    => [qw(mixed mixskew)], load => [.3, .6, .85],     cpus => 4),
        crossed(dist    => [qw(mixed mixskew)], load => .6,                var  => [qw(slow10 speeds)]),
        crossed(var     => [qw(sink cold)],     dist => [qw(exp bimodal)], load => [.3, .6, .85]),
    );
}

# Cells that the rule was not made with: sizes, bursts, lost announcements.
sub further {
    return (
        crossed(sizes => 1,  dist => 'bimodal', load => .85),
        crossed(sizes => 1,  dist => 'exp',     load => .6),
        crossed(sizes => 1,  dist => 'exp',     load => .85, cpus    => 8),
        crossed(sizes => 1,  dist => 'exp',     load => .4,  prefork => 1),
        crossed(sizes => 1,  dist => 'logn',    load => .6,  n       => 8, var => 'speeds'),
        crossed(burst => .5, dist => 'bimodal', load => .6),
        crossed(burst => .5, dist => 'exp',     load => .6, var => 'speeds'),
        crossed(burst => .5, dist => 'exp',     load => .6, n   => 32),
        crossed(loss  => .3, dist => 'bimodal', load => .85),
        crossed(loss  => .3, dist => 'exp',     load => .6, var => 'moving'),
    );
}

# A cell of each kind.
sub quick {
    return (
        crossed(dist    => [qw(exp bimodal)], load => [.6, .85]),
        crossed(dist    => 'logn',            load => .95),
        crossed(dist    => 'exp',             load => .6,                var  => [qw(speeds slow10 moving sink cold)]),
        crossed(dist    => 'bimodal',         load => .6,                var  => 'moving'),
        crossed(n       => 32,                dist => 'exp',             load => .85),
        crossed(w       => 1,                 dist => 'exp',             load => .6),
        crossed(cpus    => 4,                 dist => [qw(exp mixskew)], load => .85),
        crossed(prefork => 1,                 dist => 'bimodal',         load => .6),
        crossed(prefork => 1,                 dist => 'exp',             load => .6, var => 'speeds'),
        crossed(skew    => 1,                 dist => 'exp',             load => .6, var => 'moving'),
    );
}

sub cells {
    my ($which) = @_;
    return quick()   if $which eq 'quick';
    return further() if $which eq 'further';
    return (slots(), sizes(), others());
}

sub group_of {
    my ($cell) = @_;
    my ($var, $load) = ($cell->{var} || q(), $cell->{load});
    return 'all or half of the clients at one server'                     if $cell->{skew} && !$cell->{prefork};
    return $var ? 'prefork, speeds / slow / moving' : 'prefork, equal'    if $cell->{prefork};
    return 'one fails at once'                                            if $var eq 'sink';
    return 'one joins cold'                                               if $var eq 'cold';
    return 'two kinds of requests, also with the slow kind at one server' if $cell->{dist} =~ /mix/;
    return $var ? 'CPU-bound, speeds / slow / moving' : 'CPU-bound (2, 4, 16 CPUs), equal' if $cell->{cpus};
    return 'slots, one of N ten times slower, moves each 5 s'                              if $var eq 'moving';
    return 'slots, speeds 1, 1, ½, ¼'                                                      if $var eq 'speeds';
    return 'slots, one half as fast'                                                       if $var eq 'slow2';
    return 'slots, one ten times slower'                                                   if $var eq 'slow10';
    return 'slots, equal, load ' . ($load <= .6 ? '10…60 %' : $load < 1 ? '85…95 %' : '110 %');
}

# --- how bhsim is told
# ---------------------------------------------------------------------------------------------------

my %service = (
    fixed   => 'fixed %gms',
    exp     => 'exp %gms',
    bimodal => 'bimodal %gms 0.05 47.6667',
    logn    => 'lognormal %gms 1.5',
    pareto  => 'pareto %gms 1.5 1000',
    mixed   => 'lognormal %gms 0.3',
    mixskew => 'lognormal %gms 0.3',
);

sub speed_of {
    my ($c, $server) = @_;
    my $q = $server % 4;
    return (1, 1, 0.5, 0.25)[$q] if $c->{var} eq 'speeds';
    return $q ? 1 : $c->{var} eq 'slow10' ? 0.1 : $c->{var} eq 'slow2' ? 0.5 : 1;
}

sub places_of {
    my ($c, $server) = @_;
    return max(1, int(($c->{cpus} || $c->{w}) * ($c->{sizes} ? (0.5, 1, 1, 2)[$server % 4] : 1)));
}

sub server_line {
    my ($c, $server) = @_;
    my $places = places_of($c, $server);
    my $line   = 'servers 1 speed ' . speed_of($c, $server) . q( );
    $line .= $c->{cpus} ? "cpus $places workers unlimited" : $c->{prefork} ? "workers $places" : "slots $places";
    $line .= ' errors 1'                           if $server == 0 && $c->{var} eq 'sink';
    $line .= ' cold 10 5s fails 9.99s returns 10s' if $server == 0 && $c->{var} eq 'cold';
    return $line;
}

# Arrivals a second, of what the servers can do that do not fail and are not slow.
sub rate_of {
    my ($c) = @_;
    my $capacity = sum0(map { speed_of($c, $_) * places_of($c, $_) } 0 .. $c->{n} - 1);
    $capacity -= 0.9 * places_of($c, 0) if $c->{var} eq 'moving';
    $capacity -= places_of($c, 0)       if $c->{var} eq 'sink';
    return $c->{load} * $capacity / $c->{mean};
}

sub duration_of {
    my ($c, $requests) = @_;
    my $wanted = $requests / rate_of($c);
    return 8 if $c->{var} eq 'cold';
    return max(30, min(400, $wanted)) if $c->{var} eq 'moving';
    return max(8, min(400, $wanted));
}

sub request_lines {
    my ($c) = @_;
    my $first = (1 / $c->{n} - 0.04) / 0.95;
    return () if $c->{dist} !~ /mix/;
    return ('request 95 GET /page times 0.3', 'request 5 GET /report times 14.3') if $c->{dist} eq 'mixed';
    return ("request 95 GET /page times 0.3 first $first", 'request 5 GET /report times 14.3 first 0.8');
}

# A scenario of so many requests. `alone`: one dispatcher before all of them, with nothing to pay for the way.
sub scenario {
    my ($cell, $requests, $seed, $alone, @policies) = @_;
    my $c     = { %usual, %{$cell} };
    my $hop   = $alone ? 0 : 1e6 * $c->{hop};
    my @lines = map { server_line($c, $_) } 0 .. $c->{n} - 1;
    push @lines, $alone ? 'dispatchers 1' : "dispatchers $c->{n} on-servers";
    push @lines, 'arrivals rate ' . rate_of($c) . ($c->{burst} ? " burst $c->{burst} every 4s" : q());
    push @lines, 'service ' . sprintf($service{ $c->{dist} }, 1000 * $c->{mean}), request_lines($c);
    push @lines, 'clients first ' . ($c->{skew} == 1 ? 1 : 0.5) if $c->{skew};
    push @lines, 'slow 10 moves 5s'                             if $c->{var} eq 'moving';
    push @lines, 'announce ' . 1000 * $c->{ann} . 'ms' . ($c->{loss} ? " loss $c->{loss}" : q());
    push @lines, 'delay ' . ($alone ? 0 : 1e6 * $c->{delay}) . 'us',
      "hop ${hop}us" . ($c->{cpus} && !$alone ? ' cpu 100us' : q());
    push @lines, 'load-window 0', 'warmup 10s', 'duration ' . duration_of($c, $requests) . 's', "seed $seed",
      'report numbers';
    return join("\n", @lines, @policies) . "\n";
}

1;
