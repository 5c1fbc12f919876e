#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A child that can open no more files hands off nothing, and blames no server for it; the run-time folder may vanish.
use strict;
use warnings;

use File::Path qw(remove_tree);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm  qw(eventually wait_for);
use POSIX ();
use Test::More;

# Leaves the process so many files to open; undef: as many as before.
sub limit {
    my ($pid, $left) = @_;
    my %used  = map { m{/(\d+)\z} ? ($1 => 1) : () } glob "/proc/$pid/fd/*";
    my $limit = 0;
    for (my $free = 0 ; defined $left && $free < $left ; $limit++) {
        $free++ if !$used{$limit};
    }
    $limit = 1024 if !defined $left;
    my ($user, $group) = $> ? ($>, $) + 0) : (getpwnam 'www-data')[2, 3];
    defined(my $child = fork) or die "fork: $!";
    if (!$child) {
        POSIX::setgid($group);
        POSIX::setuid($user);
        # It may have ended meanwhile.
        open STDERR, '>', '/dev/null' or POSIX::_exit(1);
        exec 'prlimit', "--pid=$pid", "--nofile=$limit:" or POSIX::_exit(1);
    }
    waitpid $child, 0;
    return $? == 0;
}

# Looking for .htaccess takes a file.
my $conf =
    "<Directory />\nAllowOverride None\n</Directory>\nBackhandModeratorPIDFile moderator.pid\n"
  . "<Location /app>\nBackhand removeSelf\n</Location>\n";

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, conf => $conf);
    my $a    = $farm->add;
    my $b    = $farm->add;
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    is $a->get('/app/who')->body, 'b', 'requests are handed off';
    my $said = qr/this process can open no connection, to server \Q@{[$b->contact]}\E or any other/;
    # Connections that were kept would be used again.
    my $ask = sub {
        return eval { $a->post('/app/who', 'x')->status }
    };
    my ($moderator) = $a->lines('run/moderator.pid');
    my @children = grep { $_ != $moderator } $a->children;
    # Not mod_cgid's, which is another user's.
    ok scalar(grep { limit($_, 1) } @children), 'files run out';
    eventually {
        $ask->();
        scalar grep { /$said/ } $a->log_lines
    }
    10, 'the log says so';
    $ask->()  for 1 .. 3;
    limit($_) for @children;
    ok !defined $a->row($b->contact)->{'Refused-Ago'}, 'the other server is not blamed';
    is $a->get('/app/who')->body, 'b', 'with files it hands off again';

    my $dir = $a->root . '/run/backhand';
    remove_tree($dir);
    is $a->get('/app/who')->body, 'b', 'the run-time folder is removed: nothing happens';
    ok $a->graceful,    'it restarts gracefully';
    ok -d $dir,         'and has the folder again';
    ok $farm->together, 'they see each other';
    # Children of before hold connections to its workers until they have ended.
    eventually { $a->get('/app/who')->body eq 'b' } 10, 'requests are handed off';
    $farm->announce_log($said, qr/Too many open files|AH\d+:/);
    $farm->check;
}

done_testing;
