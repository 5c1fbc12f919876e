#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# `Backhand on` in the simulator: what must hold of the rule, over some thousands of requests each.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../../bench/lib";
use Sim          qw(bhsim);
use Bench::Cells qw(cells group_of name_of scenario);
use File::Temp   ();
use Test::More;

# Name => [mean, p50, p90, p99, p99.9, handed off, errors, failed, requests].
sub numbers {
    my ($text) = @_;
    my $file = File::Temp->new(SUFFIX => '.scenario');
    print {$file} $text or die "print: $!";
    close $file         or die "close: $!";
    my ($out, $err, $status) = bhsim('--quiet', $file->filename);
    is "$status$err", '0', 'it runs' or return {};
    return { map { my ($name, @numbers) = split /\t/; $name => \@numbers } split /\n/, $out };
}

sub cell {
    my ($requests, %cell) = @_;
    return numbers(
        scenario(
            \%cell, $requests, 3, 0,
            'reference here oracle leastconn',
            'policy on: on',
            'policy prequal: byPrequal'
        )
    );
}

subtest 'it never does harm' => sub {
    foreach my $cell (
        { dist => 'bimodal', load => 0.6 },
        { dist => 'exp',     load => 0.85 },
        { dist => 'logn',    load => 0.85 },
        { dist => 'bimodal', load => 0.6, prefork => 1 },
        { dist => 'exp',     load => 0.6, w       => 1 },
        { dist => 'exp',     load => 0.6, cpus    => 4 },
        { dist => 'exp',     load => 0.6, var     => 'sink' },
        { dist => 'mixskew', load => 0.6 },
      )
    {
        my $of = cell(12_000, %{$cell});
        cmp_ok $of->{on}[$_], '<', 1.06 * $of->{here}[$_], name_of($cell) . ": no worse than no balancing, number $_"
          for 0, 3;
        cmp_ok $of->{on}[0], '<', 1.12 * $of->{oracle}[0], 'and nearly as good as the oracle';
        cmp_ok $of->{on}[6], '<', 1,                       'and a server that fails gets next to nothing';
    }
};

subtest 'nothing is handed off for nothing' => sub {
    foreach my $dist (qw(exp bimodal logn)) {
        my $of = cell(12_000, dist => $dist, load => 0.3);
        cmp_ok $of->{on}[5], '<', 5, "$dist: equal servers keep nearly all";
    }
};

subtest 'slow servers cost little' => sub {
    foreach my $cell (
        { dist => 'exp', load => 0.6, var => 'slow10' },
        { dist => 'exp', load => 0.6, var => 'speeds' },
        { dist => 'exp', load => 0.6, var => 'moving' },
        { dist => 'exp', load => 0.6, var => 'moving', skew => 1 },
      )
    {
        my $of = cell(12_000, %{$cell});
        cmp_ok $of->{on}[0], '<', 1.2 * $of->{oracle}[0],    name_of($cell) . ': nearly as good as the oracle';
        cmp_ok $of->{on}[3], '<', 0.8 * $of->{leastconn}[3], 'and p99 is far below that of leastconn';
    }
};

# It takes 40 times as long in its first 0.4 s, and none of its first requests counts.
subtest 'a server that begins badly gets its share' => sub {
    foreach my $entry ('', "clients first 1\n") {
        my $policies = $entry ? "policy on: removeSelf | on\n" : "policy on: on\npolicy prequal: byPrequal\n";
        my $file     = File::Temp->new(SUFFIX => '.scenario');
        print {$file}
          "servers 3 name well slots 12\nservers 1 name ill slots 12 cold 40 400ms\ndispatchers 4 on-servers\n$entry"
          . "arrivals rate 200\nservice fixed 20ms\nwarmup 5s\nduration 5s\nload-window 0\n$policies"
          or die "print: $!";
        close $file or die "close: $!";
        my ($out, undef, $status) = bhsim('--quiet', $file->filename);
        my @shares = $out =~ /^\w+\s+\S+-\S+%\s+(\S+)-\S+%$/gm;
        is $status, 0, 'it runs';
        cmp_ok $_,             '>', 12.5, 'half of its share at least, from 5 s on' for @shares;
        cmp_ok scalar @shares, '>', 0,    'of each policy';
    }
};

subtest 'the table of the bench' => sub {
    my @cells = cells('all');
    is scalar @cells, 252, 'it has as many cells as the manual says';
    my %names = map { name_of($_) => 1 } @cells;
    is scalar keys %names, 252, 'each another';
    my %groups = map { group_of($_) => 1 } @cells;
    is scalar keys %groups, 15, 'in groups';
};

done_testing;
