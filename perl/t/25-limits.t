#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Policies that never end, recurse without end, or wait: each call ends in time and leaves the list that it was given,
# and no other call is stopped.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge call left_by);
use Farm   qw(eventually in_parallel scaled);
use Test::More;
use Time::HiRes qw(sleep time);

my $perl = <<'EOT';
no warnings;
package Loop;
sub plain    { 1 while 1 }
sub returns  { my $n = 0; $n++ while $n < 1e9; return [1] }
sub evals    { while (1) { eval { 1 while 1 } } }
sub strings  { while (1) { eval '1 while 1' } }
sub begins   { while (1) { eval 'BEGIN { 1 while 1 }' } }
sub nested   { eval { eval { eval { 1 while 1 }; 1 while 1 }; 1 while 1 }; 1 while 1 }
sub gone     { AGAIN: goto AGAIN }
sub redone   { { redo } }
sub maps     { while (1) { my @l = map { $_ + 1 } grep { $_ } 1 .. 9 } }
sub sorts    { return [sort { 1 while 1 } 1, 2] }
sub sorts_on { while (1) { my @l = sort { eval { $b <=> $a } } 1 .. 50 } }
sub regex    { 'a' =~ /(?{ 1 while 1 })/ }
sub matches  { while (1) { ('a' x 1000) =~ /b/ } }
sub die_hook { local $SIG{__DIE__} = sub { 1 while 1 }; 1 while 1 }
sub dies_on  { local $SIG{__DIE__} = sub { 1 while 1 }; die }
sub warn_hook { local $SIG{__WARN__} = sub { 1 while 1 }; warn 'x' }
sub destroys { my $x = Endless->new; return [1] }
sub destroys_many { my @l = map { Endless->new } 1 .. 1000; 1 while 1 }
sub destroys_chain { my $x = Reborn->new; return [1] }
sub dies_with { die Endless->new }
sub dies_text { die Endless::Text->new }
sub ties     { tie my @l, 'Endless::Tie'; return \@l }
sub ties_on  { tie my @l, 'Endless::Tie'; while (1) { eval { my $x = $l[0] } } }
sub elements { return [1, bless [], 'Endless::Text'] }
sub derefs   { return bless \my $x, 'Endless::Text' }
sub prints   { print 'noise' x 1000 while 1 }
sub warns    { warn "noise\n" while 1 }
sub answers  { while (1) { eval { $_[0]->print('noise') } } }
sub grows    { my @l; push @l, 'x' x 1000 while 1 }
sub catches  { my $r = eval { 1 while 1; 1 }; return [1] }
sub tries    { use feature 'try'; while (1) { try { 1 while 1 } catch ($e) { } } }
sub requires { while (1) { eval { require No::Such::Module } } }
sub looks    { my ($r) = @_; while (1) { $r->headers_in->get('Host') } }
sub tables   { my $s = Apache::Backhand::load_serverstats(); while (1) { $_->{load} for @$s } }
sub local_on { while (1) { local $_ = 1; local $@; eval { die 1 } } }

package Deep;
sub calls    { calls() }
sub evals    { eval { evals() }; evals() }
sub methods  { Deep->methods }
sub strings  { eval 'strings()' }
sub sorts    { return [sort { sorts() } 1, 2] }
sub text     { my $x = bless [], 'Deep::Text'; return ["$x"] }
sub ties     { tie my $x, 'Deep::Tie'; return [$x] }
sub regex    { 'a' =~ /(?{ regex() })/ }
sub destroys { my $x = bless [], 'Deep::Destroy'; return [1] }
sub autoloads { Deep::Auto->any }
sub dies     { eval { die bless [], 'Deep::Destroy' }; dies() }
sub frees    { my $x; $x = [$x] for 1 .. 100_000; return [1] }

package Endless; sub new { bless [], shift } sub DESTROY { 1 while 1 }
package Endless::Text;
use overload
    '""' => sub { 1 while 1 },
    '0+' => sub { 1 while 1 },
    '@{}' => sub { 1 while 1 },
    'bool' => sub { 1 while 1 };
sub new { bless \my $x, shift }
package Endless::Tie; sub TIEARRAY { bless [], shift } sub FETCHSIZE { 3 } sub FETCH { 1 while 1 }
package Reborn; sub new { bless [], shift } sub DESTROY { Reborn->new for 1, 2 }
package Deep::Text; use overload '""' => sub { "$_[0]" };
package Deep::Tie; sub TIESCALAR { bless [], shift } sub FETCH { tie my $x, 'Deep::Tie'; return $x }
package Deep::Destroy; sub DESTROY { my $x = bless [], 'Deep::Destroy'; return }
package Deep::Auto; sub AUTOLOAD { Deep::Auto->any }

