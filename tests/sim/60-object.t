#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# Functions from shared objects.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../farm/lib";

use Test::More;

use Farm qw(build_dir);
use Sim  qw(bhsim outcome write_file);

my $object = build_dir() . '/meson/tests/sim/choice.so';
my $farm   = <<'EOT';
servers 1 name one
servers 1 name two
servers 1 name three
arrivals rate 50
warmup 1s
duration 60s
request 1 GET /s2?x
request 3 GET /s1 header "To: s3"
EOT

my $shares = outcome("${farm}policy path: byAge | BackhandFromSO $object by_path\n")->[0]{path}{shares};
is $shares->[0][0], '0.00', 'a function sees the request and the table';
cmp_ok abs($shares->[1][0] - 25), '<', 3, 'and decides by both';
is_deeply outcome("${farm}policy path: byAge\nBackhandFromSO $object by_path\n")->[0]{path}{shares}, $shares,
  'a chain can be written as in httpd.conf';

my ($out, undef, $status) =
  bhsim(write_file('beyond.scenario', "${farm}policy bad: byAge\nBackhandFromSO $object beyond\n"));
is $status, 0, 'a list that makes no sense does not end the simulation';
like $out,
  qr/^bad: \d+ of its decisions .* the first: beyond \(\S+beyond[.]scenario:10\) left 1 ids that do not exist, as 4/m,
  'and is told';

my (undef, $errors) = bhsim(
    write_file(
        'httpd.scenario', "${farm}policy h: BackhandFromSO @{[build_dir()]}/modules/byHostname.so byHostname x\n"
    )
);
like $errors, qr/httpd[.]scenario:9: cannot load the shared object: .*undefined symbol: ap_/,
  'what calls httpd is not for the simulator';
(undef, $errors) = bhsim(write_file('none.scenario', "${farm}policy h: BackhandFromSO $object none\n"));
like $errors, qr/none[.]scenario:9: \S+ has no function none/, 'a function that is not there is an error';

done_testing();
