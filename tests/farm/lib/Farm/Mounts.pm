# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Mounts;

# `use Farm::Mounts;` before all else starts the test anew in a mount namespace of its own: what it mounts nobody else
# sees, and is gone when it ends. Without the right to that it skips the test.

use strict;
use warnings;

use Carp       qw(croak);
use Test::More ();

my $mark = 'BACKHAND_TEST_MOUNTS';

sub import {
    return if delete $ENV{$mark};
    if ($> || system 'unshare --mount --propagation private true 2>/dev/null') {
        Test::More::plan(skip_all => 'takes root and a mount namespace of its own');
    }
    $ENV{$mark} = 1;
    exec 'unshare', '--mount', '--propagation', 'private', $^X, $0, @ARGV or croak "unshare: $!";
}

sub mount {
    my (@arguments) = @_;
    return system('mount', @arguments) == 0 || croak "mount @arguments: $?";
}

1;
