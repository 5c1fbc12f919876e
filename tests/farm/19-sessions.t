#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Only its owner serves a user with a session, even when all servers are busy. Above the bounds the user gets 503, or is
# redirected to the owner.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually in_parallel scaled);
use Farm::Session;
use POSIX ();
use Test::More;

my $clients  = 30;
my $requests = 67;

# The settings of Debian's packages.
my %debian = (
    prefork => [workers => 150, "StartServers 5\nMinSpareServers 5\nMaxSpareServers 10\n"],
    event   => [workers => 150, children => 6, "StartServers 2\nMinSpareThreads 25\nMaxSpareThreads 75\n"],
);
$debian{worker} = $debian{event};

# A user asks one server after the other.
sub visit {
    my ($n, @servers) = @_;
    srand $n;
    my $user = Farm::Session->new(kept => $n % 2);
    my (%seen, $owner);
    for (1 .. $requests) {
        my $answer = $user->ask($servers[rand @servers], work => 0.005);
        my $what =
            $answer->{died}             ? "died: $answer->{died}"
          : $answer->{status} != 200    ? "status $answer->{status}"
          : !$owner                     ? 'new'
          : $answer->{server} ne $owner ? 'wrong server'
          : $answer->{set}              ? 'pinned again'
          :                               'good';
        $owner ||= $answer->{server} if $answer->{status} == 200;
        $seen{$what}++;
    }
    return \%seen;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: as many workers as Debian has, and $clients users" => sub {
        my (@workers) = @{ $debian{$mpm} };
        my $conf      = pop @workers;
        my $farm      = Farm->new(mpm => $mpm, modules => ['lua'], @workers, conf => $conf . Farm::Session::conf());
        my @servers   = Farm::Session::servers($farm, 3);
        # A server that is silent for three intervals loses its users; so many clients keep a small machine busy.
        $_->reconfigure("$_->{conf}BackhandInterval 2s\n") for @servers;
        $farm->start;
        ok $farm->together, 'they see each other';
        my %all;
        for my $seen (in_parallel($clients, sub { visit($_[0], @servers) })) {
            $all{$_} += $seen->{$_} for keys %{$seen};
        }
        my $good = delete $all{good};
        is delete $all{new}, $clients, 'each user gets a server';
        is_deeply \%all, {}, 'and each answer comes from it' or diag explain \%all;
        is $good, $clients * ($requests - 1), 'all of them';
        my %reasons;
        for my $server (@servers) {
            $reasons{$_}++ for map { /reason=(\S+)/ } grep { /pinned/ } $server->access_lines;
        }
        note "$_: $reasons{$_}" for sort keys %reasons;
        $farm->check;
    };
}

# Sends a request; the answer is read later.
sub begin {
    my ($user, $server, @options) = @_;
    pipe my $reader, my $writer or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $answer = $user->ask($server, @options);
        print {$writer} "$answer->{status} " . ($answer->{server} || q());
        close $writer;
        POSIX::_exit(0);
    }
    close $writer;
    return sub { my $text = readline $reader; waitpid $pid, 0; return $text };
}

sub waiting {
    my ($server, $n) = @_;
    return eventually { ($server->status || {})->{Waiting} == $n } 5, "$n requests wait";
}

# All workers are busy, and httpd says so.
my @full = (qr/AH00161:|AH00286:|AH00288:|AH00484:|AH00485:|AH03490:|AH10159:/);

my $above = <<'EOT';
BackhandMaxSessionHandoffs 2
<Location /pinned/work/redirect>
    BackhandSessionRedirect www-%S
</Location>
EOT

