#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# If the file system has no room for the table's file, the table is kept in anonymous memory. Only the data that
# survives a stop is lost.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Mounts;
use Farm qw(eventually wait_for);
use Test::More;

for my $mpm (qw(event prefork)) {
    subtest "$mpm: a full file system" => sub {
        my $farm   = Farm->new(mpm => $mpm);
        my $a      = $farm->add;
        my $b      = $farm->add;
        my $folder = $a->root . '/small';
        mkdir $folder or die "$folder: $!";
        Farm::Mounts::mount(qw(-t tmpfs -o), 'size=64k,mode=0777', 'tmpfs', $folder);
        $a->reconfigure("UnixSocketDir $folder\n<Location /app>\nBackhand byAge\nBackhand removeSelf\n</Location>");
        $farm->start;
        ok $farm->together, 'the servers see each other';
        my $warned = sub {
            return scalar grep {
                /:warn\].*backhand: cannot make \Q$folder\E\/\S+: the table of servers is kept in anonymous memory/
            } $a->log_lines;
        };
        is $warned->(), 1, 'one line says what is wrong';
        ok !-e "$folder/mod_backhand-table", 'no part of a file is left';
        is $a->get('/app/who')->body, 'b', 'requests are handed off';
        my $id = $a->row($b->contact)->{Id};
        ok $a->graceful, 'graceful restart';
        is $a->row($b->contact)->{Id}, $id, 'the table is kept';
        is $warned->(),                1,   'and nothing more is said';

        ok $a->stop, 'stop';
        Farm::Mounts::mount('-o', 'remount,size=16m', $folder);
        $a->start;
        ok $farm->together,                 'with room, after a stop: they see each other';
        ok -s "$folder/mod_backhand-table", 'and there is a file';
        is $warned->(), 1, 'and no warning';
        $farm->announce_log(qr/backhand: cannot make \Q$folder\E/);
        ok $a->stop, 'stop';
        # The moderator may be a moment behind.
        ok wait_for(sub { system("umount $folder 2>/dev/null") == 0 }, 10), 'nobody uses the folder any more';
        $farm->check;
    };
}

done_testing;
