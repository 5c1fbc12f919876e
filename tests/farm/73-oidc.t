#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A login by OpenID Connect, by mod_auth_openidc and a small provider of this test: the front server has the session,
# and with BackhandTrustUser the other server has the user.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(scaled);
use Farm::Oidc;
use Test::More;

plan skip_all => 'a long test' if !$ENV{BACKHAND_TEST_LONG};
my $module = Farm::modules_dir() . '/mod_auth_openidc.so';
plan skip_all => "there is no $module; libapache2-mod-auth-openidc has it" if !-e $module;

my $secret = 'a-secret-of-the-client-that-is-not-short';

my $conf = <<"EOT";
BackhandInterval 1s
BackhandSecretFile secret
LoadModule auth_openidc_module $module
OIDCProviderIssuer https://\${PROVIDER}
OIDCProviderAuthorizationEndpoint https://\${PROVIDER}/authorize
OIDCProviderTokenEndpoint https://\${PROVIDER}/authorize
OIDCProviderTokenEndpointAuth client_secret_post
OIDCSSLValidateServer Off
OIDCIDTokenSignedResponseAlg HS256
OIDCClientID farm
OIDCClientSecret $secret
OIDCRedirectURI /app/echo/back
# Each server's own.
OIDCCryptoPassphrase \${OWN}
<Location /app/echo>
    AuthType openid-connect
    Require valid-user
    BackhandTrustUser On
</Location>
<Location /app/echo/off>
    BackhandTrustUser Off
</Location>
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
    </Location>
</IfDefine>
EOT

# The statuses on the way, and what the program at the end sees.
sub curl {
    my ($server, $jar, $path) = @_;
    my @command = (
        qw(curl -sS -k -i -L --max-redirs 8 --noproxy * --max-time),
        int scaled(30),
        '-b', $jar, '-c', $jar, 'http://' . $server->address . $path
    );
    open my $pipe, '-|', @command or die "curl: $!";
    local $/ = undef;
    my $said = readline $pipe;
    close $pipe;
    my @statuses = $said =~ m{^HTTP/1\.1 (\d+)}mg;
    my %env      = $said =~ /^(\w+)=(.*?)\r?$/mg;
    return join ' ', @statuses, map { $env{$_} // q(-) } qw(SERVER_ADDR REMOTE_USER AUTH_TYPE);
}

sub make_farm {
    my ($mpm)   = @_;
    my $farm    = Farm->new(mpm => $mpm, modules => [qw(authn_core authz_user)], workers => 16);
    my $address = '127.0.0.3:' . Farm::free_port();
    for my $name (qw(a b)) {
        my $server = $farm->add(
            conf => $conf,
            head => "Define PROVIDER $address\nDefine OWN $farm->{root}/$name\n"
              . ($name eq 'a' ? "Define FRONT\n" : '')
        );
        chmod 0600, $server->write_file('secret', '0a1b2c3d' x 8 . "\n");
    }
    Farm::Oidc::add($farm, $address, $secret);
    $farm->start;
    return $farm;
}

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = make_farm($mpm);
        my ($a, $b) = $farm->servers;
        ok $farm->together($a, $b), 'they see each other';
        my $jar   = "$farm->{root}/jar";
        my $there = qr/200 127\.0\.0\.2 joe\@\S* openid-connect\z/;
        like curl($a, $jar, '/app/echo'), qr/\A302 302 302 $there/, 'the client logs in, and the other server knows it';
        like curl($a, $jar, '/app/echo'), qr/\A$there/,             'the session holds';
        unlike curl($a, $jar, '/app/echo/off'), qr/ 200 /, 'without trust the other server sends the client away';
        # What the two say of state that the other one made; and mod_ssl of the provider's certificate.
        $farm->announce_log(qr/\[auth_openidc:error\]/, qr/\[ssl:warn\]/);
        $farm->check;
    };
}

done_testing;
