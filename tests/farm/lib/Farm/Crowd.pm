# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Crowd;

# Many clients at once, in one process, and how long each request took.
#
#     my $crowd = Farm::Crowd->new(clients => 64, kept => 1,
#         plan => sub { my ($client) = @_; return ($server, '/app/who') });
#     my @answers = $crowd->ask(5);    # five requests of each client, one after the other
#
# An answer is { seconds, status, body, failed }: failed says why, and is empty for any complete response. The plan is
# asked for each request: it returns the server, the path, and further header lines. With `kept` a client sends its next
# request over the same connection as soon as it has the response, and asks again on a new one when the server has just
# closed it, as browsers do; without, each request says `Connection: close`. `pause`: seconds between two requests of a
# client.

use strict;
use warnings;

use Carp  qw(croak);
use Errno qw(EAGAIN EINPROGRESS EINTR);
use IO::Select;
use Socket qw(AF_INET IPPROTO_TCP SOCK_NONBLOCK SOCK_STREAM SOL_SOCKET SO_ERROR TCP_NODELAY inet_aton pack_sockaddr_in);
use Time::HiRes qw(time);

use Farm::Wait qw(scaled);

# timeout: seconds for each request (30); from: source address.
sub new {
    my ($class, %options) = @_;
    return bless { clients => 64, timeout => 30, pause => 0, from => '127.0.0.99', %options }, $class;
}

sub ask {
    my ($self, $requests) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my @waiting = map { { n => $_, left => $requests, at => time } } 0 .. $self->{clients} - 1;
    my (%by_fd, @answers);
    while (@waiting || %by_fd) {
        my $now = time;
        for my $client (grep { $_->{at} <= $now } @waiting) {
            $self->begin($client);
            $by_fd{ fileno $client->{socket} } = $client;
        }
        @waiting = grep { $_->{at} > $now } @waiting;
        my $can = IO::Select->new(map { $_->{socket} } values %by_fd);
        for my $socket ($can->can_read(0.005)) {
            my $client = $by_fd{ fileno $socket };
            delete $by_fd{ fileno $socket } if $self->read_on($client);
        }
        for my $fd (keys %by_fd) {
            my $client = $by_fd{$fd};
            $client->{failed} = 'no response in time'
              if !$client->{done} && time - $client->{began} > scaled($self->{timeout});
            delete $by_fd{$fd} if $client->{failed};
        }
        for my $client (grep { $_->{done} || $_->{failed} } @{ $self->{current} }) {
            push @answers, $self->answer($client);
            push @waiting, $client if --$client->{left} > 0;
        }
        @{ $self->{current} } = grep { $_->{began} } @{ $self->{current} };
        for my $client (grep { delete $_->{again} } @{ $self->{current} }) {
            $self->send_request($client);
            $by_fd{ fileno $client->{socket} } = $client;
        }
    }
    return @answers;
}

sub begin {
    my ($self, $client) = @_;
    my ($server, $path, @headers) = $self->{plan}->($client->{n});
    my $close = $self->{kept} ? () : 'Connection: close';
    $client->{began}  = time;
    $client->{server} = $server;
    $client->{text} = join "\r\n", "GET $path HTTP/1.1", 'Host: ' . $server->address, @headers, $close || (), q(), q();
    delete $client->{socket} if ($client->{of} || q()) ne $server->contact;
    $client->{reused} = $client->{socket} ? 1 : 0;
    push @{ $self->{current} }, $client;
    return $self->send_request($client);
}

# Sends a request. It is short, so the kernel accepts it at once.
sub send_request {
    my ($self, $client) = @_;
    my $server = $client->{server};
    $client->{buffer} = q();
    if (!$client->{socket}) {
        socket my $socket, AF_INET, SOCK_STREAM, 0 or croak "socket: $!";
        bind $socket, pack_sockaddr_in(0, inet_aton($self->{from})) or croak "bind: $!";
        connect $socket, pack_sockaddr_in($server->{port}, inet_aton($server->{host})) or croak "connect: $!";
        $socket->blocking(0);
        @{$client}{qw(socket of)} = ($socket, $server->contact);
    }
    syswrite $client->{socket}, $client->{text};
    return;
}

# Returns true when there is nothing more to be read for this request.
sub read_on {
    my ($self, $client) = @_;
    my $n = sysread $client->{socket}, $client->{buffer}, 65_536, length $client->{buffer};
    return 0 if !defined $n && ($!{EAGAIN} || $!{EINTR});
    if (!$n) {
        delete $client->{socket};
        if ($client->{reused} && $client->{buffer} eq q()) {
            @{$client}{qw(reused again)} = (0, 1);
            return 1;
        }
        $client->{failed} = 'closed ' . ($client->{buffer} eq q() ? 'without a response' : 'within the response');
        return 1;
    }
    my ($head, $rest) = $client->{buffer} =~ /\A(.*?\r\n)\r\n(.*)\z/s or return 0;
    my ($length) = $head =~ /^content-length:\s*(\d+)/im;
    my $whole = defined $length ? length $rest >= $length : $rest =~ /(?:\A|\r\n)0\r\n\r\n\z/;
    return 0 if !$whole;
    $client->{done} = 1;
    ($client->{status}) = $head =~ m{\AHTTP/1[.]1 (\d+)};
    $client->{body} = $rest;
    delete $client->{socket} if !$self->{kept} || $head =~ /^connection:.*\bclose\b/im;
    return 1;
}

sub answer {
    my ($self, $client) = @_;
    my %answer = (
        n       => $client->{n},
        seconds => time - $client->{began},
        status  => $client->{status} || 0,
        body    => $client->{body},
        failed  => $client->{failed} || q()
    );
    delete $client->{socket} if $client->{failed};
    delete @{$client}{qw(began done failed status body)};
    $client->{at} = time + $self->{pause};
    return \%answer;
}

1;
