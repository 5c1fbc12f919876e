#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Tests Apache::Backhand::note: who sees notes, how many and how long they may be, and what is no request or text.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge   qw(bridge call left_by);
use Farm     ();
use JSON::PP ();
use Test::More;

my $perl = <<'EOT';
package N;
use Apache::Backhand qw(note);
sub says   { my ($r, $ids) = @_; note($r, 'because'); return $ids }
sub odd {
    my ($r, $ids) = @_;
    note($r, $_) for undef, '', "a\nb", "\x{e9}<b>", "\x{263a}", 42, 'x' x 300;
    return $ids;
}
sub many   { my ($r, $ids) = @_; note($r, "note $_") for 1 .. 100; return $ids }
sub wrong  { my ($r, $ids) = @_; note($ids, 'text'); return $ids }
sub nobody { my ($r, $ids) = @_; note(undef, 'text'); return $ids }
sub handler { return eval { note(undef, 'x'); 1 } ? 'done' : $@ }
EOT
my @policies = map { "N::$_" } qw(says odd many wrong nobody);

for my $mpm (Farm->mpms) {
    my ($farm, $server) = bridge(mpm => $mpm, perl => $perl, policies => \@policies);
    $server->start;
    my $notes = sub {
        my ($n) = @_;
        my $said = JSON::PP->new->decode($server->get("/backhand?json&explain=/p$n")->body);
        return [@{ $said->{functions}[1]{notes} }];
    };
    is_deeply $notes->(0), ['because'], "$mpm: a note";
    is_deeply $notes->(1), ["a\nb", "\x{fffd}<b>", "\x{fffd}" x 3, '42', 'x' x 200],
      'odd texts: as bytes, cut, and never empty';
    is_deeply $notes->(2), [map { "note $_" } 1 .. 16], 'sixteen';
    like $notes->(3)[0],              qr/died.*takes a request, the first argument of a policy/, 'no request';
    like $notes->(4)[0],              qr/died.*takes a request/,                                 'undef';
    like call($server, 'N::handler'), qr/takes a request/,                                       'in a handler, too';
    is left_by($server, $_), left_by($server, 0), "policy $_ does its work without an explanation" for 1, 2;
    $farm->announce_log(qr/byPerl: N::(?:wrong|nobody) died/);
    $farm->check;
}
done_testing;
