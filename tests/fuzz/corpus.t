#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# What must hold for every input holds for those of the corpus, in the build that is being tested.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm           qw(build_dir repo_dir);
use File::Basename qw(basename);
use Test::More;

my $programs = build_dir() . '/meson/tests/fuzz';
my @names    = map { basename($_) =~ s/\Afuzz_|[.]c\z//gr } glob repo_dir() . '/tests/fuzz/fuzz_*.c';
cmp_ok scalar @names, '>=', 6, 'there are targets';

for my $name (@names) {
    my @inputs = glob repo_dir() . "/tests/fuzz/corpus/$name/*";
    cmp_ok scalar @inputs, '>=', 10, "$name: there are inputs";
    open my $run, '-|', "$programs/replay_$name", @inputs or die "replay_$name: $!";
    my @said = readline $run;
    ok close $run, "$name: they break nothing" or diag "$said[-1] broke $name ($?)";
    is scalar @said, scalar @inputs, "$name: all were read";
}

done_testing;
