#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Every request is answered, even when servers go away at the worst moment.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Fake;
use Farm::Steady;
use Test::More;

my $to_the_other = <<'EOT';
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT
my $asked_last = qr/backhand: server \S+ .*asked (?:last|as before)/;

# Six clients ask a server as fast as they can, by GET, and something happens: every request is answered, and several
# servers answer.
sub under_load {
    my ($what, $server, $seconds, $happens) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $result =
      Farm::Steady->new(servers => [$server], clients => 6, pause => 0, get => 1)->during($what, $seconds, $happens);
    $result->nothing_failed;
    $result->read_once;
    my %by = map { $_->{by} // q() => 1 } @{ $result->{answers} };
    cmp_ok scalar keys %by, '>', 1, "$what: several servers answered";
    return $result;
}

for my $mpm (Farm->few_mpms) {
    my $farm = Farm::Steady::farm(3, mpm => $mpm, also => 'BackhandResponseTimeout 20s');
    my ($a, $b, $c) = $farm->servers;
    my $again = sub {
        eventually { $a->get('/app/steady')->echoed->{SERVER} eq 'c' } 10, "$_[0] and gets requests again";
    };

    under_load "$mpm: a server is killed", $a, 2, sub { kill 'KILL', -$c->pid };
    $c->kill_all->start;
    ok $farm->together, 'it is back';
    $again->('it is back');

    under_load "$mpm: a server is stopped", $a, 2, sub { kill 'TERM', $c->pid };
    $c->gone;
    $c->start;
    ok $farm->together, 'it is back';
    under_load "$mpm: a server is stopped gracefully", $a, 2, sub { kill 'WINCH', $c->pid };
    $c->gone;
    $c->start;
    ok $farm->together, 'it is back';
    under_load "$mpm: a server restarts gracefully",                 $a, 2, sub { kill 'USR1', $c->pid };
    under_load "$mpm: the server that is asked restarts gracefully", $b, 2, sub { kill 'USR1', $b->pid };
    ok $farm->together, 'they see each other';

    my $longest = under_load("$mpm: a server stands still", $a, 4, sub { $c->pause })->slowest;
    cmp_ok $longest, '<', scaled(3.5), "the longest took $longest s";
    $c->resume;
    $again->('it goes on');
    $farm->check;
}

# Peers that do one thing wrong. What each does with a connection, and what becomes of a GET and a POST of 5,000 bytes.
my %peers = (
    'closes at once'           => sub { close $_[0] },
    'closes after the request' => sub {
        my ($socket) = @_;
        sysread $socket, my $request, 65_536;
        close $socket;
    },
);
for my $what (sort keys %peers) {
    subtest "a peer that $what" => sub {
        my $status = "<Location /app/status>\nSetHandler server-status\n</Location>\n";
        my $farm   = Farm->new(modules => ['status'], conf => "$to_the_other$status");
        my $a      = $farm->add;
        $farm->start;
        my $fake = Farm::Fake->new(farm => $farm, serve => $peers{$what});
        $fake->start;
        eventually { $a->row($fake->contact) } 5, 'it is in the table';
        my $client = $a->connect;
        my @bodies;

        for (1 .. 12) {
            push @bodies, eval { $client->request('GET', '/app/who')->body };
        }
        is_deeply \@bodies, [('a') x 12], 'twelve GETs on one connection are served here';
        # When a request on a kept connection gets no response mod_proxy ends the response, so that the client asks
        # again.
        my $answer = eval { $client->request('GET', '/app/status?auto')->body } || $@;
        like $answer, qr/^Scoreboard: /m, 'so is what a handler leaves to httpd to end';
        my $body     = 'x' x 5000;
        my $response = eval { $client->request('POST', '/app/echo', body => $body) };
        my $served   = $response
          && ($response->status == 502 ? $response->body =~ /502/ : $response->echoed->{BODY_MD5} eq md5_hex($body));
        ok $served, 'a POST on the same connection has its answer' or diag explain($response || $@);
        $response = $a->post('/app/echo', $body);
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
