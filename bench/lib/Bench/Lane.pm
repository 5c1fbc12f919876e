# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Lane;

# A place for one run at a time: four servers of a few workers, which stay the same from run to run but for their
# processes, and what is in front of them.

use strict;
use warnings;

use Carp qw(croak);
use File::Path qw(remove_tree);

use Bench::Heartbeats;
use Bench::Peer::Haproxy;
use Bench::Peer::Httpd;
use Bench::Peer::Nginx;
use Bench::Process;
use Bench::Systems qw(systems);
use Farm qw(build_dir);

my $workers = 4;
# More than ever wait for a worker; the balancing is not to be decided by httpd's own limits.
my $threads = 256;

sub new {
    my ($class) = @_;
    my $farm = Farm->new(mpm => 'event');
    my $self = bless { farm => $farm, root => $farm->{root}, peers => [] }, $class;
    for my $name (qw(a b c d)) {
        $self->set_factor($name, 1);
        $self->{servers}{$name} = $farm->add(
            head => 'LoadModule bench_work_module ' . build_dir() . '/meson/bench/mod_bench_work.so',
            conf => $self->server_conf($name)
        );
    }
    return $self;
}

# One child, because the workers are a child's; the same handler with and without mod_backhand before it.
sub server_conf {
    my ($self, $name) = @_;
    my $balanced = join q(), map { "<Location /chain/$_->{name}>\n    SetHandler bench-work\n$_->{chain}\n</Location>\n" }
      grep { $_->{chain} } systems();
    return <<"EOT";
ServerLimit 2
ThreadLimit $threads
StartServers 1
ThreadsPerChild $threads
MaxRequestWorkers $threads
MinSpareThreads 1
MaxSpareThreads $threads
MaxKeepAliveRequests 0
BenchName $name
BenchWorkers $workers
BenchFactor $self->{root}/factor-$name
<Location /work>
    SetHandler bench-work
</Location>
$balanced
EOT
}

# The servers have the file mapped: its one number changes in place.
sub set_factor {
    my ($self, $name, $factor) = @_;
    my $path = "$self->{root}/factor-$name";
    open my $file, -e $path ? '+<' : '>', $path or croak "$path: $!";
    syswrite $file, pack 'd', $factor or croak "$path: $!";
    close $file or croak "$path: $!";
    chmod 0644, $path or croak "$path: $!";
    return;
}

# Events of a scenario.
sub factors {
    my ($self, %factors) = @_;
    $self->set_factor($_, $factors{$_}) for keys %factors;
    return;
}

sub start {
    my ($self, $name) = @_;
    return $self->{servers}{$name}->spawn;
}

sub kill {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, $name) = @_;
    return CORE::kill 'KILL', -$self->{servers}{$name}->pid;
}

# Starts all that a run of the system needs, without waiting.
sub prepare {
    my ($self, $system, $scenario) = @_;
    my %absent = map { $_ => 1 } @{ $scenario->{absent} || [] };
    $self->{system}  = $system;
    $self->{present} = [map { $self->{servers}{$_} } grep { !$absent{$_} } sort keys %{ $self->{servers} }];
    $self->factors(%{ $scenario->{factors} });
    $_->spawn for @{ $self->{present} };
    $self->start_peers if $system->{peer};
    return;
}

sub start_peers {
    my ($self) = @_;
    my ($make, $method) = @{ $self->{system}{peer} };
    my $port       = $self->{farm}->port;
    my $heartbeats = "$self->{root}/heartbeats";
    if ($method eq 'heartbeat') {
        $self->{heartbeats} = Bench::Heartbeats->start(file => $heartbeats, port => $self->{farm}->udp);
    }
    for my $n (1 .. $self->{system}{dispatchers}) {
        push @{ $self->{peers} },
          "Bench::Peer::$make"->start(
            root       => "$self->{root}/peer-$n",
            method     => $method,
            address    => '127.0.0.' . ($n + 4) . ":$port",
            servers    => [map { [$_, $self->{servers}{$_}->address] } sort keys %{ $self->{servers} }],
            heartbeats => $heartbeats,
          );
    }
    return;
}

sub wait_ready {
    my ($self) = @_;
    $_->wait_ready for @{ $self->{present} };
    croak 'the servers do not see each other' if !$self->{farm}->together(@{ $self->{present} });
    $_->wait_ready for @{ $self->{peers} };
    return;
}

# Starts the load.
sub load {
    my ($self, %options) = @_;
    my $own     = !$self->{system}{peer};
    my @entries = map { $_->{address} } @{ $self->{peers} };
    @entries = map { $self->{servers}{$_}->address } sort keys %{ $self->{servers} } if $own;
    unlink map { "$self->{root}/$_" } qw(load timeline);
    my @arguments = map { ("--$_", $options{$_}) } sort keys %options;
    $self->{generator} = Bench::Process->new(
        output  => "$self->{root}/load",
        command => [
            build_dir() . '/meson/bench/openloop',
            @arguments,
            '--path'     => $own ? "/chain/$self->{system}{name}" : '/work',
            '--timeline' => "$self->{root}/timeline",
            @entries
        ]
    );
    return;
}

sub is_loaded {
    my ($self) = @_;
    return !$self->{generator}->ended;
}

# What the load's figures are, and [seconds, requests, failed, mean, p50, p99] of each second, as key timeline.
sub result {
    my ($self) = @_;
    my $said = $self->{generator}->said;
    croak "the load generator says: $said" if $said !~ /\Acount=/;
    my %result = map { split /=/, $_, 2 } split ' ', $said;
    open my $file, '<', "$self->{root}/timeline" or croak "timeline: $!";
    $result{timeline} = [map { [split] } readline $file];
    close $file;
    return \%result;
}

# Stops all that prepare(), load() and events started.
sub clear {
    my ($self) = @_;
    my $generator = delete $self->{generator};
    $generator->stop if $generator;
    $_->stop for @{ $self->{peers} };
    my $heartbeats = delete $self->{heartbeats};
    $heartbeats->stop if $heartbeats;
    $_->kill_all for values %{ $self->{servers} };
    for my $server (values %{ $self->{servers} }) {
        $server->reap;
        $server->{groups} = [];
        unlink map { $server->root . "/$_" } qw(access.log error.log output);
    }
    remove_tree(map { $_->{root} } @{ $self->{peers} });
    $self->{peers} = [];
    return;
}

1;
