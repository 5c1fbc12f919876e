#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Without httpd: what attach() and check_backhand say when there is no table to attach.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use Built qw(libs top);
use POSIX ();
use Test::More;

BEGIN {
    plan skip_all => 'this perl has no sanitizers, which the module that it would load needs'
      if $ENV{BACKHAND_SANITIZED};
}

use lib libs();
use Apache::Backhand ();

my $folder = tempdir(CLEANUP => 1);
my $file   = "$folder/mod_backhand-table";

sub refused {
    my ($where) = @_;
    return eval { Apache::Backhand->attach($where); 1 } ? 'attached' : $@;
}

sub write_table {
    my ($bytes) = @_;
    open my $table, '>:raw', $file or die "$file: $!";
    print {$table} $bytes;
    close $table or die "$file: $!";
    return;
}

sub check {
    my $words = join ' ', map { "'-I$_'" } libs();
    my $line  = qx{'$^X' $words '@{[top()]}/eg/check_backhand' --folder '$folder' 2>&1 </dev/null};
    return ($? >> 8) . " $line";
}

like refused("$folder/none"), qr/\AApache::Backhand: there is no \S+: httpd does not run .* line \d+[.]\n\z/,
  'no folder';
like refused($folder), qr/\AApache::Backhand: there is no \Q$file\E: [^\n]+\n\z/, 'no table';
like refused("x\0y"),  qr/\AApache::Backhand: [^\n]+\n\z/,                        'an odd name';
like check(), qr/\A2 BACKHAND CRITICAL: there is no \Q$file\E: [^\n]+\n\z/, 'check_backhand: no table is critical';

my $magic = pack 'L2', 0x64746162, 0x626b686e;
my %table = (
    'an empty file'   => [q(),                                         'is no table of mod_backhand'],
    'a short one'     => [$magic,                                      'is no table of mod_backhand'],
    'another file'    => ['x' x 1_000_000,                             'is no table of mod_backhand'],
    'another release' => [$magic . pack('Q', 9999) . "\0" x 1_000_000, 'is of another release of mod_backhand'],
);
for my $name (sort keys %table) {
    my ($bytes, $says) = @{ $table{$name} };
    write_table($bytes);
    like refused($folder), qr/\AApache::Backhand: \Q$file $says\E[^\n]*\n\z/,   $name;
    like check(),          qr/\A3 BACKHAND UNKNOWN: \Q$file $says\E[^\n]*\n\z/, "check_backhand: $name is unknown";
}

# Root may read everything, so this is done as another user.
my $pid = fork // die "fork: $!";
if (!$pid) {
    chmod 0755, $folder;
    chmod 0,    $file;
    if ($> == 0) {
        POSIX::setgid(65_534);
        POSIX::setuid(65_534);
    }
    POSIX::_exit(refused($folder) =~ /\AApache::Backhand: no permission to open \Q$file\E: [^\n]+\n\z/ ? 0 : 1);
}
waitpid $pid, 0;
is $?, 0, 'no permission';

my @orders = (['drain'], ['undrain'], ['maintenance'], ['forget', 1], ['weight', 1, 50]);
for my $call (['load_serverstats'], ['load_personal_arriba'], ['MAXSERVERS'], @orders) {
    my ($function, @words) = @{$call};
    my $code = Apache::Backhand->can($function);
    is eval { $code->(@words); 1 }, undef, "$function outside httpd";
    like $@, qr/\AApache::Backhand: this works only inside httpd, [^\n]+\n\z/, 'says why not';
}

done_testing;
