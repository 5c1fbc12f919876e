#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The manual can be made from the documents: its pages are whole, its links lead somewhere, its anchors are those that
# the documents go by, and man and mandb read the manual pages without a complaint.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm           qw(repo_dir);
use File::Basename qw(basename);
use File::Temp     ();
use Test::More;

my $repo = repo_dir();
my $out  = File::Temp::tempdir('backhand-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

sub text_of {
    my ($path) = @_;
    open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
    local $/ = undef;
    return scalar readline $file;
}

my $said = qx{perl '$repo/tools/manual' '$out' 2>&1};
is $?, 0, 'the manual is made' or BAIL_OUT($said);

my %pages     = map { basename($_) => text_of($_) } glob "$out/html/*.html";
my @documents = glob "$repo/docs/*.md";
cmp_ok scalar keys %pages, '>=', 3 + @documents, 'every document has its page';
my %anchors;
for my $page (sort keys %pages) {
    $anchors{$page}{$_}++ for $pages{$page} =~ /\bid="([^"]*)"/g;
    is_deeply [grep { $anchors{$page}{$_} > 1 } sort keys %{ $anchors{$page} }], [], "$page: no anchor stands twice";
}
for my $page (sort keys %pages) {
    my @dead;
    for my $link ($pages{$page} =~ /\b(?:href|src)="([^"]*)"/g) {
        next if $link =~ /\A(?:https?|mailto):/;
        my ($name, $anchor) = $link =~ /\A([^#]*)(?:#(.*))?\z/;
        $name = $page if $name eq '';
        push @dead, $link if !-f "$out/html/$name" || (defined $anchor && !$anchors{$name}{$anchor});
    }
    is_deeply \@dead, [], "$page: links lead somewhere";
    my ($main) = $pages{$page} =~ m{<main>\n(.*)</main>}s;
    ok defined $main && length $main > 200, "$page: has a text";
}
ok $anchors{'announce.html'}{acceptstats}, 'a directive can be linked to';
like $pages{'index.html'}, qr/for Apache httpd|mod_backhand for httpd/, 'words with underscores are no emphasis';

# Manual pages. One whose source is wrong in the middle of a table or of code would lose lines in silence.
my @manuals = glob "$out/man/*.7";
is scalar @manuals, 1 + @documents, 'every document has its manual page';
{
    local $ENV{LC_ALL}   = 'C.UTF-8';
    local $ENV{MANWIDTH} = 100;
    for my $file (@manuals) {
        my $wrong = qx{man --warnings -l '$file' 2>&1 >/dev/null};
        is $wrong, '', basename($file) . ': man has nothing to say';
    }
    my $shown = qx{man -l '$out/man/mod_backhand.7' 2>/dev/null | col -bx};
    utf8::decode($shown);
    like $shown,   qr/^\s+\Q.\E\/run build\b/m, 'lines of code that begin with a dot are there';
    unlike $shown, qr/\|---|\]\(/,              'no table, link or the like is left as it was';
    like qx{lexgrog '$out/man/backhand-directives.7'}, qr/backhand-directives - Directives/, 'apropos can find it';
}

isnt system("perl '$repo/tools/manual' 2>/dev/null"), 0, 'without a folder it is refused';
done_testing;
