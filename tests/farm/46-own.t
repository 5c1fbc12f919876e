#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Status pages and the like are answered by the server that was asked, even if the whole site has a chain.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm;
use File::Path qw(make_path);
use Test::More;

my $conf = <<'EOT';
<Location />
    Backhand byAge 60
    Backhand removeSelf
</Location>
<Location /server-status>
    SetHandler server-status
</Location>
<Location /server-info>
    SetHandler server-info
</Location>
<Location /balancer-manager>
    SetHandler balancer-manager
</Location>
# At start: httpd's user may not be able to read a checkout, which perl looks through first.
PerlModule Apache2::Status
<Location /perl-status>
    SetHandler modperl
    PerlResponseHandler Apache2::Status
</Location>
<Location "/look/at perl/">
    SetHandler perl-script
    PerlHandler Apache2::Status
</Location>
<VirtualHost *>
    ServerName second.test
    <IfModule mod_perl.c>
        <Location /hidden>
            SetHandler modperl
            PerlResponseHandler Apache2::Status
        </Location>
    </IfModule>
</VirtualHost>
<VirtualHost *>
    ServerName third.test
    <Location /.well-known/acme-challenge/>
        Backhand byAge 60
        Backhand removeSelf
    </Location>
</VirtualHost>
<VirtualHost *>
    ServerName fourth.test
    <Location /.well-known/acme-challenge/>
        BackhandSelfRedirect Off
    </Location>
</VirtualHost>
EOT

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm->new(
            mpm     => $mpm,
            conf    => $conf,
            perl    => 1,
            modules => [qw(status info slotmem_shm proxy_balancer lbmethod_byrequests)]
        );
        my ($a, $b) = map { $farm->add } 1, 2;
        for my $server ($a, $b) {
            make_path(
                $server->root . '/htdocs/.well-known/acme-challenge',
                $server->root . '/htdocs/.well-known/acme-challenge-list'
            );
            $server->write_file('htdocs/.well-known/acme-challenge/token',      $server->name);
            $server->write_file('htdocs/.well-known/acme-challenge-list/token', $server->name);
        }
        $farm->start;
        ok $farm->together, 'they see each other';
        my %own = (
            '/server-status'                    => qr/Server Version/,
            '/server-status?auto'               => qr/^Total Accesses/m,
            '/server-info'                      => qr/Server Information/,
            '/balancer-manager'                 => qr/Load Balancer Manager/,
            '/perl-status'                      => qr/Embedded Perl/,
            '/perl-status/x'                    => qr/Perl/,
            '/look/at%20perl/'                  => qr/Embedded Perl/,
            '/look/at%20perl/?inc'              => qr/Apache2/,
            '/.well-known/acme-challenge/token' => qr/\Aa\z/,
        );
        for my $path (sort keys %own) {
            like $a->get($path)->body, $own{$path}, "$path is answered";
            my ($plain) = split /[?]/, $path;
            is $a->logged($plain)->{reason}, 'served-here:own', 'by the server that was asked, and says why';
        }
        my $host = sub { my ($name, $path) = @_; return $a->get($path, headers => [Host => $name])->body };
        like $host->('second.test', '/hidden'), qr/Embedded Perl/, 'Apache2::Status of a virtual host';
        is $a->logged('/hidden')->{reason}, 'served-here:own', 'here';
        is $host->('third.test',  '/.well-known/acme-challenge/token'), 'b', 'a chain for the very place hands it off';
        is $host->('fourth.test', '/.well-known/acme-challenge/token'), 'a', 'other directives there do not';
        for my $path ('/who', '/app/who', '/.well-known/acme-challenge-list/token') {
            is $a->get($path)->body, 'b', "$path is handed off";
        }
        is scalar(grep { m{ /(?:server|perl|balancer|look|hidden)} } $b->access_lines), 0,
          'the other server hears of none of these';
        $farm->announce_log(qr/AH10187/, qr/ap_get_server_version\(\) is deprecated/);
        $farm->check;
    };
}

done_testing;
