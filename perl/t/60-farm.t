#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Farms balanced by Perl: the example policies; a request that waits for another server holds no interpreter.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge;
use Farm qw(build_dir eventually in_parallel repo_dir scaled wait_for);
use Test::More;
use Time::HiRes qw(time);

my $byperl = 'BackhandFromSO ' . build_dir() . '/modules/byPerl.so byPerl';

# Who answers N requests for a path, as name => count; what is no 200 counts as its status.
sub asked {
    my ($server, $path, $n, %options) = @_;
    my %answers;
    for my $counted (
        in_parallel(
            4,
            sub {
                my %mine;
                for (1 .. $n / 4) {
                    my $response = $server->get($path, %options);
                    $mine{ $response->status == 200 ? $response->body : $response->status }++;
                }
                return \%mine;
            }
        )
      )
    {
        $answers{$_} += $counted->{$_} foreach keys %{$counted};
    }
    return \%answers;
}

foreach my $mpm (Farm->mpms) {
    subtest "$mpm: the examples" => sub {
        my $conf     = 'PerlSwitches -I' . repo_dir() . "/perl/eg/lib\nPerlModule Apache::Backhand Farm::Policy\n";
        my @policies = ('least_busy', 'least_busy 0.5', 'by_capacity', 'by_visitor', 'by_visitor X-Visitor');
        # Under prefork an idle connection holds a worker: a server whose workers are all held counts as busy, and is
        # passed over.
        $conf .= "BackhandConnectionPools Off\n";
        for my $n (0 .. $#policies) {
            $conf .= "<Location /app/$n>\nBackhand byAge 5\n$byperl Farm::Policy::$policies[$n]\n</Location>\n";
        }
        # With a long interval no server seems silent on a busy machine, and loses its clients.
        my $farm    = Farm->new(mpm => $mpm, workers => 16, head => 'BackhandInterval 1s');
        my @servers = map { $farm->add(perl => 1, conf => $conf) } 1 .. 3;
        for my $server (@servers) {
            mkdir $server->root . "/htdocs/app/$_" for 0 .. $#policies;
            $server->write_file("htdocs/app/$_/who", $server->name) for 0 .. $#policies;
        }
        $farm->start;
        ok $farm->together, 'three servers know one another';
        for my $n (0 .. 2) {
            my %answers;
            eventually {
                my $more = asked($servers[0], "/app/$n/who", 40);
                $answers{$_} += $more->{$_} foreach keys %{$more};
                keys %answers >= 3;
            }
            10, "$policies[$n]: every server has a share";
            is join(' ', sort keys %answers), 'a b c', 'and all requests are answered' or diag explain \%answers;
        }
        my %by_header;
        for my $visitor (1 .. 30) {
            # One after the other: a server whose workers are all in use is passed over.
            my $answers = {};
            $answers->{ $servers[$visitor % 3]->get('/app/4/who', headers => ['X-Visitor' => $visitor])->body }++
              for 1 .. 4;
            is_deeply [values %{$answers}], [4], "visitor $visitor stays with one server" or diag explain $answers;
            $by_header{ (keys %{$answers})[0] }++;
        }
        is scalar keys %by_header, 3, 'other visitors with others';
        my %whose = map { $_->get('/app/3/who')->body => 1 } @servers;
        is scalar keys %whose, 1, 'an address goes to the same server from everywhere';
        $farm->check;
    };

    subtest "$mpm: the interpreter is given back before the hand-off" => sub {
        # A second, so that on a busy machine nobody seems silent while the first request waits.
        my $farm = Farm->new(mpm => $mpm, head => 'BackhandInterval 1s');
        my $file =
          "package Other; sub policy { my (\$r, \$ids) = \@_; \$r->headers_in; return [grep { \$_ } \@\$ids] }\n1;\n";
        my $near   = $farm->add(perl => 1);
        my $policy = $near->write_file('other.pl', $file);
        $near->reconfigure("PerlModule Apache::Backhand\nPerlRequire $policy\nPerlInterpStart 1\nPerlInterpMax 1\n"
              . "<Location /app>\nBackhand byAge\n$byperl Other::policy\n</Location>\n");
        my $far = $farm->add;
        $farm->start;
        ok $farm->together, 'two servers know each other';
        # One interpreter serves all: it must be free while the first request waits.
        my $slow = '/app/slow?' . scaled(2);
        my ($waits, @others) = in_parallel(
            4,
            sub {
                my ($i) = @_;
                wait_for { $near->status->{Waiting} } if $i;
                my $response = $near->get($i ? '/app/who' : $slow, timeout => 20);
                return { status => $response->status, ended => time };
            }
        );
        is_deeply [map { $_->{status} // $_->{died} } $waits, @others], [(200) x 4],
          'a request that waits, and three others';
        is scalar(grep { $_->{ended} < $waits->{ended} } @others), 3, 'these are answered meanwhile';
        $farm->check;
    };
}
done_testing;
