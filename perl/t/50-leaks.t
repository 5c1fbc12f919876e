#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# The server's memory does not grow over many calls of policies that return, return lists to be cleaned, fail, or change
# parts of the request that they may not change.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge call call_inside);
use Farm   qw(build_dir);
use Farm::Client;
use Test::More;

# The sanitizers keep freed memory for a while.
my $allowed  = $ENV{BACKHAND_SANITIZED} ? 4096   : 128;
my $requests = $ENV{BACKHAND_TEST_LONG} ? 10_000 : 1_000;

my $perl = <<'EOT';
package T;
use Apache2::ConnectionUtil (); use Apache2::Filter (); use Apache2::Response (); use Apache2::SubRequest ();
use Apache::Backhand qw(load_serverstats);
our %calls;
sub pid { $$ }
sub calls { return join ',', map { "$_ $calls{$_}" } sort keys %calls }
sub good {
    my ($r, $ids) = @_;
    $calls{good}++;
    my $s = load_serverstats();
    return [sort { $s->[$a]{load} <=> $s->[$b]{load} } @$ids];
}
sub method {
    my ($class, $r, $ids, @words) = @_;
    $calls{method}++;
    $r->headers_in->get('Host');
    $_ = "x";
    return [@$ids];
}
sub dies { $calls{dies}++; die "no\n" }
sub dies_object { $calls{object}++; die bless { big => 'x' x 1000 }, 'Some::Error' }
sub wrong { $calls{wrong}++; return { a => 1 } }
sub dirty { my ($r, $ids) = @_; $calls{dirty}++; return [@$ids, -1, 'x', undef, @$ids] }
sub tied { my ($r, $ids) = @_; $calls{tied}++; tie my @l, 'Tied'; return \@l }
sub tied_dies { $calls{tied_dies}++; tie my @l, 'Tied::Dies'; return \@l }
sub handlers {
    my ($r) = @_;
    $calls{handlers}++;
    my $x = 'x' x 1000;
    $r->push_handlers(PerlLogHandler => sub { $x });
    return [0];
}
sub filters {
    my ($r) = @_;
    $calls{filters}++;
    my $x = 'x' x 1000;
    $r->add_output_filter(sub { $x });
    $r->add_input_filter(sub { $x });
    return [0];
}
sub notes {
    my ($r) = @_;
    $calls{notes}++;
    $r->pnotes(x => 'x' x 1000);
    $r->connection->pnotes(x => ['x' x 1000]);
    return [0];
}
sub changes {
    my ($r) = @_;
    $calls{changes}++;
    $r->headers_out->set(X => 1);
    $r->custom_response(500, 'x');
    $r->status(404);
    return [0];
}
sub looks { my ($r) = @_; $calls{looks}++; $r->lookup_uri('/who')->run; return [0] }
package Tied; sub TIEARRAY { bless [], shift } sub FETCHSIZE { 3 } sub FETCH { $_[1] + 1 } sub DESTROY {}
package Tied::Dies; our @ISA = 'Tied'; sub FETCH { die "no element\n" }
EOT

# Not one that exits: mod_perl's exit leaves its exception in memory each time, wherever it is called.
my @policies = qw(T::good T->method T::dies T::dies_object T::wrong T::dirty T::tied T::tied_dies
  T::handlers T::filters T::notes
  T::changes T::looks T::nosuch);

sub pages {
    my ($pid) = @_;
    open my $statm, '<', "/proc/$pid/statm" or die "no process $pid: $!";
    return (split ' ', readline $statm)[1];
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $object = build_dir() . '/modules/byPerl.so';
        my $chain  = join '', map {
            my $policy = $_;
            map { "BackhandFromSO $object byPerl $policy a b c\n" } 1 .. 10
        } @policies;
        my ($farm, $server) = bridge(
            mpm => $mpm,
            # With all threads in use event closes connections that are kept.
            workers => $mpm eq 'event' ? 3 : 1,
            perl    => $perl,
            conf    => "BackhandMaxServers 16\nPerlInterpStart 1\nPerlInterpMax 1\nPerlInterpMaxRequests 10000000\n"
              . "<Location /many>\nSetHandler modperl\nPerlResponseHandler Bridge::Handler::served\n"
              . "$chain</Location>\n<Location /many>\nBackhandFromSO @{[build_dir()]}/none.so\n</Location>\n",
        );
        my $probe = $server->root . '/probe.so';
        my $text  = join "\n", $server->lines('httpd.conf');
        $text =~ s{BackhandFromSO \S+/none.so}{BackhandFromSO $probe probe_shown};
        $server->write_file('httpd.conf', "$text\n");
        $farm->start;
        my $pid = call($server, 'T::pid');
        my $ask = sub {
            my ($n) = @_;
            my $client;
            for my $i (1 .. $n) {
                # A connection for each request would leave tens of thousands behind, which systems have limits for.
                $client = Farm::Client->new(host => $server->{host}, port => $server->{port}) if $i % 50 == 1;
                my $response = $client->request('GET', '/many', close => $i % 50 == 0 || $i == $n);
                return $response->status if $response->status != 200;
            }
            return 200;
        };
        is $ask->($requests / 5), 200, 'warm-up';
        my $before = pages($pid);
        is $ask->($requests), 200, 10 * @policies * $requests . ' calls';
        my $more = pages($pid) - $before;
        cmp_ok $more, '<', $allowed, "less than $allowed pages more ($more)";
        is call($server, 'T::pid'), $pid, 'by one process';
        my $calls = 10 * ($requests + $requests / 5);
        is call_inside($server, 'T::calls'),
          join(',',
            map { "$_ $calls" }
            sort qw(good method dies object wrong dirty tied tied_dies handlers filters notes changes looks)),
          'all were called';
        $farm->announce_log(
            qr/backhand: byPerl: T(?:::|->)/,
            qr/backhand: a candidacy function has run a sub-request/,
            qr/backhand: byPerl T::nosuch|is not defined/,
            qr/server reached MaxRequestWorkers/
        );
        $farm->check;
    };
}
done_testing;
