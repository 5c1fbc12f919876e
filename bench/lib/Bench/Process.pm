# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Process;

# A process of the bench, in a process group of its own. Processes that still run when the bench ends, end with it.

use strict;
use warnings;

use Carp  qw(croak);
use POSIX ();

use Farm::Wait qw(wait_for);

my %running;
my $main_pid = $$;

# new(output => FILE, command => [PROGRAM, ARGUMENT…]) or new(output => FILE, code => sub {…}): starts it; what it says
# is added to FILE.
sub new {
    my ($class, %options) = @_;
    my $pid = fork;
    croak "fork: $!" if !defined $pid;
    if (!$pid) {
        setpgrp 0, 0;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);    ## no critic (RequireLocalizedPunctuationVars)
        open STDIN,  '<',   '/dev/null'      or POSIX::_exit(2);
        open STDOUT, '>>',  $options{output} or POSIX::_exit(2);
        open STDERR, '>>&', \*STDOUT         or POSIX::_exit(2);
        if ($options{code}) {
            eval { $options{code}->(); 1 } or print {*STDERR} $@;
            POSIX::_exit(0);
        }
        exec { $options{command}[0] } @{ $options{command} } or POSIX::_exit(127);
    }
    my $self = bless { pid => $pid, output => $options{output} }, $class;
    $running{$pid} = $self;
    return $self;
}

sub said {
    my ($self) = @_;
    open my $file, '<', $self->{output} or return '';
    local $/ = undef;
    my $text = readline $file;
    close $file;
    return defined $text ? $text : '';
}

# True once it has ended.
sub ended {
    my ($self) = @_;
    return 1 if !$running{ $self->{pid} };
    return 0 if waitpid($self->{pid}, POSIX::WNOHANG()) == 0;
    delete $running{ $self->{pid} };
    return 1;
}

# Ends it and what it started, gently for some seconds.
sub stop {
    my ($self) = @_;
    return if $self->ended;
    kill 'TERM', $self->{pid};
    my $gently = wait_for { $self->ended } 3;
    kill 'KILL', -$self->{pid};
    wait_for { $self->ended } 3 if !$gently;
    return;
}

END {
    if ($$ == $main_pid) {
        local $?;
        $_->stop for values %running;
    }
}

1;
