#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers announce to each other that they are there, and that they leave.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use Test::More;
use Time::HiRes qw(sleep time);

# The lines that add() writes, with another interval.
sub slowly {
    my ($farm, $interval) = @_;
    return (head => "BackhandInterval $interval");
}

sub dropped {
    my ($server, $reason) = @_;
    my $status = $server->status or return -1;
    return $status->{"Dropped-$reason"} || 0;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: a server is a candidate within two intervals" => sub {
        my $farm = Farm->new(mpm => $mpm, slowly(undef, '2s'));
        my $a    = $farm->add;
        my $b    = $farm->add;
        $a->start;
        eventually { ($a->status->{'Server-0-Contact'} || '') eq $a->contact } 5, 'entry 0 is the server itself';
        is $a->status->{Servers}, 1, 'it is alone';
        my $since = time;
        $b->start;
        ok $farm->together, 'they see each other';
        cmp_ok time - $since, '<', 4 + scaled(1), 'within two intervals of 2 s';
        is $a->row($b->contact)->{Hostname}, 'b.test', 'the name travels';
        $farm->check;
    };

    subtest "$mpm: leaving is said, not waited for" => sub {
        my $farm = Farm->new(mpm => $mpm, slowly(undef, '5s'));
        my $a    = $farm->add;
        my $b    = $farm->add;
        my $c    = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';

        # An announcement that says nothing of leaving is due within 5 s; the others know far earlier.
        my $since = time;
        ok $b->stop, 'b stops';
        eventually { $a->row($b->contact)->{State} eq 'left' } 2, 'a knows that b has left';
        cmp_ok time - $since, '<', scaled(3), 'soon';

        my $busy = $c->connect;
        $busy->send("GET /app/slow?3 HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
        eventually { $c->status->{Serving} >= 2 } 3, 'c is busy';
        $c->signal('WINCH');
        eventually { $a->row($c->contact)->{State} eq 'left' } 2, 'a knows that c leaves gracefully';
        ok !$c->reap, 'while c still answers its last request';
        like $busy->response('GET')->body, qr/slow/, 'which is answered';
        ok $c->gone, 'then c is gone';

        $b->start;
        ok $farm->together($a, $b), 'b is back';
        $farm->check;
    };
}

subtest 'multicast, broadcast and unicast' => sub {
    my $farm   = Farm->new(announce => 0);
    my $udp    = $farm->udp;
    my @common = ('BackhandFarm ' . $farm->name, 'BackhandInterval 250ms', 'AcceptStats 127.0.0.0/28');
    my $a = $farm->add(conf => join "\n", @common, "MulticastStats 127.0.0.1:@{[$farm->port]} 127.255.255.255:$udp");
    my $b = $farm->add(conf => join "\n", @common, "MulticastStats 127.0.0.2:@{[$farm->port]} 127.255.255.255:$udp");
    $farm->start;
    ok $farm->together, 'by broadcast, the contact from MulticastStats';
    $farm->check;

    $farm = Farm->new(announce => 0);
    $udp  = $farm->udp;
    my $port = $farm->port;
    $common[0] = 'BackhandFarm ' . $farm->name;
    my @to = map { "127.0.0.$_:$udp" } 1 .. 3;
    for my $n (1 .. 3) {
        $farm->add(conf => join "\n", @common, map { "MulticastStats 127.0.0.$n:$port $_" } @to);
    }
    $farm->start;
    ok $farm->together, 'by unicast to several destinations, the own one too';
    is $_->status->{Servers}, 3, 'nobody sees itself as another' for $farm->servers;
    $farm->check;
};

subtest 'farms on one network do not mix' => sub {
    my $farm  = Farm->new;
    my $a     = $farm->add;
    my $b     = $farm->add;
    my $other = $farm->add(head => 'BackhandFarm other');
    $farm->start;
    ok $farm->together($a, $b), 'one farm';
    eventually { dropped($a, 'farm') > 2 && dropped($other, 'farm') > 2 } 5, 'the other is counted';
    is $a->status->{Servers},     2, 'it is not in the table';
    is $other->status->{Servers}, 1, 'nor the other way round';
    $farm->announce_log(qr/backhand: .*127\.0\.0\.\d.*farm/);
    $farm->check;
};

