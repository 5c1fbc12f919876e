# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Wait;

# Waiting with a deadline.

use strict;
use warnings;

use Exporter    qw(import);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(scaled wait_for);

# Error of the last condition, if it died.
our $died = '';

# Longest wait, times BACKHAND_TEST_TIMEOUT_SCALE; all waits in tests use it.
sub scaled {
    my ($seconds) = @_;
    return $seconds * ($ENV{BACKHAND_TEST_TIMEOUT_SCALE} || 1);
}

# wait_for { condition } SECONDS: polls; true as soon as the condition is, false at the deadline (default 30, which
# a machine that is busy with other things keeps). A condition that dies is not true yet.
sub wait_for (&;$) {    ## no critic (ProhibitSubroutinePrototypes)
    my ($condition, $seconds) = @_;
    my $deadline = time + scaled($seconds || 30);
    while (1) {
        my $value = eval { $condition->() };
        $died = $@;
        return $value if $value;
        return        if time > $deadline;
        sleep 0.02;
    }
    return;
}

1;
