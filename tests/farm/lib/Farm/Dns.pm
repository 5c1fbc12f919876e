# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Dns;

# A DNS server for the names of a test, and the system's resolver turned to it for this process and its children:
#
#     use Farm::Mounts;             # first
#     use Farm::Dns;
#     my $dns = Farm::Dns->new;
#     $dns->zone('farm.test' => [[A => '127.0.0.1']], 'slow.test' => undef);
#
# Its address is one of loopback, or another one of this machine: Farm::Dns->new(address => '10.94.0.254').
# Records are [A => address] and [SRV => port, target]; a name whose records are undef gets no answer, others do not
# exist.

use strict;
use warnings;

use Carp       qw(croak);
use File::Temp ();
use IO::Socket::INET;
use POSIX  ();
use Socket qw(inet_aton);

use Farm::Mounts ();

my %type = (A => 1, SRV => 33);

sub new {
    my ($class, %options) = @_;
    my $self = bless { folder => File::Temp::tempdir(CLEANUP => 1) }, $class;
    $self->zone;
    my ($address, $socket);
    for (1 .. 50) {
        $address = $options{address} || join '.', 127, map { 1 + int rand 250 } 1 .. 3;
        $socket  = IO::Socket::INET->new(Proto => 'udp', LocalAddr => $address, LocalPort => 53) and last;
    }
    croak "no address for a DNS server: $!" if !$socket;
    $self->replace('/etc/resolv.conf',   "nameserver $address\noptions timeout:2 attempts:1\n");
    $self->replace('/etc/nsswitch.conf', "hosts: files dns\n");
    my $parent = $$;
    $self->{pid} = fork // croak "fork: $!";
    if (!$self->{pid}) {
        $SIG{TERM} = $SIG{INT} = 'DEFAULT';
        $SIG{ALRM} = sub { POSIX::_exit(0) if getppid != $parent; alarm 1 };
        alarm 1;
        $self->serve($socket);
        POSIX::_exit(0);
    }
    return $self;
}

sub write_file {
    my ($self, $name, $text) = @_;
    my $path = "$self->{folder}/$name";
    open my $file, '>', "$path.new" or croak "$path: $!";
    print {$file} $text;
    close $file or croak "$path: $!";
    rename "$path.new", $path or croak "$path: $!";
    return $path;
}

# Mounts a file over one of the system's files.
sub replace {
    my ($self, $path, $text) = @_;
    my $other = $self->write_file($path =~ tr{/}{_}r, $text);
    chmod 0755, $self->{folder} or croak "chmod: $!";
    return Farm::Mounts::mount('--bind', $other, $path);
}

# Sets the names from now on.
sub zone {
    my ($self, %zone) = @_;
    my @lines;
    for my $name (sort keys %zone) {
        push @lines, map { join q( ), $name, @{$_} } $zone{$name} ? @{ $zone{$name} } : ['SILENT'];
    }
    $self->write_file('zone', join q(), map { "$_\n" } @lines);
    return;
}

sub records {
    my ($self, $name) = @_;
    open my $file, '<', "$self->{folder}/zone" or croak "zone: $!";
    my @records = map { my ($owner, @record) = split; $owner eq $name ? [@record] : () } readline $file;
    close $file;
    return @records;
}

sub encode_name {
    my ($name) = @_;
    return join(q(), map { pack 'C/a', $_ } split /[.]/, $name) . "\0";
}

sub encode {
    my ($kind, @data) = @_;
    return inet_aton($data[0]) if $kind eq 'A';
    return pack('nnn', 0, 0, $data[0]) . encode_name($data[1]);
}

# The answer to a question, or nothing.
sub answer {
    my ($self, $query) = @_;
    my ($id, $rest) = unpack 'n x10 a*', $query;
    my @labels;
    while (length $rest) {
        (my $label, $rest) = unpack 'C/a a*', $rest;
        last if $label eq q();
        push @labels, $label;
    }
    my $asked   = unpack 'n', $rest;
    my $name    = lc join '.', @labels;
    my @records = $self->records($name);
    return if grep { $_->[0] eq 'SILENT' } @records;
    my @fitting =
      map { pack 'n n n N n/a', 0xc00c, $asked, 1, 5, encode(@{$_}) } grep { $type{ $_->[0] } == $asked } @records;
    my $flags = 0x8180 | (@records ? 0 : 3);
    return pack('n6', $id, $flags, 1, scalar @fitting, 0, 0) . encode_name($name) . pack('nn', $asked, 1) . join q(),
      @fitting;
}

sub serve {
    my ($self, $socket) = @_;
    while (1) {
        my $from   = recv $socket, my $query, 1500, 0 or next;
        my $answer = length $query > 12 && $self->answer($query) or next;
        send $socket, $answer, 0, $from;
    }
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);
    if ($self->{pid}) {
        kill 'KILL', $self->{pid};
        waitpid $self->{pid}, 0;
    }
    return;
}

1;
