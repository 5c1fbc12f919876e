# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Heartbeats;

# Stands for mod_heartmonitor, which joins its multicast group on the interface that the kernel chooses and so cannot
# hear servers of the same machine: hears what the farm's servers announce, which is what mod_heartbeat says and more,
# and keeps the file for mod_lbmethod_heartbeat as mod_heartmonitor does, once a second.

use strict;
use warnings;

use Carp qw(croak);
use IO::Select;
use Socket qw(AF_INET INADDR_ANY IPPROTO_IP IP_ADD_MEMBERSHIP SOCK_DGRAM SOL_SOCKET SO_REUSEADDR
  inet_aton inet_ntoa pack_ip_mreq pack_sockaddr_in unpack_sockaddr_in);
use Time::HiRes qw(time);

use Bench::Process;

# Listens to the port and writes the file until it is stopped or its parent is gone. Returns the process.
sub start {
    my ($class, %options) = @_;
    write_file($options{file}, {});
    return Bench::Process->new(
        output => "$options{file}.output",
        code   => sub { listen_to($options{port}, $options{file}) }
    );
}

sub listen_to {
    my ($port, $path) = @_;
    my $parent = getppid;
    my $group  = inet_aton('239.255.0.1');
    socket my $socket, AF_INET, SOCK_DGRAM, 0 or croak "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1 or croak "setsockopt: $!";
    bind $socket, pack_sockaddr_in($port, $group) or croak "bind: $!";
    setsockopt $socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, pack_ip_mreq($group, inet_aton('127.0.0.1')) or croak "join: $!";
    my $select = IO::Select->new($socket);
    my (%servers, $written);

    while (getppid == $parent) {
        if ($select->can_read(0.5)) {
            my $from      = recv $socket, my $text, 1500, 0;
            my ($address) = defined $from ? (unpack_sockaddr_in($from))[1] : ();
            if ($address && $text =~ /\Av=\d+&ready=(\d+)&busy=(\d+)/) {
                $servers{ inet_ntoa($address) } = { ready => $1, busy => $2, seen => time };
            }
        }
        if (time - ($written || 0) >= 1) {
            write_file($path, \%servers);
            $written = time;
        }
    }
    return;
}

sub write_file {
    my ($path, $servers) = @_;
    open my $file, '>', "$path.new" or croak "$path.new: $!";
    for my $address (sort keys %{$servers}) {
        my $server = $servers->{$address};
        printf {$file} "%s &ready=%d&busy=%d&lastseen=%d&port=80\n", $address, $server->{ready}, $server->{busy},
          time - $server->{seen};
    }
    close $file or croak "$path.new: $!";
    rename "$path.new", $path or croak "$path: $!";
    return;
}

1;
