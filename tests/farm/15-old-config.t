#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Configurations for httpd 1.3 load unchanged and still work. Only lines that httpd 2.4 itself needs (LoadModule, access
# control) are added around them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually);
use Test::More;

# A server whose ServerRoot has the modules in libexec.
sub server_with {
    my ($farm, %options) = @_;
    my $server = $farm->add(announce => 0, %options);
    symlink(build_dir() . '/modules', $server->root . '/libexec') or die "libexec: $!";
    return $server;
}

sub loads {
    my ($name, $conf, %options) = @_;
    my $farm = Farm->new;
    my ($status, $said) = server_with($farm, conf => $conf, %options)->configtest;
    ok($status == 0 && $said !~ /warn|error/, "loads: $name") or diag $said;
    $farm->remove;
    return;
}

my $user  = getpwuid($>);
my $group = getgrgid((split q( ), $))[0]);
($user, $group) = qw(www-data www-data) if !$>;

# The module's own sample.
my $sample = <<'EOT';
UnixSocketDir /var/backhand/backhand
# multicastStats [<my ip addr>] <target ip addr>:<port>[,<ttl>]
MulticastStats 10.0.0.255:4445
AcceptStats 10.0.0.0/24
EOT
my $places = <<'EOT';
<Location "/backhand/">
    SetHandler backhand-handler
</Location>
<Location /cgi-bin>
    Backhand byAge
    Backhand byRandom
    Backhand byLogWindow
    Backhand byLoad
</Location>
EOT
loads 'the sample',           "$sample$places";
loads 'in an IfModule',       "<IfModule mod_backhand.c>\n$sample$places</IfModule>";
loads 'places first',         "$places$sample";
loads 'without broadcasts',   "UnixSocketDir backhand\nAcceptStats 10.0.0.1\n$places";
loads 'User and Group first', "User $user\nGroup $group\n$sample$places";
loads 'User and Group last',  "$sample${places}Group $group\nUser $user\n";
loads 'User between',         "Group $group\n${sample}User $user\n$places";
loads "upper and lower case", lc($sample) . $places =~ s/Backhand by(\w+)/backhand BY\U$1/gr;

loads 'contacts, multicast, several of all', <<'EOT';
UnixSocketDir backhand
MulticastStats 10.0.0.1 225.220.221.20:4445,1
MulticastStats 10.0.0.1:8080 10.0.0.255:4445
MulticastStats 10.0.0.1 192.168.7.9:4445
AcceptStats 10.0.0.1
AcceptStats 10.0.0.0/24
AcceptStats 10.0.0.0/255.255.255.0
AcceptStats 192.168.7.9/32
EOT

loads 'functions from shared objects', <<'EOT';
<Location /cgi-bin/sun>
    BackhandFromSO libexec/byHostname.so byHostname (sun|alpha)
    Backhand byAge 6
    Backhand byCost
</Location>
<Location /cgi-bin/alpha>
    BackhandFromSO libexec/ byHostname ^alpha[0-9]+
    Backhand removeSelf
    Backhand byAge
    Backhand addSelf
</Location>
EOT

loads 'every classic function', <<'EOT';
<Directory "/usr/local/apache/cgi-bin">
    Backhand off
    Backhand backhand_off
    Backhand removeSelf
    Backhand addSelf
    Backhand byAge
    Backhand byAge 5
    Backhand byRandom
    Backhand byLogWindow
    Backhand byLoad
    Backhand byLoad 0.5
    Backhand byBusyChildren 2
    Backhand byCPU
    Backhand byCost
    Backhand addPrediction
    Backhand bySession
    Backhand bySession SID=
    Backhand HTTPRedirectToIP
    Backhand HTTPRedirectToName
    Backhand HTTPRedirectToName %-2S.%2H
</Directory>
EOT

loads 'every classic directive', <<'EOT';
BackhandModeratorPIDFile logs/backhand.pid
BackhandConnectionPools Off
BackhandLogLevel +mbcsnall
BackhandSelfRedirect On
<VirtualHost 10.0.0.1>
    ServerName old.test
    BackhandSelfRedirect Off
    <Files ~ "\.cgi$">
        BackhandSelfRedirect On
        Backhand byAge
    </Files>
</VirtualHost>
EOT

loads 'the manual of the Perl bridge', <<'EOT', perl => 1;
PerlModule Apache::Backhand
BackhandFromSO libexec/ byPerl Package::function
EOT

# An old configuration on a running server.
my $farm = Farm->new(mpm => 'prefork');
my $udp  = $farm->udp;
for my $n (1, 2) {
    my $server = server_with($farm);
    my $owner  = $> ? '' : "Group www-data\nUser www-data\n";
    $server->reconfigure(<<"EOT");
UnixSocketDir $server->{root}/run/sockets
MulticastStats 127.0.0.$n 127.255.255.255:$udp
AcceptStats 127.0.0.0/24
<Location "/balance/">
    SetHandler backhand-handler
</Location>
<Location /app>
    BackhandFromSO libexec/byHostname.so byHostname (b|alpha)[.]test
    Backhand byAge
    Backhand byRandom
    Backhand byLogWindow
    Backhand byLoad
</Location>
$owner
EOT
}
my ($a, $b) = $farm->servers;
$farm->start;
ok $farm->together, 'two servers that are configured like that see each other';
is $a->get('/app/who')->body, 'b', 'and balance';
like $a->get('/balance/')->body, qr{http://127[.]0[.]0[.]2:}, 'the status page shows them';
eventually { -s $a->root . '/run/sockets/mod_backhand-Arriba' } 15, 'the speed is kept in UnixSocketDir';
is getpwuid((stat $a->root . '/run/sockets')[4]), $user, 'which belongs to the User';
$farm->done;