package Block;
our $calls = 0;
sub calls   { return $calls }
sub sleeps  { $calls++; select undef, undef, undef, 0.3; return [1] }
sub naps    { while (1) { select undef, undef, undef, 0.15 } }
# A fifth of a second of processor time.
sub matches { ('a' x 28 . 'cb') =~ /^(a|aa)+\1?b/; return [1] }
sub fine    { return [1] }
sub waits   { select undef, undef, undef, $_[2]; return [1] }
sub deepest { deeper() }
sub deeper  { deeper() }

package T;
sub pid  { $$ }
# Longer than any policy may.
sub spin { my $end = Time::HiRes::time() + $_[0]; my $n = 0; $n++ while Time::HiRes::time() < $end; return 'spun' }
sub rss  { open my $f, '<', '/proc/self/statm'; my ($pages) = (split ' ', readline $f)[1]; return int $pages / 256 }
1;
EOT
$perl = "use Time::HiRes ();\n$perl";

my $stays = '3:1 1:0 0:0 2:0';
my @loops = map { "Loop::$_" } qw(plain returns evals strings begins nested gone redone maps sorts sorts_on
  regex matches
  die_hook dies_on warn_hook destroys destroys_many destroys_chain dies_with dies_text ties ties_on
  elements derefs prints
  warns answers grows catches tries requires looks tables local_on);
my @deep     = map { "Deep::$_" } qw(calls evals methods strings sorts text ties regex destroys autoloads dies);
my %harmless = ('Deep::frees' => 1);

my $limit = $ENV{BACKHAND_SANITIZED} ? 0.5 : 0.1;
my $ms    = 1000 * $limit;
# Longest time that counts as in time on a busy machine.
my $enough = scaled(10 * $limit);

# Sends the requests for policy N one after the other; returns the list that was left, and the longest time.
sub timed {
    my ($server, $n) = @_;
    my $start = time;
    my $left  = left_by($server, $n);
    return ($left, time - $start);
}

