# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Peer::Haproxy;

# No maxconn a server: most installations have none, and leastconn then counts all that is outstanding. Servers of
# prefork get one, the number of their workers: requests then wait in HAProxy for the first worker of all that is free,
# not in the listen backlog of one server. A check by a request would wait behind them, and take the server for dead.

use strict;
use warnings;

use parent 'Bench::Peer';

sub command {
    my ($self) = @_;
    return ('/usr/sbin/haproxy', '-db', '-f', $self->{conf});
}

sub config {
    my ($self)  = @_;
    my $servers = join q(), map { "    server $_->[0] $_->[1]\n" } @{ $self->{servers} };
    my $prefork = $self->{workers};
    my $check   = $prefork       ? ''                                        : "    option httpchk GET /who\n";
    my $limit   = $prefork       ? " maxconn $self->{workers}"               : '';
    my $user    = $self->is_root ? "    user www-data\n    group www-data\n" : '';
    return <<"EOT";
global
    maxconn 4000
$user
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout queue 60s
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response

listen app
    bind $self->{address}
    balance $self->{method}
$check    default-server check inter 1s fall 2 rise 1$limit
$servers
EOT
}

1;
