# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Scale;

# One real httpd that hears many announcers, and what that costs it.
#
#     my $scale = Bench::Scale->new(servers => 1000, signed => 1);
#     my $cost  = $scale->cost(10);     # of hearing them for 10 s
#     my @pages = $scale->pages(5);     # of showing them
#     my $lost  = $scale->finish;
#
# servers   announcers, at 4 announcements a second each
# signed    1: with a secret
# nats      address of a NATS server: they come by it, else by multicast on the loopback interface

use strict;
use warnings;

use Carp        qw(croak);
use JSON::PP    ();
use List::Util  qw(max sum0);
use Time::HiRes qw(sleep time);

use Farm qw(build_dir wait_for);

our $RATE = 4;

sub new {
    my ($class, %options) = @_;
    my $self = bless {%options}, $class;
    my $farm = $self->{farm} = Farm->new(workers => 8, children => 1, announce => !$self->{nats});
    my $name = $farm->name;
    my $host = '127.0.0.1:' . $farm->port;
    my $by =
      $self->{nats}
      ? "BackhandFarm $name\nBackhandInterval 250ms\nBackhandContact http://$host\n"
      . "BackhandTransport nats://$self->{nats}\n"
      : q();
    $self->{server} = $farm->add(conf => "AcceptStats 127.0.0.0/8\nBackhandMaxServers 4096\n$by"
          . ($self->{signed} ? "BackhandSecretFile secret\n" : q()));
    if ($self->{signed}) {
        $self->{secret} = $self->{server}->write_file('secret', '0123456789abcdef' x 4 . "\n");
        chmod 0600, $self->{secret} or croak "chmod: $!";
    }
    $farm->start;
    $self->{moderator} = wait_for { $self->moderator } 10 or croak 'there is no moderator';
    $self->wait_measured;
    $self->announce;
    return $self;
}

# The child of httpd that hears announcements.
sub moderator {
    my ($self)  = @_;
    my $port    = sprintf ':%04X', $self->{farm}->udp;
    my %sockets = map { 'socket:[' . (split)[9] . ']' => 1 } grep { (split)[1] =~ /$port\z/ } lines('/proc/net/udp');
    my ($found) = grep {
        my $pid = $_;
        $self->{nats} ? $self->is_connected($pid) : grep { $sockets{ readlink $_ || q() } } glob "/proc/$pid/fd/*"
    } $self->{server}->children;
    return $found;
}

# By NATS it has no UDP port, but a connection to the NATS server.
sub is_connected {
    my ($self, $pid) = @_;
    my ($port) = map { sprintf ':%04X', $_ } $self->{nats} =~ /:(\d+)\z/;
    my %connections =
      map { 'socket:[' . (split)[9] . ']' => 1 } grep { (split)[2] =~ /$port\z/ } lines('/proc/net/tcp');
    return grep { $connections{ readlink $_ || q() } } glob "/proc/$pid/fd/*";
}

sub lines {
    my ($path) = @_;
    open my $file, '<', $path or return;
    my @lines = readline $file;
    close $file;
    return @lines;
}

sub announce {
    my ($self)  = @_;
    my $farm    = $self->{farm};
    my @command = (
        build_dir() . '/meson/bench/announcers',
        '--servers'  => $self->{servers},
        '--seconds'  => 3600,
        '--interval' => 1000 / $RATE,
        '--farm'     => $farm->name,
        $self->{nats}
        ? ('--to' => $self->{nats}, '--nats' => $self->subject)
        : ('--to' => '239.255.0.1:' . $farm->udp),
        $self->{signed} ? ('--secret' => $self->{secret}) : ()
    );
    $self->{pid} = open $self->{said}, q(-|), @command or croak "$command[0]: $!";
    my $deadline = time + 60;
    while ($self->{server}->status->{Servers} <= $self->{servers}) {
        croak "the server does not see all $self->{servers} announcers" if time > $deadline;
        sleep 0.5;
    }
    return;
}

sub subject {
    my ($self) = @_;
    return 'backhand.' . $self->{farm}->name . '.all';
}

# Nanoseconds of processor time so far, of all its threads.
sub used {
    my ($pid) = @_;
    my @threads = map { lines($_) } glob "/proc/$pid/task/*/schedstat" or croak "process $pid has ended";
    return sum0(map { (split)[0] } @threads);
}

# The moderator measures the machine's speed first.
sub wait_measured {
    my ($self) = @_;
    return wait_for { $self->{server}->status->{'Server-0-Arriba'} > 0 } 30;
}

# Announcements that the table has counted, and those dropped, by whatever reason.
sub counted {
    my ($self) = @_;
    my $status = $self->{server}->status;
    return ($status->{Accepted}, sum0(map { $status->{$_} } grep { /\ADropped-/ } keys %{$status}));
}

# The greatest age of a server, in seconds.
sub oldest {
    my ($self) = @_;
    my $json = JSON::PP::decode_json($self->{server}->get('/backhand?json')->body);
    return max(map { $_->{age} } grep { $_->{id} != 0 } @{ $json->{servers} });
}

sub kilobytes {
    my ($self, $key) = @_;
    my ($kb) = map { /\A$key:\s+(\d+)/ ? $1 : () } lines("/proc/$self->{moderator}/status");
    return $kb;
}

# KiB of the segment: the largest memory that it shares.
sub table {
    my ($self) = @_;
    no warnings 'portable';    ## no critic (ProhibitNoWarnings)
    return max(map { /\A([0-9a-f]+)-([0-9a-f]+) rw-s/ ? (hex($2) - hex $1) / 1024 : () }
          lines("/proc/$self->{moderator}/maps"));
}

# share: of a core, for the moderator; rate: announcements a second that it took in; oldest: s, the greatest of five
# looks; own: KiB of the moderator's own memory; table:
# KiB of the segment.
sub cost {
    my ($self, $seconds) = @_;
    my ($accepted) = $self->counted;
    my ($ns, $began) = (used($self->{moderator}), time);
    sleep $seconds;
    my $share   = (used($self->{moderator}) - $ns) / 1e9 / (time - $began);
    my ($later) = $self->counted;
    my $rate    = ($later - $accepted) / (time - $began);
    return {
        share  => $share,
        rate   => $rate,
        oldest => max(map { sleep 0.1; $self->oldest } 1 .. 5),
        own    => $self->kilobytes('RssAnon'),
        table  => $self->table,
    };
}

# Bytes and ms of each form of the page, a median of so many.
sub pages {
    my ($self, $times) = @_;
    return map {
        my $query = $_;
        my (@ms, $bytes);
        for (1 .. $times) {
            my $began = time;
            $bytes = length $self->{server}->get("/backhand$query")->body;
            push @ms, 1000 * (time - $began);
        }
        @ms = sort { $a <=> $b } @ms;
        { query => $query, bytes => $bytes, ms => $ms[$#ms / 2] };
    } q(), '?json', '?metrics';
}

# Ends it. sent, lost: announcements of the whole time; late: ms, by how much the announcers were late at most.
sub finish {
    my ($self) = @_;
    kill 'TERM', $self->{pid};
    my %said = (readline($self->{said}) // q()) =~ /(\w+)=(\d+)/g;
    waitpid $self->{pid}, 0;
    my ($dropped, $accepted);
    wait_for { ($accepted, $dropped) = $self->counted; $accepted + $dropped >= $said{sent} } 2;
    $_->stop for $self->{farm}->servers;
    $self->{farm}->remove;
    return {
        sent    => $said{sent},
        lost    => $said{sent} - $accepted - $dropped,
        dropped => $dropped,
        late    => $said{late_ms},
        bytes   => $said{bytes}
    };
}

1;
