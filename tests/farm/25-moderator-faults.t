#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# When the moderator cannot be forked, or hangs, httpd serves, restarts and stops as usual, and logs that once.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually wait_for);
use Test::More;
use Time::HiRes qw(sleep);

sub said {
    my ($server, $pattern) = @_;
    return scalar grep { /$pattern/ } $server->log_lines;
}

# Its process, when it lives.
sub moderator {
    my ($server) = @_;
    my ($pid)    = $server->lines('run/moderator.pid');
    return $pid && (grep { $_ == $pid } $server->children) ? $pid : 0;
}

sub served_by { return $_[0]->get('/app/who')->body }

my $cannot = qr/cannot start the moderator process: this server announces nothing and hears nothing; httpd tries again/;
my $long   = $ENV{BACKHAND_TEST_LONG};

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest "$mpm: it cannot be forked" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => "BackhandModeratorPIDFile moderator.pid\n");
        my $a    = $farm->add;
        my $b    = $farm->add;
        my $none = $a->root . '/no-fork';
        $a->{env} = { LD_PRELOAD => build_dir() . '/meson/tests/farm/nofork.so', BACKHAND_TEST_NOFORK => $none };
        $farm->start;
        ok $farm->together, 'they see each other';
        my $parent = $a->pid;
        my $before = wait_for { moderator($a) };
        $a->write_file('no-fork', q());
        kill 'KILL', $before;
        ok $a->wait_log($cannot), 'the log says so';
        is served_by($a), 'a', 'it serves';

        for my $n (1, 2) {
            ok $a->graceful, "graceful restart $n";
            ok !$a->reap,    'httpd lives';
            is served_by($a),     'a',    'it serves';
            is said($a, $cannot), 1 + $n, 'the log says so once more';
        }
        unlink $none or die "$none: $!";
        eventually { moderator($a) } 20, 'it is started as soon as it can be';
        ok $a->wait_log(qr/notice.*the moderator process has started/), 'the log says that, too';
        is $a->pid, $parent, 'by the same parent';
        ok $farm->together, 'they see each other';
        $farm->announce_log($cannot, qr/moderator process \d+ ended unexpectedly/);
        $farm->check;
    };
    subtest "$mpm: it cannot be forked when httpd starts" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => "BackhandModeratorPIDFile moderator.pid\n");
        my $a    = $farm->add;
        my $none = $a->write_file('no-fork', q());
        $a->{env} = { LD_PRELOAD => build_dir() . '/meson/tests/farm/nofork.so', BACKHAND_TEST_NOFORK => $none };
        $farm->start;
        is served_by($a), 'a', 'it serves';
        ok $a->stop, 'and stops';
        is said($a, $cannot), 1, 'the log has said so once';
        $farm->announce_log($cannot);
        $farm->check;
    };
    subtest "$mpm: it stands still" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => "BackhandModeratorPIDFile moderator.pid\n");
        my $a    = $farm->add;
        my $b    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        my $first = wait_for { moderator($a) };
        kill 'STOP', $first;
        ok $a->graceful, 'a graceful restart';
        is said($a, qr/the moderator process $first did not end within 200 ms and is killed/), 1, 'kills it';
        my $second = wait_for { my $pid = moderator($a); $pid && $pid != $first && $pid };
        ok $second,         'there is another one';
        ok $farm->together, 'they see each other';

        if ($long) {
            kill 'STOP', $second;
            ok $a->wait_log(
                qr/the moderator process $second does not respond and is killed; httpd starts another one/, 45
              ),
              'without a restart, too';
            eventually { my $pid = moderator($a); $pid && $pid != $second } 10, 'there is another one';
            ok $farm->together, 'they see each other';
        }
        # As on a machine that is too busy to let it run: longer than the signal handler of httpd's parent waits.
        my $late = wait_for { moderator($b) };
        kill 'STOP', $late;
        $b->signal('TERM');
        sleep 0.5;
        kill 'CONT', $late;
        ok $b->gone, 'another server stops, whose moderator is late';
        eventually { $a->sees($b) eq 'left' } 10, 'and yet tells the others';
        kill 'STOP', wait_for { moderator($a) };
        ok $a->stop, 'it stops';
        is said($a, qr/does not respond and is killed; the other servers were not told that this server stops/), 1,
          'the log says why the others do not know';
        $farm->announce_log(qr/moderator process \d+ (?:does not respond|ended unexpectedly)/);
        $farm->check;
    };
}

done_testing;
