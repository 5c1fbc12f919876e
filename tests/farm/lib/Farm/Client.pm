# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Client;

# One HTTP connection, with a hand on every byte. Dies when the server does not do in time what it should.

use strict;
use warnings;

use Carp  qw(croak);
use Errno qw(EINTR);
use IO::Select;
use IO::Socket::IP;
use Time::HiRes qw(time);

use Farm::Wait qw(scaled);

# The newest request of this process for each path, with its query and without: where it was sent, and how the server's
# log shows it.
my %newest;

# host, port; from: source address (default: the kernel's choice); timeout: seconds for each request (default 30).
sub new {
    my ($class, %options) = @_;
    my $timeout = $options{timeout} || 30;
    my $socket  = IO::Socket::IP->new(
        PeerHost => $options{host},
        PeerPort => $options{port},
        Type     => Socket::SOCK_STREAM(),
        Timeout  => scaled($timeout),
        $options{from} ? (LocalHost => $options{from}) : (),
    ) or croak "cannot connect to $options{host}:$options{port}: $@";
    return bless { socket => $socket, buffer => '', timeout => $timeout, %options }, $class;
}

# The address as in URLs: IPv6 in brackets.
sub authority {
    my ($host, $port) = @_;
    return $host =~ /:/ ? "[$host]:$port" : "$host:$port";
}

# headers: [name => value, …]; body: sent with its length, or chunked when `chunked` is set; close: says
# `Connection: close`; version: 1.1; no_host: sends no Host header. Returns the response.
sub request {
    my ($self, $method, $path, %options) = @_;
    my $version = $options{version} || '1.1';
    my @headers = @{ $options{headers} || [] };
    my $text    = "$method $path HTTP/$version\r\n";
    $self->{asked} = "$method $path at $self->{host}:$self->{port}";
    my $body  = $options{body};
    my %given = map { lc($headers[$_]) => 1 } grep { $_ % 2 == 0 } 0 .. $#headers;
    unshift @headers, Host => authority(@{$self}{qw(host port)}) if !$options{no_host} && !$given{host};
    push @headers, Connection => 'close' if $options{close};

    if (defined $body && $options{chunked}) {
        push @headers, 'Transfer-Encoding' => 'chunked';
        $body = (length $body ? sprintf "%x\r\n%s\r\n", length $body, $body : '') . "0\r\n\r\n";
    }
    elsif (defined $body) {
        push @headers, 'Content-Length' => length $body;
    }
    while (my ($name, $value) = splice @headers, 0, 2) {
        $text .= "$name: $value\r\n";
    }
    return $self->exchange("$text\r\n" . (defined $body ? $body : ''), $method);
}

# Sends these very bytes and reads one response.
sub exchange {
    my ($self, $bytes, $method) = @_;
    $self->send($bytes);
    return $self->response($method);
}

sub send {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $self->{sent_at} = time;
    $self->note($1) if $bytes =~ m{\A\S+ (\S+) HTTP/};
    my $deadline = time + scaled($self->{timeout});
    my $offset   = 0;
    while ($offset < length $bytes) {
        my $left = $deadline - time;
        croak 'cannot send in time' if $left <= 0;
        IO::Select->new($self->{socket})->can_write($left) or next;
        my $n = syswrite $self->{socket}, $bytes, 65_536, $offset;
        # A server that has already answered may refuse the rest of a body.
        last if !defined $n;
        $offset += $n;
    }
    return $self;
}

sub note {
    my ($self, $target) = @_;
    my $sent   = [authority(@{$self}{qw(host port)}), $self->{socket}->sockport, $self->{requests}++];
    my ($path) = split /[?]/, $target;
    $newest{$_} = $sent for $target, $path;
    return;
}

