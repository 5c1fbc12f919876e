# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Cost::Load;

# A closed loop of clients, by ab, and the processor time that servers take meanwhile.

use strict;
use warnings;

use Carp       qw(croak);
use Exporter   qw(import);
use List::Util qw(sum0);

our @EXPORT_OK = qw(ab cpu_of);

# Nanoseconds of processor time that the threads of a server have had. Threads that have ended are lost: the servers of
# the bench keep theirs.
sub cpu_of {
    my ($server) = @_;
    my @ns;
    for my $pid ($server->left) {
        for my $path (glob "/proc/$pid/task/*/schedstat") {
            open my $file, '<', $path or next;
            my $line = readline $file;
            close $file;
            push @ns, $line =~ /\A(\d+)/ ? $1 : 0;
        }
    }
    return sum0(@ns);
}

# ab(requests => for each URL, clients => for each URL, urls => […]): one ab a URL, all at once. Returns requests a
# second, of all together.
sub ab {
    my (%options) = @_;
    my @running = map {
        open my $said, '-|', 'ab', '-q', '-k', '-n', $options{requests}, '-c', $options{clients}, $_ or croak "ab: $!";
        $said
    } @{ $options{urls} };
    my $rate = 0;
    for my $said (@running) {
        my $text = do { local $/ = undef; readline $said };
        close $said or croak "ab: $text";
        # mod_proxy answers with an error when a server closes a connection that it takes from its pool.
        my ($failed) = $text =~ /^Failed requests:\s+(\d+)/m;
        my ($wrong)  = $text =~ /^Non-2xx responses:\s+(\d+)/m;
        croak "requests failed: $text"
          if ($failed || 0) > $options{requests} / 200 || ($wrong || 0) > $options{requests} / 200;
        $rate += $1 if $text =~ /^Requests per second:\s+([\d.]+)/m;
    }
    return $rate;
}

1;
