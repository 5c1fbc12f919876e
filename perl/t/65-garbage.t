#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# A policy that writes random values into every field of every server for each request, and returns a random list, under
# load: a server of the farm answers every request, and no other address is asked.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge;
use Farm qw(build_dir eventually);
use Farm::Fake;
use Farm::Figures qw(names);
use Farm::Steady;
use Test::More;

my $perl = <<'EOT';
package Garbage;
use strict;
no warnings;
use Apache::Backhand qw(:all);
our $decoy = 'DECOY';
our @values = ('nan', 'inf', '-inf', 'abc', '', undef, '0 but true', '9' x 400, "\x{263a}", "\0", $decoy, -1, 0, 1, 0.5,
    1e300, -1e300, 9**9**9, -9**9**9, 2**31, -2**31 - 1, 2**53, 2**63, -2**63, 2**64, [], {}, \1, sub { 1 }, *STDOUT);
our @keys = qw(KEYS);
sub value { return $values[rand @values] }
sub writes {
    my ($r, $ids) = @_;
    my $servers = load_serverstats();
    for my $server (@$servers) {
        for my $key (@keys) {
            eval { $server->{$key} = value() };
            eval { $server->{$key} .= value() } if rand() < 0.1;
            eval { ${ \$server->{$key} } = value() } if rand() < 0.1;
        }
        eval { $server->{other} = 1 };
        eval { delete $server->{load} };
        eval { %$server = (contact => $decoy) };
        eval { undef %$server };
    }
    eval { $servers->[1] = { contact => $decoy } };
    eval { @$servers = () };
    eval { $#$servers = 0 };
    eval { ${ load_personal_arriba() } = value() };
    my @list = map { rand() < 0.7 ? int rand MAXSERVERS : value() } 0 .. rand 3 * MAXSERVERS;
    return rand() < 0.9 ? \@list : rand() < 0.5 ? value() : die value();
}
sub loops { while (1) { eval { writes(@_) } } }
1;
EOT

my $byperl = 'BackhandFromSO ' . build_dir() . '/modules/byPerl.so byPerl Garbage::';

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm::Steady::idle_farm(3, mpm => $mpm, perl => 1, also => "BackhandMaxServers 16\n");
        $farm->announce_log(qr/backhand: byPerl: Garbage::/);
        my @servers = $farm->servers;
        my $decoy   = Farm::Fake->new(
            farm  => $farm,
            quiet => 1,
            serve => sub { open my $file, '>', "$farm->{root}/asked"; close $file; return }
        )->start;
        for my $server (@servers) {
            my $file =
              $server->write_file('garbage.pl', $perl =~ s/DECOY/$decoy->contact/er =~ s/KEYS/join ' ', names()/er);
            my ($head) = $server->{conf} =~ /(.*)<Location \/app>/s;
            $server->reconfigure("${head}PerlModule Apache::Backhand\nPerlRequire $file\nPerlInterpMax 16\n"
                  . "BackhandPolicyTimeout 1s\n<Location /app>\nBackhand byRandom\n${byperl}writes\n"
                  . "Backhand addSelf\n</Location>\n"
                  . "<Location /loops>\n${byperl}loops\n</Location>\n");
            mkdir $server->root . '/htdocs/loops' or die "mkdir: $!";
            $server->write_file('htdocs/loops/who', $server->name);
        }
        $farm->start;
        my $load   = Farm::Steady->new(servers => \@servers);
        my $result = $load->during("$mpm: policies in Perl write garbage",
            5, sub { is $servers[0]->get('/loops/who')->status, 200, 'one of them without end' });
        $result->nothing_failed;
        for my $server (@servers) {
            ok scalar(grep { ($_->{by} // '') eq $server->name && $_->{at} ne $server->name } @{ $result->{answers} }),
              'answered by ' . $server->name . ', requests to others among them';
        }
        ok !-e "$farm->{root}/asked", 'nobody has asked another address';
        is $_->get('/backhand')->status, 200, 'the page can be shown' for @servers;
        ok $farm->together, 'and the table is what it was a moment later';
        is scalar(grep { /exit signal|AH00051|AH00052/ } map { $_->log_lines } @servers), 0, 'no process has crashed';
        $decoy->stop;
        $farm->check;
    };
}
done_testing;
