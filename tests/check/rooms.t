#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The rooms of src/ stand in layers: none includes one that includes it, directly or by way of others. Only act/proxy
# knows the insides and the habits of mod_proxy and mod_ssl.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm qw(repo_dir);
use File::Basename qw(dirname);
use File::Find qw(find);
use Test::More;

my $src = repo_dir() . '/src';
my %text;
find(
    {
        no_chdir => 1,
        wanted   => sub {
            return if !/[.][ch]\z/;
            open my $file, '<', $_ or die "$_: $!";
            local $/ = undef;
            $text{ s{\A\Q$src\E/}{}r } = readline $file;
        }
    },
    $src
);
cmp_ok scalar keys %text, '>', 100, 'there are files';

my %includes = map {
    my $file = $_;
    ($file => [grep { $text{$_} } $text{$file} =~ /^\s*#\s*include\s+"([^"]+)"/mg])
} keys %text;

# The graph's nodes that can reach themselves, each with the way: "a -> b -> a".
sub circles {
    my ($to) = @_;
    my @found;
    for my $start (sort keys %{$to}) {
        my %way = ($start => $start);
        my @next = ($start);
        while (defined(my $node = shift @next)) {
            for my $other (sort keys %{ $to->{$node} }) {
                return "$way{$node} -> $start" if $other eq $start;
                next if $way{$other};
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

# Within a room a .c file and its header are one file, and none includes one that includes it. The table, the walk and
# the simulator's world are each one thing in several files, whose headers share a type.
my %one_thing = map { $_ => 1 } qw(table walk sim);
my %one_pair  = map { $_ => 1 } ('candidacy/builtins candidacy/chain', 'config/config config/directive');
my $files     = graph(sub { $_[0] =~ s/[.][ch]\z//r });
for my $from (keys %{$files}) {
    for my $to (keys %{ $files->{$from} }) {
        my $both = join q( ), sort $from, $to;
        my $same = $one_thing{ dirname($from) } && dirname($from) eq dirname($to);
        delete $files->{$from}{$to} if $same || $one_pair{$both};
    }
}
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
