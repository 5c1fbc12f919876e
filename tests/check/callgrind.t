#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# What is done for each request and each announcement takes no more instructions than it did: they are the same on a
# busy machine and on a slow one. Counted by callgrind, compared with tests/callgrind/expected.txt, which holds for one
# version of one compiler. Takes half a minute, so only among the long tests.
#
# usage: perl tests/check/callgrind.t --keep
# counts, and writes the file anew.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm       qw(build_dir repo_dir);
use File::Temp ();
use Test::More;

my $keep = "@ARGV" eq '--keep';
if (!$keep) {
    plan skip_all => 'a long test' if !$ENV{BACKHAND_TEST_LONG};
    plan skip_all => 'other code'  if $ENV{BACKHAND_SANITIZED};
}
plan skip_all => 'no valgrind' if system('valgrind --version >/dev/null 2>&1') != 0;

my $file      = repo_dir() . '/tests/callgrind/expected.txt';
my $program   = build_dir() . '/meson/tests/callgrind/count_paths';
my $tolerance = 0.05;

my $built = qx{ninja -C '@{[build_dir()]}/meson' tests/callgrind/count_paths 2>&1 </dev/null};
die $built if $?;
chomp(my $compiler = qx{'$program' --compiler});
chomp(my @paths    = qx{'$program' --list});

# What the libraries choose by the processor that they run on would count differently elsewhere.
$ENV{GLIBC_TUNABLES} = 'glibc.cpu.hwcaps=' . join ',',
  map { "-$_" } qw(AVX2 AVX512F AVX512VL AVX512BW BMI2 ERMS FSRM MOVBE RTM);
$ENV{OPENSSL_ia32cap} = '0:0';

# Instructions that one run of the path takes.
sub count {
    my ($path) = @_;
    my $folder = File::Temp::tempdir(TMPDIR => 1, CLEANUP => 1);
    my $said =
      qx{valgrind --tool=callgrind --toggle-collect=counted --callgrind-out-file='$folder/out' '$program' $path 2>&1};
    my ($runs)         = $said =~ /^(\d+)$/m;
    my ($instructions) = $said =~ /Collected : (\d+)/;
    die "$path: $said" if $? || !$runs || !$instructions;
    return int $instructions / $runs + 0.5;
}

# { compiler => { path => count } }
sub read_expected {
    my %expected;
    open my $lines, '<', $file or return \%expected;
    while (my $line = readline $lines) {
        my ($for, $path, $count) = $line =~ /\A([^#]+?) (\S+) (\d+)\n/ or next;
        $expected{$for}{$path} = $count;
    }
    close $lines;
    return \%expected;
}

sub write_expected {
    my ($expected) = @_;
    open my $lines, '>', $file or die "$file: $!";
    print {$lines} "# Instructions of one run of each path of paths.c: compiler, path, count. tests/check/callgrind.t "
      . "compares and writes them.\n";
    for my $for (sort keys %{$expected}) {
        print {$lines} map { "$for $_ $expected->{$for}{$_}\n" } sort keys %{ $expected->{$for} };
    }
    close $lines or die "$file: $!";
    return;
}

my $expected = read_expected();
if ($keep) {
    $expected->{$compiler} = { map { $_ => count($_) } @paths };
    write_expected($expected);
    pass("$compiler: $_ takes $expected->{$compiler}{$_}") for @paths;
    done_testing;
    exit;
}
my $kept = $expected->{$compiler};
plan skip_all =>
  "tests/callgrind/expected.txt has no counts for $compiler, but for @{[join ' and ', sort keys %{$expected}]}"
  if !$kept;

for my $path (@paths) {
    my $count = count($path);
    my $was   = $kept->{$path};
    if (!$was) {
        fail("$path has no count in tests/callgrind/expected.txt; perl tests/check/callgrind.t --keep writes it");
        next;
    }
    my $change = sprintf '%+.1f %%', 100 * ($count / $was - 1);
    cmp_ok $count, '<=', $was * (1 + $tolerance), "$path takes no more instructions than it did ($was, $change)"
      or diag "callgrind_annotate shows where they are, see CONTRIBUTING.md; when they are worth it: perl "
      . "tests/check/callgrind.t --keep";
    diag "$path takes $change: keep that by perl tests/check/callgrind.t --keep" if $count < $was * (1 - $tolerance);
}
done_testing;
