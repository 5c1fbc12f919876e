# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Process;

# A process that runs beside a test, and ends with the test or with this object. Base class of helpers with a process of
# their own.

use strict;
use warnings;

use Carp  qw(croak);
use POSIX ();

# Runs the code in a new process. The code gets $parent, and should end when its parent is another process.
sub begin {
    my ($self, $code) = @_;
    my $parent = $$;
    my $pid    = fork;
    croak "fork: $!" if !defined $pid;
    if (!$pid) {
        $SIG{TERM} = $SIG{INT} = 'DEFAULT';
        $SIG{PIPE} = 'IGNORE';
        my $done = eval { $code->($parent); 1 };
        warn $@ if !$done;
        POSIX::_exit(!$done);
    }
    $self->{pid} = $pid;
    return $self;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);
    $self->stop;
    return;
}

1;
