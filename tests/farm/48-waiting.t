#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Small servers that hand everything to each other, with many clients: no request waits for a time-out, neither for a
# server that waits itself nor for a worker that sits on an idle connection.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Crowd;
use Farm::Steady;
use List::Util qw(max);
use POSIX      ();
use Test::More;
use Time::HiRes qw(sleep);

my $long    = $ENV{BACKHAND_TEST_LONG};
my $clients = 64;
my $work    = 0.02;
my @table;

# How clients treat their connections: closed after each response, used again at once, or after a while.
my %ways = (closed => { kept => 0 }, kept => { kept => 1 }, idle => { kept => 1, pause => 0.3 });

sub conf {
    my ($server) = @_;
    my $script = $server->root . '/steady.lua';
    return <<"EOT";
LuaMapHandler ^/(?:app|pin|away)/steady $script handle
<Location /pin>
    BackhandSessionCookie PIN
    Backhand byAge 60
    Backhand bySession PIN=
</Location>
<Location /away>
    Backhand byAge 60
    Backhand removeSelf
    Backhand byRandom
</Location>
KeepAliveTimeout 15
BackhandMaxHandoffs 100%
BackhandResponseTimeout 20s
EOT
}

sub farm_of {
    my ($n, $also, %options) = @_;
    my $farm = Farm->new(modules => ['lua'], workers => 4, %options);
    for (1 .. $n) {
        my $server = Farm::Steady::equip($farm->add, '');
        $server->reconfigure(conf($server) . $also);
    }
    $farm->announce_log(Farm::Steady::usual(), qr/owns the session of a request, and this server cannot ask it now/);
    # httpd says so of children that end while it restarts.
    $farm->announce_log(qr/AH00167:/);
    $farm->start;
    ok $farm->together, 'they see each other';
    return $farm;
}

sub pin {
    my ($server) = @_;
    return sprintf 'Cookie: PIN=i%02x%02x%02x%02x%04x', split(/[.]/, $server->{host}), $server->{port};
}

# Each plan: whom client n asks, and what. In those with a session the owner answers, or the client gets 503.
sub plans {
    my @servers = @_;
    my $request = "/steady?x&slow=$work";
    return (
        mutual => sub { return ($servers[$_[0] % 2], "/away$request") },
        pinned => sub { my $n = $_[0] % 2; return ($servers[$n], "/pin$request", pin($servers[1 - $n])) },
        ring   =>
          sub { my $n = $_[0] % @servers; return ($servers[$n], "/pin$request", pin($servers[($n + 1) % @servers])) },
    );
}

# Tests that all answers are good ones, and that none took much longer than the work of all clients takes a server of
# which all workers but one wait. sessions: 1: clients whose session's owner cannot be asked are refused.
sub crowd {
    my ($what, $farm, $requests, %options) = @_;
    my $most     = delete $options{most} || $clients * $work + 2;
    my $sessions = delete $options{sessions};
    my @answers  = Farm::Crowd->new(clients => $clients, %options)->ask($requests);
    my @refused  = grep { $sessions && $_->{status} == 503 } @answers;
    my @failed   = grep { $_->{failed} || ($_->{status} != 200 && !($sessions && $_->{status} == 503)) } @answers;
    push @failed, grep { $_->{status} == 200 && $_->{body} !~ /^END=yes/m } @answers;
    my $slowest = max map { $_->{seconds} } @answers;
    push @table, sprintf '%-44s %8d %8d %6d %9.2f', $what, scalar @answers, scalar @refused, scalar @failed, $slowest;
    is scalar @answers, $clients * $requests, "$what: all have answers";
    is scalar @failed,  0,                    "$what: nothing fails" or diag explain $failed[0];
    cmp_ok scalar @refused, '<', scalar @answers, "$what: some are served" if $sessions;
    cmp_ok $slowest, '<', scaled($most), sprintf "$what: and nothing waits: %.2f s", $slowest;
    return;
}

