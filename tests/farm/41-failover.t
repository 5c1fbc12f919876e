#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers go away at the worst moment; every request is answered.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually in_parallel scaled wait_for);
use Farm::Fake;
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

my $anywhere = <<'EOT';
<Location /app>
    Backhand byAge 5
    Backhand byRandom
</Location>
EOT
my $to_the_other = <<'EOT';
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT
my $asked_last = qr/backhand: server \S+ .*asked (?:last|as before)/;

my $loads = 0;

# 6 clients ask a server for SECONDS; meanwhile something happens. Returns [status, body, seconds] of every request.
# A kept connection that httpd closes before it reads a request from it is no failure: the client asks again on a new
# one, as browsers do. That it did not read the request is seen in its log, which must hold no more than was answered.
sub under_load {
    my ($server, $seconds, $happens) = @_;
    my $load = ++$loads;
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if (!$pid) {
        sleep $seconds / 3;
        $happens->();
        POSIX::_exit(0);
    }
    my @results = in_parallel 6, sub {
        my $end = time + $seconds;
        my $n   = 0;
        my ($client, $kept, @answers);
        while (time < $end) {
            $client ||= $server->connect;
            my $id       = "$load.$_[0]." . ++$n;
            my $response = eval { $client->request('GET', "/app/who?$id") };
            if (!$response && $kept && $@ =~ /closed without a response/) {
                ($client, $kept) = ();
                next;
            }
            push @answers, $response ? [$response->status, $response->body, $response->seconds, $id] : [0, $@, 0, $id];
            $kept = $response && ($response->header('connection') || '') ne 'close' && rand() > 0.1;
            $client = undef if !$kept;
        }
        return \@answers;
    };
    waitpid $pid, 0;
    my @answers = map { ref eq 'ARRAY' ? @{$_} : [0, $_->{died}, 0, '?'] } @results;
    my %answered = map { $_->[3] => 1 } @answers;
    my $logged = sub {
        return map { m{/app/who[?]($load[.]\S+)} ? [$1, $_] : () } $server->access_lines;
    };
    wait_for { $logged->() >= @answers } 5;
    my @lost = map { $_->[1] } grep { !$answered{ $_->[0] } } $logged->();
    is_deeply \@lost, [], 'every request that was read was answered';
    return @answers;
}

sub all_answered {
    my ($what, @answers) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @bad = grep { $_->[0] != 200 } @answers;
    my %by;
    $by{ $_->[1] }++ for @answers;
    note "$what: longest ", max(map { $_->[2] } @answers), ', ', join ', ', map { "$_: $by{$_}" } sort keys %by;
    cmp_ok scalar @answers, '>', 50, "$what: there was load";
    cmp_ok scalar keys %by, '>', 1,  "$what: several servers answered";
    is scalar @bad, 0, "$what: every request is answered";
    diag explain \@bad if @bad;
    return;
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, conf => "$anywhere\nBackhandResponseTimeout 20s\nBackhandRetry 1s");
    my $a    = $farm->add;
    my $b    = $farm->add;
    my $c    = $farm->add;
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    # A busy machine may need all workers, and old children may take long to end.
    $farm->announce_log($asked_last, qr/AH03490:|AH00161:|AH00286:|AH00484:|AH00485:/);

    all_answered "$mpm: a server is killed", under_load $a, 2, sub { kill 'KILL', -$c->pid };
    $c->kill_all->start;
    ok $farm->together, 'it is back';
    eventually { $a->get('/app/who')->body eq 'c' } 10, 'and gets requests again';

    all_answered "$mpm: a server is stopped", under_load $a, 2, sub { kill 'TERM', $c->pid };
    $c->gone;
    $c->start;
    ok $farm->together, 'it is back';
    all_answered "$mpm: a server is stopped gracefully", under_load $a, 2, sub { kill 'WINCH', $c->pid };
    $c->gone;
    $c->start;
    ok $farm->together, 'it is back';
    all_answered "$mpm: a server restarts gracefully", under_load $a, 2, sub { kill 'USR1', $c->pid };
    all_answered "$mpm: the server that is asked restarts gracefully", under_load $b, 2, sub { kill 'USR1', $b->pid };
    ok $farm->together, 'they see each other';

    my @answers = under_load $a, 4, sub { $c->pause };
    all_answered "$mpm: a server stands still", @answers;
    my $longest = max map { $_->[2] } @answers;
    cmp_ok $longest, '<', scaled(3.5), "the longest took $longest s";
    $c->resume;
    eventually { $a->get('/app/who')->body eq 'c' } 10, 'it goes on and gets requests again';
    $farm->check;
}

# Peers that do one thing wrong. What each does with a connection, and what becomes of a GET and a POST of 5,000 bytes.
my %peers = (
    'closes at once' => sub { close $_[0] },
    'closes after the request' => sub {
        my ($socket) = @_;
        sysread $socket, my $request, 65_536;
        close $socket;
    },
);
for my $what (sort keys %peers) {
    subtest "a peer that $what" => sub {
        my $farm = Farm->new(conf => $to_the_other);
        my $a    = $farm->add;
        $farm->start;
        my $fake = Farm::Fake->new(farm => $farm, serve => $peers{$what});
        $fake->start;
        eventually { $a->row($fake->contact) } 5, 'it is in the table';
        my $client = $a->connect;
        my @bodies = map { eval { $client->request('GET', '/app/who')->body } || $@ } 1 .. 12;
        is_deeply \@bodies, [('a') x 12], 'twelve GETs on one connection are served here';
        my $body     = 'x' x 5000;
        my $response = $a->post('/app/echo', $body);
        ok $response->status == 502 || $response->echoed->{BODY_MD5} eq md5_hex($body),
          'a POST gets 502 or is served here whole, never in part';
        note 'POST: ', $response->status;
        $response = $a->request('PUT', '/app/echo', body => $body);
        is $response->echoed->{BODY_MD5}, md5_hex($body), 'a PUT may be repeated, and is served here whole'
          or diag $response->status;
        $fake->stop;
        $farm->announce_log($asked_last);
        $farm->check;
    };
}

subtest 'a peer that accepts and never answers' => sub {
    my $farm = Farm->new(conf => "$to_the_other\nBackhandResponseTimeout 1s");
    my $a    = $farm->add;
    $farm->start;
    my $fake = Farm::Fake->new(farm => $farm, serve => sub { return 'open' });
    $fake->start;
    eventually { $a->row($fake->contact) } 5, 'it is in the table';
    my $response = $a->get('/app/who');
    is $response->status, 504, 'it announces itself still: 504';
    cmp_ok $response->seconds, '<', scaled(3), 'after BackhandResponseTimeout';
    is $a->logged('/app/who')->{reason}, 'handed-off:failed', 'the log says why';
    $fake->{quiet} = 1;
    $fake->stop;
    $fake->start;
    eventually { $a->row($fake->contact)->{Age} > 0.8 } 5, 'it has fallen silent';
    $response = $a->get('/app/who');
    is $response->status . $response->body, '200a', 'then it is served here';
    cmp_ok $response->seconds, '<', scaled(2), 'at once or after BackhandResponseTimeout';
    $fake->stop;
    $farm->announce_log($asked_last);
    $farm->check;
};

done_testing;
