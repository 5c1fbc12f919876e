# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Peer::Httpd;

use strict;
use warnings;

use Farm qw(modules_dir);

use parent 'Bench::Peer';

sub command {
    my ($self) = @_;
    return ($ENV{BACKHAND_HTTPD} || '/usr/sbin/apache2', '-f', $self->{conf}, '-DFOREGROUND');
}

sub config {
    my ($self)  = @_;
    my $modules = modules_dir();
    my @names   = (qw(mpm_event authz_core proxy proxy_http proxy_balancer slotmem_shm), "lbmethod_$self->{method}");
    my $load    = join q(), map { "LoadModule ${_}_module $modules/mod_$_.so\n" } @names;
    my $servers = join q(),
      map { "    BalancerMember http://$_->[1] retry=2 connectiontimeout=1\n" } @{ $self->{servers} };
    my $user    = $self->is_root                 ? "User www-data\nGroup www-data\n"        : '';
    my $storage = $self->{method} eq 'heartbeat' ? "HeartbeatStorage $self->{heartbeats}\n" : '';
    return <<"EOT";
$load${user}ServerRoot $self->{root}
DefaultRuntimeDir $self->{root}
PidFile $self->{root}/pid
ServerName balancer.test
Listen $self->{address}
ErrorLog $self->{root}/error.log
StartServers 2
ServerLimit 8
ThreadsPerChild 64
MinSpareThreads 64
MaxSpareThreads 512
MaxRequestWorkers 512
MaxKeepAliveRequests 0
$storage
<Proxy balancer://app>
$servers
    ProxySet lbmethod=$self->{method}
</Proxy>
ProxyPass / balancer://app/
EOT
}

1;
