#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: announcements are lost, all of them and those between two halves, while requests find their way.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Relay;
use Farm::Steady;
use List::Util qw(sum);
use Test::More;

my $long = $ENV{BACKHAND_TEST_LONG};

# How long all is lost, and how old what is known may be.
my $lost    = $long ? 60 : 4.7;
my $age     = $long ? 20 : 2;
my $forever = 10_000;

my $farm  = Farm->new(announce => 0, workers => 16, modules => ['lua']);
my $relay = Farm::Relay->new(farm => $farm);
for my $n (1 .. 4) {
    Farm::Steady::equip($farm->add, $relay->settings($n), "Backhand byAge $age\nBackhand byRandom\n");
}
$relay->start(4);
$farm->start;
ok $farm->together, 'they see each other';
my @servers = $farm->servers;
my $load    = Farm::Steady->new(servers => \@servers);

sub failed_over {
    return sum map { $_->status->{'Failed-Over'} } @servers;
}

# Answers in that time that another server gave than the one that was asked.
sub elsewhere {
    my ($result, $from, $to) = @_;
    return grep { $_->{by} ne $_->{at} } map { $result->answered($_, $from, $to) } @servers;
}

my $before = failed_over();
my $result = $load->during(
    "all announcements are lost for $lost s",
    $lost,
    sub {
        $relay->lose(sub { return 1 });
    }
);
$result->nothing_failed;
# For a moment some have fallen silent and others not yet.
cmp_ok failed_over() - $before, '<=', 4, 'hardly a request was taken from a server that was only not heard';
cmp_ok scalar(() = elsewhere($result, 0, 1)),          '>', 10, 'at first, requests are handed off by what is known';
cmp_ok scalar(() = elsewhere($result, 1, $age - 0.1)), '>', 10, 'they still are when all have fallen silent';
# Ages are told in whole seconds.
is scalar(() = elsewhere($result, $age + 1.5, $forever)), 0, 'then each serves its own';
cmp_ok $result->slowest, '<', scaled(2), 'none takes long';

$result = $load->during('all announcements arrive again', 1.5, sub { $relay->lose });
$result->nothing_failed;
cmp_ok scalar(() = elsewhere($result, 1, $forever)), '>', 10, 'and requests are handed off';
ok $farm->together, 'they see each other';

# a and b do not hear c and d, nor they them, but could reach each other.
my $halves = sub { my ($from, $to) = @_; return $from <= 2 != $to <= 2 };
$result = $load->during('announcements between two halves are lost', $long ? 23 : 4, sub { $relay->lose($halves) });
$result->nothing_failed;
my %half = (a => 1, b => 1, c => 2, d => 2);
is scalar(grep { $half{ $_->{by} } != $half{ $_->{at} } } elsewhere($result, $age + 1.5, $forever)), 0,
  'each half is a farm of its own';
cmp_ok scalar(() = elsewhere($result, 1, $forever)), '>', 10, 'in which requests are handed off';
$result = $load->during('and arrive again', 1, sub { $relay->lose });
$result->nothing_failed;
ok $farm->together, 'they see each other';
$farm->announce_log(Farm::Steady::usual());
$farm->check;

done_testing;
