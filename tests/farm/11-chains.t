# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Chains of nested containers on a running server, and lists that functions from shared objects leave. Every request is
# served here, because the functions leave this server alone or no server.
package main;

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir);
use Test::More;

my $policies = build_dir() . '/meson/tests/farm/policies.so';
my $trace    = "BackhandFromSO $policies trace";
my $hostname = 'BackhandFromSO ' . build_dir() . '/modules/byHostname.so byHostname';
my @bad      = qw(too_long negative bad_ids forgets_n);

my $farm = Farm->new(mpm => 'event', workers => 4);
$farm->announce_log(
    qr/backhand: \S+httpd\.conf:\d+: trace bad: is not what trace is for/,
    qr/backhand: \S+httpd\.conf:\d+: byHostname \(: is no regular expression/,
    qr/backhand: .*(?:too_long|negative|bad_ids|forgets_n)/,
);
my $server = $farm->add(
    host => '127.0.0.1',
    conf => <<"END");
BackhandMaxServers 16
$trace server
<Directory @{[$farm->{root}]}>
    $trace directory
</Directory>
<Directory @{[$farm->{root}]}/a/htdocs/app>
    $trace inner
</Directory>
<Location /app>
    $trace location
</Location>
<Location /app/>
    $trace deeper
</Location>
<Files who>
    $trace files
</Files>
<If "%{QUERY_STRING} == 'if'">
    $trace if
    Backhand removeSelf
    $trace "quoted  words" x
    BackhandFromSO $policies empty
</If>
<If "%{QUERY_STRING} == 'off'">
    Backhand off
    $trace fresh
    Backhand byAge 1000
    $trace aged
    Backhand removeSelf
    Backhand addSelf
    $trace self
</If>
<If "%{QUERY_STRING} == 'none'">
    Backhand backhand_off
</If>
<If "%{QUERY_STRING} == 'unmatched'">
    Backhand off
    $hostname ^nobody
    $trace unmatched
</If>
<If "%{QUERY_STRING} == 'matched'">
    Backhand off
    $hostname ^A\\.test\$
    $trace matched
</If>
<If "%{QUERY_STRING} == 'wrong'">
    Backhand off
    $hostname (
    $trace bad
</If>
@{ [
    map {
        "<If \"%{QUERY_STRING} == '$_'\">\nBackhand off\nBackhand byAge 1000\nBackhandFromSO $policies $_\n"
            . "$trace after\n</If>\n"
    } @bad
] }
<VirtualHost *>
    ServerName a.test
</VirtualHost>
<VirtualHost *>
    ServerName b.test
    $trace host
</VirtualHost>
END
$farm->start;

sub trace_of {
    my ($path, @options) = @_;
    my $response = $server->get($path, @options);
    is $response->status, 200, "$path is served";
    return $response->header('X-Trace');
}

my @outside = map { "$_(16: 0 1 2 3)" } qw(server directory);
my @app     = (@outside, map { "$_(16: 0 1 2 3)" } qw(inner files location deeper));

is trace_of('/who'),     join(', ', @outside, 'files(16: 0 1 2 3)'), 'containers in httpd\'s order';
is trace_of('/app/who'), join(', ', @app), 'sections merged among themselves come in order';
is trace_of('/app/who'), join(', ', @app), 'the same again';
is trace_of('/who', headers => [Host => 'b.test']),
  join(', ', map { "$_(16: 0 1 2 3)" } qw(server host directory files)), 'a virtual host comes after the server';
is trace_of('/app/who?if'),      join(', ', @app, 'if(16: 0 1 2 3)', 'quoted  words x(15: 1 2 3 4)'), 'If comes last';
is trace_of('/app/who?off'),     'fresh(16: 0 1 2 3), aged(1: 0), self(1: 0)', 'off forgets what other containers say';
is trace_of('/app/who?none'),    undef,                                        'off alone leaves no policy';
is trace_of('/app/who?matched'), 'matched(1: 0)',                              'byHostname keeps who matches';
is trace_of('/app/who?unmatched'), 'unmatched(0:)',    'and nobody else';
is trace_of('/app/who?wrong'),     'bad(16: 0 1 2 3)', 'without a usable expression it keeps all';
ok $server->wait_log(qr/$_/), "the log of the start says: $_"
  for 'byHostname \(: is no regular expression', 'trace bad: is not what trace is for';

is trace_of("/app/who?$_"), 'after(1: 0)', "$_ changes nothing" for @bad;
ok $server->wait_log(qr/backhand: .*$_/), "and the log names it: $_" for @bad;
$server->get('/app/who?too_long') for 1 .. 20;
is scalar(grep { /too_long/ } $server->log_lines), 1, 'once a minute';

for (1 .. 2) {
    ok $server->graceful, 'a graceful restart';
    is trace_of('/app/who'),         join(', ', @app), 'chains from shared objects work after it';
    is trace_of('/app/who?matched'), 'matched(1: 0)',  'and what they prepare at start';
}

$farm->done;
