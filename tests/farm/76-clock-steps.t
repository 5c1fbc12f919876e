#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Clocks are set by an hour, ahead and back, on the server that asks and on the one that is asked, while requests are
# under way: none fails, and a server that refused is asked again after BackhandRetry, whatever its clock said then.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually);
use Farm::Fake;
use Farm::Steady;
use Test::More;
use Time::HiRes qw(sleep);

sub with_clock {
    my ($server) = @_;
    my $skew = $server->write_file('skew', '0');
    $server->{env} = { LD_PRELOAD => build_dir() . '/meson/tests/farm/skew.so', BACKHAND_TEST_SKEW => $skew };
    return;
}

sub set_clock { return $_[0]->write_file('skew', $_[1]) }

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    for my $signed ($mpm eq 'event' ? (0, 1) : 1) {
        my $what = $mpm . ($signed ? ', with a secret' : q());
        my $farm = Farm::Steady::idle_farm(3, mpm => $mpm, also => $signed ? "BackhandSecretFile secret\n" : q());
        my ($a, $b, $c) = $farm->servers;
        if ($signed) { chmod 0600, $_->write_file('secret', '0123456789abcdef' x 4) for $farm->servers }
        with_clock($_) for $a, $b;
        $farm->start;
        ok $farm->together, "$what: they see each other";
        my $load = Farm::Steady->new(servers => [$a, $c], get => 0);

        for my $server ($a, $b) {
            my $role = $server == $a ? 'the server that asks' : 'the server that is asked';
            for my $seconds (3600, -3600) {
                my $result = $load->during(
                    "$what: the clock of $role is set by $seconds s, and back",
                    2.4,
                    sub {
                        for my $set ($seconds, 0) { set_clock($server, $set); sleep 0.8 }
                    }
                );
                $result->nothing_failed;
                ok $server->wait_log(qr/notice.*this server's clock was set (?:ahead|back) by (?:3599\.|3600\.)/),
                  'its log says so';
                ok $farm->together, 'they see each other';
            }
        }
        $farm->announce_log(qr/dropped: it was stamped/, qr/mark is ignored: it was stamped/, qr/\[nobody-accepted\]/);
        $farm->check;
    }
    # The first of the table refuses connections for a while, which is told by a clock that is ahead.
    my $farm = Farm->new(mpm => $mpm, conf => "BackhandRetry 1s\n<Location /app>\nBackhand removeSelf\n</Location>\n");
    my $a    = $farm->add;
    with_clock($a);
    $farm->start;
    my $fake = Farm::Fake->new(farm => $farm)->start;
    my $ears = sub {
        return Farm::Fake->new(
            farm  => $farm,
            quiet => 1,
            serve => sub {
                my ($socket) = @_;
                my $head = q();
                while ($head !~ /\r\n\r\n/) { sysread $socket, $head, 4096, length $head or return }
                print {$socket} "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfake";
                return;
            }
        )->start;
    };
    my $listens = $ears->();
    eventually { $a->row($fake->contact) } 5, "$mpm: it is in the table";
    my $b = $farm->add;
    $farm->start;
    ok $farm->together, 'and another one after it';
    my $who = sub { $a->get('/app/who')->body };
    eventually { $who->() eq 'fake' } 5, 'the first is asked';
    set_clock($a, 3600);
    $listens->stop;
    is $who->(), 'b', 'it refuses: the other one is asked';
    is $who->(), 'b', 'and is asked first';
    $listens = $ears->();
    set_clock($a, 0);
    eventually { $who->() eq 'fake' } 10, 'with the clock set back the first is asked again after BackhandRetry';
    cmp_ok $a->row($fake->contact)->{'Refused-Ago'}, '<', 100, 'and the page tells right when it refused';
    $farm->announce_log(qr/asked last for the next/);
    $farm->check;
}

done_testing;
