# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Built;

# Finds what a test of the distribution is about: in blib/ while the distribution is built, in build/ of a checkout of
# mod_backhand, or as installed.

use strict;
use warnings;

use Cwd      qw(abs_path);
use Exporter qw(import);
use FindBin  ();

our @EXPORT_OK = qw(first_line libs object top);

# The folder with lib/ and eg/.
sub top { return abs_path("$FindBin::Bin/..") }

sub build_dir { return $ENV{BACKHAND_BUILD_DIR} || top() . '/../build' }

# Folders for perl's -I.
sub libs {
    my ($blib, $built) = (top() . '/blib', build_dir() . '/perl5');
    return -d "$blib/arch/auto/Apache/Backhand" ? ("$blib/lib", "$blib/arch") : -d $built ? $built : ();
}

# The path of byPerl.so or mod_backhand.so; undef: it is not there.
sub object {
    my ($name)  = @_;
    my @folders = grep { defined } top(), build_dir() . '/modules',
      first_line('pkg-config --variable=moduledir mod_backhand'), first_line('apxs -q LIBEXECDIR');
    my ($found) = grep { -f } map { "$_/$name" } @folders;
    return $found;
}

# Of what a command prints; undef: it failed.
sub first_line {
    my ($command) = @_;
    my $line = qx{$command 2>/dev/null};
    return if $? != 0 || $line !~ /\S/;
    return (split /\n/, $line)[0];
}

1;
