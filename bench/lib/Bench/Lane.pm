# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Lane;

# A place for one run at a time: four servers of a few workers, which stay the same from run to run but for their
# processes, and what is in front of them.

use strict;
use warnings;

use Carp       qw(croak);
use File::Path qw(remove_tree);
use List::Util qw(sum0);

use Bench::Heartbeats;
use Bench::Peer::Haproxy;
use Bench::Peer::Httpd;
use Bench::Peer::Nginx;
use Bench::Process;
use Bench::Quota;
use Bench::Systems qw(systems);
use Farm           qw(build_dir);

# More than ever wait for a worker; the balancing is not to be decided by httpd's own limits.
my $threads = 256;

# new(mpm => 'event', workers => 4, light => 0, systems => [as Bench::Systems has them]): prefork's workers are its
# processes, whoever has none waits in the listen backlog; event's are those of the application behind many threads.
# light: before each of the four, on the same address, an event httpd that decides, whose contact is the server behind
# it. shares: how much of a core's time each of the four has, for work that takes processor time; without them work only
# waits.
my $lanes = 0;

sub new {
    my ($class, %options) = @_;
    my $farm = Farm->new;
    my $self = bless {
        mpm     => 'event',
        workers => 4,
        systems => [systems()],
        %options,
        farm  => $farm,
        root  => $farm->{root},
        peers => []
      },
      $class;
    my $lane = ++$lanes;
    my $port = $self->{light} ? Farm::free_port() : $farm->port;
    for my $name (qw(a b c d)) {
        $self->set_factor($name, 1);
        $self->{servers}{$name} = $farm->add(
            $self->server_size,
            port     => $port,
            announce => !$self->{light},
            within   => $self->{shares} ? [Bench::Quota->new("$lane-$name", $self->{shares}{$name})->within] : [],
            head     => 'LoadModule bench_work_module ' . build_dir() . '/meson/bench/mod_bench_work.so',
            conf     => $self->server_conf($name)
        );
    }
    for my $server ($self->{light} ? map { $self->{servers}{$_} } qw(a b c d) : ()) {
        push @{ $self->{lights} },
          $farm->add(
            host     => $server->{host},
            workers  => $threads,
            children => 1,
            contact  => $server->contact,
            conf     => "MaxKeepAliveRequests 0\nBackhandMaxHandoffs 100%\n"
              . "<Proxy *>\n    Require all granted\n</Proxy>\n"
              . 'ProxyPass /work '
              . $server->contact
              . "/work\n"
              . $self->chains("BackhandSelfRedirect Only\n")
          );
    }
    return $self;
}

sub server_size {
    my ($self) = @_;
    return (mpm => $self->{mpm}, $self->{mpm} eq 'prefork' ? (workers => $self->{workers}) : ());
}

sub handler { return $_[0]{shares} ? 'bench-burn' : 'bench-work' }

# The same handler with and without mod_backhand before it.
sub chains {
    my ($self, $more) = @_;
    my $handler = $self->handler;
    # The default, whatever tests are told of slow machines.
    return join q(), "BackhandInterval 250ms\n",
      map { "<Location /chain/$_->{name}>\n    SetHandler $handler\n$more$_->{chain}\n</Location>\n" }
      grep { $_->{chain} } @{ $self->{systems} };
}

# One child of event, because the workers are a child's. A kept connection has a process of prefork to itself.
sub server_conf {
    my ($self, $name) = @_;
    my $size = $self->{mpm} eq 'prefork' ? "KeepAlive Off\nBenchWorkers 1\n" : <<"EOT";
ServerLimit 2
ThreadLimit $threads
StartServers 1
ThreadsPerChild $threads
MaxRequestWorkers $threads
MinSpareThreads 1
MaxSpareThreads $threads
MaxKeepAliveRequests 0
BenchWorkers $self->{workers}
EOT
    my $chains = $self->{light} ? "AcceptStats 127.0.0.0/28\nBackhandFarm $self->{farm}{name}\n" : $self->chains('');
    $chains .= "<Location /chain>\n    SetHandler bench-work\n</Location>\n" if $self->{light};
    return <<"EOT";
$size
BenchName $name
BenchFactor $self->{root}/factor-$name
<Location /work>
    SetHandler @{[$self->handler]}
</Location>
$chains
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
    $_->spawn for @{ $self->{present} }, @{ $self->{lights} || [] };
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
            $self->{mpm} eq 'prefork' ? (workers => $self->{workers}) : (),
          );
    }
    return;
}

sub wait_ready {
    my ($self) = @_;
    $_->wait_ready for @{ $self->{present} };
    $_->wait_ready for @{ $self->{lights} || [] };
    croak 'the servers do not see each other' if !$self->{farm}->together(@{ $self->{lights} || $self->{present} });
    $_->wait_ready for @{ $self->{peers} };
    return;
}

# Starts the load. Options of openloop, and entries: how many of the own servers clients know.
sub load {
    my ($self, %options) = @_;
    my $chain   = $self->{system}{chain};
    my $known   = delete $options{entries} || 4;
    my @entries = map { $_->address } $self->own_entries;
    @entries = @entries[0 .. $known - 1];
    @entries = map { $_->{address} } @{ $self->{peers} } if $self->{system}{peer};
    unlink map { "$self->{root}/$_" } qw(load timeline);
    my @arguments = map { ("--$_", $options{$_}) } sort keys %options;
    $self->{generator} = Bench::Process->new(
        output  => "$self->{root}/load",
        command => [
            build_dir() . '/meson/bench/openloop',
            @arguments,
            '--path'     => $chain ? "/chain/$self->{system}{name}" : '/work',
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

# Where clients come to when no balancer of another make is there.
sub own_entries {
    my ($self) = @_;
    return $self->{lights} ? @{ $self->{lights} } : map { $self->{servers}{$_} } sort keys %{ $self->{servers} };
}

# How many requests another server answered than the one that they came to, or than the one behind it; undef when a
# server does not say.
sub handed_off {
    my ($self) = @_;
    my @entries = $self->own_entries;
    if ($self->{lights}) {
        return sum0(
            map {
                my $own = $_->contact;
                scalar grep { /\bserver=(\S+) reason=handed-off/ && $1 ne $own } $_->access_lines
            } @entries
        );
    }
    my @status = map { $_->status } @entries;
    return @status == @entries ? sum0(map { $_->{'Handed-Off'} } @status) : undef;
}

# Reads the load's figures, and [seconds, requests, failed, mean, p50, p99] of each second, as key timeline.
sub result {
    my ($self) = @_;
    my $said = $self->{generator}->said;
    croak "the load generator says: $said" if $said !~ /\Aasked=/;
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
    my @servers = (values %{ $self->{servers} }, @{ $self->{lights} || [] });
    $_->kill_all for @servers;

    for my $server (@servers) {
        $server->reap;
        $server->{groups} = [];
        unlink map { $server->root . "/$_" } qw(access.log error.log output);
    }
    remove_tree(map { $_->{root} } @{ $self->{peers} });
    $self->{peers} = [];
    return;
}

1;