subtest 'who is not accepted is not heard' => sub {
    my $farm = Farm->new;
    my $a    = $farm->add;
    my $deaf = $farm->add(announce => 0, conf => <<"EOT");
BackhandFarm @{[$farm->name]}
BackhandInterval 250ms
MulticastStats 127.0.0.2:@{[$farm->port]} 239.255.0.1:@{[$farm->udp]}
EOT
    my $stranger = $farm->add(host => '127.0.0.88');
    $farm->start;
    eventually { dropped($a,    'sender') > 2 } 5, 'announcements of a stranger are counted';
    eventually { dropped($deaf, 'sender') > 2 } 5, 'nothing configured: everybody is a stranger';
    is $deaf->status->{Servers}, 1, 'and nothing accepted';
    ok !$a->row($stranger->contact), 'the stranger is not in the table';

    my $fake = Farm::Fake->new(farm => $farm);
    eventually { $fake->announce(contact => 'http://127.0.0.200:80'); dropped($a, 'contact') > 2 } 5,
      'a contact that is not covered is counted';
    ok !$a->row('http://127.0.0.200:80'), 'nobody steers requests to it';
    $farm->announce_log(qr/backhand: MulticastStats is set and AcceptStats is not/);
    $farm->announce_log(qr/backhand: .*127\.0\.0\.(?:88|1|2|9|200)\b/);
    $farm->check;
};

subtest 'bad datagrams are counted by reason, the log is quiet' => sub {
    my $farm = Farm->new;
    my $a    = $farm->add;
    $farm->start;
    my $fake = Farm::Fake->new(farm => $farm);
    my %bad  = (
        length => sub { $fake->announcement . '&more=' . 'x' x 1200 },
        text   => sub { $fake->announcement . "&more=\x01\xff" },
        format => sub { $fake->announcement(bh      => 99) },
        keys   => sub { $fake->announcement(contact => undef) },
        range  => sub { $fake->announcement(cpu     => 1001) },
    );
    for my $reason (sort keys %bad) {
        my $before = dropped($a, $reason);
        $fake->send_datagram($bad{$reason}->()) for 1 .. 50;
        eventually { dropped($a, $reason) >= $before + 50 } 5, "$reason: each is counted";
        my @said = grep { /\Q127.0.0.9\E/ } $a->log_lines;
        cmp_ok scalar(grep { /\[backhand:(?:warn|error)\]/ } @said), '<=', scalar keys %bad, 'a kind is said once';
    }
    is $a->status->{Servers}, 1, 'none is in the table';
    $fake->send_datagram($_) for '', '&', '=', '&&==&', "v=1\n", 'v=1&ready=1' x 50, '%', 'v=%', map { chr } 0 .. 255;
    $fake->announce;
    eventually { $a->row($fake->contact) } 5, 'a good one after all that is taken in';
    cmp_ok scalar(grep { /\[backhand:(?:warn|error)\]/ } $a->log_lines), '<=', 2 * keys %bad, 'the log was quiet';
    $farm->announce_log(qr/backhand: .*127\.0\.0\.9/);
    $farm->check;
};

subtest 'two servers with one contact are named' => sub {
    my $farm  = Farm->new;
    my $a     = $farm->add;
    my $b     = $farm->add;
    my $rival = $farm->add(head => 'BackhandContact ' . $b->contact);
    $farm->start;
    for my $server ($farm->servers) {
        ok $server->wait_log(qr/backhand: .*\Q@{[$b->contact]}\E/), "the log of $server->{name} names the contact";
        eventually { defined $server->row($b->contact)->{'Rival-Ago'} } 5, 'the page too';
    }
    $farm->announce_log(qr/backhand: .*\Q@{[$b->contact]}\E/);
    $farm->check;
};

done_testing;
