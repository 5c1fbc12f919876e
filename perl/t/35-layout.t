#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# mod_backhand's copies of mod_perl's structs, which it declares without mod_perl's headers, match the originals.
use strict;
use warnings;

use Config;
use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/../../tests/farm/lib";
use Farm qw(repo_dir);
use Test::More;

my @same = (
    ['modperl_config_con_t',    'interp', 'mod_perl_connection',  'interpreter'],
    ['modperl_interp_t',        'mip',    'mod_perl_interpreter', 'pool'],
    ['modperl_interp_pool_t',   'tipool', 'mod_perl_pool',        'tipool'],
    ['modperl_tipool_t',        'cfg',    'mod_perl_tipool',      'limits'],
    ['modperl_tipool_config_t', 'max',    'mod_perl_limits',      'max'],
);

my $folder = File::Temp->newdir;
chomp(my ($httpd, $apr) = (qx{apxs -q INCLUDEDIR}, qx{apr-1-config --includedir}));
my @command = (
    'cc',                                   '-fsyntax-only',
    split(' ', $Config{ccflags}),           '-I' . repo_dir() . '/perl',
    '-I' . repo_dir() . '/src/act/waiting', "-I$httpd",
    "-I$apr",                               "-I$Config{archlibexp}/CORE",
    "$folder/layout.c"
);

# True when the compiler finds both members, moved by that many bytes, at the same place.
sub same {
    my ($theirs, $member, $ours, $name, $moved) = @_;
    open my $file, '>', "$folder/layout.c" or die "layout.c: $!";
    print {$file} "#include \"mod_perl_api.h\"\n#include \"mod_perl_layout.h\"\n",
      "_Static_assert(offsetof($theirs, $member) == offsetof(struct $ours, $name) + $moved, \"moved\");\n";
    close $file or die "layout.c: $!";
    return system("@command >$folder/said 2>&1") == 0;
}

ok same(@{$_},          0), "$_->[0]: $_->[1]" for @same;
ok !same(@{ $same[0] }, 8), 'another place would be found';
done_testing;