# Whether this process sent its newest request for that path to that address, and what then stands in the server's log:
# how many requests came before on the connection, and the client's port, 0 where mod_remoteip has named another client.
sub newest {
    my ($path, $address) = @_;
    my ($to, $port, $before) = @{ $newest{$path} || [] };
    return defined $to && $to eq $address ? qr/ kept=$before port=(?:$port|0)\z/ : undef;
}

# Reads one response to a request by that method.
sub response {
    my ($self, $method) = @_;
    $self->{deadline} = time + scaled($self->{timeout});
    my ($status, %headers);
    do {
        my $head = $self->up_to("\r\n\r\n");
        my ($line, @fields) = split /\r\n/, $head;
        ($status) = $line =~ m{\AHTTP/1\.[01] (\d\d\d)} or croak "no status line: $line";
        %headers = ();
        for (@fields) {
            my ($name, $value) = /\A([^:]+):\s*(.*?)\s*\z/s;
            push @{ $headers{ lc $name } }, $value;
        }
    } while ($status == 100);
    my $body =
        ($method || '') eq 'HEAD' || $status == 204 || $status == 304 ? ''
      : $headers{'transfer-encoding'}                                 ? $self->chunks
      : $headers{'content-length'}                                    ? $self->bytes($headers{'content-length'}[0])
      :                                                                 $self->rest;
    my $seconds = time - ($self->{sent_at} || time);
    return bless { status => $status, headers => \%headers, body => $body, seconds => $seconds }, 'Farm::Response';
}

# True when the server has closed the connection, or does within `seconds`.
sub closed {
    my ($self, $seconds) = @_;
    return IO::Select->new($self->{socket})->can_read(scaled($seconds || 0)) && !$self->more;
}

sub more {
    my ($self) = @_;
    my $n      = sysread $self->{socket}, $self->{buffer}, 65_536, length $self->{buffer};
    return defined $n ? $n : $!{EINTR} ? 1 : 0;
}

# Reads on; false at the end of the connection, dies at the deadline.
sub fill {
    my ($self) = @_;
    my $left = $self->{deadline} - time;
    if ($left <= 0 || !IO::Select->new($self->{socket})->can_read($left)) {
        croak 'no response in time' . ($self->{asked} ? " to $self->{asked}" : '');
    }
    return $self->more;
}

sub up_to {
    my ($self, $end) = @_;
    my $at;
    while (($at = index $self->{buffer}, $end) < 0) {
        $self->fill or croak 'connection closed ' . ($self->{buffer} eq '' ? 'without a response' : 'too early');
    }
    my $text = substr $self->{buffer}, 0, $at + length $end, '';
    return substr $text, 0, $at;
}

sub bytes {
    my ($self, $n) = @_;
    while (length $self->{buffer} < $n) {
        $self->fill or croak 'connection closed within the body';
    }
    return substr $self->{buffer}, 0, $n, '';
}

sub chunks {
    my ($self) = @_;
    my $body = '';
    while (1) {
        my ($size) = $self->up_to("\r\n") =~ /\A([0-9a-fA-F]+)/ or croak 'no chunk size';
        my $n = hex $size;
        last if !$n;
        $body .= $self->bytes($n);
        $self->bytes(2);
    }
    1 while $self->up_to("\r\n") ne '';
    return $body;
}

sub rest {
    my ($self) = @_;
    1 while $self->fill;
    return delete $self->{buffer};
}

package Farm::Response;    ## no critic (ProhibitMultiplePackages)

sub status  { return $_[0]{status} }
sub body    { return $_[0]{body} }
sub seconds { return $_[0]{seconds} }

# All values of a header, joined; undef when there is none.
sub header {
    my ($self, $name) = @_;
    my $values = $self->{headers}{ lc $name } or return;
    return join ', ', @{$values};
}

# The answer of the program /app/echo, as a hash.
sub echoed {
    my ($self) = @_;
    return { map { /\A([^=]+)=(.*)\z/s ? ($1 => $2) : () } split /\n/, $self->{body} };
}

1;
