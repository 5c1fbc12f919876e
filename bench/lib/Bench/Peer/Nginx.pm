# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Peer::Nginx;

# With a zone, so that its worker processes count together. Servers of prefork keep no connections.

use strict;
use warnings;

use parent 'Bench::Peer';

sub command {
    my ($self) = @_;
    return (
        '/usr/sbin/nginx', '-e', "$self->{root}/error.log", '-p', $self->{root},
        '-c', $self->{conf}, '-g', 'daemon off;'
    );
}

sub config {
    my ($self)  = @_;
    my $servers = join q(), map { "        server $_->[1] max_fails=1 fail_timeout=2s;\n" } @{ $self->{servers} };
    my $user    = $self->is_root   ? 'user www-data;' : '';
    my $kept    = $self->{workers} ? ''               : '        keepalive 64;';
    my $folders = join q(), map { "    ${_}_temp_path $self->{root}/$_;\n" } qw(client_body proxy fastcgi uwsgi scgi);
    return <<"EOT";
$user
worker_processes auto;
pid $self->{root}/pid;
error_log $self->{root}/error.log;
events {
    worker_connections 4000;
}
http {
    access_log off;
$folders
    upstream app {
        zone app 128k;
        $self->{method};
$servers
$kept
    }
    server {
        listen $self->{address};
        location / {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 1s;
        }
    }
}
EOT
}

1;
