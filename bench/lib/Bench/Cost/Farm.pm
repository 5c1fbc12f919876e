# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Cost::Farm;

# Two servers with `Backhand on`, entered through both, beside HAProxy in front of the same two: how many requests a
# second the machine can do.

use strict;
use warnings;

use Carp qw(croak);

use Bench::Cost::Load qw(ab);
use Bench::Figures    qw(beside);
use Bench::Peer::Haproxy;

my $file_size = 1000;
my $clients   = 8;

my $conf = <<'END';
MaxKeepAliveRequests 0
<Directory />
    AllowOverride None
    Options FollowSymLinks
</Directory>
<Location /own/>
    Backhand on
</Location>
END

sub make_farm {
    my $farm    = Farm->new(mpm => 'event', workers => 16);
    my @servers = map { $farm->add } 1 .. 2;
    for my $server (@servers) {
        for my $dir (qw(plain own)) {
            mkdir $server->root . "/htdocs/$dir" or croak "mkdir: $!";
            $server->write_file("htdocs/$dir/file", 'x' x $file_size);
        }
        $server->reconfigure($conf);
        $server->write_file('httpd.conf',
            $server->config =~ s/^LogFormat .*$/LogFormat "%h %l %u %t \\"%r\\" %>s %b" farm/mr);
    }
    $farm->start;
    croak 'the servers do not see each other' if !$farm->together;
    return $farm;
}

# measure(passes of each, requests a pass): what Bench::Figures::beside() says of requests a second of ours and behind
# HAProxy, then the share of ours that were handed off
sub measure {
    my ($passes, $requests) = @_;
    my $farm    = make_farm();
    my @servers = $farm->servers;
    my $address = '127.0.0.5:' . $farm->port;
    my $haproxy = Bench::Peer::Haproxy->start(
        root    => "$farm->{root}/haproxy",
        method  => 'leastconn',
        address => $address,
        servers => [map { [$_->name, $_->address] } @servers]
    );
    $haproxy->wait_ready;
    my %run = (
        own => sub {
            ab(
                requests => $_[0] / 2,
                clients  => $clients / 2,
                urls     => [map { 'http://' . $_->address . '/own/file' } @servers]
            );
        },
        haproxy =>
          sub { ab(requests => $_[0] / 2, clients => $clients / 2, urls => [("http://$address/plain/file") x 2]) },
    );
    $run{$_}->($requests / 4) for qw(own haproxy);
    my %rates;
    for my $pass (1 .. $passes) {
        push @{ $rates{$_} }, $run{$_}->($requests) for $pass % 2 ? qw(own haproxy) : qw(haproxy own);
    }
    my $handed = 0;
    $handed += $_->status->{'Handed-Off'} for @servers;
    $haproxy->stop;
    $farm->remove;
    return (@{ beside($rates{own}, $rates{haproxy}) }, $handed / $passes / $requests);
}

1;
