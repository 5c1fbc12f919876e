# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Refused;

# A front and another server, b, and hand-offs that begin with a refusal or not. Places of the front: /app/next asks one
# that refuses, then b; /app/here one that refuses, then the front itself; /app/other asks b at once. The same paths
# with /app/bare are what b answers a client directly.

use strict;
use warnings;

use Farm qw(eventually);
use Farm::Fake;
use Test::More;

my $policies = Farm::build_dir() . '/meson/tests/farm/policies.so';
my $chains   = <<"EOT";
<Location /app/next>
    BackhandFromSO $policies in_order fake.test b.test
</Location>
<Location /app/here>
    BackhandFromSO $policies in_order fake.test a.test
</Location>
<Location /app/other>
    BackhandFromSO $policies in_order b.test
</Location>
EOT

# Starts them. Options: both, front: configuration of both servers and of the front alone, where ${ROOT} is the server's
# folder. Returns the front, the other server, and the one that refuses, which is in the front's table.
sub start {
    my ($class, $farm, %option) = @_;
    my ($a, $b) = map { $farm->add } 1, 2;
    for my $server ($a, $b) {
        my $conf = "BackhandInterval 1s\nBackhandRetry 1ms\n" . $option{both};
        $conf = $chains . ($option{front} // '') . $conf if $server == $a;
        $server->reconfigure($conf =~ s/\$\{ROOT\}/$server->{root}/gr);
        # The same age on both servers, because the ETag contains it.
        utime 1_600_000_000, 1_600_000_000, $server->write_file('htdocs/who', 'who');
    }
    $farm->start;
    my $fake = Farm::Fake->new(farm => $farm, says => { ms => 1000 })->start;
    ok $farm->together, 'they see each other';
    eventually { my $row = $a->row($fake->contact); $row && $row->{'Workers-Ready'} } 10, 'and the one that refuses';
    return ($a, $b, $fake);
}

# Ends the one that refuses, announces the lines that the error logs hold then, and checks them.
sub finish {
    my ($class, $farm, $fake) = @_;
    $fake->stop;
    # httpd's own log lines about programs whose input broke off.
    $farm->announce_log(qr/backhand: server \S+ .*asked last/, qr/\[cgid?:error\]|AH01574|AH02651|AH01225/);
    $farm->check;
    return;
}

1;
