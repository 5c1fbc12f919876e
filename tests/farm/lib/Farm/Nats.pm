# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Nats;

# A NATS broker, the nats-server of the system.
#
#     plan skip_all => Farm::Nats->missing if Farm::Nats->missing;
#     my $broker = Farm::Nats->new(conf => 'authorization: { token: "s3cret" }');
#     $broker->url;                                   # nats://127.0.0.1:21234
#     $broker->pause; $broker->resume; $broker->stop; $broker->start;
#     my @three = Farm::Nats->cluster(3);
#     $broker->publish($subject, $bytes);
#     my $far = $broker->subscribe($subject); my @messages = $far->(2);
#
# Its log is in $broker->{log}.

use strict;
use warnings;

use parent -norequire, 'Farm::Process';

use Carp       qw(croak);
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use List::Util  qw(max);
use Time::HiRes qw(time);

use Farm ();
use Farm::Process;
use Farm::Wait qw(scaled wait_for);

# Why there are no brokers here; empty: there are.
sub missing {
    my ($program) = grep { -x } map { "$_/nats-server" } split(/:/, $ENV{PATH}), '/usr/sbin';
    return 'no nats-server (package nats-server)' if !$program;
    my $so = Farm::build_dir() . '/modules/mod_backhand.so';
    open my $pipe, '-|', 'ldd', $so or return "ldd: $!";
    my $linked = grep { /libnats/ } readline $pipe;
    close $pipe;
    return $linked ? '' : 'the module was built without libnats';
}

# Options: conf, further lines of its configuration; host [127.0.0.1]; port; scheme [nats]; name, for the
# URL [the host].
sub new {
    my ($class, %options) = @_;
    my $self = bless { host => '127.0.0.1', port => Farm::free_port(), conf => '', scheme => 'nats', %options }, $class;
    $self->{dir} = File::Temp::tempdir('nats-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
    $self->{log} = "$self->{dir}/log";
    return $self->{idle} ? $self : $self->start;
}

# Brokers that know each other.
sub cluster {
    my ($class, $n) = @_;
    my @ports   = map { Farm::free_port() } 1 .. $n;
    my $routes  = join ', ', map { "\"nats-route://127.0.0.1:$_\"" } @ports;
    my @brokers = map { $class->new(conf => <<"EOT", idle => 1) } @ports;
cluster { name: farm, listen: "127.0.0.1:$_", routes: [ $routes ] }
EOT
    $_->spawn      for @brokers;
    $_->wait_ready for @brokers;
    return @brokers;
}

sub url {
    my ($self) = @_;
    return "$self->{scheme}://" . ($self->{name} // $self->{host}) . ":$self->{port}";
}

sub spawn {
    my ($self) = @_;
    open my $conf, '>', "$self->{dir}/conf" or croak "$self->{dir}/conf: $!";
    print {$conf} "listen: \"$self->{host}:$self->{port}\"\n$self->{conf}\n";
    close $conf or croak "$self->{dir}/conf: $!";
    $self->begin(
        sub {
            local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
            exec 'nats-server', '-c', "$self->{dir}/conf", '-l', $self->{log} or croak "nats-server: $!";
        }
    );
    return $self;
}

sub start {
    my ($self) = @_;
    return $self->spawn->wait_ready;
}

# A connection that has read the broker's greeting.
sub connection {
    my ($self) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => $self->{host}, PeerPort => $self->{port}) or return;
    return IO::Select->new($socket)->can_read(scaled(5)) && (readline($socket) // '') =~ /\AINFO / ? $socket : undef;
}

sub wait_ready {
    my ($self) = @_;
    wait_for { $self->connection }
    10 or croak "no nats-server on $self->{port}: " . $self->said;
    return $self;
}

sub said {
    my ($self) = @_;
    open my $file, '<', $self->{log} or return '';
    local $/ = undef;
    return readline($file) // '';
}

# Subscribes as anybody may. Returns a function: called with seconds, it listens for so long, and returns the messages
# that came since the last call.
sub subscribe {
    my ($self, $subject) = @_;
    my $socket = $self->connection or croak "no broker: $!";
    my $buffer = '';
    print {$socket} "CONNECT {\"verbose\":false}\r\nSUB $subject 1\r\nPING\r\n";
    while (defined(my $line = readline $socket)) {
        croak $line if $line =~ /\A-ERR/;
        last        if $line =~ /\APONG/;
    }
    return sub {
        my ($seconds) = @_;
        my ($until, @heard) = (time + $seconds);
        while (IO::Select->new($socket)->can_read(max(0, $until - time))) {
            sysread $socket, $buffer, 65_536, length $buffer or croak "the broker closed the connection: $!";
            print {$socket} "PONG\r\n" if $buffer =~ s/\APING\r\n//;
            while ($buffer =~ /\AMSG \S+ 1 (\d+)\r\n/ && length $buffer >= $+[0] + $1 + 2) {
                push @heard, substr $buffer, $+[0], $1;
                substr $buffer, 0, $+[0] + $1 + 2, '';
                print {$socket} "PONG\r\n" if $buffer =~ s/\APING\r\n//;
            }
        }
        return @heard;
    };
}

sub pause  { return kill STOP => $_[0]{pid} }
sub resume { return kill CONT => $_[0]{pid} }

# Publishes as anybody may who reaches the broker; waits until it has taken it.
sub publish {
    my ($self, $subject, @messages) = @_;
    my $socket = $self->connection or croak "no broker: $!";
    print {$socket} "CONNECT {\"verbose\":false}\r\n", (map { "PUB $subject @{[length]}\r\n$_\r\n" } @messages),
      "PING\r\n";
    while (defined(my $line = readline $socket)) {
        return 1    if $line =~ /\APONG/;
        croak $line if $line =~ /\A-ERR/;
    }
    return 0;
}

1;
