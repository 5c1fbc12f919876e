# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Networks;

# `use Farm::Networks;` before all else starts the test anew in network and mount namespaces of its own: what it does to
# interfaces, and the namespaces that it names with `ip netns`, nobody else sees, and they are gone when it ends.
# Without the right to that it skips the test.

use strict;
use warnings;

use Carp       qw(croak);
use Test::More ();

my $mark  = 'BACKHAND_TEST_NETWORKS';
my $names = '/run/netns';

sub import {
    if (delete $ENV{$mark}) {
        # The mount is private, and so are the names in it.
        mkdir $names;
        run("mount -t tmpfs -o mode=755 tmpfs $names");
        return;
    }
    my $try = 'ip netns add half && ip link add one type veth peer name two && ip link add three type bridge';
    my @own = qw(unshare --net --mount --propagation private);
    if ($> || system "@own sh -c 'mkdir -p $names && mount -t tmpfs tmpfs $names && $try' >/dev/null 2>&1") {
        Test::More::plan(skip_all => 'takes root and network namespaces of its own');
    }
    $ENV{$mark} = 1;
    exec @own, $^X, $0, @ARGV or croak "unshare: $!";
}

sub run {
    for my $command (@_) {
        system($command) == 0 || croak "$command: $?";
    }
    return;
}

1;
