# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Figures;

# The list of figures, src/figures/figures.h, for tests.
#
#     my @all = figures();  # { name, key, least, most, ways => { RESPONSE => 1 }, label, scale, meaning, read_only }
#     print table();            # the table of docs/figures.md
#     my @names = names();      # as keys of a server's hash in Perl, its two strings among them

use strict;
use warnings;

use Exporter qw(import);
use Farm     qw(repo_dir);

our @EXPORT_OK = qw(figures names table);

my %numbers = (
    BACKHAND_TIME_MAX  => '4611686018427387903',
    BACKHAND_COUNT_MAX => '2147483647',
    BACKHAND_TOTAL_MAX => '1125899906842624',
    BACKHAND_BYTES_MAX => '9223372036854775807',
    INT64_MAX          => '9223372036854775807',
);

sub figures {
    open my $file, '<', repo_dir() . '/src/figures/figures.h' or die $!;
    local $/ = undef;
    my $text = readline $file;
    my @figures;
    $text =~ s/\\\n\s*//g;
    for my $list ($text =~ /^(#define BACKHAND_\w+_FIGURES\(FIGURE\).*)$/gm) {
        my $read_only = $list =~ /_MACHINE_/ ? 0 : 1;
        while ($list =~ /FIGURE\((\w+), "(\w*)", (\w+), (\w+), ([\w |]+), "([\w-]*)", (\d+), "([^"]*)"\)/g) {
            my %figure = (name => $1, key => $2, least => $3, most => $4, label => $6, scale => $7, meaning => $8);
            $figure{ways}      = { map { $_ => 1 } $5 =~ /BACKHAND_BY_(\w+)/g };
            $figure{most}      = $numbers{ $figure{most} } || $figure{most};
            $figure{read_only} = $read_only;
            push @figures, \%figure;
        }
    }
    die 'no list of figures' if @figures < 23 || @figures != (() = $text =~ /\bFIGURE\(\w+, "/g);
    return @figures;
}

sub names {
    my @names = (qw(hostname contact zone), map { $_->{name} } figures());
    return @names;
}

# Where a figure travels, and whether it may be missing there.
sub travels {
    my ($ways)  = @_;
    my $missing = join '', $ways->{ADDITION} ? ', may be missing' : '', $ways->{STAYING} ? ', is when it leaves' : '',
      $ways->{HEALTH} ? ' or is down' : '';
    return '-' if !%{$ways};
    return "announcement$missing"
      . ($ways->{RESPONSE} ? '; response' : $ways->{NEWER_RESPONSE} ? '; response, may be missing' : '');
}

sub table {
    my $table = "| figure | key | range | travels by | `?auto` | meaning |\n|---|---|---|---|---|---|\n";
    for my $f (figures()) {
        my $key     = $f->{key}   ? "`$f->{key}`" : '-';
        my $label   = $f->{label} ? "`-$f->{label}`" . ($f->{scale} > 1 ? ' / 1000' : '') : '-';
        my $meaning = $f->{meaning} . ($f->{read_only} ? '; read-only' : '');
        $table .=
          "| `$f->{name}` | $key | $f->{least} to $f->{most} | @{[travels($f->{ways})]} | $label | $meaning |\n";
    }
    return $table;
}

1;
