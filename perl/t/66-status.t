#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# eg/lib/Farm/Status.pm: the status page in Perl shows the table of a live farm, whatever other servers call themselves.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge call);
use Farm   qw(eventually repo_dir);
use Test::More;

my $perl = <<'EOC';
package T;
# Announcements that a server with the farm's secret could send.
sub hostile {
    my %server = map { $_ => 1 } qw(mtime aservers nservers inflight load cpu service latency errors served numbacked
      amem down);
    my $alert  = q(<script>alert("x&y'")</script>);
    return Farm::Status::page([{ %server, duty => 0, hostname => $alert, contact => "a\n\x{e9}\0" }]);
}
sub states {
    my %server = (mtime => time, down => 0, duty => 0);
    return map { Farm::Status::state_of({ %server, %{$_} }) } {}, { duty => 1 }, { duty => 2 },
      { duty => 2, down => 5 }, { mtime => time - 100, duty => 1 }, { mtime => 0, down => 5 };
}
EOC

my $figures = qr/\d+ \d+ of [1-9]\d* \d+ [\d.]+ \d+ (?:-|[\d.]+) (?:-|[\d.]+) [\d.]+ \d+ \d+ \d+/;

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my ($farm, $a) = bridge(
            mpm  => $mpm,
            perl => $perl,
            conf => 'PerlSwitches -I'
              . repo_dir()
              . "/perl/eg/lib\nPerlModule Farm::Status\n<Location /farm>\nSetHandler modperl\n"
              . "PerlResponseHandler Farm::Status\n</Location>\n"
        );
        my $b = $farm->add(conf => "BackhandCheck /app/who 100ms 1 1\n");
        $farm->start;
        ok $farm->together, 'two servers know each other';

        my $response = $a->get('/farm');
        is $response->status,                  200,                        'the page';
        is $response->header('Content-Type'),  'text/html; charset=utf-8', 'is HTML';
        is $response->header('Cache-Control'), 'no-store',                 'of this moment';
        my @rows = $response->body =~ m{^<tr><th scope="row">(.*)</td></tr>$}mg;
        is scalar @rows, 2, 'a row for each server';
        for my $id (0, 1) {
            my $server = ($a, $b)[$id];
            my @cells  = split m{</t[hd]><td>}, $rows[$id];
            is "@cells[0 .. 3]", join(' ', $id, $server->name . '.test', $server->contact, 'alive'), 'who it is';
            like "@cells[4 .. $#cells]", qr/^$figures$/, 'and what it tells';
        }
        my $row = qr{<td>b[.]test</td><td>[^<]*</td>};
        rename $b->root . '/htdocs/app/who', $b->root . '/htdocs/app/gone';
        eventually { $a->get('/farm')->body =~ m{$row<td>down</td>} } 10, 'b is down';
        $b->stop;
        eventually { $a->get('/farm')->body =~ m{$row<td>left</td><td>-</td>} } 10, 'b has left';

        is $a->get('/farm?x=1&refresh=5')->header('Refresh'), 5, 'it asks again';
        is $a->get("/farm?$_")->header('Refresh'), undef, "not by $_"
          for 'refresh=0', 'refresh=5;url=http:', 'xrefresh=5';
        is $a->request('HEAD', '/farm')->body, '', 'HEAD';
        my $posted = $a->post('/farm', 'x');
        is $posted->status, 405, 'POST';
        like $posted->header('Allow'), qr/GET/, 'which is not allowed';
        my $alert = '&lt;script&gt;alert(&quot;x&amp;y&#39;&quot;)&lt;/script&gt;';
        like call($a, 'T::hostile'), qr{<td>\Q$alert\E</td><td>a\\x0a\\xe9\\x00</td>}, 'names are text';
        is call($a, 'T::states'), 'alive drained maintenance down dead left', 'all states';
        $farm->announce_log(qr/backhand: this server is down: BackhandCheck/);
        $farm->check;
    };
}
done_testing;
