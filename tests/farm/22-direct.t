#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A server announces itself to every server that it hears, so for each pair it is enough that one server lists the
# other. No server passes on announcements of others.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled wait_for);
use Farm::Fake;
use Farm::Orders qw($obeyed order);
use IO::Select;
use IO::Socket::INET;
use Socket qw(inet_aton pack_sockaddr_in);
use Test::More;
use Time::HiRes qw(time);

# A server that names these destinations; its own address stands before each.
sub unicast {
    my ($farm, $n, $interval, @to) = @_;
    return $farm->add(
        conf => join "\n",
        'BackhandFarm ' . $farm->name,
        "BackhandInterval $interval",
        'AcceptStats 127.0.0.0/28',
        map { "MulticastStats 127.0.0.$n:@{[$farm->port]} $_" } @to
    );
}

sub knows {
    my ($viewer, $other) = @_;
    my $row = $viewer->row($other->contact);
    return $row && $row->{State} eq 'alive';
}

# A UDP socket at the farm's port of one address.
sub udp {
    my ($farm, $host) = @_;
    return IO::Socket::INET->new(Proto => 'udp', LocalAddr => $host, LocalPort => $farm->udp) || die "udp: $@";
}

sub hears {
    my ($socket, $seconds) = @_;
    IO::Select->new($socket)->can_read(scaled($seconds)) or return;
    recv $socket, my $bytes, 2000, 0;
    return $bytes;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: a list that names one server is enough for the two" => sub {
        my $farm = Farm->new(mpm => $mpm, announce => 0);
        my $udp  = $farm->udp;
        my $a    = unicast($farm, 1, '250ms', "127.0.0.2:$udp");
        my $b    = unicast($farm, 2, '250ms', "127.0.0.9:$udp");
        my $c    = unicast($farm, 3, '250ms', "127.0.0.2:$udp");
        $farm->start;
        ok $farm->together($a, $b), 'a names b: they see each other';
        ok $farm->together($c, $b), 'c names b: they see each other';
        my $heard = $b->status->{Accepted} + 40;
        eventually { $b->status->{Accepted} > $heard } 20, 'they go on';
        ok $farm->together($a, $b),                        'and still see each other';
        ok !$a->row($c->contact) && !$c->row($a->contact), 'b tells nobody of others';

        ok $b->stop, 'b stops';
        eventually { $a->row($b->contact)->{State} eq 'left' } 2, 'a hears that b leaves';
        $b->start;
        ok $farm->together($a, $b), 'b is back';
        $a->kill_all;
        eventually { $b->row($a->contact)->{Age} > 2 } 5, 'a is killed: b hears nothing more';
        $a->start;
        ok $farm->together($a, $b), 'a is back';
        $farm->check;
    };
}

subtest 'orders travel in answers, too' => sub {
    my $farm = Farm->new(announce => 0);
    my $udp  = $farm->udp;
    my $a    = unicast($farm, 1, '250ms', "127.0.0.2:$udp");
    my $b    = unicast($farm, 2, '250ms', "127.0.0.9:$udp");
    for my $server ($a, $b) {
        chmod 0600, $server->write_file('secret', '0123456789abcdef' x 4);
        $server->reconfigure("$server->{conf}\nBackhandSecretFile secret");
    }
    $farm->start;
    ok $farm->together, 'a names b: they see each other';
    is order($b, 'drain', $a->contact),       $obeyed,       'b drains a, which it does not name';
    is $a->sees($a),                          'drained',     'a is drained';
    is order($a, 'maintenance', $b->contact), $obeyed,       'a puts b under maintenance';
    is $b->sees($b),                          'maintenance', 'b is under maintenance';
    $farm->check;
};

subtest 'answers are not answered' => sub {
    my $farm = Farm->new(announce => 0);
    my $udp  = $farm->udp;
    my $a    = unicast($farm, 1, '250ms', "127.0.0.2:$udp");
    my $b    = unicast($farm, 2, '250ms', "127.0.0.9:$udp");
    $farm->start;
    ok $farm->together, 'a names b: they see each other';
    $a->reconfigure($a->{conf} =~ s/127[.]0[.]0[.]2:/127.0.0.9:/r);
    ok $a->graceful, 'graceful restart: a names b no longer';
    eventually { $a->row($b->contact)->{Age} > 2 && $b->row($a->contact)->{Age} > 2 } 10,
      'they hear no more of each other';
    $farm->check;
};

