# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Sim;

# Runs bhsim on scenarios and reads what it prints.

use strict;
use warnings;

use Exporter   qw(import);
use File::Temp ();
use FindBin    ();
use lib "$FindBin::Bin/../farm/lib";

use Farm qw(build_dir repo_dir scaled);

our @EXPORT_OK = qw(bhsim outcome folder examples write_file);

my $folder = File::Temp::tempdir(CLEANUP => 1);

# Where scenarios of a test stand.
sub folder {
    return $folder;
}

sub examples {
    my @files = sort glob repo_dir() . '/examples/bhsim/*.scenario';
    return @files;
}

sub write_file {
    my ($name, $text) = @_;
    open my $file, '>', "$folder/$name" or die "$folder/$name: $!";
    print {$file} $text or die "$folder/$name: $!";
    close $file         or die "$folder/$name: $!";
    return "$folder/$name";
}

sub content {
    my ($file) = @_;
    open my $handle, '<', $file or die "$file: $!";
    local $/ = undef;
    return scalar readline $handle;
}

# bhsim(arguments...): what it wrote to its output and its errors, and its status.
sub bhsim {
    my @arguments = @_;
    my $command   = build_dir() . '/bin/bhsim';
    my $pid       = fork // die "fork: $!";
    if (!$pid) {
        open STDIN,  '<', '/dev/null'    or die "/dev/null: $!";
        open STDOUT, '>', "$folder/.out" or die "$folder/.out: $!";
        open STDERR, '>', "$folder/.err" or die "$folder/.err: $!";
        exec 'timeout', scaled(120), $command, @arguments or die "$command: $!";
    }
    waitpid $pid, 0;
    return (content("$folder/.out"), content("$folder/.err"), $? >> 8);
}

sub seconds {
    my ($number, $unit) = @_;
    return $unit eq 'ms' ? $number / 1000 : $number;
}

# The rows of all cases, as [{policy => {mean => seconds, ...}}, ...].
sub read_tables {
    my ($text) = @_;
    my (@cases, $in_shares);
    my $time = qr/([\d.]+) (ms|s)/;
    for (split /\n/, $text) {
        if (/^\d+ dispatchers?, figures/) {
            push @cases, {};
            $in_shares = 0;
        }
        elsif (/^(\S.*?) +$time +$time +$time +$time +([\d.]+)% +([\d.]+) +(\d+) +(\d+)$/) {
            $cases[-1]{$1} = {
                mean   => seconds($2, $3),
                p50    => seconds($4, $5),
                p99    => seconds($6, $7),
                again  => $10,
                peak   => $11,
                failed => $12,
                errors => $13,
            };
        }
        elsif (/^share of the requests a server/) {
            $in_shares = 1;
        }
        elsif ($in_shares && /^(\S.*?) +((?:[\d.]+-[\d.]+%\s*)+)$/ && $cases[-1]{$1}) {
            my $row = $cases[-1]{$1};
            $row->{shares} = [map { [/([\d.]+)-([\d.]+)%/] } split q{ }, $2];
        }
    }
    return \@cases;
}

# outcome(scenario's text, arguments...): the tables, each policy in each case.
sub outcome {
    my ($text, @arguments) = @_;
    my ($out, $errors, $status) = bhsim(write_file('test.scenario', $text), @arguments);
    die "bhsim ended with $status: $errors" if $status != 0 || $errors ne '';
    return read_tables($out);
}

1;