sub no_one_waits {
    my ($farm) = @_;
    eventually {
        !grep { $_->status->{Waiting} } $farm->servers
    }
    5, 'nothing is left waiting';
    return;
}

my @forms = map { $_ eq 'prefork' ? [prefork => 4] : ($long || $_ eq 'event' ? [$_ => 1] : (), [$_ => 2]) } Farm->mpms;
for my $form (@forms) {
    my ($mpm, $children) = @{$form};
    my $name = "$mpm " . ($mpm eq 'prefork' ? '4' : $children . 'x' . 4 / $children);
    subtest $name => sub {
        my $farm    = farm_of(3, '', mpm => $mpm, children => $children);
        my @servers = $farm->servers;
        my %plans   = plans(@servers);
        for my $plan (sort keys %plans) {
            for my $way (sort keys %ways) {
                crowd(
                    "$name, $plan, $way", $farm, $long ? 6 : 2, %{ $ways{$way} },
                    plan     => $plans{$plan},
                    sessions => $plan ne 'mutual'
                );
            }
        }
        my $status = $servers[0]->status;
        cmp_ok $status->{'Handed-Off'}, '>', 0, 'requests were handed off';
        no_one_waits($farm);
        $farm->check;
    };
}

my @mpms = $long ? Farm->mpms : grep { $_ eq 'prefork' } Farm->mpms;

subtest 'workers that are not started yet' => sub {
    my $farm  = farm_of(2, "StartServers 1\nMinSpareServers 1\nMaxSpareServers 2\n", mpm => 'prefork', workers => 8);
    my %plans = plans($farm->servers);
    # httpd starts one worker in the first second, two in the next.
    crowd('prefork, StartServers 1, mutual, idle', $farm, 2, %{ $ways{idle} }, plan => $plans{mutual}, most => 5);
    no_one_waits($farm);
    $farm->check;
  }
  if grep { $_ eq 'prefork' } Farm->mpms;

# Runs the code in another process while the crowd asks.
sub meanwhile {
    my ($code) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    $code->();
    POSIX::_exit(0);
}

for my $mpm (@mpms) {
    subtest "$mpm: children come and go" => sub {
        my $farm = farm_of(2, "MaxConnectionsPerChild 20\n", mpm => $mpm);
        my ($a, $b) = $farm->servers;
        my %plans = plans($a, $b);
        my $pid   = meanwhile(
            sub {
                for my $server ($a, $b, $a) { sleep 0.4; $server->signal('USR1') }
            }
        );
        # Children that have ended all at once are replaced in seconds.
        crowd(
            "$mpm, restarts, MaxConnectionsPerChild 20, mutual", $farm, 4,
            kept  => 1,
            pause => 0.1,
            plan  => $plans{mutual},
            most  => 10
        );
        waitpid $pid, 0;
        no_one_waits($farm);
        $farm->check;
    };

    subtest "$mpm: a server hangs" => sub {
        my $farm = farm_of(3, '', mpm => $mpm);
        my ($a, $b, $c) = $farm->servers;
        my @plan = ([$a, $b], [$b, $c], [$a, $c], [$b, $a]);
        $c->pause;
        # Silent for three intervals, it is given up.
        crowd(
            "$mpm, a server hangs, kept",
            $farm, 2,
            kept     => 1,
            most     => 5,
            sessions => 1,
            plan     => sub {
                my ($asked, $owner) = @{ $plan[$_[0] % @plan] };
                return ($asked, "/pin/steady?x&slow=$work", pin($owner));
            }
        );
        $c->resume;
        no_one_waits($farm);
        $farm->check;
    };
}

END {
    my $say = $long ? \&diag : \&note;
    if (@table) {
        $say->(sprintf '%-44s %8s %8s %6s %9s', qw(servers requests refused failed slowest/s));
        $say->($_) for @table;
    }
}

done_testing;
