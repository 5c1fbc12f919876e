# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Quota;

# A control group that limits the processor time of a server's processes, on version 1 and 2 of the kernel's interface.
# It is removed when the bench ends.

use strict;
use warnings;

use Carp qw(croak);

use Farm::Wait qw(wait_for);

# Short, so that who has used up its share waits some milliseconds and not a tenth of a second.
my $period = 20_000;

my @groups;
my $main_pid = $$;

sub quota_v1 {
    my ($share) = @_;
    return (['cpu.cfs_period_us', $period], ['cpu.cfs_quota_us', int $share * $period]);
}

sub quota_v2 {
    my ($share) = @_;
    return ['cpu.max', int($share * $period) . " $period"];
}

# Where groups can be made, and what is written there for a share: [folder, sub that returns pairs of file and text].
# Undef: nowhere.
sub interface {
    for my $of (['/sys/fs/cgroup/cpu', \&quota_v1], ['/sys/fs/cgroup', \&quota_v2]) {
        my ($folder, $quota) = @{$of};
        my $probe = "$folder/backhand-bench-$$";
        next if !-w $folder || !mkdir $probe;
        my ($first) = $quota->(1);
        my $can = -w "$probe/$first->[0]";
        rmdir $probe;
        return $of if $can;
    }
    return;
}

sub is_possible { return !!interface() }

sub write_to {
    my ($path, $text) = @_;
    open my $file, '>', $path or croak "$path: $!";
    print {$file} $text;
    close $file or croak "$path: $!";
    return;
}

# new(name, share): of one core's time.
sub new {
    my ($class, $name, $share) = @_;
    my ($folder, $quota) = @{ interface() || croak 'no control group can be made' };
    my $self = bless { folder => "$folder/backhand-bench-$$-$name" }, $class;
    mkdir $self->{folder} or croak "$self->{folder}: $!";
    push @groups, $self;
    write_to("$self->{folder}/$_->[0]", $_->[1]) for $quota->($share);
    return $self;
}

# The words before a command that shall run in it.
sub within {
    my ($self) = @_;
    return ('/bin/sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', $self->{folder});
}

END {
    if ($$ == $main_pid) {
        local ($?, $!);
        # The servers may still run, or be gone.
        for my $group (@groups) {
            open my $left, '<', "$group->{folder}/cgroup.procs" or next;
            my @pids = readline $left;
            close $left;
            kill 'KILL', @pids if @pids;
            wait_for { rmdir $group->{folder} } 5;
        }
    }
}

1;
