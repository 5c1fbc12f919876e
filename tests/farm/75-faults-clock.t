#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Faults under load: the clock of a server is set a minute ahead, and a minute back. With a secret that server serves
# alone, and its log and status page and those of the others say why.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually);
use Farm::Steady;
use Test::More;

sub away {
    my ($result) = @_;
    return grep { $_->{by} ne $_->{at} } @{ $result->{answers} };
}

# The page says it now, or soon.
sub says {
    my ($server, $pattern, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return eventually { $server->get('/backhand')->body =~ $pattern } 5, $what;
}

for my $seconds (60, -60) {
    my $farm = Farm::Steady::idle_farm(4, also => "BackhandSecretFile secret\n");
    my ($a, $b, $c, $d) = $farm->servers;
    chmod 0600, $_->write_file('secret', '0123456789abcdef' x 4) for $farm->servers;
    my $skew = $d->write_file('skew', '0');
    $d->{env} = { LD_PRELOAD => build_dir() . '/meson/tests/farm/skew.so', BACKHAND_TEST_SKEW => $skew };
    $farm->start;
    ok $farm->together, 'they see each other';

    my $others = Farm::Steady->new(servers => [$a, $b, $c]);
    my $itself = Farm::Steady->new(servers => [$d]);
    my $set    = $seconds > 0 ? 'a minute ahead' : 'a minute back';
    my ($ahead, $behind) = $seconds > 0 ? qw(ahead ago) : qw(ago ahead);
    my $result = $others->during("a clock is set $set", 2, sub { $d->write_file('skew', $seconds) }, from => $d);
    $result->nothing_failed;
    for my $server ($a, $b, $c) {
        ok $server->wait_log(
            qr/announcement from 127\.0\.0\.4 dropped: it was stamped (?:59|60)\.\d+ s $ahead by this server's clock/),
          $server->name . "'s log names the server";
        says(
            $server,
            qr{the clock of d\.test \(\Q@{[$d->contact]}\E\) is (?:59|60)\.\d s (?:ahead of|behind) this server},
            'and so does its page'
        );
    }
    $result = $itself->during("the server whose clock is $set is asked", 1, sub { });
    $result->nothing_failed;
    is scalar(() = away($result)),                                        0,            'it serves alone';
    is $d->get('/app/echo', from => '127.0.0.77')->echoed->{REMOTE_ADDR}, '127.0.0.77', 'for the client that asked';
    ok $d->wait_log(
        qr/ from 127\.0\.0\.[123] dropped: it was stamped (?:59|60|61)\.\d+ s $behind by this server's clock/),
      'its log names the others';
    says($d, qr/this server's own clock/, 'and its page says that its own clock is wrong');
    $result = $others->during("the clock is right again", 1, sub { $d->write_file('skew', '0') });
    $result->nothing_failed;
    ok $farm->together, 'they see each other';
    eventually { $a->get('/app/steady')->body =~ /SERVER=d/ } 10, 'it gets requests again';
    unlike $_->get('/backhand')->body, qr/[Tt]he clock of/, $_->name . "'s page says nothing any more" for $a, $d;
    # For a moment, until they have fallen silent for each other, requests are handed off.
    $farm->announce_log(qr/dropped: it was stamped/, qr/whose mark is ignored: it was stamped/);
    # The server whose clock was set hears nobody that it believes.
    $farm->announce_log(qr/\[(?:nobody-accepted|own-clock)\]$/);
    $farm->check;
}

done_testing;
