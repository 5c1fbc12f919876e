#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# HTTPRedirectToIP and HTTPRedirectToName send a client to a server of the farm, and nothing in a request can send it
# elsewhere.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually free_port);
use Test::More;

my %format = (
    default => '',
    labels  => '%1S.%-1H',
    host    => '%H',
    without => '%-1S',
    empty   => '%-9S',
    fixed   => 'www2.example.com',
);
my $names = join '',
  map { "<Location /name/$_>\nBackhand HTTPRedirectToName $format{$_}\n</Location>\n" } sort keys %format;
my $conf = <<"EOT";
PerlModule MyPolicy
<Location /ip>
    Backhand byAge
    Backhand removeSelf
    Backhand HTTPRedirectToIP
</Location>
<Location /name>
    Backhand byAge
    Backhand removeSelf
</Location>
$names
<Location /later>
    Backhand byAge
    Backhand removeSelf
    Backhand HTTPRedirectToName
    Backhand byRandom
    Backhand byLogWindow
    Backhand byLoad
    BackhandFromSO BYPERL byPerl MyPolicy::backwards
</Location>
<Location /self>
    Backhand byAge
    Backhand HTTPRedirectToIP
    BackhandFromSO BYPERL byPerl MyPolicy::self
</Location>
EOT
my $policy = <<'EOT';
package MyPolicy;
sub backwards { my ($r, $ids) = @_; return [reverse @{$ids}] }
sub self      { return [0] }
1;
EOT

my $farm = Farm->new(mpm => 'event', perl => 1);
for my $n (1, 2) {
    my $server = $farm->add;
    $server->write_file('MyPolicy.pm', $policy);
    $server->write_file('htdocs/self', $server->name);
    my $text = $conf =~ s{BYPERL}{build_dir() . '/modules/byPerl.so'}ger;
    $text =~ s/^PerlModule/PerlSwitches -I@{[$server->root]}\nPerlModule/m;
    $server->reconfigure($text);
}
my ($a, $b) = $farm->servers;
my $port = $farm->port;
$farm->start;
ok $farm->together, 'they see each other';

sub location {
    my ($path, @headers) = @_;
    my $response = $a->get($path, headers => [@headers]);
    return $response->status . q( ) . ($response->header('location') || 'nowhere');
}

is location('/ip/x'),             "302 http://127.0.0.2:$port/ip/x", 'by address';
is $a->logged('/ip/x')->{reason}, 'redirected:chosen',               'it says so';
is $a->logged('/ip/x')->{server}, $b->contact,                       'and where';
is location('/ip/x?a=b&c=%2F%2f+;//d'), "302 http://127.0.0.2:$port/ip/x?a=b&c=%2F%2f+;//d",
  'path and query byte for byte';
is location('/ip//%7Ex/../y'),                "302 http://127.0.0.2:$port/ip//%7Ex/../y", 'however they are written';
is location("http://127.0.0.1:$port/ip/x?y"), "302 http://127.0.0.2:$port/ip/x?y",        'of a whole URL';
is $a->request($_, '/ip/x')->status,          307, "$_ keeps method and body" for qw(DELETE PUT OPTIONS);
is $a->post('/ip/x', 'y' x 5000)->status,     307, 'POST too';
is $a->request('HEAD', '/ip/x')->status,      302, 'HEAD is as GET';

my $www   = "www.example.org:$port";
my %where = (
    default => "b.test:$port",
    labels  => "b.example.org:$port",
    host    => "www.example.org:$port",
    without => "test:$port",
    empty   => "127.0.0.2:$port",
    fixed   => "www2.example.com:$port",
);
is location("/name/$_", Host => $www), "302 http://$where{$_}/name/$_", "$_: $format{$_}" for sort keys %where;
is location('/name/default', Host => 'www.example.org'), '302 http://b.test/name/default',
  'a client without a port finds none';
is location('/name/default', Host => 'www.example.org:8080'), '302 http://b.test:8080/name/default',
  'the port that it used is kept';
