#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# All linters are content. They give way to the tests that run beside them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm qw(build_dir repo_dir);
use Test::More tests => 1;

my $build = build_dir();
my $said  = qx{nice -n 19 sh '@{[repo_dir()]}/tools/lint' '$build' 2>&1 </dev/null};
ok $? == 0, 'lint' or diag $said;
