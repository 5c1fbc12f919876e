# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Orders;

# Orders to servers, and the states that they bring about.
#
#     is order($a, 'drain', $b->contact), $obeyed;         # $a's moderator gets it
#     ok all_see('drained', $b, $a, $b), 'all see that';   # b's state at a and at b, in time

use strict;
use warnings;

use Exporter qw(import);
use Farm     qw(build_dir wait_for);

our @EXPORT_OK = qw($obeyed all_see order);

our $obeyed = 'the order is obeyed';

# Gives an order at a server, as `order` of this folder takes it; returns the line that tells its end.
sub order {
    my ($at, @words) = @_;
    my @command = (build_dir() . '/meson/tests/farm/order', $at->root . '/run/backhand', @words);
    open my $out, '-|', @command or die "$command[0]: $!";
    my $said = readline $out;
    close $out;
    chomp $said if defined $said;
    return $said;
}

# True as soon as each viewer sees the server in that state; false when they do not in time.
sub all_see {
    my ($state, $server, @viewers) = @_;
    return wait_for {
        !grep { $_->sees($server) ne $state } @viewers
    };
}

1;