is location('/name/labels', Host => "10.1.2.3:$port"), "302 http://b.1.2.3:$port/name/labels", 'labels are labels';
is location('/name/host',   Host => "[::1]:$port"),    "302 http://[::1]:$port/name/host",     'IPv6 in brackets';
is $a->request('GET', '/name/host', no_host => 1, version => '1.0')->header('location'), 'http://a.test/name/host',
  'no Host: the ServerName';

is location('/later'),            "302 http://b.test:$port/later", 'later functions, Perl ones too, keep it';
is $a->get('/self')->body,        'a',                             'this server is not redirected to';
is $a->logged('/self')->{reason}, 'served-here:chosen',            'but serves';
is location('/who'),              '200 nowhere',                   'other places do not redirect';

# Whatever a client sends, the Location leads to a server of the farm or to the host that the client named.
my @hosts = (
    'evil.com/', 'a b',        "x\ty", 'evil.com\\', 'evil.com#', 'evil.com?',
    '@evil.com', 'a@evil.com', 'x"y',  '<x>',        "\xe4.com",  'x%0d%0aSet-Cookie:a',
    '..',        '[evil.com]', '-x',   ''
);
for my $host (@hosts) {
    my $response = $a->get('/name/labels', headers => [Host => $host]);
    my $location = $response->header('location') || '';
    like $response->status . " $location",
      qr{\A(?:400 |302 http://(?:127[.]0[.]0[.]2|b[.][\w.-]*)(?::\d+)?/name/labels\z)},
      'Host ' . ($host =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger);
    is $response->{headers}{'set-cookie'}, undef, 'no further header';
}
my $redirected = 0;
for my $path (
    '//evil.com/',   '/ip/\\evil.com', '/ip/%0d%0aX-Evil:%20y', "/ip/\xe4\x01",
    '/ip/@evil.com', '/ip/a b',        '/ip/x#//evil.com'
  )
{
    # httpd answers some with 400 or 404, and closes the connection on others.
    my $response = eval { $a->get($path) }       or next;
    my $location = $response->header('location') or next;
    $redirected++;
    like $location, qr{\Ahttp://127[.]0[.]0[.]2:$port/[!-~]*\z},
      'path ' . ($path =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger);
    is $response->{headers}{'x-evil'}, undef, 'no further header';
}
cmp_ok $redirected, '>=', 3, 'and there are such among these';

$b->stop;
eventually {
    $a->get('/self')->status == 200 && !grep { $_->{State} eq 'alive' && $_->{Contact} eq $b->contact }
      values %{ $a->rows }
}
5, 'the other one leaves';
is location('/ip/who'), '404 nowhere', 'nobody is left to be redirected to';
$b->start;
ok $farm->together, 'it is back';
is location('/ip/x'), "302 http://127.0.0.2:$port/ip/x", 'and so are redirects';
$farm->check;

# Servers that listen on other ports, and clients that did not come by the contact.
my $two =
  Farm->new(conf => "<Location /ip>\nBackhand byAge\nBackhand removeSelf\nBackhand HTTPRedirectToIP\n</Location>");
my ($c, $d) = ($two->add, $two->add(port => free_port()));
$two->start;
ok $two->together, 'two servers with different ports';
is $c->get('/ip/x')->header('location'), $d->contact . '/ip/x', 'by the contact here, on by the contact there';
is $c->get('/ip/x', headers => [Host => 'www.example.org:8080'])->header('location'), "http://$d->{host}:8080/ip/x",
  'by another port, on by the same';
$_->{head} = "ServerName https://$_->{name}.test\n" for $c, $d;
$_->write_config for $c, $d;
ok $c->graceful,   'c stands behind TLS now';
ok $two->together, 'they see each other';
is $c->get('/ip/x')->header('location'), "https://$d->{host}:$c->{port}/ip/x",
  'TLS stays TLS, whatever the contacts are';
is $c->get('/ip/x', headers => [Host => 'www.example.org'])->header('location'), "https://$d->{host}/ip/x",
  'without its default port';
$two->done;
