#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Names in DNS stand for the servers of a farm.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Mounts;
use Farm::Dns;
use Farm qw(eventually free_port wait_for);
use Test::More;

my $dns = Farm::Dns->new;

sub add {
    my ($farm, $n, @to) = @_;
    return $farm->add(
        conf => join "\n",
        'BackhandFarm ' . $farm->name,
        'BackhandInterval 250ms',
        'LogLevel backhand:info',
        'AcceptStats 127.0.0.0/28',
        map { "MulticastStats 127.0.0.$n:@{[$farm->port]} $_" } @to
    );
}

sub addresses {
    return [map { [A => $_] } @_];
}

subtest 'one name for all' => sub {
    my $farm = Farm->new(announce => 0);
    $dns->zone('farm.test' => addresses(map { "127.0.0.$_" } 1 .. 3));
    add($farm, $_, 'farm.test:' . $farm->udp) for 1 .. 3;
    $farm->start;
    ok $farm->together, 'they see each other';
    for my $server ($farm->servers) {
        is $server->status->{Servers}, 3, 'nobody sees itself as another';
        ok $server->wait_log(qr/backhand: MulticastStats .* farm\.test:\d+: addresses: 3/), 'the log says how many';
    }
    $farm->check;
};

subtest 'SRV records' => sub {
    my $farm = Farm->new(announce => 0);
    my $udp  = $farm->udp;
    my $port = free_port();
    $dns->zone(
        '_backhand._udp.farm.test' =>
          [[SRV => $udp, 'a.farm.test'], [SRV => $port, 'b.farm.test'], [SRV => $udp, 'gone.farm.test']],
        'a.farm.test' => addresses('127.0.0.1'),
        'b.farm.test' => addresses('127.0.0.2'),
    );
    my $a = add($farm, 1, "127.0.0.9:$udp");
    my $b = add($farm, 2, "127.0.0.9:$port");
    my $c = add($farm, 3, '_backhand._udp.farm.test');
    $farm->start;
    ok $farm->together($a, $c), 'a target and its port';
    ok $farm->together($b, $c), 'another one, with another port';
    ok !$a->row($b->contact), 'and nobody else';
    $farm->check;
};

subtest 'a name appears' => sub {
    my $farm = Farm->new(announce => 0);
    $dns->zone;
    my $a = add($farm, 1, '127.0.0.9:' . $farm->udp);
    my $b = add($farm, 2, 'farm.test:' . $farm->udp);
    $farm->start;
    ok $b->wait_log(qr/backhand: MulticastStats .*: cannot look up farm\.test: /, 20),
      'the log says that there is none';
    is $b->status->{Servers}, 1, 'nobody is there';
    $dns->zone('farm.test' => addresses('127.0.0.1'));
    ok $farm->together, 'they see each other once it is known';
    ok $b->wait_log(qr/backhand: resolved: MulticastStats .*: cannot look up farm\.test/), 'and the log says so';
    is scalar(grep { /cannot look up/ && !/resolved:/ } $b->log_lines), 1, 'the failure was said once';
    $farm->announce_log(qr/cannot look up farm\.test/);
    $farm->check;
};

subtest 'a silent DNS server delays nobody' => sub {
    my $farm = Farm->new(announce => 0);
    $dns->zone('farm.test' => undef);
    my $a = add($farm, 1, '127.0.0.9:' . $farm->udp);
    my $b = add($farm, 2, map { "$_:" . $farm->udp } 'farm.test', '127.0.0.1');
    $farm->start;
    ok $farm->together, 'they see each other';
    for (1 .. 8) {
        my $before = $a->status->{Accepted};
        ok wait_for(sub { $a->status->{Accepted} >= $before + 2 }, 2), 'announcements keep coming' or last;
    }
    ok $b->stop, 'and a stop need not wait for an answer';
    $farm->announce_log(qr/cannot look up farm\.test/);
    $farm->check;
};

if ($ENV{BACKHAND_TEST_LONG}) {
    subtest 'names are looked up again each minute' => sub {
        my $farm = Farm->new(announce => 0);
        $dns->zone('farm.test' => addresses('127.0.0.1'));
        my $a = add($farm, 1, '127.0.0.9:' . $farm->udp);
        my $b = add($farm, 2, 'farm.test:' . $farm->udp);
        my $c = add($farm, 3, '127.0.0.9:' . $farm->udp);
        $farm->start;
        ok $farm->together($a, $b), 'they see each other';
        $dns->zone;
        ok $b->wait_log(qr/cannot look up farm\.test/, 80), 'it is gone';
        my $before = $a->status->{Accepted};
        eventually { $a->status->{Accepted} > $before + 4 } 5, 'its last address stays in use';
        $dns->zone('farm.test' => addresses('127.0.0.3'));
        eventually { my $row = $c->row($b->contact); $row && $row->{State} eq 'alive' } 80,
          'it is back, with another address';
        eventually { $a->row($b->contact)->{Age} > 2 } 10, 'and not the one that it had';
        $farm->announce_log(qr/cannot look up farm\.test/);
        $farm->check;
    };
}

done_testing;
