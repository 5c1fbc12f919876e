#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# The section on mod_status's page: its HTML and its lines for programs.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Farm qw(eventually repo_dir);

my $status = <<'EOT';
<Location /server-status>
    SetHandler server-status
</Location>
EOT

# The lines for programs of a server, as a hash.
sub lines {
    my ($server) = @_;
    my @lines    = split /\n/, $server->get('/server-status?auto')->body;
    return { map { /\A(Backhand[^:]+): (.*)\z/ ? ($1 => $2) : () } @lines };
}

for my $mpm (Farm::few_mpms()) {
    my $farm  = Farm->new(mpm => $mpm, modules => ['status']);
    my $first = $farm->add(conf => <<"EOT");
$status<Location /app>
    Backhand byAge
    Backhand removeSelf
</Location>
EOT
    my $second = $farm->add(conf => $status);
    $farm->start;
    ok $farm->together, "$mpm: two servers see each other";
    is $first->get('/app/who')->body, 'b', 'a request is handed off';

    my $page = $first->get('/server-status')->body;
    like $page, qr{<h2>mod_backhand</h2>\n<p>Farm \Q@{[$farm->name]}\E: 2 of 2 servers are alive\.</p>},
      'a section in HTML';
    my ($section) = $page =~ m{(<h2>mod_backhand</h2>.*?</dl>)}s;
    my @rows = map { [m{<td>(.*?)</td>}g] } $section =~ m{<tr>(<td>.*?)</tr>}g;
    is_deeply [map { "@{$_}[0 .. 3]" } @rows],
      ['0 a.test alive, this server ' . $first->contact, '1 b.test alive ' . $second->contact], 'a row a server';
    is_deeply [map { scalar @{$_} } @rows], [7, 7], 'with all cells';
    is scalar(() = $section =~ /<(?:table|dl|tr|p|h2)\b/g), scalar(() = $section =~ m{</(?:table|dl|tr|p|h2)>}g),
      'and each element ends';
    like $page, qr{</html>\s*\z}i, 'within the page';
    my $plain = $first->get('/server-status?notable')->body;
    like $plain,                               qr{<h2>mod_backhand</h2>}, 'also without tables';
    unlike $plain =~ s/.*<h2>mod_backhand//sr, qr/<td>/,                  'then without rows';

    eventually { lines($first)->{BackhandHandedOff} == 1 } 10,          'lines for programs count the request';
    eventually { lines($first)->{'BackhandServer[1]Workers'} == 8 } 10, 'all workers of the other server have started';
    my $lines = lines($first);
    is "@{$lines}{qw(BackhandServers BackhandAlive BackhandDead BackhandLeft BackhandDown BackhandDropped)}",
      '2 2 0 0 0 0', 'and the servers';
    is "@{$lines}{map { qq(BackhandServer[1]$_) } qw(Hostname Contact State Workers Sent Waiting)}",
      'b.test ' . $second->contact . ' alive 8 1 0', 'and each server';
    my $section_lines = grep { /Backhand/ } split /\n/, $first->get('/server-status?auto')->body;
    is $section_lines, scalar keys %{$lines}, 'a line each';

    ok $second->stop, 'a server stops';
    eventually { lines($first)->{BackhandLeft} == 1 } 10, 'it has left';
    like $first->get('/server-status')->body, qr/: 1 of 2 servers are alive/, 'in HTML, too';

    # The manual has the keys of a server.
    open my $manual, '<', repo_dir() . '/docs/status.md' or die "docs/status.md: $!";
    my $text       = do { local $/ = undef; readline $manual };
    my ($rows)     = $text =~ /^## On mod_status's page$(.*?)^## /ms;
    my %documented = map { $_ => 1 } $rows =~ /`\]?(\w+)`/g;
    $documented{ 'Backhand' . tr/-//dr } = 1 for keys %{ $first->status };
    is_deeply [grep { !$documented{$_} } map { s/\ABackhandServer\[\d+\]//r } sort keys %{$lines}], [],
      'the manual has every key';

    # A server that does not use mod_backhand; and one without mod_status.
    my $lonely = $farm->add(announce => 0, conf => $status)->start;
    unlike $lonely->get('/server-status')->body, qr/mod_backhand<|Backhand/, 'without a table there is no section';
    is_deeply lines($lonely), {}, 'and there are no lines';
    my $bare = $farm->add(modules => [])->start;
    is $bare->get('/backhand')->status, 200, 'a server without mod_status works';
    $farm->check;
}
done_testing;
