# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Fake;

# A server of the farm that is no httpd: it announces what a test wants, and does to connections what a test wants.
#   host, port   its contact (default: 127.0.0.9 and the farm's port)
#   serve        sub { my ($socket, $n) = @_ }: called with each connection, counted from 0; returns when it
#                may be closed
#   says         hash that changes keys of its announcements; undef takes a key away
#   quiet        1: sends no announcements by itself

use strict;
use warnings;
use parent 'Farm::Process';

use Carp qw(croak);
use IO::Select;
use IO::Socket::INET;
use Socket      qw(IPPROTO_IP IP_MULTICAST_IF IP_MULTICAST_TTL inet_aton pack_sockaddr_in);
use Time::HiRes qw(time);

sub new {
    my ($class, %options) = @_;
    my $self = bless { host => '127.0.0.9', port => $options{farm}->port, says => {}, %options }, $class;
    # It announces itself only when a test wants that.
    $self->{farm}->silences;
    my $udp = IO::Socket::INET->new(Proto => 'udp', LocalAddr => $self->{host}) or croak "udp: $@";
    setsockopt $udp, IPPROTO_IP, IP_MULTICAST_IF, inet_aton($self->{host}) or croak "multicast: $!";
    setsockopt $udp, IPPROTO_IP, IP_MULTICAST_TTL, pack 'I', 1 or croak "multicast: $!";
    $self->{socket} = $udp;
    return $self;
}

sub contact { return "http://$_[0]{host}:$_[0]{port}" }

# An announcement, with these keys other than usual.
sub announcement {
    my ($self, %says) = @_;
    my @usual = (
        v        => 1,
        ready    => 8,
        busy     => 0,
        bh       => 1,
        farm     => $self->{farm}->name,
        boot     => sprintf('%x', $$),
        host     => 'fake.test',
        contact  => $self->contact,
        seq      => ++$self->{seq},
        ms       => 250,
        ka       => 5000,
        load     => 100,
        hwm      => 1000,
        cpu      => 1000,
        ncpu     => 1,
        tmem     => 1 << 34,
        amem     => 1 << 33,
        speed    => 1000,
        backed   => 0,
        tatime   => 1,
        inflight => 0,
    );
    %says = (%{ $self->{says} }, %says);
    my @pairs;
    while (my ($key, $value) = splice @usual, 0, 2) {
        $value = delete $says{$key} if exists $says{$key};
        push @pairs, "$key=$value" if defined $value;
    }
    return join '&', @pairs, map { "$_=$says{$_}" } sort keys %says;
}

# Sends these bytes to the farm's multicast group.
sub send_datagram {
    my ($self, $bytes) = @_;
    defined send $self->{socket}, $bytes, 0, pack_sockaddr_in($self->{farm}->udp, inet_aton('239.255.0.1'))
      or croak "send: $!";
    return;
}

sub announce {
    my ($self, %says) = @_;
    return $self->send_datagram($self->announcement(%says));
}

# Announces and serves, in a process of its own, until stop().
sub start {
    my ($self) = @_;
    my $listener;
    if ($self->{serve}) {
        $listener = IO::Socket::INET->new(
            LocalAddr => $self->{host},
            LocalPort => $self->{port},
            Listen    => 64,
            ReuseAddr => 1
        ) or croak "fake server: $@";
    }
    return $self->begin(sub { $self->run($listener, @_) });
}

sub run {
    my ($self, $listener, $parent) = @_;
    my $ready = IO::Select->new($listener ? $listener : ());
    my $next  = 0;
    my @open;
    my $n = 0;
    while (getppid == $parent) {
        if (time >= $next && !$self->{quiet}) {
            $self->announce;
            $next = time + 0.1;
        }
        for ($ready->can_read(0.05)) {
            my $socket = $listener->accept or next;
            my $keep   = $self->{serve}->($socket, $n++);
            push @open, $socket if ($keep || '') eq 'open';
        }
        # can_read of nothing returns at once.
        Time::HiRes::sleep(0.05) if !$listener;
    }
    return;
}

1;
