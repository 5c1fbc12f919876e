#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A line at the start names each place where a chain meets a login that is valid on one server only.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Test::More;

# The lines of a server with that configuration: [line of AuthType, its word, line of the chain], from the first line of
# the text on.
sub noted {
    my ($text) = @_;
    my $farm =
      Farm->new(modules => [qw(auth_basic auth_digest auth_form authn_core authn_file authz_user request session)]);
    my $server = $farm->add(conf => $text, head => "BackhandSecretFile secret\n");
    chmod 0600, $server->write_file('secret', '0a1b2c3d' x 8 . "\n");

    # How many lines stand before it.
    my $offset = ($server->config =~ /\A(.*?)\Q$text\E/s ? $1 : die "no such text\n") =~ tr/\n//;
    $farm->start;
    my $path = $server->root . '/httpd.conf';
    my $says =
      qr/:notice\].* \Q$path\E:(\d+): AuthType ([\w-]+) .* chain at \Q$path\E:(\d+) does: .*"BackhandTrustUser On"/;
    my @lines = map { /$says/ ? [$1 - $offset, $2, $3 - $offset] : () } $server->log_lines;
    $farm->check;
    return \@lines;
}

is_deeply noted(<<'EOT'),
<Location "/">
    Backhand byAge
</Location>
# Below it.
<Location /private>
    AuthType Digest
</Location>
<Directory "/srv">
    AuthType form
</Directory>
<Location /basic>
    AuthType Basic
</Location>
<Location /kept>
    AuthType Digest
    Backhand off
</Location>
<VirtualHost *>
    <LocationMatch "^/x">
        AuthType Digest
    </LocationMatch>
    <Location /kept/not>
        # A chain further inside.
        Backhand byAge
        <IfModule mod_auth_digest.c>
            AuthType Digest
        </IfModule>
    </Location>
</VirtualHost>
EOT
  [[6, 'Digest', 2], [9, 'form', 2], [15, 'Digest', 24], [20, 'Digest', 2], [26, 'Digest', 24]],
  'a chain for the whole site';

is_deeply noted(<<'EOT'),
<Location /app/in>
    Backhand byAge
</Location>
<Location /app/in/side>
    AuthType Digest
</Location>
<Location /app>
    AuthType Digest
</Location>
<Location /apple>
    AuthType Digest
</Location>
<Location /app/inside>
    AuthType Digest
</Location>
<Location ~ "/pattern">
    AuthType Digest
</Location>
<Directory /srv/elsewhere>
    AuthType Digest
</Directory>
<VirtualHost *>
    ServerName other.test
    <Location /own>
        AuthType Digest
    </Location>
    <Location /both>
        AuthType Form
        Backhand byAge
    </Location>
</VirtualHost>
<VirtualHost *>
    ServerName another.test
    <Location /own>
        Backhand byAge
    </Location>
</VirtualHost>
EOT
  [[5, 'Digest', 2], [8, 'Digest', 2], [28, 'Form', 29]], 'a chain for a part of it';

is_deeply noted(<<'EOT'),
<VirtualHost *>
</VirtualHost>
<VirtualHost *>
    ServerName other.test
    DocumentRoot /srv
    <Directory /srv/app/private>
        AuthType Digest
    </Directory>
    <Location /app>
        Backhand byAge
    </Location>
    <Directory /srv/elsewhere>
        AuthType Digest
    </Directory>
</VirtualHost>
EOT
  [[7, 'Digest', 10]], 'a folder that a place leads into';

my @login = ('<Location />', 'AuthType Digest');
my $text  = sub { return join "\n", @login, @_, '</Location>', '' };
is_deeply noted($text->('Backhand byAge', 'Backhand off')), [],                 'a chain that is forgotten';
is_deeply noted($text->('Backhand off', 'Backhand byAge')), [[2, 'Digest', 4]], 'one that begins anew';
is_deeply noted("Backhand byAge\n" . $text->()),            [[3, 'Digest', 1]], 'one of the server';

# Sections that pick requests by more than the path.
is_deeply noted(<<'EOT'),
<If "%{REQUEST_URI} =~ m#^/a#">
    Backhand byAge
</If>
<Location /digest>
    AuthType Digest
</Location>
<Location /picked>
    AuthType Form
    <If "true">
        BackhandTrustUser On
    </If>
    <If "true">
        Backhand off
    </If>
</Location>
<Location /kept>
    AuthType Form
    Backhand off
</Location>
EOT
  [[5, 'Digest', 2], [8, 'Form', 2]], 'a chain in <If>';
is_deeply noted(<<'EOT'),
<LocationMatch "^/app/(?:one|two)">
    Backhand byAge
</LocationMatch>
<Location /app/two>
    AuthType Digest
</Location>
<Location /app/two/trusted>
    AuthType Digest
</Location>
<Location /elsewhere>
    AuthType Digest
</Location>
<LocationMatch "^/app/on(e)/in">
    AuthType Form
</LocationMatch>
<LocationMatch "/two/trusted">
    BackhandTrustUser On
</LocationMatch>
<Files "*.php">
    AuthType Form
</Files>
EOT
  [[5, 'Digest', 2], [14, 'Form', 2], [20, 'Form', 2]], 'a chain in <LocationMatch>';

# With BackhandTrustUser the login is valid on all servers.
is_deeply noted(<<'EOT'),
<Location "/">
    Backhand byAge
</Location>
<Location /trusted>
    AuthType Digest
    BackhandTrustUser On
</Location>
<Location /trusted/not>
    AuthType Form
    BackhandTrustUser Off
</Location>
<Location /trusted/below>
    AuthType Form
</Location>
<Location /oidc>
    AuthType openid-connect
</Location>
<VirtualHost *>
    ServerName other.test
    BackhandTrustUser On
    <Location /there>
        AuthType Digest
    </Location>
</VirtualHost>
<VirtualHost *>
    ServerName another.test
    <Location /there>
        AuthType Digest
    </Location>
</VirtualHost>
EOT
  [[9, 'Form', 2], [16, 'openid-connect', 2], [28, 'Digest', 2]], 'BackhandTrustUser';
is_deeply noted("BackhandTrustUser On\n" . $text->('Backhand byAge')), [], 'for the whole server';

done_testing;
