#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# The structure in cloned and renewed interpreters, in virtual hosts with interpreters of their own, and over graceful
# restarts that change the size of the table.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge call configuration left_by);
use Farm   qw(build_dir eventually in_parallel scaled);
use Test::More;

my $restarts = $ENV{BACKHAND_TEST_LONG} ? 100 : 5;

my $perl = <<'EOT';
package T;
use Apache::Backhand qw(:all);
our ($global, $early, $early_arriba);
my $lexical;
my $started = $$;
# Before the clones are made.
if (eval { MAXSERVERS() }) {
    $early = load_serverstats();
    my $touched = $early->[1]{load};
    $early_arriba = load_personal_arriba();
}
sub child_init { $global = load_serverstats(); $lexical = $global; $global->[2]{tatime} = 77; return 0 }
sub clone_address { return 0 + load_serverstats() }
sub state {
    return join ',', map { !defined $_ ? 'undef' : $_ == load_serverstats() ? "same of " . @$_ : 'other' } $global,
        $lexical, $early;
}
sub through {
    $global->[5]{load} = $_[0];
    return join ',', map { $_->[5]{load} } $global, $lexical, $early, load_serverstats();
}
sub arriba { $$early_arriba = 99; return ${ load_personal_arriba() } }
sub size { return scalar @{ load_serverstats() } }
sub pid { $$ }
sub all {
    my $n = 0;
    for my $h (@$global) { $n += $_ for values %{ { %$h, hostname => 0, contact => 0, zone => 0 } } }
    return 'read';
}
sub policy {
    my ($r, $ids) = @_;
    $global->[5]{load}++;
    return [sort { $lexical->[$a + 4]{cpu} <=> $lexical->[$b + 4]{cpu} || $a <=> $b } @$ids];
}
sub CLONE { }
sub hold { select undef, undef, undef, 0.3; return state() }
EOT

foreach my $mpm (Farm->mpms) {
    subtest "$mpm: PerlChildInitHandler" => sub {
        my %conf = (
            perl     => $perl,
            policies => ['T::policy'],
            conf     => "PerlChildInitHandler T::child_init\nPerlInterpStart 2\nPerlInterpMax 4\n"
              . "PerlInterpMaxSpare 1\nPerlInterpMinSpare 1\nPerlInterpMaxRequests 20\n",
        );
        my ($farm, $server) = bridge(mpm => $mpm, %conf, conf => "$conf{conf}BackhandMaxServers 16\n");
        $farm->start;
        is call($server, 'T::state'), join(',', ('same of 16') x 3), 'globals of the handler and of start-up'
          for 1 .. 40;
        is call($server, 'T::through', $_), "$_,$_,$_,$_", 'all are the same table' for 1 .. 3;
        is call($server, 'T::arriba'), 99, 'the scalar of start-up';

        # More at once than were made at start: the rest are cloned now, and ended again.
        for my $round (1 .. 3) {
            my @states = in_parallel(
                4,
                sub {
                    [map { call($server, 'T::hold') } 1 .. 2]
                }
            );
            is_deeply \@states, [([(join ',', ('same of 16') x 3) x 2]) x 4],
              "interpreters that are cloned later, round $round";
        }
        is call($server, 'T::all'), 'read',            'all is read'                 for 1 .. 60;
        is left_by($server, 0),     '0:0 1:0 2:0 3:1', 'a policy with such a global' for 1 .. 60;

        # Sizes change, and clients ask meanwhile.
        my ($size, $lost) = (16, 0);
        for my $n (1 .. $restarts) {
            $size = (16, 64, 8)[$n % 3];
            $server->reconfigure(configuration($server, %conf, conf => "$conf{conf}BackhandMaxServers $size\n"));
            ok $server->graceful, "graceful restart $n" or last;
            my $new = "same of $size";
            eventually { call($server, 'T::state') eq "$new,$new,$new" } 10, "$size servers after it" or last;
            is call($server, 'T::through', $n), "$n,$n,$n,$n",     'and it works'   or last;
            is left_by($server, 0),             '0:0 1:0 2:0 3:1', 'as do policies' or last;
        }
        $farm->announce_log(qr/server reached MaxRequestWorkers/, qr/the table .*entries|BackhandMaxServers/);
        $farm->check;
    };
}

# A thread may still have an interpreter, and from Perl 5.38 on its locale, that another thread ends.
subtest 'interpreters end while threads go on' => sub {
    my ($farm, $server) = bridge(
        mpm      => 'event',
        workers  => 8,
        perl     => $perl,
        policies => ['T::pid'],
        conf     => "BackhandMaxServers 16\nPerlInterpStart 1\nPerlInterpMax 8\nPerlInterpMaxSpare 1\n"
          . "PerlInterpMaxRequests 1\n"
    );
    $farm->start;
    my @died = in_parallel(
        6,
        sub {
            for (1 .. ($ENV{BACKHAND_TEST_LONG} ? 300 : 100)) {
                $_ % 2 ? left_by($server, 0) : call($server, 'T::pid');
                $server->get('/who');
            }
            return 0;
        }
    );
    is_deeply \@died, [(0) x 6], 'all is answered';
    $farm->announce_log(qr/backhand: byPerl: T::pid/, qr/server reached MaxRequestWorkers/);
    $farm->check;
};

subtest 'a virtual host with interpreters of its own' => sub {
    my $vhost_perl =
        "package V; use Apache::Backhand; sub policy { return [2, 1] } "
      . "sub size { return join ',', scalar \@{ Apache::Backhand::load_serverstats() }, main->can('T::pid') ? 1 : "
      . "0 } 1;\n";
    my ($farm, $server) =
      bridge(mpm => 'event', perl => $perl, policies => ['T::pid', 'V::policy'], conf => "BackhandMaxServers 16\n");
    my $file   = $server->write_file('vhost.pl', $vhost_perl);
    my $host   = $server->address;
    my $blocks = join '', map {
            "<Location /v$_>\nBackhandFromSO @{[$server->root]}/probe.so probe_given 3:1 1 0 2\n"
          . "BackhandFromSO @{[build_dir()]}/modules byPerl @{[(qw(V::policy T::pid))[$_]]}\n"
          . "BackhandFromSO @{[$server->root]}/probe.so probe_shown\n</Location>\n"
    } 0, 1;
    $server->reconfigure(
        configuration(
            $server,
            perl     => $perl,
            policies => ['V::policy'],
            startup  => 'PerlRequire',
            conf     => "BackhandMaxServers 16\n<VirtualHost $host>\n"
              . "ServerName main.test\nDocumentRoot @{[$server->root]}/htdocs\n</VirtualHost>\n"
              . "<VirtualHost $host>\nServerName own.test\nPerlOptions +Parent\n"
              . "PerlSwitches -I@{[build_dir()]}/perl5 -I$FindBin::Bin/lib\nPerlRequire $file\n$blocks</VirtualHost>\n"
        )
    );
    $farm->start;
    is $server->get('/v0', headers => [Host => 'own.test'])->header('X-List'), '2:0 1:0', 'its policy';
    is $server->get('/v1', headers => [Host => 'own.test'])->header('X-List'), '3:1 1:0 0:0 2:0',
      'a policy of the main server is none of its own';
    is left_by($server, 0), '3:1 1:0 0:0 2:0', 'nor the other way round';
    is scalar(grep { /not defined/ && !/the list/ } $server->log_lines), 0,
      'at start, one that any of them has is found';
    $farm->announce_log(
        qr/backhand: byPerl: T::pid is not defined, the list/,
        qr/backhand: byPerl: V::policy is not defined, the list/
    );
    $farm->check;
};
done_testing;
