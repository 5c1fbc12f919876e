# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Peer;

# A balancer of another make in front of servers. Its configuration is what its manual advises for such a place; where
# the makes differ in what they call sane, they get the same: connecting takes 1 s at most, a server that fails is left
# alone for 2 s or found by a check each second, a GET that a server dropped before it answered is sent to another one,
# and connections to servers are kept.
#
# A class of its own for each make has config(), the text of its configuration, and command(), what is started.
# Fields: root (a folder of its own), method, address ("127.0.0.5:8080"), servers ([[name, address], …]),
# heartbeats (a file, for httpd's heartbeat), workers (of each server, if it is prefork).

use strict;
use warnings;

use Carp       qw(croak);
use File::Path qw(make_path);
use IO::Socket::INET;

use Bench::Process;
use Farm::Wait qw(wait_for);

sub start {
    my ($class, %fields) = @_;
    my $self = bless {%fields}, $class;
    make_path($self->{root});
    $self->{conf} = "$self->{root}/conf";
    open my $file, '>', $self->{conf} or croak "$self->{conf}: $!";
    print {$file} $self->config;
    close $file or croak "$self->{conf}: $!";
    $self->{process} = Bench::Process->new(output => "$self->{root}/output", command => [$self->command]);
    return $self;
}

sub wait_ready {
    my ($self) = @_;
    my $ready = wait_for {
        $self->{process}->ended ? -1 : IO::Socket::INET->new(PeerAddr => $self->{address}, Timeout => 1) ? 1 : 0;
    }
    20;
    croak ref($self) . ' does not start: ' . $self->{process}->said if !$ready || $ready < 0;
    return;
}

sub stop {
    my ($self) = @_;
    return $self->{process}->stop;
}

# As root, processes that talk to the network become somebody else.
sub is_root { return !$> }

1;
