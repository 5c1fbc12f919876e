#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# byZone in the simulator: requests leave their zone only while it is too full.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Sim qw(bhsim write_file);

# Name => { mean, p99 (ms), crossed (%) }. `slots` of the servers of eu and of us.
sub numbers {
    my ($eu,  $us,  $lines)  = @_;
    my ($out, $err, $status) = bhsim('--quiet', write_file('zones.scenario', <<"EOT"));
servers 4 name eu zone eu slots $eu
servers 4 name us zone us slots $us
dispatchers 8 on-servers
service exp 100ms
delay 200us zones 40ms
report numbers
$lines
policy on: on
policy strict: byZone 2147483647 | byExpectedTime
policy zone: byZone | byExpectedTime
EOT
    is "$status$err", '0', 'it runs' or return {};
    my %by;
    for (split /\n/, $out) {
        my ($name, @numbers) = split /\t/;
        $by{$name} = { mean => $numbers[0], p99 => $numbers[3], failed => $numbers[7], crossed => $numbers[9] };
    }
    note map { "$_: mean $by{$_}{mean}, p99 $by{$_}{p99}, crossed $by{$_}{crossed}\n" } sort keys %by;
    return \%by;
}

my $equal = numbers(8, 8, "arrivals load 0.6\nwarmup 5s\nduration 30s\n");
cmp_ok $equal->{zone}{crossed}, '<', 0.3,                          'equal zones: next to nothing leaves its zone';
cmp_ok $equal->{zone}{p99},     '<', 1.05 * $equal->{strict}{p99}, '... and nothing takes longer';

my $full = numbers(4, 12, "arrivals load 0.8\nwarmup 5s\nduration 30s\n");
cmp_ok $full->{zone}{crossed},   '>',  10,                       'an overloaded zone sends requests away';
cmp_ok $full->{zone}{p99},       '<',  $full->{strict}{p99} / 4, '... and is far better off than alone';
cmp_ok $full->{zone}{p99},       '<',  1.6 * $full->{on}{p99},   '... and not much worse than without zones';
cmp_ok $full->{strict}{crossed}, '==', 0,                        'strict zones send nothing away';

# For 20 s of 40 the small zone is overloaded, then it has little to do.
my $bursts = 'arrivals load 0.35 burst 0.7 every 40s';
my $during = numbers(4, 12, "$bursts\nwarmup 3s\nduration 16s\n");
my $after  = numbers(4, 12, "$bursts\nwarmup 22s\nduration 17s\n");
cmp_ok $during->{zone}{crossed}, '>', 3,   'while a zone is too full, requests leave it';
cmp_ok $after->{zone}{crossed},  '<', 0.3, 'and soon after that they stay again';

# Mistakes.
my ($out, $err, $status) = bhsim('--quiet', write_file('bad.scenario', "servers 1 zone a/b\n"));
like $err, qr/bad\.scenario:1: a zone is 1 to 31 characters/, 'a wrong zone is named';
($out, $err, $status) = bhsim('--quiet', write_file('bad.scenario', "delay 1ms regions 2ms\n"));
like $err, qr/bad\.scenario:1: after the delay comes `zones`/, 'a wrong word, too';

done_testing;
