#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers that know each other by a NATS broker alone: they hand off to each other, and the broker need not be trusted.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually wait_for);
use Farm::Nats;
use Test::More;

plan skip_all => Farm::Nats->missing if Farm::Nats->missing;

# Adds a server that announces itself by the broker alone.
sub add {
    my ($farm, $transport, @more) = @_;
    return $farm->add(
        conf => join "\n",
        'BackhandFarm ' . $farm->name,
        'BackhandInterval 100ms', 'AcceptStats 127.0.0.0/28', "BackhandTransport $transport", @more
    );
}

sub contact_of {
    my ($n, $farm) = @_;
    return "BackhandContact http://127.0.0.$n:@{[$farm->port]}";
}

for my $mpm (Farm->few_mpms) {
    subtest "$mpm: three servers know each other by a broker and hand off" => sub {
        my $broker  = Farm::Nats->new;
        my $farm    = Farm->new(mpm => $mpm, announce => 0);
        my @servers = map {
            add(
                $farm, $broker->url,
                contact_of($_, $farm),
                "<Location /app>\nBackhand bySession\nBackhand byRandom\n</Location>"
            )
        } 1 .. 3;
        $farm->start;
        ok $farm->together, 'they see each other';
        $farm->check;
    };
}

done_testing;
