# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Relay;

# Servers of a farm announce themselves to it, and it tells the others, so that a test can lose what it wants. Needs no
# rights.
#
#     my $relay = Farm::Relay->new(farm => $farm);
#     $farm->add(announce => 0, conf => $relay->settings(1));      # on 127.0.0.1
#     $relay->start;
#     $relay->lose(sub { my ($from, $to) = @_; ... });             # numbers of the servers; true: does not arrive

use strict;
use warnings;
use parent 'Farm::Process';

use Carp qw(croak);
use IO::Socket::INET;
use Socket qw(inet_aton inet_ntoa pack_sockaddr_in unpack_sockaddr_in);

use Farm::Wait qw(scaled);

my $host = '127.0.0.10';

sub new {
    my ($class, %options) = @_;
    $options{farm}->silences;
    return bless {%options}, $class;
}

# The configuration lines of the server on 127.0.0.N.
sub settings {
    my ($self, $n) = @_;
    my $farm = $self->{farm};
    return <<"EOT";
BackhandFarm @{[$farm->name]}
BackhandInterval @{[int scaled(250)]}ms
BackhandContact http://127.0.0.$n:@{[$farm->port]}
MulticastStats 127.0.0.$n $host:@{[$farm->udp]}
AcceptStats 127.0.0.0/28
EOT
}

# Starts the relay for so many servers, from 127.0.0.1 on. It loses the announcements of each pair for which the code
# returns true (default: none).
sub start {
    my ($self, $servers) = @_;
    $self->{servers} ||= $servers;
    $self->{socket}  ||= IO::Socket::INET->new(Proto => 'udp', LocalAddr => $host, LocalPort => $self->{farm}->udp)
      || croak "relay: $@";
    my $lost = $self->{lost} || sub { return 0 };
    my %deaf;
    for my $from (1 .. $self->{servers}) {
        $deaf{$from} = { map { $_ => $lost->($from, $_) } 1 .. $self->{servers} };
    }
    return $self->begin(
        sub {
            my ($parent) = @_;
            $self->pass_on(\%deaf) while getppid == $parent;
        }
    );
}

sub pass_on {
    my ($self, $deaf) = @_;
    my $ready = q();
    vec($ready, fileno $self->{socket}, 1) = 1;
    return if select($ready, undef, undef, 0.2) < 1;
    my $sender = recv $self->{socket}, my $text, 2000, 0 or return;
    my ($port, $address) = unpack_sockaddr_in($sender);
    my ($from) = inet_ntoa($address) =~ /(\d+)\z/;
    for my $to (1 .. $self->{servers}) {
        next if $to == $from || $deaf->{$from}{$to};
        send $self->{socket}, $text, 0, pack_sockaddr_in($self->{farm}->udp, inet_aton("127.0.0.$to"));
    }
    return;
}

# Sets which announcements are lost from now on; without code none.
sub lose {
    my ($self, $lost) = @_;
    $self->stop;
    $self->{lost} = $lost;
    return $self->start;
}

1;
