#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Connections to other servers are made by many threads at once, in pools below the keeper's. Not every mod_proxy gives
# them an allocator with a lock of its own: ours has one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir);
use Test::More;

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm->new(mpm => $mpm);
        my $a    = $farm->add(
            conf => "<Location /app>\nBackhand removeSelf\n</Location>\n",
            env  => { LD_PRELOAD => build_dir() . '/meson/tests/farm/pools.so' }
        );
        my $b = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        is $a->get('/app/who')->body, 'b', 'handed off';
        # A request that may be repeated, and one that may not.
        is $a->post('/app/echo', 'x')->echoed->{BACKHAND_RECEIVED}, '127.0.0.1', 'that too';
        my @said = grep { /\Apool backhand_worker: / } $a->log_lines, $a->output;
        cmp_ok scalar(@said), '>=', 2, 'there are pools for the other server';
        is_deeply [grep { !/: locked\z/ } @said], [], 'threads may use them at once';
        $farm->announce_log(qr/\Apool backhand_worker: /);
        $farm->check;
    };
}

done_testing;
