#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers that know each other by a NATS broker alone: they hand off to each other, and the broker need not be trusted.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually wait_for);
use Farm::Fake;
use Farm::Nats;
use Test::More;

plan skip_all => Farm::Nats->missing if Farm::Nats->missing;

my $others = "<Location /app>\nBackhand removeSelf\nBackhand byRandom\n</Location>\n";

# Adds a server that announces itself by brokers alone.
sub add {
    my ($farm, $transport, @more) = @_;
    my $n = 1 + $farm->servers;
    return $farm->add(
        conf => join "\n",
        'BackhandFarm ' . $farm->name,
        'BackhandInterval 100ms', 'AcceptStats 127.0.0.0/28', "BackhandContact http://127.0.0.$n:@{[$farm->port]}",
        "BackhandTransport $transport", $others,              @more
    );
}

sub nats_of {
    my ($server) = @_;
    return $server->json->{nats};
}

sub metric {
    my ($server, $name) = @_;
    return $server->get('/backhand?metrics')->body =~ /^\Q$name\E(?:\{[^}]*\})? (\S+)$/m ? $1 : undef;
}

for my $mpm (Farm->few_mpms) {
    subtest "$mpm: three servers know each other by a broker and hand off" => sub {
        my $broker  = Farm::Nats->new;
        my $farm    = Farm->new(mpm => $mpm, announce => 0);
        my @servers = map { add($farm, $broker->url) } 1 .. 3;
        $farm->start;
        ok $farm->together, 'they see each other';
        my %who = map { $servers[0]->get('/app/who')->body => 1 } 1 .. 20;
        is join(' ', sort keys %who), 'b c', 'both others answer requests of the first';
        is_deeply nats_of($servers[0]), { connected => JSON::PP::true(), broker => $broker->url }, '?json says so';
        is metric($servers[0], 'backhand_nats_connected'), 1,            '?metrics too';
        is $servers[0]->status->{'Nats-Broker'},           $broker->url, '?auto too';
        is $servers[0]->status->{'Nats-Connected'},        1,            'in both keys';
        is $servers[0]->status->{'Nats-Lost'},             0,            'no message was lost';
        like $servers[0]->get('/backhand')->body, qr{<dd>connected to \Q@{[$broker->url]}\E</dd>}, 'the page too';

        ok $servers[2]->stop, 'one stops';
        eventually { $servers[0]->row($servers[2]->contact)->{State} eq 'left' } 2, 'the others hear that it leaves';

        if ($mpm eq "prefork") {
            $farm->check;
            return;
        }
        $broker->stop;
        $farm->announce_log(qr{\[no-broker\]});
        $farm->silences;
        eventually { !nats_of($servers[0])->{connected} } 5, "the broker stops: that is seen";
        ok $_->wait_log(qr/backhand: this server is not connected to a broker of BackhandTransport: .*; see .*/, 10),
          $_->name . ' says so once'
          for @servers[0, 1];
        is $servers[0]->get('/app/who')->body, 'b', 'a known server is asked as long as byAge would have it';
        eventually { $servers[0]->row($servers[1]->contact)->{State} ne 'alive' } 5, 'it is silent';
        is $servers[0]->get('/app/slow?0.4')->status,  200, 'a response that takes longer than a look at who is silent';
        is $servers[0]->logged('/app/slow')->{reason}, 'handed-off:next', 'is waited for';
        $broker->start;
        ok $_->wait_log(qr/backhand: resolved: this server is not connected to a broker.*\[no-broker\]/, 15),
          $_->name . ' says that it is over'
          for @servers[0, 1];
        ok $farm->together(@servers[0, 1]), 'they see each other again';
        is scalar(grep { /\[no-broker\]/ && !/resolved/ } $servers[0]->log_lines), 1, 'one line each time';
        $farm->check;
    };
}

subtest 'a broker that hangs delays nothing' => sub {
    my $broker = Farm::Nats->new;
    my $farm   = Farm->new(announce => 0);
    my ($a, $b) = map { add($farm, $broker->url) } 1 .. 2;
    $farm->start;
    ok $farm->together, 'they see each other';
    $broker->pause;
    $farm->announce_log(qr/\[no-broker\]/);
    $farm->silences;
    my $slow = 0;
    eventually {
        $slow++ if $a->row($a->contact)->{Age} > 1;
        !nats_of($a)->{connected}
    }
    12, 'the hung broker is given up';
    is $slow, 0, 'meanwhile the moderator measures and writes its own figures in time';
    my $announced = $a->status->{Announced};
    eventually { $a->status->{Announced} > $announced + 20 } 5, 'it goes on without a broker';
    ok $a->stop, 'and stops in time';
    $a->start;
    $broker->resume;
    ok $farm->together, 'all is well when the broker works again';
    $farm->check;
};

