#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The load generator of the bench measures correctly, and the bench makes its table.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../../bench/lib";
use Bench::Lane;
use Farm qw(build_dir repo_dir);
use Test::More;
use Time::HiRes qw(sleep);

my $built = qx{ninja -C '@{[build_dir()]}/meson' bench/openloop bench/mod_bench_work.so \\
        bench/cost_core bench/mod_bench_policy.so bench/announcers 2>&1 </dev/null};
is $?, 0, 'what only the bench needs is built' or die $built;

my $lane = Bench::Lane->new;
$lane->prepare({ name => 'backhand' }, { factors => {} });
$lane->wait_ready;

# Runs the load, and what happens meanwhile.
sub load {
    my ($meanwhile, %options) = @_;
    $lane->load(rate => 100, seconds => 2, warmup => 0, seed => 7, service => 'fixed:10', timeout => 10, %options);
    $meanwhile->() if $meanwhile;
    sleep 0.05 while $lane->is_loaded;
    return $lane->result;
}

my $first = load();
cmp_ok $first->{count}, '>', 120, 'requests come';
is $first->{failed}, 0, 'and are answered';
cmp_ok $first->{p50}, '>=', 10, 'none takes less than its work';
my $second = load();
is $second->{count}, $first->{count}, 'the same seed, the same arrivals';

# While all servers stand still, half a second long, about 50 requests are due: they have waited since then, though no
# answer came that a generator with few connections would have waited for.
my $stalled = load(
    sub {
        sleep 0.5;
        $_->pause for $lane->{farm}->servers;
        sleep 0.5;
        $_->resume for $lane->{farm}->servers;
    }
);
is $stalled->{count}, $first->{count}, 'stalled servers do not keep requests from coming';
cmp_ok $stalled->{p90}, '>=', 100, 'more than one in ten has waited';
cmp_ok $stalled->{max}, '>=', 400, 'the first of them for the whole time';

# A dead entry costs only another try.
my $killed = load(sub { $lane->kill('d') });
is $killed->{failed}, 0, 'clients turn to another entry';
cmp_ok $killed->{again}, '>', 10, 'and it is counted';
$lane->clear;

my $farm = repo_dir() . '/bench/farm';
my $said = qx{'$^X' '$farm' --quick --seconds 2 --warmup 0 slow backhand 2>&1 </dev/null};
like $said, qr/^[|] mod_backhand [|] 4 [|] .*[|] 0 [|] 0 [|] \d+ \d+ \d+ \d+ [|]/m, 'the table has its row'
  or diag $said;
$said = qx{'$^X' '$farm' nonsense 2>&1 </dev/null};
like $said, qr/there is no nonsense; there are: slow /, 'a name that is none is said';

my $workloads = repo_dir() . '/bench/workloads';
$said = qx{'$^X' '$workloads' --quick --seconds 2 --warmup 1 --systems none,backhand \\
        event-bimodal-60 light-heavy-exp-entry-20 2>&1 </dev/null};
is $?, 0, 'workloads are measured' or diag $said;
my $times = qr{[\d.]+ / [\d.]+ / [\d.]+ / [\d.]+};
like $said, qr/^[|] \Q$_\E [|] $times [|] $times [|] +[|] +[|] $times [|] .* [|] [\d.]+ % [|] 0 0 - - [|]/m,
  "$_ has its row"
  or diag $said
  for qw(event-bimodal-60 light-heavy-exp-entry-20);
$said = qx{'$^X' '$workloads' --list moving-event 2>&1 </dev/null};
is $said, "event-exp-moving-60\n", 'cells are found by parts of their names';
$said = qx{'$^X' '$workloads' nonsense 2>&1 </dev/null};
like $said, qr/there is no cell nonsense/, 'a cell that is none is said';

# What the other parts need may not be installed.
my $cost = repo_dir() . '/bench/cost';
$said = qx{'$^X' '$cost' --quick chain intake byperl 2>&1 </dev/null};
is $?, 0, 'costs are measured' or diag $said;
my @rows = $said =~ /^[|] (.*?) [|] [\d.]+ \S+s [|] [\d.]+ \S+s [|] /gm;
is scalar @rows, 12, 'and have their rows' or diag $said;
$said = qx{'$^X' '$cost' nonsense 2>&1 </dev/null};
like $said, qr/there is no nonsense; there are: chain /, 'a word that is none is said';

# By NATS, too, where it is installed.
my $scale = repo_dir() . '/bench/scale';
$said = qx{'$^X' '$scale' --quick 50 2>&1 </dev/null};
is $?, 0, 'a farm of many announcers is measured' or diag $said;
like $said, qr/^[|] \Q$_\E [|] 50 [|] \d+ [|] [\d.]+ % [|] [\d.]+ \S+s [|] 0 of [\d,]+ [|] /m, "$_: nothing is lost"
  or diag $said
  for 'multicast', 'multicast, signed';
like $said, qr/^[|] 50 [|] [\d.]+ \S+s [|] \d+ KiB, \d+ ms [|]/m, 'and what it costs to show them';
$said = qx{'$^X' '$scale' 5000 2>&1 </dev/null};
like $said, qr/5000 announcers: a number from 2 to 4095 is right/, 'too many are said to be';

done_testing;
