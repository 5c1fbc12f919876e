# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Process;

# A process of a test that runs beside it, and ends with it or with the object: base class of what acts in one.

use strict;
use warnings;

use Carp  qw(croak);
use POSIX ();

# Runs the code in a new process. It should end when its parent is another process than $parent, its argument.
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