subtest 'a port that accepts and says nothing, before a broker that works' => sub {
    my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16) || die "listen: $!";
    my $broker = Farm::Nats->new;
    my $farm   = Farm->new(announce => 0);
    my ($a, $b) = map { add($farm, 'nats://127.0.0.1:' . $silent->sockport . ',' . $broker->url) } 1 .. 2;
    $farm->start;
    ok $farm->together, 'they see each other by the other broker';
    $farm->announce_log(qr/\[no-broker\]/);
    $farm->check;
};

subtest 'three brokers: one dies, and nothing fails' => sub {
    my @brokers = Farm::Nats->cluster(3);
    my $urls    = join ',', map { $_->url } @brokers;
    my $farm    = Farm->new(announce => 0);
    my @servers = map { add($farm, $urls) } 1 .. 3;
    $farm->start;
    ok $farm->together, 'servers at different brokers see each other';
    my ($used) = grep { $_->url eq nats_of($servers[0])->{broker} } @brokers;
    $used->stop;
    my ($failed, $silent) = (0, 0);
    eventually {
        $failed++ if $servers[0]->get('/app/who')->status != 200;
        $silent++ if grep { $_->{Age} > 5 } values %{ $servers[0]->rows };
        my $now = nats_of($servers[0]);
        $now->{connected} && $now->{broker} ne $used->url
    }
    10, 'another broker is taken';
    is $failed, 0, 'no request fails meanwhile';
    is $silent, 0, 'no server falls silent';
    ok $farm->together, 'they still see each other';
    $farm->announce_log(qr/\[no-broker\]/);
    $farm->check;
};

subtest 'who else publishes there is not believed' => sub {
    my $broker = Farm::Nats->new;
    my $farm   = Farm->new(announce => 0);
    my $secret = "$farm->{root}/secret";
    open my $file, '>', $secret or die "$secret: $!";
    print {$file} '1' x 64, "\n";
    close $file or die "$secret: $!";
    chmod 0600, $secret or die "$secret: $!";
    my @servers = map { add($farm, $broker->url, "BackhandSecretFile $secret") } 1 .. 2;
    $farm->start;
    ok $farm->together, 'servers with a secret see each other';
    my $subject = 'backhand.' . $farm->name . '.all';
    my $forged  = join '&', 'v=1', 'ready=9', 'busy=0', 'bh=1', "farm=@{[$farm->name]}", 'boot=0000000000000001';
    my $fake    = Farm::Fake->new(farm => $farm, port => $farm->port);
    my $other   = $fake->announcement(time => int 1000 * time);
    my $wrong   = "$other&sig=" . hmac_sha256_hex("announce\n$other", pack 'H*', '2' x 64);
    $broker->publish($subject, $other, $wrong, 'v=1&ready=9&busy=0', $forged, "\x00\xff garbage",
        q(), 'x' x 1200, 'y' x 500_000);
    eventually { $servers[0]->status->{'Dropped-length'} == 2 } 5, 'too long: dropped and counted';
    is $servers[0]->status->{'Dropped-text'}, 1, 'garbage: dropped and counted';
    cmp_ok $servers[0]->status->{'Dropped-keys'}, '>=', 1, 'a stock heartbeat: dropped and counted';
    is $servers[0]->status->{'Dropped-signature'}, 2, 'not signed, or by another key: dropped and counted';
    is scalar(keys %{ $servers[0]->rows }),        2, 'nobody new is in the table';
    ok $farm->together, 'the servers still see each other';
    $farm->announce_log(qr/\[(?:other-release|secret-mismatch)\]/);
    $farm->check;
};

subtest 'UDP and a broker: the second copy changes nothing' => sub {
    my $broker  = Farm::Nats->new;
    my $farm    = Farm->new;
    my @servers = map { $farm->add(conf => 'BackhandTransport ' . $broker->url) } 1 .. 2;
    $farm->start;
    ok $farm->together, 'they see each other';
    eventually { $servers[0]->status->{'Dropped-old'} >= 3 } 5, 'copies are counted as such';
    $broker->stop;
    eventually { !nats_of($servers[0])->{connected} } 5, 'the broker is gone';
    my $heard = $servers[0]->status->{Accepted};
    eventually { $servers[0]->status->{Accepted} > $heard + 4 } 5, 'UDP goes on';
    $farm->announce_log(qr/\[no-broker\]/);
    $farm->check;
};

done_testing;
