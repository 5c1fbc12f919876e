#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The rooms of src/, and perl/ as one more, stand in layers: none includes one that includes it, directly or by way of
# others. Nor does a file. Only act/proxy knows the insides and the habits of mod_proxy and mod_ssl.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm           qw(repo_dir);
use File::Basename qw(dirname);
use File::Find     qw(find);
use Test::More;

sub text_of {
    my ($name) = @_;
    open my $file, '<', $name or die "$name: $!";
    local $/ = undef;
    return scalar readline $file;
}

my $repo = repo_dir();
my %text;
find(
    {
        no_chdir => 1,
        wanted   => sub {
            $text{s{\A\Q$repo\E/src/}{}r} = text_of($_) if /[.][ch]\z/;
        }
    },
    "$repo/src"
);
for my $name (text_of("$repo/perl/MANIFEST") =~ m{^([^/\n]+[.][ch])$}mg) {
    $text{"perl/$name"} = text_of("$repo/perl/$name");
}
cmp_ok scalar keys %text, '>', 100, 'there are files';

# By its way from src/, or the name of a neighbour.
my %includes = map {
    my $file  = $_;
    my @names = $text{$file} =~ /^\s*#\s*include\s+"([^"]+)"/mg;
    ($file => [grep { $text{$_} } map { ($_, dirname($file) . "/$_") } @names])
} keys %text;

# The graph's nodes that can reach themselves, each with the way: "a -> b -> a".
sub circles {
    my ($to) = @_;
    my @found;
    for my $start (sort keys %{$to}) {
        my %way  = ($start => $start);
        my @next = ($start);
        while (defined(my $node = shift @next)) {
            for my $other (sort keys %{ $to->{$node} }) {
                return "$way{$node} -> $start" if $other eq $start;
                next                           if $way{$other};
                $way{$other} = "$way{$node} -> $other";
                push @next, $other;
            }
        }
    }
    return;
}

sub graph {
    my ($name_of) = @_;
    my %to;
    for my $file (keys %includes) {
        my $from = $name_of->($file);
        for my $other (map { $name_of->($_) } @{ $includes{$file} }) {
            $to{$from}{$other} = 1 if $from ne $other;
        }
    }
    return \%to;
}

is_deeply [circles({ a => { b => 1 }, b => { c => 1 }, c => { b => 1 } })], ['b -> c -> b'], 'a circle is found';
is_deeply [circles({ a => { b => 1, c => 1 }, b => { c => 1 } })], [], 'and none where there is none';

my $rooms = graph(sub { dirname($_[0]) });
cmp_ok scalar keys %{$rooms}, '>', 10, 'there are rooms';
is_deeply [circles($rooms)], [], 'no room includes one that includes it';

# A .c file and its header are one file, and none includes one that includes it.
my $files = graph(sub { $_[0] =~ s/[.][ch]\z//r });
cmp_ok scalar(grep { m{\Aperl/} } keys %{$files}), '>', 5, 'Perl\'s bridge is looked at too';
is_deeply [circles($files)], [], 'no file includes one that includes it';

# Comments may speak of them, log lines and checks of directives too; code may not.
my $knowledge = qr{
    include\s*[<"]mod_(?:proxy|ssl)\w*[.]h    # structs
    | \b(?:ap_)?proxy_(?:worker|conn|server|dir|balancer|run|hook|define|initialize)\w*
    | ["](?:mod_proxy\w*|mod_ssl)[.]c["]      # loaded modules
    | ["]proxy-[\w-]+["]                      # notes and environment
    | ["]SSL_\w+["] | \bssl_(?:is_https|var_lookup|engine\w+)\b
}x;
my @offenders;
for my $file (sort grep { !m{\Aact/proxy/} } keys %text) {
    my $code = $text{$file} =~ s{/[*].*?[*]/}{}gsr;
    push @offenders, map { "$file: $_" } grep { !/backhand_/ } $code =~ /($knowledge)/g;
}
is_deeply \@offenders, [], 'only act/proxy knows mod_proxy and mod_ssl';
like $text{'act/proxy/settings.h'}, $knowledge, 'which would be seen elsewhere';

done_testing;
