#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A C function that leaves random lists and figures, under load: a server of the farm answers every request, and no
# other address is asked.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually);
use Farm::Fake;
use Farm::Steady;
use Test::More;

my $policies = build_dir() . '/meson/tests/farm/policies.so';
# Each function reads figures that the function before it has just written.
my @builtins = (
    'byAge 5',    'byRandom',   'addPrediction',  'byLoad 0.5', 'byBusyChildren 3', 'byCPU',
    'byCost',     'byWeight',   'byExpectedTime', 'byPrequal',  'byLogWindow',      'bySession S=',
    'byZone 400', 'removeSelf', 'addSelf'
);

# Each way to look at the table, of servers whose figures are being written at random.
sub pages_can_be_shown {
    my (@servers) = @_;
    my @pages = (
        (
            map { "/backhand$_" } '', '?sort=load', '?name=a', '?json', '?auto', '?metrics', '?explain=/app/who',
            '?chains'
        ),
        '/server-status',
        '/server-status?auto'
    );
    for my $page (@pages) {
        is join(' ', map { $servers[$_ % 3]->get($page)->status } 1 .. 12), join(' ', (200) x 12), "$page can be shown";
    }
    return;
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm::Steady::idle_farm(
            3,
            mpm     => $mpm,
            modules => [qw(lua status)],
            also    => "BackhandMaxServers 4\nBackhandZone here\n"
              . "<Location /server-status>\nSetHandler server-status\n</Location>\n"
        );
        $farm->announce_log(qr/backhand: function scribbles /);
        my @servers = $farm->servers;
        my $decoy   = Farm::Fake->new(
            farm  => $farm,
            quiet => 1,
            serve => sub { open my $file, '>', "$farm->{root}/asked"; close $file; return }
        )->start;
        my $scribbles = "BackhandFromSO $policies scribbles";
        for my $server (@servers) {
            my ($head, $chain) = $server->{conf} =~ /(.*)<Location \/app>\n(.*?)<\/Location>\n/s;
            my @chain = ("$scribbles @{[$decoy->contact]}", map { ("Backhand $_", $scribbles) } @builtins);
            $server->reconfigure("$head<Location /app>\n"
                  . join("\n", @chain, "Backhand addSelf\n")
                  . "</Location>\n<Location /redirected>\n$scribbles redirects @{[$decoy->contact]}\n</Location>\n");
            mkdir $server->root . '/htdocs/redirected' or die "mkdir: $!";
            $server->write_file('htdocs/redirected/who', $server->name);
        }
        $farm->start;
        my $before = join ' ', map { sort $_->children } @servers;
        my $load   = Farm::Steady->new(servers => \@servers);
        my $result = $load->during("$mpm: functions in C scribble", 4, sub { pages_can_be_shown(@servers) });
        $result->nothing_failed;
        for my $server (@servers) {
            ok scalar $result->answered($server, -10), 'answered by ' . $server->name;
            ok
              scalar(grep { ($_->{by} // '') ne ($_->{at} // '') && $_->{by} eq $server->name }
                  @{ $result->{answers} }),
              'requests to others among them';
        }

        my %known = map { $_->address => 1, $_->name . '.test:' . $farm->port => 1 } @servers;
        my ($redirects, @wrong) = (0);
        for my $n (1 .. 300) {
            my $response = $servers[$n % 3]->get('/redirected/who');
            next if $response->status == 200 && $response->body =~ /\A[abc]\z/;
            my ($host) = ($response->header('Location') || '') =~ m{\Ahttp://([^/]+)/redirected/who\z};
            if ($response->status == 302 && $known{ $host || '' }) {
                $redirects++;
            }
            else {
                push @wrong, $response->status . ' ' . ($response->header('Location') || $response->body);
            }
        }
        cmp_ok $redirects, '>', 3, "$redirects redirects";
        is scalar @wrong, 0, 'all of them to servers of the farm' or diag explain \@wrong;
        ok !-e "$farm->{root}/asked", 'nobody has asked another address';

        ok $_->wait_log(qr/backhand: function scribbles .*: (?:left|returned) /), 'the log says so' for @servers;
        ok $farm->together, 'and the table is what it was a moment later';
        is join(' ', map { sort $_->children } @servers), $before, 'no process has ended' if $mpm ne 'prefork';
        is scalar(grep { /exit signal|AH00051|AH00052/ } map { $_->log_lines } @servers), 0, 'none has crashed';
        $decoy->stop;
        $farm->check;
    };
}
done_testing;
