#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The documentation names what the code has, and what it links to is there.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../farm/lib";
use Farm           qw(repo_dir);
use Farm::Figures  qw(figures table);
use File::Basename qw(dirname);
use Test::More;

my $repo = repo_dir();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

sub text_of {
    my ($name) = @_;
    open my $file, '<:encoding(UTF-8)', "$repo/$name" or die "$repo/$name: $!";
    local $/ = undef;
    return scalar readline $file;
}

# As the places that show Markdown make them.
sub anchor {
    my ($heading) = @_;
    my $anchor = lc $heading;
    $anchor =~ s/[^\w\- ]//g;
    $anchor =~ tr/ /-/;
    return $anchor;
}

sub anchors {
    my ($name) = @_;
    return { map { anchor($_) => 1 } text_of($name) =~ /^#+[ ]+(.+?)[ ]*$/gm };
}

my @pages = map { s{\A\Q$repo\E/}{}r } glob "$repo/*.md $repo/docs/*.md $repo/tests/*.md";
cmp_ok scalar @pages, '>', 5, 'there are pages';

# Lines of text; tables, examples and pictures have their own width.
for my $page (@pages, 'CHANGES') {
    my $text = text_of($page) =~ s/^```.*?^```//gmsr;
    my @wide = grep { length > 120 && !/\A(?:\||!\[)/ } split /\n/, $text;
    is_deeply \@wide, [], "$page: no line of text is wider than 120 columns";
}

# The kinds of lines in the table of directives.
my $kind = qr/\b(?:FLAG|NUMBER|SHARE|TIME|TEXT|PATH|LIST)/;

# Every directive, and no other, has a section in the page of its group, in httpd's form, and a row in the list of all.
my %directives;
for my $file (map { s{\A\Q$repo\E/}{}r } glob "$repo/src/*.c $repo/src/config/*.c") {
    $directives{$_} = 1 for text_of($file) =~ /\b(?:AP_INIT_\w+\(|LINE\(\w+,|$kind\()\s*"(\w+)"/g;
}
my (%sections, %section_text);
for my $page (qw(know announce decide handoff steer nats)) {
    my (undef, @parts) = split /^## (\w+)\n/m, text_of("docs/$page.md");
    while (my ($name, $text) = splice @parts, 0, 2) {
        $sections{$name}     = $page;
        $section_text{$name} = $text;
        like $text,
          qr/\A\n- \*\*Syntax:\*\* `$name .*(?:\n  .*)*\n- \*\*Default:\*\* .*(?:\n  .*)*\n- \*\*Context:\*\* /,
          "$name: its form";
    }
}
my %rows = text_of('docs/directives.md') =~ /^[|] \[(\w+)\]\((\w+)[.]md#/gm;
cmp_ok scalar keys %directives, '>', 10, 'there are directives';
is_deeply [grep { !$sections{$_} } sort keys %directives], [],         'every directive has its section';
is_deeply [grep { !$directives{$_} } sort keys %sections], [],         'every section has its directive';
is_deeply \%rows,                                          \%sections, 'the list of all leads to each';

# Defaults and ranges are those of the table.
my $string      = qr/"([^"]*)"|NULL/;
my $table       = text_of('src/config/directives.c');
my %row_default = text_of('docs/directives.md') =~ /^[|] \[(\w+)\][^|]*[|] (.*?) [|]/gm;
my $ranges      = 0;
while ($table =~ /($kind)\("(\w+)",\s*(SERVER|CONTAINER)\(\w+\),\s*$string(?:,\s*"([^"]*)",\s*"([^"]*)")?/g) {
    my ($type, $name, $context, $default, $min, $max) = ($1, $2, $3, $4, $5, $6);
    my $text = $section_text{$name} // next;
    if (defined $default) {
        like $text,               qr/^- \*\*Default:\*\* `$name \Q$default\E`/m, "$name: its default";
        like $row_default{$name}, qr/\A`\Q$default\E`/,                          "$name: its default in the list";
    }
    if ($type =~ /NUMBER|SHARE|TIME/) {
        like $text, qr/\bfrom\s`\Q$min\E`\sto\s`\Q$max\E`/i, "$name: its range";
        $ranges++;
    }
    like $text, qr/`$name On [|] Off`/, "$name: a flag" if $type eq 'FLAG';
    like $text, qr/^- \*\*Context:\*\* \Q$_\E/m, "$name: where it may stand"
      for $context eq 'SERVER' ? 'server config' : 'as [Backhand]';
}
cmp_ok $ranges, '>', 8, 'there are ranges';

# The list of figures is the manual's, and the public header and the reference for Perl name each.
is index(text_of('docs/figures.md'), table()) >= 0, 1, 'docs/figures.md has the table that Farm::Figures makes';
my ($header, $reference) = (text_of('include/mod_backhand.h'), text_of('perl/lib/Apache/Backhand.pm'));
for my $figure (figures()) {
    my $name = $figure->{name};
    like $header,    qr/\bint64_t\s+$name;/, "mod_backhand.h has $name";
    like $reference, qr/^=item $name\n/m,    "Backhand.pm has $name";
    my ($item) = $reference =~ /^=item $name\n\n(.*?)\n(?==)/ms;
    is $item =~ /\bRead-only\b/ ? 1 : 0, $figure->{read_only}, '... and says whether it is read-only';
}

# Every metric of the status page is described, with its kind: those that the code names, and one for each tally.
my %end = (COUNTER => '_total', INFO => '_info');
my %metrics;
for my $file (qw(metrics server_metrics)) {
    my $code = text_of("src/status/$file.c");
    while ($code =~ /\b(?:BACKHAND_METRIC_)?(GAUGE|COUNTER|HISTOGRAM|INFO),\s*"(backhand_\w+)"/g) {
        $metrics{ $2 . ($end{$1} || '') } = $1 eq 'INFO' ? 'gauge' : lc $1;
    }
}
my $tallies = text_of('src/status/rows.c');
while ($tallies =~ /= add(_now)?\(at, "([\w-]+)"/g) {
    my ($now, $name) = ($1, lc $2);
    $name =~ tr/-/_/;
    $metrics{ "backhand_$name" . ($now ? '' : '_total') } = $now ? 'gauge' : 'counter';
}
my %described;
for my $row (text_of('docs/status.md') =~ /^([|] `backhand_.*)$/gm) {
    my (undef, $names, $kinds) = split /[|]/, $row;
    my @kinds = split /,/, $kinds;
    for my $name ($names =~ /`(backhand_\w+)`/g) {
        $described{$name} = $kinds[0] =~ s/ //gr;
        shift @kinds if @kinds > 1;
    }
}
cmp_ok scalar keys %metrics, '>', 50, 'there are metrics';
is_deeply \%described, \%metrics, 'docs/status.md has every metric, its kind, and no other';

# Every built-in function is described.
my $functions = text_of('docs/functions.md');
my @builtins  = map { text_of($_) =~ /^\s*\{"(\w+)",\s*\w+,/gm }
  map { s{\A\Q$repo\E/}{}r } glob "$repo/src/candidacy/*.c";
cmp_ok scalar @builtins, '>', 5, 'there are built-in functions';
is_deeply [grep { $functions !~ /^#+ .*\b$_\b/m } @builtins], [], 'every built-in function has its section';

# Every line of a scenario is described, and every option of bhsim.
my $scenarios = text_of('docs/bhsim.md');
my @keywords  = text_of('src/sim/read_scenario.c') =~ /\{"([\w-]+)", \w+\},/g;
cmp_ok scalar @keywords, '>', 20, 'scenarios have lines';
is_deeply [grep { $scenarios !~ /^[|] .*`$_\b/m } @keywords], [], 'every line has its row';
my @words = text_of('src/sim/read_servers.c') =~ /strcmp\(word, "(\w+)"\)/g;
is_deeply [grep { $scenarios !~ /^[|] `.*\b$_\b/m } @words], [], 'every word of a line of servers, too';
my @options = text_of('src/sim/main.c') =~ /^\s*\{"(\w+)", (?:OPTION|'\w')/gm;
is_deeply [grep { $scenarios !~ /`--$_\b/ } grep { !/^(?:help|version)\z/ } @options], [], 'every option is there';

# What the page for maintainers names in backticks is there: files, functions (in the file it says), and all other
# words.
my %sources = map { s{\A\Q$repo\E/}{}r => 1 }
  map { glob "$repo/$_" } qw(include/*.h src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] src/*/*/*/*.[ch] perl/*.[ch]);
my $all_code  = join "\n", map { text_of($_) } sort keys %sources;
my $internals = text_of('docs/internals.md');

sub source_file {
    my ($name) = @_;
    return grep { $sources{$_} } "src/$name", $name;
}

# The project's form: a function's definition begins in the first column.
sub defines {
    my ($code, $name) = @_;
    return $code =~ /^(?!typedef)\w[\w *]*\b\Q$name\E\(/m;
}

my @named = $internals =~ /`([^`\n]+)`/g;
cmp_ok scalar(grep { /\(\)\z/ } @named), '>', 50, 'internals.md names functions';
is_deeply [grep { /[.][ch]\z/     && !source_file($_) } @named],        [], 'its files are there';
is_deeply [grep { /\A(\w+)\(\)\z/ && !defines($all_code, $1) } @named], [], 'its functions are there';
my @elsewhere;
while ($internals =~ /`(\w+)\(\)`\s+in\s+`([^`]+)`/g) {
    my ($function, $name) = ($1, $2);
    push @elsewhere, "$function $name" if !grep { defines(text_of($_), $function) } source_file($name);
}
is_deeply \@elsewhere, [], 'and in the files that it says';
while ($internals =~ /^`(\w+)` \(`([^`]+)`\):/gm) {
    my ($type, $name) = ($1, $2);
    ok((grep { text_of($_) =~ /\b(?:struct|}) $type\b/ } source_file($name)), "$type is in $name");
}
is_deeply [grep { /\A\w+\z/ && $all_code !~ /\b$_\b/ } @named], [], 'all other words are words of the code';

# Every line for the error log is in the table of them, with … for what differs.
sub shape {
    my ($format) = @_;
    $format =~ s/%[-\d.*]*(?:ll|l|z)?[a-zA-Z]/…/g;
    return $format =~ s/…(?: ?…)+/…/gr;
}

# The text of string literals that stand side by side, macros between them being parts of formats, but for one.
sub joined {
    my ($literals) = @_;
    my $text = '';
    while ($literals =~ /"((?:[^"\\]|\\.)*)"|(\w+)/g) {
        my ($string, $macro) = ($1, $2);
        $text .= defined $string ? $string : $macro eq 'BACKHAND_MARK_HEADER' ? 'Backhand-Proxied' : 'd';
    }
    return shape($text =~ s/\\"/"/gr);
}

my $strings = qr/"(?:[^"\\]|\\.)*"(?:\s*(?:"(?:[^"\\]|\\.)*"|[A-Z][A-Z0-9_]+))*/;
my %said;
for my $name (grep { /[.]c\z/ } sort keys %sources) {
    my $code = text_of($name);
    $said{$_} = $name for map { joined($_) } $code =~ /\bap_log_r?error\(\s*APLOG_MARK,[^"]*?($strings)/g;
    # What is passed on to a line that has room for it.
    next if $name !~ m{\Asrc/(?:announce|act)/};
    $said{$_} = $name for map { joined($_) } $code =~ /("cannot (?:[^"\\]|\\.)*")/g;
    $said{$_} = $name for map { joined($_) } $code =~ /(?:\btell\(&?log, r|\bnote_failure\(w, id, contact), ("[^"]*")/g;
    $said{$_} = $name for map { joined($_) } $code =~ /\[BACKHAND_[A-Z_]+\] = ("[a-z]+ [^"]*")/g;
}
my %listed = map { shape($_) => 1 } text_of('docs/operations.md') =~ /`([^`\n]+)`/g;
cmp_ok scalar keys %said, '>', 50, 'there are lines for the error log';
my @unlisted = grep { $_ ne 'backhand: …' && !$listed{s/\Abackhand: //r} } sort keys %said;
is join("\n", map { "$said{$_}: $_" } @unlisted), '', 'each is in docs/operations.md';

# Every condition is in the table of them, with its severity, and no other.
my %conditions            = text_of('src/conditions/list.c') =~ /\{"([\w-]+)", BACKHAND_SEVERITY_(\w+),/g;
my ($table_of_conditions) = text_of('docs/operations.md')    =~ /^## Conditions$(.*?)^## /ms;
my %told                  = $table_of_conditions             =~ /^[|] `([\w-]+)` [|] (\w+) [|]/gm;
cmp_ok scalar keys %conditions, '>', 20, 'there are conditions';
is_deeply \%told, { map { $_ => lc $conditions{$_} } keys %conditions }, 'each is in docs/operations.md';

# The numbers of tests with servers have a meaning, and the folders of tests, too.
my $key     = text_of('tests/README.md');
my %decades = map { $_ => 1 } $key =~ /^[|] (\d)0 to \g1[9] [|]/gm;
my @numbers = map { m{/(\d)\d-[^/]*\z} ? $1 : 'none' } glob "$repo/tests/farm/*.t";
cmp_ok scalar @numbers, '>', 20, 'there are tests with servers';
is_deeply [grep { !$decades{$_} } @numbers], [], 'each has a number that tests/README.md explains';
is_deeply [grep { $key !~ /^[|] `\Q$_\E`/m } map { m{/([^/]+/)\z} } glob "$repo/tests/*/"], [],
  'and so has each folder';

# Links lead somewhere.
for my $page (@pages) {
    my @dead;
    my $text = text_of($page) =~ s/^```.*?^```//gmsr =~ s/`[^`\n]*`//gr;
    for my $link ($text =~ /\]\(([^)\s]+)\)/g) {
        next if $link =~ /\A(?:https?|mailto):/;
        my ($path, $anchor) = $link =~ /\A([^#]*)(?:#(.*))?\z/;
        my $target = $path eq '' ? $page : dirname($page) . "/$path";
        if (!-e "$repo/$target" || (defined $anchor && !anchors($target)->{$anchor})) {
            push @dead, $link;
        }
    }
    is_deeply \@dead, [], "$page: links lead somewhere";
}

# Commands are there.
my %commands = map { $_ => 1 } qx{'$repo/run'} =~ /^  (\w+) /gm;
for my $page (@pages) {
    is_deeply [grep { !$commands{$_} } text_of($page) =~ m{\./run ([a-z]\w*)}g], [], "$page: ./run has these commands";
}

done_testing;
