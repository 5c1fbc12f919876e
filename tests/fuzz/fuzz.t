#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A short run of every fuzz target finds nothing, and what is there to be found is found. Takes a minute, so only among
# the long tests.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm           qw(repo_dir);
use File::Basename qw(basename);
use File::Path     qw(make_path);
use File::Temp     ();
use Test::More;

my $repo   = repo_dir();
my $folder = File::Temp::tempdir('backhand-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $broken = "$folder/meson/tests/fuzz/fuzz_broken";

# What runs as this: [exit code, output].
sub run {
    my ($command) = @_;
    my $said = qx{$command 2>&1 </dev/null};
    return ($? >> 8, $said);
}

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', $path or die "$path: $!";
    print {$file} $text;
    close $file or die "$path: $!";
    return;
}

BEGIN {
    plan skip_all => 'a long test' if !$ENV{BACKHAND_TEST_LONG};
}
make_path("$folder/meson/tests/fuzz");
write_file("$broken.c", <<'EOT');
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2 && data[0] == 'b' && data[1] == 'a' && data[2] == 'd') {
        abort();
    }
    return 0;
}
EOT
my ($missing, $why) = run("clang -g -fsanitize=fuzzer,address,undefined -o '$broken' '$broken.c'");
if ($missing) {
    diag $why;
    plan skip_all => 'the packages clang and libclang-rt-dev are not installed';
}

my ($code, $said) = run("'$repo/tools/fuzz' '$folder' 60");
is $code, 1, 'a target that can be broken fails';
like $said, qr/^broken +\d+ +\d+ +\d+  broke$/m, 'the table says so';
my ($repeat) = $said =~ /to repeat it:\n(.+)/;
ok $repeat, 'and how to repeat it is said' or diag $said;
($code, $said) = run($repeat);
isnt $code, 0, 'it is repeated so';
ok -s ($repeat =~ s/.* //r) . '.txt', 'the command is kept beside the input';

for my $wrong ('0', '-1', '5s', "''", '5 5', '1000000') {
    ($code, $said) = run("'$repo/run' fuzz $wrong");
    is $code, 1, "./run fuzz $wrong is refused";
    like $said, qr/^run: fuzz .*seconds/m, 'and it is said what is right';
}

($code, $said) = run("'$repo/run' fuzz 5");
is $code, 0, 'a short run of every target finds nothing' or diag $said;
for my $name (map { basename($_) =~ s/\Afuzz_|[.]c\z//gr } glob "$repo/tests/fuzz/fuzz_*.c") {
    my @inputs = glob "$repo/tests/fuzz/corpus/$name/*";
    my ($runs, $corpus, $edges) = $said =~ /^$name +(\d+) +(\d+) +(\d+)$/m;
    cmp_ok $runs  // 0, '>', scalar @inputs, "$name: the corpus ran, and more";
    cmp_ok $edges // 0, '>', 50,             "$name: it reaches the code";
}

done_testing;
