#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# Policies in Perl see the simulated table and request, and what they may not do is told.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../farm/lib";

use Test::More;

use Farm qw(repo_dir);
use Sim  qw(bhsim outcome write_file);

my $farm = <<"EOT";
servers 2 speed 2
servers 2
dispatchers 2
arrivals load 0.6
warmup 1s
duration 10s
PerlSwitches -I$FindBin::Bin/lib -I@{[repo_dir()]}/perl/eg/lib
PerlModule SimPolicy Farm::Policy
EOT

sub perl {
    my ($name) = @_;
    return "policy $name: byAge | byRandom | BackhandFromSO modules/byPerl.so byPerl SimPolicy::$name\n";
}

my $same = outcome("${farm}policy c: byAge | byRandom | byBusyChildren\n" . perl('busy'))->[0];
is_deeply $same->{busy}, $same->{c}, 'the same policy in Perl and in C comes to the same';
isnt $same->{c}{mean}, outcome("${farm}policy c: byAge | byRandom\n")->[0]{c}{mean}, 'and not to what chance comes to';

my $asked = <<'EOT';
request 1 GET /
request 3 POST /form?a=1&b=2 header "X-Kind: heavy" header "X-Kind: 2" header "Host: www.example.net"
EOT
my $shares =
  outcome("$farm$asked\nservers 2\npolicy form: byAge | BackhandFromSO x byPerl SimPolicy::by_request heavy\n")
  ->[0]{form}{shares};
cmp_ok abs($shares->[2][1] - 75), '<', 8, 'a policy sees uri, method, arguments and headers';

my %wrong = (
    unknown_method =>
      qr/SimPolicy::unknown_method died: bhsim: there is no method content_type .* offers uri, .* headers_in \(at /,
    unknown_table =>
      qr/SimPolicy::unknown_table died: bhsim: there is no method add of APR::Table: the simulator offers get /,
    leaves   => qr/SimPolicy::leaves called exit/,
    nonsense => qr/SimPolicy::nonsense returned 3 entries that are no id and 1 that came twice/,
    nothing  => qr/SimPolicy::nothing returned undef, and no reference to an array of ids/,
);

for my $name (sort keys %wrong) {
    my ($out, $errors, $status) = bhsim(write_file('wrong.scenario', $farm . perl($name)));
    is $status, 0,  "$name: the simulation goes on";
    is $errors, '', "$name: nothing else is said";
    like $out, qr/^$name: \d+ of its decisions went wrong, .*; the first: $wrong{$name}/m,
      "$name: what is wrong is told";
}

for my $name (qw(random hash)) {
    my $file = write_file('chance.scenario', $farm . perl($name));
    is((bhsim($file))[0], (bhsim($file))[0], "$name: the same seed, the same result");
}
my $eg = outcome("${farm}policy eg: byAge | BackhandFromSO x byPerl Farm::Policy::least_busy\n")->[0]{eg};
is $eg->{failed}, 0, 'an example from the manual works';

write_file('Broken.pm', "package Broken;\nuse strict;\n\$x = 1;\n1;\n");
my (undef, $errors, $status) = bhsim(write_file('broken.scenario', "servers 2\nPerlSwitches -I.\nPerlModule Broken\n"));
is $status, 1, 'a module that does not compile is an error';
like $errors, qr/broken[.]scenario:3: Global symbol "\$x" requires explicit package name .* line 3/, 'that says where';

done_testing();
