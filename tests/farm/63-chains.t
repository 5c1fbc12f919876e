#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# ?chains: which chains stand where in the configuration.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use JSON::PP ();
use Test::More;

use Farm qw(build_dir eventually);

my $policies = build_dir() . '/meson/tests/farm/policies.so';
my $conf     = <<"EOT";
Backhand byAge 1000
<Location "/app">
    Backhand byLoad 0.5
    <IfModule backhand_module>
        Backhand byRandom
    </IfModule>
    <If "%{QUERY_STRING} == '<b>'">
        Backhand off
        BackhandFromSO $policies trace a "b c"
    </If>
    Backhand removeSelf
</Location>
<LocationMatch "^/(x|y)">
    Backhand on
</LocationMatch>
<VirtualHost *:8099>
    ServerName other.test
    Backhand off
    <Directory "/srv/www">
        <Files "*.php">
            Backhand byCost
        </Files>
    </Directory>
</VirtualHost>
<Perl>
push \@PerlConfig, '<Location "/perl">', 'Backhand byCPU', '</Location>';
</Perl>
EOT

my $farm   = Farm->new(mpm => 'event', workers => 4);
my $server = $farm->add(perl => 1, conf => $conf);
my $empty  = $farm->add(conf => '');
$farm->start;

my $response = $server->get('/backhand?chains&json');
is $response->status,                 200,                'the list is there';
is $response->header('Content-Type'), 'application/json', 'for programs';
my $said = JSON::PP->new->decode($response->body)->{chains};

# Host, container and the lines of each group.
sub short {
    my ($group) = @_;
    return [
        $group->{host}, $group->{container},
        map { join q( ), $_->{function}, $_->{argument} // () } @{ $group->{functions} }
    ];
}
my @expected = (
    ['a.test',          undef,                                                'byAge 1000'],
    ['a.test',          '<Location "/app">',                                  'byLoad 0.5', 'byRandom', 'removeSelf'],
    ['a.test',          q(<Location "/app"> <If "%{QUERY_STRING} == '<b>'">), 'off', 'trace a b c'],
    ['a.test',          '<LocationMatch "^/(x|y)">',                          'byExpectedTime'],
    ['other.test:8099', undef,                                                'off'],
    ['other.test:8099', '<Directory "/srv/www"> <Files "*.php">',             'byCost'],
);
is_deeply [grep { $_->[1] && $_->[1] =~ /perl/ } map { short($_) } @{$said}],
  [['a.test', '<Location "/perl">', 'byCPU']], 'chains of <Perl> sections, too';
is_deeply [grep { !$_->[1] || $_->[1] !~ /perl/ } map { short($_) } @{$said}], \@expected, 'all chains, in order';
is_deeply [map { $_->{virtual} ? 1 : 0 } @{$said}[0, 4]],                      [0, 1],     'virtual hosts';
is $said->[1]{place}, '/app', 'the path of a Location';
like $said->[1]{functions}[0]{where}, qr{/httpd[.]conf:\d+\z}, 'and where it is configured';
my ($line) = $said->[1]{functions}[2]{where} =~ /:(\d+)\z/;
open my $file, '<', $server->root . '/httpd.conf' or die "httpd.conf: $!";
my @lines = readline $file;
like $lines[$line - 1], qr/\A\s*Backhand removeSelf$/, 'in this line';

my $page = $server->get('/backhand?chains');
is $page->status, 200, 'for people';
like $page->header('Content-Type'), qr{\Atext/html}, 'HTML';
like $page->body, qr{<a href="\?explain=%2fapp"><code>&lt;Location &quot;/app&quot;&gt;</code></a>}i,
  'with a link to ?explain';
unlike $page->body, qr/<b>/,                   'and markup in an expression is escaped';
like $page->body,   qr/<td>trace a b c<\/td>/, 'each function';
is $server->get('/backhand?explain=%2fapp')->status, 200, 'the link works';
is $server->post('/backhand?chains', 'x')->status,   405, 'POST is not allowed';

# After a restart with another configuration.
$server->reconfigure("<Location /new>\nBackhand byAge\n</Location>\n");
ok $server->graceful, 'a restart';
eventually {
    my $now = JSON::PP->new->decode($server->get('/backhand?chains&json')->body)->{chains};
    @{$now} == 1 && $now->[0]{container} eq '<Location /new>';
}
10, 'shows the new chains';

$said = JSON::PP->new->decode($empty->get('/backhand?json&chains')->body);
is_deeply($said, { chains => [] }, 'a server without chains');
like $empty->get('/backhand?chains')->body, qr/There is no chain/, 'says so';
$farm->done;