subtest 'who is new is answered at once' => sub {
    my $farm = Farm->new(announce => 0);
    my $udp  = $farm->udp;
    my $a    = unicast($farm, 1, '60s', "127.0.0.9:$udp");
    my $b    = unicast($farm, 2, '60s', "127.0.0.1:$udp");
    $a->start;
    $b->start;
    eventually { knows($b, $a) && knows($a, $b) } 5, 'by unicast, with an interval of a minute';
    $farm->check;

    $farm = Farm->new(head => 'BackhandInterval 60s');
    my ($c, $d) = ($farm->add, $farm->add);
    $c->start;
    $d->start;
    eventually { knows($c, $d) && knows($d, $c) } 5, 'by multicast, too';
    $farm->check;
};

subtest 'who is answered, and where' => sub {
    my $farm = Farm->new(announce => 0);
    my $udp  = $farm->udp;
    my $a    = unicast($farm, 1, '250ms', "127.0.0.2:$udp");
    $farm->start;
    my $to       = pack_sockaddr_in($udp, inet_aton('127.0.0.1'));
    my $stranger = udp($farm, '127.0.0.88');
    my $friend   = udp($farm, '127.0.0.9');
    my $other    = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.9');
    my $fake     = Farm::Fake->new(farm => $farm);

    eventually { $a->status->{Announced} } 5, 'the moderator listens before it announces';
    for my $case (
        ['whom AcceptStats does not cover', $stranger, $fake->announcement],
        ['who names another farm',          $friend,   $fake->announcement(farm => 'another')],
        [
            'who names a contact that AcceptStats does not cover',
            $friend,
            $fake->announcement(contact => 'http://192.0.2.1:80')
        ],
        ['a stock heartbeat', $friend, 'v=1&ready=4&busy=1'],
      )
    {
        my ($who, $socket, $bytes) = @{$case};
        my $counted = sub {
            my $status = $a->status;
            my $n      = 0;
            $n += $status->{$_} for grep { /\A(?:Accepted|Dropped-)/ } keys %{$status};
            $n;
        };
        my $before = $counted->();
        send $socket, $bytes, 0, $to or die "send: $!";
        eventually { $counted->() > $before } 5, 'heard';
        ok !hears($socket, 0.6), "$who is not answered";
    }
    send $other, $fake->announcement, 0, $to or die "send: $!";
    like hears($friend, 5) || '', qr/\Av=1&.*&host=a\.test&/,
      'a server is, at the port of the farm, whatever port it sends from';
    ok !hears($other, 0.3), 'and not elsewhere';
    1 while hears($friend, 1.5);
    ok !hears($friend, 0.6), 'once it is silent it is told nothing more';
    $farm->announce_log(qr/backhand: .*127\.0\.0\.(?:88|9)\b/);
    $farm->check;
};

subtest 'names' => sub {
    my $farm = Farm->new(announce => 0);
    my $udp  = $farm->udp;
    my $a    = unicast($farm, 1, '250ms', "127.0.0.9:$udp");
    my $b    = unicast($farm, 2, '250ms', "localhost:$udp");
    my $c    = unicast($farm, 3, '250ms', "nowhere.invalid:$udp", '_backhand._udp.nowhere.invalid', "127.0.0.1:$udp");
    my ($rc, $said) = $c->configtest;
    is $rc, 0, 'a name that stands for nothing is no error of the configuration' or diag $said;
    $farm->start;
    ok $farm->together($a, $b), 'localhost is a, and a answers';
    ok $farm->together($a, $c), 'a name that stands for nothing does not keep others from being announced to';
    ok $c->wait_log(qr/backhand: MulticastStats \S+ nowhere\.invalid:\d+: cannot look up nowhere\.invalid: /, 60),
      'the log names it';
    ok $c->wait_log(qr/backhand: .* cannot look up _backhand\._udp\.nowhere\.invalid: /, 60), 'SRV records, too';
    ok $c->graceful,                                                                          'graceful restart';
    ok $farm->together($a, $c),                                                               'they see each other';
    my $before = () = grep { /cannot look up/ } $c->log_lines;
    cmp_ok $before, '<=', 4, 'each is said once a process';
    $farm->announce_log(qr/backhand: .*nowhere\.invalid/);
    $farm->check;
};

done_testing;
