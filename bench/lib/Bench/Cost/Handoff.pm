# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Cost::Handoff;

# Measures the cost of a hand-off beside ProxyPass to the same server in the same httpd: processor time of both httpds
# for each request.

use strict;
use warnings;

use Carp qw(croak);

use Bench::Cost::Load qw(cpu_of ab);
use Bench::Figures    qw(beside);

my $file_size = 1000;

sub server_conf {
    my ($peer) = @_;
    return <<"END";
MaxKeepAliveRequests 0
<Directory />
    AllowOverride None
    Options FollowSymLinks
</Directory>
ProxyPass "/proxied/" "http://$peer/plain/"
<Location /handed/>
    Backhand removeSelf
    Backhand on
</Location>
END
}

sub make_farm {
    my $farm    = Farm->new(mpm => 'event', workers => 16);
    my @servers = map { $farm->add } 1 .. 2;
    for my $i (0, 1) {
        for my $dir (qw(plain handed)) {
            mkdir $servers[$i]->root . "/htdocs/$dir" or croak "mkdir: $!";
            $servers[$i]->write_file("htdocs/$dir/file", 'x' x $file_size);
        }
        $servers[$i]->reconfigure(server_conf($servers[1 - $i]->address));
        # Both kinds of requests shall be logged alike.
        $servers[$i]->write_file('httpd.conf',
            $servers[$i]->config =~ s/^LogFormat .*$/LogFormat "%h %l %u %t \\"%r\\" %>s %b" farm/mr);
    }
    $farm->start;
    croak 'the servers do not see each other' if !$farm->together;
    return $farm;
}

# Microseconds for each request of both servers, of the first and of the second one.
sub pass {
    my ($farm, $dir, $requests) = @_;
    my @servers = $farm->servers;
    my @before  = map { cpu_of($_) } @servers;
    ab(requests => $requests, clients => 4, urls => ['http://' . $servers[0]->address . "/$dir/file"]);
    my @took = map { (cpu_of($servers[$_]) - $before[$_]) / 1000 / $requests } 0, 1;
    return [$took[0] + $took[1], @took];
}

# The figure number `$i` of each pass.
sub of {
    my ($i, $passes) = @_;
    return [map { $_->[$i] } @{$passes}];
}

# measure(passes of each, requests a pass): three times what Bench::Figures::beside() says of us a hand-off and us with
# ProxyPass: of both servers, of the one that hands off, of the other.
sub measure {
    my ($passes, $requests) = @_;
    my $farm = make_farm();
    my %took = (handed => [], proxied => []);
    pass($farm, $_, $requests) for qw(handed proxied);
    for my $pass (1 .. $passes) {
        push @{ $took{$_} }, pass($farm, $_, $requests) for $pass % 2 ? qw(handed proxied) : qw(proxied handed);
    }
    # Requests that the first server served itself would flatter the hand-off.
    my $all  = $passes * $requests;
    my $sent = ($farm->servers)[0]->status->{'Handed-Off'};
    croak "only $sent of $all requests were handed off" if $sent < 0.99 * $all;
    $farm->remove;
    return map { beside(of($_, $took{handed}), of($_, $took{proxied})) } 0 .. 2;
}

1;
