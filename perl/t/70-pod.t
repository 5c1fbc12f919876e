#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# The manuals are well-formed and complete. What Pod::Coverage cannot load, as it needs httpd, is searched for subs.
use strict;
use warnings;

use File::Find qw(find);
use FindBin;
use lib "$FindBin::Bin/lib";
use Built qw(libs top);
use Pod::Checker;
use Test::More;

BEGIN {
    plan skip_all => 'this perl has no sanitizers, which the module that it would load needs'
      if $ENV{BACKHAND_SANITIZED};
}

use lib libs();

sub text_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    local $/ = undef;
    return scalar readline $file;
}

my $top = top();
unshift @INC, "$top/eg/lib";
my @manuals;
find({ no_chdir => 1, wanted => sub { push @manuals, $_ if /[.]pm\z/ || m{/check_\w+\z} } }, "$top/lib", "$top/eg");
cmp_ok scalar @manuals, '>', 8, 'there are manuals';

for my $path (sort @manuals) {
    my $name    = $path =~ s{\A\Q$top\E/}{}r;
    my $checker = Pod::Checker->new(-warnings => 1, -quiet => 1);
    my $said    = q();
    open my $to, '>', \$said or die $!;
    $checker->parse_from_file($path, $to);
    is $checker->num_errors + $checker->num_warnings, 0, "$name is well-formed" or diag $said;
    my $text = text_of($path);
    like $text, qr/^=head1 $_$/m, "$name has $_" for qw(NAME SYNOPSIS DESCRIPTION LICENSE);
    like $text, qr/terms of Perl itself,? or (?:of )?the Apache\sLicense/, "$name says its terms";
}

my %modules = map { s{\A.*/lib/}{}r =~ s{/}{::}gr =~ s/[.]pm\z//r => $_ } grep { /[.]pm\z/ } @manuals;
for my $module (sort keys %modules) {
    my ($code, $pod) = text_of($modules{$module}) =~ /\A(.*?)^__END__$(.*)/ms;
    my @naked = grep { $pod !~ /^=(?:item|head2) \Q$_\E\b/m } $code =~ /^sub (\w+)/mg;
    is "@naked", q(), "$module describes its functions";
}

# XS defines it, and no file of its own.
require Apache::Backhand;
local $INC{'Apache/Backhand/Attached.pm'} = $modules{'Apache::Backhand'};

SKIP: {
    skip 'Pod::Coverage is not installed', 1 if !eval { require Pod::Coverage };
    for my $module ('Apache::Backhand::Attached', sort keys %modules) {
        # It needs mod_perl.
        next if $module eq 'Farm::Status';
        my $covered = Pod::Coverage->new(
            package  => $module,
            pod_from => $modules{$module} // $modules{'Apache::Backhand'}
        );
        my $share = $covered->coverage;
        is $share, 1, "$module: Pod::Coverage" or diag $covered->why_unrated // join ' ', $covered->naked;
    }
}

SKIP: {
    skip 'Perl::Critic is not installed', 1 if !eval { require Perl::Critic };
    my $critic = Perl::Critic->new(-severity => 'gentle', -profile => q());
    for my $path (sort @manuals) {
        my @faults = $critic->critique($path);
        is "@faults", q(), "Perl::Critic, gentle: $path";
    }
}

done_testing;
