# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm;

# Tests with real httpd servers. A test makes one Farm, adds servers, starts them, and ends with $farm->done. Every
# farm has a port, a UDP port, a name and a folder of its own, so that tests may run at once, the same one twice too.
#
#     my $farm = Farm->new(mpm => 'event');
#     my $a = $farm->add(host => '127.0.0.1', conf => '...');
#     my $b = $farm->add(host => '127.0.0.2', conf => '...');
#     $farm->start;
#     ok $farm->together, 'they see each other';
#     is $a->get('/app/who')->body, 'b';
#     $farm->done;
#
# Any line of an error log at level warn or worse that $farm->announce_log did not name makes the test fail.

use strict;
use warnings;

use Carp       qw(croak);
use Exporter   qw(import);
use File::Path qw(remove_tree);
use File::Temp ();
use FindBin    ();
use IO::Socket::INET;
use List::Util qw(max);
use POSIX      ();
use Storable   ();
use Test::More ();

use Farm::Server;
use Farm::Wait qw(scaled wait_for);

our @EXPORT_OK = qw(build_dir configtest eventually free_port in_parallel modules_dir repo_dir scaled wait_for);

# eventually { condition } SECONDS, 'what': a test that the condition becomes true, in 30 s at least: the time guards
# against hanging, and a machine may be busy with other things. A test of how soon something happens reads the clock.
sub eventually (&$$) {    ## no critic (ProhibitSubroutinePrototypes)
    my ($condition, $seconds, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $became = Test::More::ok(wait_for(\&{$condition}, max(30, $seconds)), $what);
    Test::More::diag($Farm::Wait::died) if !$became && $Farm::Wait::died;
    return $became;
}

sub repo_dir {
    my $dir = $FindBin::Bin;
    while (!-f "$dir/include/mod_backhand.h") {
        $dir =~ s{/[^/]+\z}{};
        croak "no checkout above $FindBin::Bin" if $dir eq '';
    }
    return $dir;
}

sub build_dir {
    return $ENV{BACKHAND_BUILD_DIR} || repo_dir() . '/build';
}

# The folder of httpd's own modules.
sub modules_dir {
    return $ENV{BACKHAND_HTTPD_MODULES} || '/usr/lib/apache2/modules';
}

# Finds a port that is free on all addresses, TCP and UDP. It stays reserved until this process ends: the process
# listens on it, at an address that no server uses.
my @reserved;

sub free_port {
    for (1 .. 1000) {
        my $port = 20_000 + int rand 10_000;
        my $reservation =
          IO::Socket::INET->new(LocalAddr => '127.255.255.254', LocalPort => $port, Listen => 1, Proto => 'tcp')
          or next;
        my $addresses = 1 + grep { port_is_free($_, $port) } qw(tcp udp);
        next if $addresses < 3;
        push @reserved, $reservation;
        return $port;
    }
    croak 'no free port';
}

# Bound to one ordinary loopback address and to all others but the reserved one by turns, nothing may be in the way.
sub port_is_free {
    my ($proto, $port) = @_;
    for my $n (1 .. 9) {
        IO::Socket::INET->new(
            LocalAddr => "127.0.0.$n",
            LocalPort => $port,
            Proto     => $proto,
            $proto eq 'tcp' ? (Listen => 1) : ()
        ) or return 0;
    }
    return 1;
}

# in_parallel(N, sub { my ($i) = @_; ...; return $result }): runs it in N processes at once, returns the results in
# order; one that died or took longer than a minute is { died => why }.
sub in_parallel {
    my ($n, $code) = @_;
    my @readers;
    for my $i (0 .. $n - 1) {
        pipe my $reader, my $writer or croak "pipe: $!";
        my $pid = fork;
        croak "fork: $!" if !defined $pid;
        if (!$pid) {
            local $SIG{ALRM} = sub { die "too slow\n" };
            alarm POSIX::ceil(scaled(60));
            my $result = eval { $code->($i) };
            $result = { died => $@ } if $@;
            print {$writer} Storable::freeze([$result]);
            close $writer;
            POSIX::_exit(0);
        }
        close $writer;
        push @readers, [$reader, $pid];
    }
    my @results;
    for (@readers) {
        my ($reader, $pid) = @{$_};
        my $frozen = do { local $/ = undef; readline $reader };
        waitpid $pid, 0;
        push @results, $frozen ? Storable::thaw($frozen)->[0] : { died => 'without a word' };
    }
    return @results;
}

# configtest(conf => TEXT, mpm => ...): runs httpd's check of a configuration with this text at its end, returns
# its exit status and what it says. Takes what add() takes.
sub configtest {
    my $farm   = Farm->new;
    my $server = $farm->add(@_);
    my @result = $server->configtest;
    $farm->remove;
    return @result;
}

my @farms;
my $main_pid = $$;

# The MPMs that every test of a server's work runs on.
sub mpms {
    return split ' ', $ENV{BACKHAND_TEST_MPMS} || 'event prefork worker';
}

# The MPMs of a test that takes long, without worker, which serves as event does and waits as prefork does. All MPMs
# with --long, or those that BACKHAND_TEST_MPMS names.
sub few_mpms {
    return $ENV{BACKHAND_TEST_LONG} || $ENV{BACKHAND_TEST_MPMS} ? mpms() : qw(event prefork);
}

# Options are the defaults of add().
sub new {
    my ($class, %defaults) = @_;
    my $port = free_port();
    my $self = bless {
        defaults  => { mpm => 'event', %defaults },
        port      => $port,
        udp       => $port,
        name      => "t$$-$port",
        root      => File::Temp::tempdir('backhand-XXXXXXXX', TMPDIR => 1),
        servers   => [],
        announced => [],
    }, $class;
    chmod 0755, $self->{root} or croak "chmod $self->{root}: $!";
    push @farms, $self;
    return $self;
}

sub port    { return $_[0]{port} }
sub udp     { return $_[0]{udp} }
sub name    { return $_[0]{name} }
sub servers { return @{ $_[0]{servers} } }

# A server; see Farm::Server for the options. Named a, b, c …, on 127.0.0.1, 127.0.0.2 … unless said otherwise.
sub add {
    my ($self, %options) = @_;
    my $n      = @{ $self->{servers} };
    my $server = Farm::Server->new(
        farm => $self,
        name => chr(ord('a') + $n),
        host => '127.0.0.' . ($n + 1),
        port => $self->{port},
        %{ $self->{defaults} },
        %options
    );
    push @{ $self->{servers} }, $server;
    return $server;
}

# Starts all servers that do not run and waits until they answer.
sub start {
    my ($self) = @_;
    my @idle = grep { !$_->{pid} } $self->servers;
    $_->spawn      for @idle;
    $_->wait_ready for @idle;
    return $self;
}

# Waits until each of the servers (default: all) has all of them in its table, alive and ready to work.
sub together {
    my ($self, @servers) = @_;
    @servers = $self->servers if !@servers;
    return wait_for {
        for my $viewer (@servers) {
            my $rows = $viewer->rows;
            for my $other (@servers) {
                my $row = $rows->{ $other->contact };
                return 0 if !$row || $row->{State} ne 'alive' || !$row->{'Workers-Ready'};
            }
        }
        1;
    };
}

# Lines that match are expected in the error logs of all servers.
sub announce_log {
    my ($self, @patterns) = @_;
    push @{ $self->{announced} }, @patterns;
    return;
}

my $hears_nobody = qr/backhand: .* \[(?:deaf|all-stale)\]\z/;

# The test stops servers, or keeps announcements from them: the others log that they hear nobody.
sub silences {
    my ($self) = @_;
    $self->announce_log($hears_nobody) if !$self->{silences}++;
    return;
}

# A machine that has much more work than processors, and so may keep a server from its next three announcements.
sub busy {
    chomp(my $processors = qx{getconf _NPROCESSORS_ONLN});
    open my $file, '<', '/proc/loadavg' or return 0;
    my ($load) = split q( ), readline $file;
    return $load > 2 * $processors;
}

# Stops everything, fails the test for unannounced log lines, and ends the test's plan.
sub done {
    my ($self) = @_;
    $self->check;
    Test::More::done_testing();
    return;
}

# @return those that did not stop in time
sub stop_all {
    my (@servers) = @_;
    $_->signal('TERM') for @servers;
    return grep { !$_->gone } @servers;
}

# As done(), without ending the plan, for a test that makes several farms.
sub check {
    my ($self) = @_;
    my @running = grep { $_->{pid} } $self->servers;
    # All at once, but for the search for leaks, which takes all processors.
    my @stuck = $ENV{BACKHAND_SANITIZED} ? (map { stop_all($_) } @running) : stop_all(@running);
    Test::More::is("@{[map { $_->{name} } @stuck]}", '', 'every server stops in time and leaves no process');
    my @unexpected = $self->said_unexpectedly;
    Test::More::is(scalar @unexpected, 0, 'the error logs hold only what was announced')
      or Test::More::diag(@unexpected > 50 ? (@unexpected[0 .. 49], '…') : @unexpected);
    $self->remove;
    return;
}

# Lines of the servers' logs that were not announced.
sub said_unexpectedly {
    my ($self) = @_;
    my @announced = @{ $self->{announced} };
    push @announced, $hears_nobody if busy();
    return map { $_->unexpected_log(@announced) } $self->servers;
}

# Ends all processes and removes all files.
sub remove {
    my ($self) = @_;
    $_->kill_all for $self->servers;
    if (!$ENV{BACKHAND_TEST_KEEP}) {
        remove_tree($self->{root});
    }
    elsif (!$self->{said}++) {
        Test::More::diag("kept: $self->{root}");
    }
    @farms = grep { $_ != $self } @farms;
    return;
}

END {
    if ($$ == $main_pid) {
        # A test that has died says what its servers said.
        Test::More::diag($_->said_unexpectedly) for $? ? @farms : ();
        local $?;
        # A copy: remove() takes each out of the list.
        my @left = @farms;
        $_->remove for @left;
    }
}

for my $signal (qw(INT TERM HUP)) {
    $SIG{$signal} = sub { exit 130 };
}

1;
