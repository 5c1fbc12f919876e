#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The table: its size, its contents, and how it survives the end of processes.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Test::More;

sub read_line {
    my ($path, $pattern) = @_;
    open my $file, '<', $path or die "$path: $!";
    my ($found) = map { /$pattern/ } readline $file;
    return $found;
}

subtest 'own figures' => sub {
    my $farm = Farm->new(workers => 6);
    my $a    = $farm->add;
    my $b    = $farm->add;
    $farm->start;
    ok $farm->together, 'they see each other';
    my $own = $a->row($a->contact);
    is $own->{Id}, 0, 'entry 0 is this server';
    my $machine = 1024 * read_line('/proc/meminfo', qr/^MemTotal:\s+(\d+)/);
    cmp_ok $own->{'Memory-Total'},     '>',  0,                      'memory, in bytes';
    cmp_ok $own->{'Memory-Total'},     '<=', $machine,               'a container may have less than the machine';
    cmp_ok $own->{'Memory-Available'}, '>',  0,                      'available memory';
    cmp_ok $own->{'Memory-Available'}, '<=', $own->{'Memory-Total'}, 'is part of it';
    my $cpus = () = do {
        open my $file, '<', '/proc/cpuinfo' or die $!;
        grep { /^processor/ } readline $file;
    };
    cmp_ok $own->{CPUs}, '>',  0,     'CPUs';
    cmp_ok $own->{CPUs}, '<=', $cpus, 'a container may have fewer';
    eventually { $a->row($a->contact)->{'Workers-Total'} == 6 } 5, 'workers';
    cmp_ok $own->{'Workers-Ready'},                                    '<=', 6, 'ready workers';
    cmp_ok $own->{'CPU-Idle'},                                         '<=', 1, 'idle share of the CPUs';
    cmp_ok abs($own->{Load} - read_line('/proc/loadavg', qr/^(\S+)/)), '<',  2, 'load';

    eventually { $a->row($a->contact)->{Arriba} > 0 } 10, 'the speed is measured';
    for my $key (qw(Memory-Total CPUs Arriba Hostname)) {
        eventually { $b->row($a->contact)->{$key} eq $a->row($a->contact)->{$key} } 5,
          "the other server knows the same $key";
    }

    my $score = $a->row($a->contact)->{Arriba};
    my $cache = $a->root . '/run/backhand/mod_backhand-Arriba';
    eventually { -s $cache } 5, 'the score is cached';
    ok $a->stop, 'stop';
    open my $file, '<', $cache or die "$cache: $!";
    my $text = join q(), readline $file;
    close $file;
    like $text, qr/\b$score\b/, 'the file holds it';
    $text =~ s/\b$score\b/$score + 1/e;
    open $file, '>', $cache or die "$cache: $!";
    print {$file} $text;
    close $file;
    $a->start;
    eventually { $a->row($a->contact)->{Arriba} == $score + 1 } 5, 'it is read at the next start';
    ok $a->stop, 'stop';
    unlink $cache or die "$cache: $!";
    $a->start;
    eventually { -s $cache } 10, 'deleted: measured again';
    $farm->check;
};

subtest 'workers and requests in flight' => sub {
    my $farm = Farm->new(workers => 4);
    my $a    = $farm->add;
    my $b    = $farm->add(mpm => 'prefork');
    $farm->start;
    ok $farm->together, 'they see each other';
    for my $pair ([$a, $b], [$b, $a]) {
        my ($busy, $viewer) = @{$pair};
        my @clients = map { $busy->connect->send("GET /app/slow?2 HTTP/1.1\r\nHost: a\r\n\r\n") } 1 .. 3;
        eventually { $viewer->row($busy->contact)->{'In-Flight'} == 3 } 3, "$busy->{name}: the other sees 3 in flight";
        eventually { $viewer->row($busy->contact)->{'Workers-Ready'} <= 1 } 3, 'and at most one worker ready';
        is $_->response('GET')->status, 200, 'answered' for @clients;
        eventually { $viewer->row($busy->contact)->{'In-Flight'} == 0 } 3, 'nothing in flight any more';
    }
    $farm->check;
};

for my $mpm (Farm->mpms) {
    subtest "$mpm: a killed child gives back what it had in flight" => sub {
        my $farm = Farm->new(mpm => $mpm, workers => 4);
        my $a    = $farm->add;
        my $b    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        my %before  = map { $_ => 1 } $a->children;
        my @clients = map { $a->connect->send("GET /app/slow?60 HTTP/1.1\r\nHost: a\r\n\r\n") } 1 .. 2;
        eventually { $b->row($a->contact)->{'In-Flight'} == 2 } 3, '2 in flight';
        kill 'KILL', grep { $before{$_} } $a->children;
        eventually { my $row = $b->row($a->contact); $row && $row->{'In-Flight'} == 0 } 10, 'children killed: none';
        eventually {
            my $response = eval { $a->get('/who') };
            $response && $response->status == 200
        }
        10, 'it answers again';
        $farm->announce_log(
            qr/exit signal Killed/,
            qr/backhand: .*moderator/,
            qr/cgid daemon process died/, qr/AH01239/
        );
        $a->kill_all;
        $farm->check;
    };

    subtest "$mpm: the table is kept over graceful restarts, and its size changes" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my $a    = $farm->add(conf => 'BackhandMaxServers 16');
        my $b    = $farm->add;
        my $c    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        is $a->status->{'Servers-Max'}, 16, 'the size is what BackhandMaxServers says';
        my $id       = $a->row($c->contact)->{Id};
        my $received = $a->status->{Accepted};
        $c->kill_all;
        ok $a->graceful, 'graceful restart';
        my $row = $a->row($c->contact);
        is $row && $row->{Id}, $id, 'a server that says nothing any more is still known';
        cmp_ok $a->status->{Accepted}, '>=', $received, 'counts are kept';
        $a->reconfigure('BackhandMaxServers 2');
        ok $a->graceful, 'graceful restart with another size';
        eventually { ($a->status->{'Servers-Max'} || 0) == 2 } 5, 'it is the new size';
        ok $farm->together($a, $b), 'the table fills again';
        $c->start;
        eventually { ($a->status->{'Dropped-full'} || 0) > 0 } 5, 'one more than fits is dropped and counted';
        ok !$a->row($c->contact),   'it is not in the table';
        ok $farm->together($b, $c), 'larger tables have it';
        # Restarting, a busy machine may need all workers.
        $farm->announce_log(qr/backhand: .*(?:full|BackhandMaxServers)/, qr/AH00161:|AH00286:|AH0048[45]:/);
        $farm->check;
    };
}

if ($ENV{BACKHAND_TEST_LONG}) {
    subtest 'a hundred graceful restarts' => sub {
        my $farm = Farm->new;
        my $a    = $farm->add;
        my $b    = $farm->add;
        $farm->start;
        my $done = 0;
        for (1 .. 100) {
            $a->graceful or last;
            $done++;
        }
        is $done, 100, 'all are done';
        ok $farm->together, 'they see each other';
        # mod_cgid names its socket by a number that it may draw again before the old one is gone.
        $farm->announce_log(qr/AH01243:/);
        $farm->check;
    };
}

done_testing;
