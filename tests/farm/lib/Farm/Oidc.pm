# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Oidc;

# A small provider of OpenID Connect, behind an httpd of its own. Whoever comes has logged in as joe.
#
#     my $address = '127.0.0.3:' . Farm::free_port();
#     Farm::Oidc::add($farm, $address, $secret_of_the_client);        # before the farm starts
#
# Its metadata are at https://ADDRESS/.well-known/openid-configuration; the certificate is nobody's.

use strict;
use warnings;

use Farm::Certs;

# The code is the nonce that the token must name.
my $program = <<'EOT';
#!/usr/bin/perl
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url);
my $own = "https://$ENV{HTTP_HOST}";
if (($ENV{REQUEST_URI} // '') =~ /openid-configuration/) {
    print "Content-Type: application/json\n\n", qq({"issuer":"$own","authorization_endpoint":"$own/authorize",)
        . qq("token_endpoint":"$own/authorize","jwks_uri":"$own/keys","response_types_supported":["code"],)
        . '"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["HS256"],'
        . '"token_endpoint_auth_methods_supported":["client_secret_post"]}';
    exit;
}
if (($ENV{REQUEST_URI} // '') =~ m{/keys\z}) {
    print "Content-Type: application/json\n\n", '{"keys":[]}';
    exit;
}
my $said = $ENV{QUERY_STRING} . '&' . do { local $/; <STDIN> // '' };
my ($nonce, $state, $code, $to) = map { $said =~ /(?:\A|&)$_=([^&]+)/ ? $1 : '' } qw(nonce state code redirect_uri);
$to =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;
if ($nonce) {
    print "Status: 302 Found\nLocation: $to?code=$nonce&state=$state\n\n";
    exit;
}
my $time  = time;
my $until = $time + 300;
my $text  = join q(.), map { encode_base64url($_) } '{"alg":"HS256","typ":"JWT"}',
    qq({"iss":"$own","sub":"joe","aud":"farm","iat":$time,"exp":$until,"nonce":"$code"});
my $token = "$text." . encode_base64url(hmac_sha256($text, 'SECRET'));
print "Content-Type: application/json\n\n", qq({"access_token":"x","token_type":"Bearer","id_token":"$token"});
EOT

sub add {
    my ($farm, $address, $secret) = @_;
    my $cert   = Farm::Certs->new("$farm->{root}/ca")->issue('provider.test');
    my $server = $farm->add(
        load    => 0,
        modules => [qw(ssl socache_shmcb)],
        conf    => "Listen $address\n<VirtualHost $address>\nServerName provider.test\n"
          . "SSLEngine On\nSSLCertificateFile $cert\n"
    );
    my $path = $server->write_file('cgi/provider', $program =~ s/SECRET/$secret/r);
    chmod 0755, $path;
    $server->reconfigure("$server->{conf}ScriptAliasMatch ^/(?:authorize|keys|[.]well-known/) $path\n</VirtualHost>\n");
    return $server;
}

1;
