#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The manual page, the page of docs/ and the completion of backhandctl have its commands and options.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm qw(build_dir repo_dir);
use Test::More;

my $repo = repo_dir();

sub text_of {
    my ($name) = @_;
    open my $file, '<:encoding(UTF-8)', "$repo/$name" or die "$repo/$name: $!";
    local $/ = undef;
    return scalar readline $file;
}

my $help = qx{'@{[build_dir()]}/bin/backhandctl' --help};
my ($commands, $options) = $help =~ /^commands:\n(.*?)\n\noptions:\n(.*?)\n\n/ms;
my @commands = $commands =~ /^  (\w+)/gm;
my @options  = $options  =~ /(--[a-z]+)/g;
cmp_ok scalar @commands, '>=', 5, 'there are commands';
cmp_ok scalar @options,  '>=', 8, 'there are options';

my $page = text_of('docs/backhandctl.md');
my ($man, $completion) = (text_of('debian/backhandctl.8') =~ s/\\-/-/gr, text_of('debian/completions/backhandctl'));
for my $command (@commands) {
    like $page,       qr/^[|] `$command\b/m,              "docs/backhandctl.md has $command";
    like $man,        qr/^[.]B\w* "?$command\b/m,         '... and the manual page';
    like $completion, qr/^    commands='.*\b$command\b/m, '... and the completion';
}
for my $option (@options) {
    like $page,       qr/`(?:newsecret )?$option\b/,  "docs/backhandctl.md has $option" if $option !~ /help|version/;
    like $man,        qr/^[.]B\w* .*$option\b/m,      '... and the manual page';
    like $completion, qr/^    options='.*$option\b/m, '... and the completion';
}
for my $code ($help =~ /(?:codes:|;)\s+(\d+)\b/g) {
    like $page, qr/^[|] $code [|]/m, "docs/backhandctl.md has exit code $code";
    like $man,  qr/^[.]B $code\n/m,  '... and the manual page';
}

my $warnings = qx{LC_ALL=C man --warnings -E UTF-8 -l -Tutf8 -Z '$repo/debian/backhandctl.8' 2>&1 >/dev/null};
SKIP: {
    skip 'no man(1)', 2 if !grep { -x "$_/man" } split /:/, $ENV{PATH};
    is $?,        0,  'man shows the page';
    is $warnings, '', '... without a warning';
}

# Words that Tab offers after these.
sub offers {
    my (@words) = @_;
    my $line    = join ' ', map { "'$_'" } 'backhandctl', @words;
    my $script  = ". $repo/debian/completions/backhandctl; COMP_WORDS=($line); COMP_CWORD=@{[scalar @words]}; "
      . '_backhandctl; printf "%s\n" "${COMPREPLY[@]}"';
    open my $bash, '-|', 'bash', '-c', $script or die "bash: $!";
    my @offers = map { s/\n//r } readline $bash;
    close $bash or fail 'bash';
    my @sorted = sort @offers;
    return @sorted;
}
is_deeply [offers('d')],                      [sort grep { /\Ad/ } @commands], 'Tab completes commands';
is_deeply [offers('--h')],                    ['--help', '--httpd'],           '... and options';
is_deeply [offers('-d', "$repo/deb")],        ["$repo/debian"],                '... and folders';
is_deeply [offers('newsecret', "$repo/REA")], ["$repo/README.md"],             '... and files';
is_deeply [offers('status', 's')],            [''],                            '... and no second command';

done_testing;