foreach my $mpm (Farm->mpms) {
    subtest "$mpm: without end" => sub {
        my @policies = (@loops, @deep, sort keys %harmless);
        my ($farm, $server) = bridge(
            mpm      => $mpm,
            workers  => 1,
            perl     => $perl,
            policies => \@policies,
            timeout  => "${ms}ms",
            conf     => "BackhandMaxServers 16\nPerlInterpStart 1\nPerlInterpMax 1\nPerlInterpMaxRequests 100000\n",
        );
        $farm->announce_log(qr/backhand: byPerl: (?:Loop|Deep)::/,
            qr/\Anoise/, qr/\[perl.*noise|server reached MaxRequestWorkers/);
        $farm->start;
        my $pid    = call($server, 'T::pid');
        my $before = call($server, 'T::rss');
        for my $n (0 .. $#policies) {
            my ($left, $seconds) = timed($server, $n);
            if ($harmless{ $policies[$n] }) {
                like $left, qr/\A(?:1:0|\Q$stays\E)\z/, "$policies[$n] is harmless";
                next;
            }
            is $left, $stays, "$policies[$n] changes nothing" or last;
            cmp_ok $seconds, '<', $enough, sprintf 'and is over after %.3f s', $seconds;
        }
        is call($server, 'T::spin', 3 * $limit), 'spun', 'a handler may take longer';
        is call($server, 'T::pid'), $pid, 'by the same process';
        my $grown = call($server, 'T::rss') - $before;
        cmp_ok $grown, '<', $ENV{BACKHAND_SANITIZED} ? 800 : 300, "which has grown by $grown MiB";
        my @log = $server->log_lines;
        for my $policy (@loops, @deep) {
            my @lines = grep { /backhand: byPerl: \Q$policy\E / } @log;
            is scalar @lines, 1, "the log says it once of $policy" or diag explain \@lines;
            like $lines[0] // '', qr/was stopped|cannot be stopped/, 'that it was stopped';
        }
        # On a machine with other work it may look as if it had waited.
        my $stopped = qr/was stopped after \d+ ms|took \d+ ms, \d+ ms of them in one operation that cannot be stopped/;
        for my $policy ('Loop::plain', 'Loop::evals', 'Loop::die_hook') {
            ok scalar(
                grep { /byPerl: $policy (?:$stopped), .* as it was: \w+Timeout is $ms ms(?:; do .*)?, at \S+ line \d+/ }
                  @log
              ),
              "and where: $policy";
        }
        my @words = grep { /in cleanup|panic/ } @log;
        is scalar @words, 0, 'without a word from Perl' or diag @words;
        $farm->check;
    };

    subtest "$mpm: beside others" => sub {
        my ($farm, $server) = bridge(
            mpm      => $mpm,
            workers  => 8,
            perl     => $perl,
            policies => ['Loop::evals', 'Deep::text', 'Block::fine'],
            timeout  => "${ms}ms",
            conf     => "BackhandMaxServers 16\nBackhandPolicyInterpreters 8\nPerlInterpStart 8\nPerlInterpMax 8\n",
        );
        $farm->announce_log(qr/backhand: byPerl: (?:Loop|Deep)::/, qr/server reached MaxRequestWorkers/);
        $farm->start;
        my @results = in_parallel(
            6,
            sub {
                my ($who) = @_;
                my %seen;
                for (1 .. 8) {
                    $seen{
                          $who < 2 ? left_by($server, $who)
                        : $who < 4 ? left_by($server, 2)
                        :            call($server, 'T::spin', 2 * $limit)
                    }++;
                }
                return \%seen;
            }
        );
        is_deeply $results[$_], { $stays => 8 }, 'endless ones are stopped' for 0, 1;
        # On a machine with much other work one of them may be late.
        ok $results[$_]{'1:0'}, 'short ones are not' or diag explain $results[$_] for 2, 3;
        is_deeply $results[$_], { spun => 8 }, 'nor are handlers' for 4, 5;
        $farm->check;
    };

    subtest "$mpm: what waits" => sub {
        # A respite of 15 s.
        my ($farm, $server) = bridge(
            mpm      => $mpm,
            workers  => 4,
            perl     => $perl,
            policies => ['Block::sleeps', 'Block::naps', 'Block::matches', 'Block::fine'],
            timeout  => '50ms',
            conf     => "BackhandMaxServers 16\nBackhandPolicyInterpreters 4\nPerlInterpStart 4\nPerlInterpMax 4\n",
        );
        $farm->announce_log(qr/backhand: byPerl: Block::/, qr/server reached MaxRequestWorkers/);
        $farm->start;
        my $once = qr/byPerl: Block::(\w+) took (\d+) ms, (\d+) ms of them in one operation that cannot be stopped, /;
        my $said = sub {
            return [map { /$once$_[0]/ ? "$1 $3" : () } $server->log_lines];
        };
        my ($left, $seconds) = timed($server, 0);
        is $left, $stays, 'a list that comes late is not followed';
        cmp_ok $seconds, '>=', 0.29, 'what waits is not stopped';
        my ($first) = @{ $said->('the list') };
        like $first, qr/\Asleeps (?:29|[3-9]\d|\d{3,})\d\z/, "the log says how long it took: $first";
        is left_by($server, 1),                        $stays, 'a loop around it is';
        is left_by($server, 2),                        $stays, 'a regular expression is not';
        is scalar @{ $said->('for the second time') }, 0,      'once is no habit';
        is left_by($server, 0),                        $stays, 'once more';
        eventually { @{ $said->('for the second time') } == 1 } 5, 'twice is one';
        my @seconds = map { $_->[1] } in_parallel(8, sub { return [timed($server, 0)] });
        cmp_ok $_, '<', 0.29, sprintf 'from then on, in all processes, it is not called: %.3f s', $_ for @seconds;
        my ($other) = left_by($server, 3);
        is $other,                                     '1:0', 'another one is';
        is scalar @{ $said->('for the second time') }, 1,     'the log says it once';
        eventually { (timed($server, 0))[1] >= 0.29 } 40, 'after a while it is called again';
        $farm->check;
      }
      if $mpm eq 'prefork' || $ENV{BACKHAND_TEST_LONG};
}

subtest 'no limit' => sub {
    my ($farm, $server) = bridge(
        perl     => $perl,
        policies => ['Block::waits 0.4', 'Block::deepest'],
        timeout  => '0',
        conf     => "BackhandMaxServers 16\n",
    );
    $farm->announce_log(qr/backhand: byPerl: Block::deepest was stopped, .* its calls went too deep, at /);
    $farm->start;
    is left_by($server, 0), '1:0',  'a policy may take its time' for 1 .. 3;
    is left_by($server, 1), $stays, 'and still not go too deep';
    $farm->check;
};
done_testing;
