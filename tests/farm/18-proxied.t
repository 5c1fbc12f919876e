#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A line at the start names each RewriteRule with [P], and each ProxyPass in a section, that takes the requests of a
# chain.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm;
use Test::More;

# The lines of a server with that configuration: [line, its directive, line of the chain], from the first line of the
# text on.
sub noted {
    my ($text) = @_;
    my $farm   = Farm->new(modules => ['rewrite']);
    my $server = $farm->add(conf => $text);
    my $offset = ($server->config =~ /\A(.*?)\Q$text\E/s ? $1 : die "no such text\n") =~ tr/\n//;
    $farm->start;
    my $path  = $server->root . '/httpd.conf';
    my $says  = qr/:notice\].* \Q$path\E:(\d+): (\w+) has requests for which the chain at \Q$path\E:(\d+) stands, /;
    my @lines = map { /$says/ ? [$1 - $offset, $2, $3 - $offset] : () } $server->log_lines;
    $farm->check;
    return \@lines;
}

is_deeply noted(<<'EOT'),
RewriteEngine On
RewriteRule ^/app/(.*)$ http://127.0.0.17:8000/$1 [P,L]
RewriteRule ^/app/quoted "http://127.0.0.17:8000/" "[L, proxy]"
RewriteRule ^/app/on(?:e|ly) http://127.0.0.17:8000/ [P]
RewriteRule ^/app/else http://127.0.0.17:8000/ [L,QSA,R=302]
RewriteRule ^/app/none /app/other
RewriteRule ^/other/(.*)$ http://127.0.0.17:8000/$1 [P]
RewriteRule ^/app/passed/(.*)$ http://127.0.0.17:8000/$1 [P]
RewriteRule ^/app/kept/(.*)$ http://127.0.0.17:8000/$1 [P]
<Location /app>
    Backhand byAge
</Location>
<LocationMatch "^/app/passed/">
    BackhandProxyPass On
</LocationMatch>
<Location /app/kept>
    Backhand off
</Location>
<Location /app/within>
    RewriteEngine On
    RewriteRule . http://127.0.0.17:8000/ [P]
</Location>
<VirtualHost *>
</VirtualHost>
<VirtualHost *>
    ServerName other.test
    RewriteEngine On
    RewriteRule !^/static http://127.0.0.17:8000%{REQUEST_URI} [P]
</VirtualHost>
EOT
  [
    [2,  'RewriteRule', 11],
    [3,  'RewriteRule', 11],
    [4,  'RewriteRule', 11],
    [21, 'RewriteRule', 11],
    [28, 'RewriteRule', 11]
  ],
  'rules with [P]';

is_deeply noted(<<'EOT'),
<LocationMatch "^/app/(?:a|b)$">
    Backhand byAge
</LocationMatch>
ProxyPassMatch ^/app/(.*)$ http://127.0.0.17:8000/$1
ProxyPass /files http://127.0.0.17:8000/
ProxyPass /excluded !
<Location /files>
    <If "true">
        Backhand byAge
    </If>
</Location>
<Location /excluded>
    <If "true">
        Backhand byAge
    </If>
</Location>
<Directory /srv/app>
    <If "-f %{REQUEST_FILENAME}">
        Backhand byAge
    </If>
</Directory>
EOT
  [[4, 'ProxyPassMatch', 2], [5, 'ProxyPass', 9]], 'sections that proxy_pass.c does not see';
is_deeply noted("ProxyPass /app http://127.0.0.17:8000/\n<Location /app>\nBackhand byAge\n</Location>\n"), [],
  'ProxyPass of a plain place has another line';
done_testing;
