#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# ./run release refuses what is not ready, says each reason, and tags what is. The copy of the checkout that it is tried
# on has a ./run that passes at once: the tests themselves are not the subject.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm       qw(repo_dir);
use File::Temp ();
use Test::More;

my $repo   = repo_dir();
my $folder = File::Temp::tempdir('backhand-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
plan skip_all => 'git is not installed' if system('git --version >/dev/null 2>&1');

sub text_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    local $/ = undef;
    return scalar readline $file;
}

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', $path or die "$path: $!";
    print {$file} $text;
    close $file or die "$path: $!";
    return;
}

sub change {
    my ($name, $from, $to) = @_;
    my $text = text_of("$folder/$name");
    $text =~ s/$from/$to/ or die "$name does not say $from";
    write_file("$folder/$name", $text);
    return;
}

sub git {
    my ($command) = @_;
    my $said = qx{cd '$folder' && git -c user.name=A -c user.email=a\@example.com $command 2>&1};
    die "git $command: $said" if $?;
    return $said;
}

sub release {
    my ($version) = @_;
    my $said = qx{cd '$folder' && sh tools/release '$version' 2>&1};
    return ($? >> 8, $said);
}

@ENV{qw(GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL)} = ('A', 'a@example.com');
my @files = qw(meson.build CHANGES perl/lib/Apache/Backhand.pm perl/Changes debian/changelog tools/release);
push @files, map { s{\A\Q$repo\E/}{}r } glob "$repo/debian/*.1 $repo/docs/*.8";
for my $name (@files) {
    my $in = "$folder/$name" =~ s{/[^/]*\z}{}r;
    if (system('mkdir', '-p', $in) || system('cp', "$repo/$name", $in)) {
        die $name;
    }
}
write_file("$folder/run", "#!/bin/sh\necho \"\$@\" >>'$folder/called'\n");
chmod 0755, "$folder/run" or die $!;
write_file("$folder/.gitignore", "/build/\n/called\n");
my ($version) = text_of("$folder/meson.build") =~ /^  version: '([^']+)'/m;
git('init -q -b main .');
git('add -A');
git('commit -q -m first');

for my $wrong ('', '2', '2.0', '2.0.x', "2.0.0'", '2..0', '-1') {
    my ($code, $said) = release($wrong =~ s/'/'"'"'/gr);
    is $code, 1, "the version '$wrong' is refused";
}

my ($code, $said) = release('9.9.9');
is $code, 1, 'a version that the files do not have is refused';
like $said, qr/^release: \Q$_\E does not say 9[.]9[.]9/m, "$_ is named" for grep { $_ ne 'tools/release' } @files;
like $said, qr/RELEASE_OTHER/,                            'and so is the other Debian';
ok !-e "$folder/called", 'no test ran';

# As it is told in CONTRIBUTING.md.
my $old = quotemeta $version;
change('meson.build', qr/version: '$old'/, "version: '9.9.9'");
my $pm = text_of("$folder/perl/lib/Apache/Backhand.pm") =~ s/(VERSION\s+= )'$old'/$1'9.9.9'/r;
write_file("$folder/perl/lib/Apache/Backhand.pm", $pm);
change('perl/Changes',     qr/^$old/m,            '9.9.9');
change('CHANGES',          qr/^$old, .*$/m,       '9.9.9, 2026-01-02');
change('debian/changelog', qr/\($old-1\)/,        '(9.9.9-1)');
change($_,                 qr/mod_backhand $old/, 'mod_backhand 9.9.9') for grep { /[.]\d\z/ } @files;
$ENV{RELEASE_OTHER} = "echo other >>'$folder/called'";
($code, $said) = release('9.9.9');
is $code, 1, 'what is not committed is refused';
like $said, qr/not committed/, 'and that is said';
git('commit -q -a -m version');
($code, $said) = release('9.9.9');
is $code,                     0,                        'it is released' or diag $said;
is text_of("$folder/called"), "test\nother\npackage\n", 'tested on both, and packaged';
like git('tag -l'), qr/^9[.]9[.]9$/m, 'the tag is there';
like qx{tar -tzf '$folder/build/release/mod_backhand-9.9.9.tar.gz'}, qr{^mod_backhand-9[.]9[.]9/meson[.]build$}m,
  'the archive has the sources';
is system("cd '$folder/build/release' && sha256sum --quiet -c *.sha256"), 0, 'with its sum';
($code, $said) = release('9.9.9');
is $code, 1, 'the same once more is refused';
like $said, qr/tag 9[.]9[.]9 is there/, 'and that is said';

# A test that fails ends it.
change('meson.build', qr/9[.]9[.]9/, '9.9.8');
write_file("$folder/$_", text_of("$folder/$_") =~ s/9[.]9[.]9/9.9.8/gr) for grep { $_ ne 'meson.build' } @files;
git('commit -q -a -m next');
local $ENV{RELEASE_OTHER} = 'exit 1';
($code, $said) = release('9.9.8');
isnt $code, 0, 'a test that fails on the other Debian ends it';
unlike git('tag -l'), qr/9[.]9[.]8/, 'without a tag';
done_testing;
