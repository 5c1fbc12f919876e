# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Workloads;

# The cells of `./run bench workloads`: what is asked of four servers a, b, c, d, and of whom. Each cell is a hash:
#   name      farm, distribution, kind where servers are not equal, load in percent, as event-exp-slow-60
#   farm      a key of farms()
#   kind      equal, speeds, slow, moving, entry, shares
#   load      share of what the servers can do
#   rate      arrivals a second
#   service   as openloop takes it; 80 ms on the average
#   timeout   s, longest a request may take
#   factors, events   as in Bench::Scenarios
#   entries   how many servers clients know
#   alone     0: without balancing the servers that clients know could not do it, and it is not measured

use strict;
use warnings;
use utf8;

use Exporter   qw(import);
use List::Util qw(sum0);

use Bench::Quota;

our @EXPORT_OK = qw(cells chosen farms workload_systems);

my $mean    = 80;
my %service = (
    exp       => "exponential:$mean",
    bimodal   => "bimodal:$mean:0.05:47.6667",
    lognormal => "lognormal:$mean:1.5",
    pareto    => "pareto:$mean:1.5:1000",
);

# Parts of a core. All together are less than one, so that the machine has time left for the rest.
my %shares = (a => 0.35, b => 0.2, c => 0.2, d => 0.1);

# As Bench::Lane->new() takes them, in the order of the table.
my @farms = (
    { name => 'event',     title => 'event, 12 at once',   lane => { mpm => 'event',   workers => 12 } },
    { name => 'prefork12', title => 'prefork, 12 workers', lane => { mpm => 'prefork', workers => 12 } },
    { name => 'prefork6',  title => 'prefork, 6 workers',  lane => { mpm => 'prefork', workers => 6 } },
    {
        name  => 'light-heavy',
        title => 'a light event before prefork with 12 workers',
        lane  => { mpm => 'prefork', workers => 12, light => 1 }
    },
    {
        name  => 'cpu',
        title => 'event, unequal shares of the processor',
        lane  => { mpm => 'event', shares => \%shares }
    },
);

sub farms { return @farms }

my %factors = (
    equal  => { a => 1,  b => 1, c => 1, d => 1 },
    entry  => { a => 1,  b => 1, c => 1, d => 1 },
    speeds => { a => 1,  b => 1, c => 2, d => 4 },
    slow   => { a => 10, b => 1, c => 1, d => 1 },
    moving => { a => 10, b => 1, c => 1, d => 1 },
);

my @moves =
  ([0.25, factors => (a => 1, b => 10)], [0.5, factors => (b => 1, c => 10)], [0.75, factors => (c => 1, d => 10)]);

# Distribution, kind, loads.
my @asked = (
    ['exp',       'equal',  30, 60, 85],
    ['bimodal',   'equal',  60, 85],
    ['lognormal', 'equal',  60, 85],
    ['pareto',    'equal',  60],
    ['exp',       'speeds', 60],
    ['bimodal',   'speeds', 60],
    ['exp',       'slow',   60],
    ['exp',       'moving', 60],
    ['exp',       'entry',  20, 60],
);

sub cell {
    my ($farm, $dist, $kind, $load) = @_;
    my $workers = $farm->{lane}{workers} || 0;
    return {
        name    => join('-', $farm->{name}, $dist, $kind eq 'equal' ? () : $kind, $load),
        farm    => $farm,
        kind    => $kind,
        load    => $load,
        rate    => $load / 100 * $workers * sum0(map { 1 / $_ } values %{ $factors{$kind} }) / $mean * 1000,
        service => $service{$dist},
        timeout => $dist eq 'pareto' ? 40 : 10,
        factors => $factors{$kind},
        events  => $kind eq 'moving' ? [@moves] : [],
        entries => $kind eq 'entry'  ? 1        : 4,
        alone   => $kind ne 'entry' || $load < 25,
    };
}

# Work of 5 ms of processor time.
sub cpu_cell {
    my ($farm, $dist, $load) = @_;
    my $burns = 5;
    return {
        %{ cell($farm, $dist, 'equal', $load) },
        name    => "cpu-$dist-shares-$load",
        kind    => 'shares',
        rate    => $load / 100 * sum0(values %shares) / $burns * 1000,
        service => $service{$dist} =~ s/:$mean/:$burns/r,
    };
}

# Connections that wait in one server's listen backlog are nobody else's: a prefork farm of one entry is no farm at 60
# %.
sub cells {
    my @cells;
    for my $farm (@farms) {
        if ($farm->{lane}{shares}) {
            push @cells, map { cpu_cell($farm, $_, 50) } qw(exp bimodal) if Bench::Quota::is_possible();
            next;
        }
        my $queues_inside = $farm->{name} !~ /\Aprefork/;
        for my $of (@asked) {
            my ($dist, $kind, @loads) = @{$of};
            push @cells,
              map { cell($farm, $dist, $kind, $_) } grep { $kind ne 'entry' || $_ < 25 || $queues_inside } @loads;
        }
    }
    return @cells;
}

# The cells whose names are one of the words or have all of its parts, in any order, as moving, event-60, event-equal.
sub chosen {
    my (@words) = @_;
    my @cells   = cells();
    my %named   = map { $_->{name} => 1 } @cells;
    return @cells if !@words;
    return grep { is_meant($_, \%named, @words) } @cells;
}

# True if a word is the cell's name or kind, or parts of its name.
sub is_meant {
    my ($cell, $named, @words) = @_;
    my %has = map { $_ => 1 } $cell->{kind}, split /-/, $cell->{name};
    for my $word (@words) {
        return 1 if $named->{$word} ? $word eq $cell->{name} : !grep { !$has{$_} } split /-/, $word;
    }
    return 0;
}

# name, label; chain: the farm balances itself by it; peer: class and method of a balancer; neither: clients stay where
# they come.
sub workload_systems {
    return (
        { name => 'none',     label => 'no balancing',      dispatchers => 4 },
        { name => 'backhand', label => 'mod_backhand',      dispatchers => 4, chain => 'Backhand on' },
        { name => 'haproxy',  label => 'HAProxy leastconn', dispatchers => 1, peer  => ['Haproxy', 'leastconn'] },
        { name => 'nginx',    label => 'nginx least_conn',  dispatchers => 1, peer  => ['Nginx',   'least_conn'] },
    );
}

1;
