#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# After a restart, servers that the new configuration does not accept get no more requests, however long the announced
# silence. Requests already sent there are answered. Servers that are still accepted stay.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually in_parallel wait_for);
use Farm::Fake;
use Test::More;
use Time::HiRes qw(sleep time);

my @key = map { $_ x 8 } qw(0a1b2c3d 11223344 99887766);

# The whole of what decides who is believed.
sub conf {
    my ($farm, %trust) = @_;
    my $accept = join q(), map { "AcceptStats $_\n" } @{ $trust{accept} || ['127.0.0.0/28'] };
    return <<"EOT" . $accept . ($trust{secret} ? "BackhandSecretFile secret\n" : q());
BackhandFarm @{[$trust{farm} || $farm->name]}
BackhandInterval 60s
BackhandContact http://127.0.0.1:@{[$farm->port]}
MulticastStats 127.0.0.1 239.255.0.1:@{[$farm->udp]},1
<Location /app>
    Backhand removeSelf
</Location>
EOT
}

sub share {
    my ($server, @keys) = @_;
    chmod 0600, $server->write_file('secret', join "\n", @keys, q());
    return;
}

sub sign {
    my ($text, $key) = @_;
    $text .= '&time=' . int 1000 * time;
    return "$text&sig=" . hmac_sha256_hex("announce\n$text", pack 'H*', $key);
}

# Answers each request on its connection, the one for /app/late when it is told to.
sub serve {
    my ($farm) = @_;
    return sub {
        my ($socket) = @_;
        my $head = q();
        while ($head !~ /\r\n\r\n/) { sysread $socket, $head, 4096, length $head or return }
        if ($head =~ m{/app/late}) {
            for (1 .. 200) { last if -e "$farm->{root}/now"; sleep 0.05 }
        }
        print {$socket} "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfake";
        return;
    };
}

sub by { return $_[0]->get('/app/who', from => '127.0.0.99')->body }

# A server with one of another kind in its table, which will not speak for an hour.
sub with_fake {
    my ($mpm, $trust, %says) = @_;
    my $key  = delete $says{key};
    my $farm = Farm->new(mpm => $mpm, announce => 0);
    my $a    = $farm->add;
    my $fake = Farm::Fake->new(farm => $farm, host => '127.0.0.9', quiet => 1, serve => serve($farm))->start;
    my $text = sub { $fake->announcement(ms => 3_600_000, %says) };
    share($a, @key[0, 1]) if $trust->{secret};
    $a->reconfigure(conf($farm, %{$trust}));
    $farm->start;
    eventually { $fake->send_datagram($key ? sign($text->(), $key) : $text->()); $a->row($fake->contact) } 10,
      'it is heard';
    is by($a), 'fake', 'and asked';
    return ($farm, $a, $fake);
}

my %secret = (secret => 1);
my @cases  = (
    ['AcceptStats without its address', 1, {},        { accept => ['127.0.0.0/29'] }],
    ['another BackhandFarm',            1, {},        { farm   => 'another' }],
    ['its key taken away',              1, {%secret}, { %secret, keys => [$key[0]] },       key => $key[1]],
    ['a key added, in another order',   0, {%secret}, { %secret, keys => [@key[2, 1, 0]] }, key => $key[1]],
);

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    for (@cases[$mpm eq 'event' ? (0 .. $#cases) : (0, 2)]) {
        my ($what, $gone, $before, $after, %says) = @{$_};
        subtest "$mpm: $what" => sub {
            my ($farm, $a, $fake) = with_fake($mpm, $before, %says);
            share($a, $after->{keys} ? @{ $after->{keys} } : @key[0, 1]) if $after->{secret};
            $a->reconfigure(conf($farm, %{$after}));
            ok $a->graceful, 'it restarts';
            # New children only: one of before may still take a connection until it hears of its end.
            is by($a), $gone ? 'a' : 'fake', $gone ? 'the first request is served here' : 'it is asked as before';
            is !$a->row($fake->contact), !!$gone, $gone ? 'it is not in the table' : 'it is in the table';
            is
              scalar(
                grep { /this configuration does not accept are forgotten.*: 1, among them \Q@{[$fake->contact]}\E/ }
                  $a->log_lines),
              $gone, 'the log says so once';
            $farm->check;
        };
    }
    subtest "$mpm: a request under way, and marks" => sub {
        my ($farm, $a, $fake) = with_fake($mpm, {});
        my ($late, $first) = in_parallel 2, sub {
            return $a->get('/app/late', timeout => 30)->body if $_[0] == 0;
            wait_for { ($a->row($fake->contact) || {})->{'Sent-Waiting'} } or return 'the other one did not come';
            $a->reconfigure(conf($farm, accept => ['127.0.0.0/29']));
            $a->graceful or return 'no restart';
            my $who = by($a);
            open my $now, '>', "$farm->{root}/now" or return $!;
            return $who;
        };
        is $first, 'a',    'it is revoked and asked nothing more';
        is $late,  'fake', 'what it was asked before it answers';
        my $response = $a->get(
            '/app/echo',
            from    => '127.0.0.9',
            headers => ['Backhand-Proxied' => 'client=http://192.0.2.7:1&port=80']
        );
        is $response->echoed->{REMOTE_ADDR}, '127.0.0.9', 'its mark counts for nothing';
        ok !$response->echoed->{BACKHAND_RECEIVED}, 'and gives no right';
        $farm->announce_log(qr/sent a request marked as handed off, but is no accepted sender/);
        $farm->check;
    };
}

done_testing;
