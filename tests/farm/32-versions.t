#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A shared object that was built for the table of another release is refused, and the message names both versions.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm       qw(configtest repo_dir);
use File::Temp qw(tempdir);
use Test::More;

my $folder = tempdir(CLEANUP => 1);
chmod 0755, $folder or die "chmod: $!";

sub write_file {
    my ($name, $text) = @_;
    open my $file, '>', "$folder/$name" or die "$folder/$name: $!";
    print {$file} $text;
    close $file or die "$folder/$name: $!";
    return "$folder/$name";
}

# What a third party writes, built with the header in that folder.
my $policy = <<'EOT';
#include <mod_backhand.h>
BACKHAND_API int first(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int first(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r, (void)servers, (void)arg;
    return *n = *n ? 1 : 0;
}
EOT

sub build {
    my ($name, $text, @flags) = @_;
    my $source  = write_file("$name.c", $text);
    my @command = ('cc', qw(-shared -fPIC -Wall -Wextra -Werror), @flags, $source, '-o', "$folder/$name.so");
    system(@command) == 0 or die "@command: $?";
    return "$folder/$name.so";
}

open my $file, '<', repo_dir() . '/include/mod_backhand.h' or die $!;
my $header = join q(), readline $file;
close $file;
my ($ours) = $header =~ /^#define BACKHAND_API_VERSION (\d+)$/m;
ok $ours, 'the header has a version';

sub load {
    my ($object) = @_;
    return configtest(conf => "<Location /app>\nBackhandFromSO $object first\n</Location>");
}

my ($rc, $said) = load(build('same', $policy, '-I' . repo_dir() . '/include'));
is $rc, 0, 'built with this header: loaded' or diag $said;

for my $theirs ($ours + 1, $ours + 4711) {
    mkdir "$folder/$theirs" or die "mkdir: $!";
    write_file("$theirs/mod_backhand.h", $header =~ s/^(#define BACKHAND_API_VERSION )\d+$/$1$theirs/mr);
    my $object = build("other$theirs", $policy, "-I$folder/$theirs");
    ($rc, $said) = load($object);
    isnt $rc, 0, "built with the header of version $theirs: refused";
    like $said,
      qr/ \Q$object\E first: was built for version $theirs of .* table, this is version $ours: build it again/,
      'both versions are said';
}

($rc, $said) = load(build('hidden', $policy, '-fvisibility=hidden', "-I$folder/" . ($ours + 1)));
like $said, qr/version @{[$ours + 1]} .* version $ours:/, 'whatever its symbols are';
SKIP: {
    skip 'there is no C++ compiler', 1 if system 'c++ --version >/dev/null 2>&1';
    ($rc, $said) = load(build('plus', "extern \"C\" {\n$policy}\n", qw(-x c++), "-I$folder/" . ($ours + 1)));
    like $said, qr/version @{[$ours + 1]} .* version $ours:/, 'in C++, too';
}

($rc, $said) = load(build('none', <<'EOT'));
int first(void *r, void *servers, int *n, char *arg);
int first(void *r, void *servers, int *n, char *arg)
{
    (void)r, (void)servers, (void)arg;
    return *n;
}
EOT
is $rc, 0, 'what never saw the header looks at no table, and is loaded' or diag $said;

done_testing;
