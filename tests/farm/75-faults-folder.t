#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: the run-time folder of a server fills up, may not be written to, or is read-only.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Mounts;
use Farm qw(eventually wait_for);
use Farm::Steady;
use Test::More;

my $farm = Farm::Steady::idle_farm(4, also => "BackhandSecretFile secret\n");
my ($a, $b, $c, $d) = $farm->servers;
chmod 0600, $_->write_file('secret', '0123456789abcdef' x 4) for $farm->servers;
my $folder = $d->root . '/small';
mkdir $folder or die "$folder: $!";
Farm::Mounts::mount(qw(-t tmpfs -o), 'size=16m,mode=0777', 'tmpfs', $folder);
$d->reconfigure("UnixSocketDir $folder\n$d->{conf}");
$farm->start;
ok $farm->together, 'they see each other';
my $load = Farm::Steady->new(servers => [$farm->servers]);

# Writes until there is no room at all.
sub fill {
    open my $file, '>', "$folder/filler" or die "filler: $!";
    1 while syswrite $file, 'x' x 4096;
    close $file;
    return;
}

sub said {
    my ($pattern) = @_;
    return scalar grep { /$pattern/ } $d->log_lines;
}

my $result = $load->during(
    'the run-time folder is full',
    2,
    sub {
        fill();
        ok $d->wait_log(qr/:warn\].*backhand: cannot write \S+mod_backhand-Seen/),
          'the log says what cannot be written';
        ok $d->graceful, 'the server restarts all the same';
    }
);
$result->nothing_failed;
unlink "$folder/filler";
ok $d->wait_log(qr/backhand: resolved: cannot write/), 'with room again: it is over';

my $times = said(qr/:warn\].*backhand: cannot write/);
$result = $load->during(
    'the run-time folder may not be written to',
    2,
    sub {
        chown 0, 0, $folder or die "chown: $!";
        chmod 0555, $folder or die "chmod: $!";
        ok wait_for { said(qr/:warn\].*backhand: cannot write/) > $times }, 'the log says what cannot be written';
    }
);
$result->nothing_failed;

ok $d->stop,                                                        'stop';
ok wait_for(sub { system("umount $folder 2>/dev/null") == 0 }, 10), 'nobody uses the folder any more';
Farm::Mounts::mount(qw(-t tmpfs -o), 'ro', 'tmpfs', $folder);
$result = Farm::Steady->new(servers => [$a, $b, $c])->during(
    'a server starts with a read-only run-time folder',
    2,
    sub {
        $d->start;
        ok $farm->together, 'they see each other';
    }
);
$result->nothing_failed;
cmp_ok scalar(() = $result->answered($d, 0)), '>', 0, 'it gets requests';
is said(qr/backhand: cannot make \Q$folder\E\S*: the table of servers is kept in anonymous memory/), 1,
  'its log says what that means';
ok $d->stop,                                                        'stop';
ok wait_for(sub { system("umount $folder 2>/dev/null") == 0 }, 10), 'nobody uses the folder any more';
$farm->announce_log(qr/backhand: cannot (?:write|make) \Q$folder\E/);
$farm->check;

done_testing;
