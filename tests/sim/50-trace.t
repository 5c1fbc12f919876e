#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# Arrivals from an access log.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Sim qw(bhsim outcome write_file);

my $scenario = "servers 2\nwarmup 0\ndelay 0\narrivals trace access.log\nreference roundrobin\n";

sub entry {
    my ($second, $rest) = @_;
    return sprintf qq{192.0.2.7 - - [10/Oct/2026:13:%02d:%02d +0000] %s\n}, $second / 60, $second % 60, $rest;
}

# In the order in which responses ended, as httpd writes it.
write_file('access.log',
        entry(3, '"GET /b?x=1 HTTP/1.1" 200 2326 100000')
      . entry(0, '"GET /a HTTP/1.1" 200 - "-" "Mozilla/5.0 (X11; 1)" 300000')
      . '192.0.2.7 - - [10/Oct/2026:15:00:05 +0200] "POST /c HTTP/1.1" 200 12 200000' . "\n"
      . entry(40, '"GET /d HTTP/1.1" 404 12 400000'));
my ($out) = bhsim(write_file('trace.scenario', "${scenario}service trace\n"));
like $out, qr/^4 requests of a trace$/m, 'the requests of a log are read';
like $out, qr/1 run of 40[.]\d+ s/,      'it lasts as long as the log';
my $row = outcome("${scenario}service trace\n")->[0]{roundrobin};
is $row->{mean}, 0.25, 'its times are those of the log';
is $row->{p99},  0.4,  'the longest, too';
like(
    (bhsim(write_file('fast.scenario', $scenario =~ s/access[.]log/access.log faster 10/r)))[0],
    qr/1 run of 4[.]\d+ s/,
    'ten times faster'
);
is outcome("${scenario}service fixed 50ms\n")->[0]{roundrobin}{mean},          0.05, 'times of its own can be given';
is outcome("${scenario}service trace\nduration 10s\n")->[0]{roundrobin}{mean}, 0.2,  'it can be cut';

my $policy = <<'EOT';
package Trace;
sub args { my ($r, $ids) = @_; return [($r->method eq 'GET' && ($r->args // '') eq 'x=1') || $r->uri eq '/d' ? 2 : 1] }
1;
EOT
write_file('Trace.pm', $policy);
my $perl = "PerlSwitches -I.\nPerlModule Trace\nservers 1\npolicy p: BackhandFromSO x byPerl Trace::args\n";
is_deeply outcome("${scenario}servers 1\n$perl" =~ s/servers 2/servers 1/r)->[0]{p}{shares},
  [['50.00', '50.00'], ['50.00', '50.00'], ['0.00', '0.00']], 'policies see what is asked for';

write_file('access.log',
    entry(1, '"GET / HTTP/1.1" 200 5') . entry(2, '"-" 408 -') . "nonsense\n" . entry(4, '"GET /'));
($out) = bhsim(write_file('trace.scenario', $scenario));
like $out, qr/^1 requests of a trace; 3 lines are no requests of an access log, the first is line 2$/m,
  'other lines are counted';
my (undef, $errors, $status) = bhsim(write_file('trace.scenario', "${scenario}service trace\n"));
is $status, 1, 'times that the log does not have are an error';
like $errors, qr/trace[.]scenario: `service trace` needs lines that end with `%D`/, 'which says what it needs';
write_file('access.log', "nonsense\n");
(undef, $errors, $status) = bhsim(write_file('trace.scenario', $scenario));
like $errors, qr{trace[.]scenario:4: \S+/access[.]log:1: no line of this file is one of an access log},
  'so is a file of another kind';

done_testing();
