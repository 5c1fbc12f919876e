#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The Perl distribution stands alone: `make dist` in a copy of perl/ makes a tarball, which outside of the checkout
# builds, passes its own tests and installs, against mod_backhand as it was installed in build/.
use strict;
use warnings;

use CPAN::Meta         ();
use Cwd                qw(getcwd);
use ExtUtils::Manifest ();
use File::Basename     qw(dirname);
use File::Copy         qw(copy);
use File::Path         qw(make_path);
use File::Temp         qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm qw(build_dir repo_dir);
use Test::More;

my $folder = tempdir('backhand-dist-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $folder;

# Runs a command in a folder; returns all that it says. The environment is that of a user who has just installed
# mod_backhand.
sub run {
    my ($where, @command) = @_;
    local %ENV = (%ENV, PKG_CONFIG_PATH => build_dir() . '/lib/pkgconfig', LC_ALL => 'C.UTF-8');
    delete local @ENV{
        qw(BACKHAND_BUILD_DIR PERL5LIB HARNESS_ACTIVE HARNESS_VERSION HARNESS_OPTIONS MAKEFLAGS CFLAGS LDFLAGS TMPDIR
          CMOCKA_MESSAGE_OUTPUT)
    };
    my $before = getcwd();
    chdir $where or die "$where: $!";
    my $said = qx{@command 2>&1 </dev/null};
    my $ok   = is $?, 0, "@command";
    diag $said if !$ok;
    chdir $before or die "$before: $!";
    return $said;
}

my $source = repo_dir() . '/perl';
my @listed = sort keys %{ ExtUtils::Manifest::maniread("$source/MANIFEST") };
for my $name (@listed) {
    make_path(dirname("$folder/copy/$name"));
    copy("$source/$name", "$folder/copy/$name") or die "$name: $!";
    chmod((stat "$source/$name")[2] & oct 777, "$folder/copy/$name");
}

# Nothing is missing in MANIFEST, and nothing too much.
{
    my $before = getcwd();
    chdir $source or die "$source: $!";
    local $ExtUtils::Manifest::Quiet = 1;
    is_deeply [ExtUtils::Manifest::manicheck()], [], 'MANIFEST lists what is there';
    is_deeply [ExtUtils::Manifest::filecheck()], [], 'and all that is there, or MANIFEST.SKIP names it';
    chdir $before or die "$before: $!";
}

run("$folder/copy", 'perl Makefile.PL');
run("$folder/copy", 'make dist');
my ($tarball) = glob "$folder/copy/Apache-Backhand-*.tar.gz";
ok defined $tarball, 'there is a tarball' or done_testing, exit;
run($folder, "tar -xzf $tarball");
my ($dist) = glob "$folder/Apache-Backhand-*";

my $version = (run(repo_dir(), 'cat meson.build') =~ /version: '([\d.]+)'/)[0];
for my $name (qw(META.json META.yml)) {
    my $meta = CPAN::Meta->load_file("$dist/$name");
    is $meta->name . ' ' . $meta->version, "Apache-Backhand v$version", "$name: in the version of mod_backhand";
    # The older form knows one word only.
    is join(' ', $meta->license), $name =~ /json/ ? 'perl_5 apache_2_0' : 'open_source', 'and its terms';
    is $meta->abstract,           'Bridge between mod_backhand and mod_perl',            'what it is';
}
for my $text ('LICENSE', 'README', 'lib/Apache/Backhand.pm') {
    open my $file, '<', "$dist/$text" or die "$text: $!";
    like do { local $/ = undef; readline $file }, qr/Perl itself.*Apache\s+License/s, "$text names the terms";
}

SKIP: {
    skip 'the build of the tarball takes half a minute: BACKHAND_TEST_LONG=1', 1 if !$ENV{BACKHAND_TEST_LONG};
    skip 'a build with sanitizers does not link with Perl\'s own flags',       1 if $ENV{BACKHAND_SANITIZED};
    my $said = run($dist, 'perl Makefile.PL');
    unlike $said, qr/warning|not found/i, 'without a warning';
    $said = run($dist, 'make');
    unlike $said, qr/warning/i, 'without a warning';
    $said = run($dist, 'make test');
    like $said,   qr/All tests successful/, 'all its tests pass';
    unlike $said, qr/skipped/,              'and are run' or diag $said;
    run($dist, "make install DESTDIR=$folder/root");
    my @installed = split /\n/, run($folder, "find $folder/root -type f");

    for my $installed (
        qr{/Apache/Backhand[.]pm\z}, qr{/auto/Apache/Backhand/Backhand[.]so\z},
        qr{/byPerl[.]so\z},          qr{/Apache::Backhand[.]3pm(?:[.]gz)?\z}
      )
    {
        is scalar(grep { /$installed/ } @installed), 1, "installed: $installed";
    }
    my ($module) = grep { m{/Apache/Backhand[.]pm\z} } @installed;
    my $inc = dirname(dirname($module));
    like run($folder, "perl -I$inc -MApache::Backhand", q{-e 'eval { Apache::Backhand->attach("/none") }; print $@'}),
      qr{\AApache::Backhand: there is no /none}, 'which works';
    like run($folder, "pod2text $module"), qr/^OUTSIDE HTTPD$/m, 'and has its manual';
}

SKIP: {
    skip 'the headers of mod_backhand are installed here', 2 if -f '/usr/include/apache2/mod_backhand_attached.h';
    my $before = getcwd();
    chdir $dist or die "$dist: $!";
    my $said = qx{PKG_CONFIG_LIBDIR=/nowhere perl Makefile.PL 2>&1 </dev/null};
    isnt $?, 0, 'no mod_backhand: no Makefile';
    like $said, qr/\Amod_backhand_attached[.]h is missing: install mod_backhand .*\n\z/, 'and one line that says why';
    chdir $before or die "$before: $!";
}

done_testing;