for my $mpm (Farm->mpms) {
    subtest "$mpm: a busy owner, and bounds that are reached" => sub {
        my $farm = Farm->new(mpm => $mpm, modules => ['lua'], workers => 4, conf => Farm::Session::conf() . $above);
        my ($a, $b) = Farm::Session::servers($farm, 2);
        $farm->start;
        ok $farm->together, 'they see each other';
        my ($of_a, $of_b) = map { Farm::Session->new(owner => $_) } $a, $b;

        my @busy = map { begin($of_b, $b, work => scaled(0.6)) } 1 .. 4;
        eventually { ($a->row($b->contact) || {})->{'Workers-Ready'} eq '0' } 5, 'no worker of b is free';
        my $answer = $of_b->ask($a);
        is "$answer->{status} $answer->{server}", '200 b',                   'b is asked all the same';
        is $a->logged('/pinned/work')->{reason},  'handed-off:chosen',       'and a knows';
        is join(q( ), map { $_->() } @busy),      '200 b 200 b 200 b 200 b', 'those before it are answered too';

        @busy = map { begin($of_b, $a, work => scaled(1)) } 1 .. 2;
        waiting($a, 2);
        my $refused = $of_b->ask($a);
        is $refused->{status},                          503,   'no more may wait: 503';
        is $refused->{response}->header('retry-after'), 1,     'with Retry-After';
        is $refused->{set},                             undef, 'and no other session';
        eventually {
            scalar grep { / 503 .*reason=refused:session/ } $a->access_lines
        }
        5, 'which a says';
        $answer = $of_a->ask($a);
        is "$answer->{status} $answer->{server}", '200 a', 'its own users are served';
        for my $method (qw(GET POST)) {
            my @body     = $method eq 'POST' ? (body => 'x') : ();
            my @cookie   = (Cookie => 'PIN=' . $of_b->pin);
            my $response = $a->request($method, '/pinned/work/redirect?0', headers => \@cookie, @body);
            is $response->status, $method eq 'GET' ? 302 : 307, "$method: sent to the owner";
            is $response->header('location'), "http://www-b.test:@{[$b->{port}]}/pinned/work/redirect?0",
              'by the name as said';
            is $a->logged('/pinned/work/redirect')->{reason}, 'redirected:session', 'which a says too';
        }
        is join(q( ), map { $_->() } @busy), '200 b 200 b', 'those that waited are answered';
        waiting($a, 0);
        is $of_b->ask($a)->{server}, 'b', 'and then the owner is asked again';
        $farm->announce_log(qr/owns the session of a request, and this server cannot ask it now .limit./, @full);
        ok $a->wait_log(qr/server \Q@{[$b->contact]}\E owns the session of a request.*BackhandMaxSessionHandoffs/),
          'the log says why';
        $farm->check;
    };

    subtest "$mpm: never all workers wait" => sub {
        my $farm = Farm->new(
            mpm      => $mpm,
            modules  => ['lua'],
            workers  => 4,
            children => 2,
            conf     => "BackhandMaxSessionHandoffs 100%\n" . Farm::Session::conf()
        );
        my ($a, $b) = Farm::Session::servers($farm, 2);
        $farm->start;
        ok $farm->together, 'they see each other';
        my ($of_a, $of_b) = map { Farm::Session->new(owner => $_) } $a, $b;
        # Each user is on the other server.
        my @answers =
          map { $_->() } map { $_ % 2 ? begin($of_a, $b, work => 0.1) : begin($of_b, $a, work => 0.1) } 1 .. 24;
        my %seen;
        $seen{$_}++ for @answers;
        my @others = grep { !/\A(?:200 [ab]|503 .*)\z/s } keys %seen;
        is "@others", q(), 'the owner answers, or nobody does';
        cmp_ok(($seen{'200 a'} || 0) + ($seen{'200 b'} || 0), '>', 0, 'some are served') or diag explain \%seen;
        my @refused = grep { /^503/ } @answers;
        cmp_ok scalar @refused, '>', 0, 'some are not';
        $farm->announce_log(qr/owns the session of a request, and this server cannot ask it now .limit./, @full);
        waiting($_, 0) for $a, $b;
        $farm->check;
    };
}

subtest 'hand-offs are off' => sub {
    my $farm = Farm->new(modules => ['lua'], conf => "BackhandMaxHandoffs 0\n" . Farm::Session::conf());
    my ($a, $b) = Farm::Session::servers($farm, 2);
    $farm->start;
    ok $farm->together, 'they see each other';
    is(Farm::Session->new(owner => $b)->ask($a)->{status}, 503, 'nobody takes the session over');
    is(Farm::Session->new->ask($a)->{server},              'a', 'a new user is served');
    $farm->announce_log(qr/owns the session of a request, and this server cannot ask it now .limit./);
    $farm->check;
};

done_testing;
