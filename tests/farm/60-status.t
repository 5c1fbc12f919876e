#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# The status page, for people and for programs.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Farm qw(configtest repo_dir wait_for);
use Farm::Fake;

# Elements of the page, and whether they hold anything.
my %void    = map { $_ => 1 } qw(meta);
my %element =
    map { $_ => 1 } qw(html head title style body h1 dl dt dd div table caption thead tbody tr th td p ul li span a code meta);

# What is wrong with a text as HTML5 that is well-formed XML too; '' when nothing is.
sub html_fault {
    my ($html) = @_;
    my @open;
    return 'no doctype' if $html !~ s/\A<!DOCTYPE html>\n//;
    while ($html =~ /\G(?:([^<]+)|<(\/?)(\w+)((?:\s+[\w-]+="[^"<&]*")*)\s*(\/?)>)/gc) {
        my ($text, $close, $name, $empty) = ($1, $2, $3, $5);
        if (defined $text) {
            return "bare & or > in: $text"
                if $text =~ /&(?!(?:amp|lt|gt|quot|#\d+);)|>/ && ($open[-1] || '') ne 'style';
            return "text outside of elements: $text" if !@open && $text =~ /\S/;
            next;
        }
        return "element $name" if !$element{$name};
        if ($close) {
            my $last = @open ? pop @open : 'nothing';
            return "$name closes $last" if $last ne $name;
        }
        elsif ($empty) {
            return "$name is no void element" if !$void{$name};
        }
        else {
            push @open, $name;
        }
    }
    return 'no markup at: ' . substr $html, pos($html) || 0, 40 if (pos($html) || 0) < length $html;
    return @open ? "open at the end: @open" : '';
}

like html_fault("<!DOCTYPE html>\n<p>a</td>"),        qr/td closes p/,    'the checker sees elements that overlap';
like html_fault("<!DOCTYPE html>\n<p>a & b</p>"),     qr/bare/,           'and what is not escaped';
like html_fault("<!DOCTYPE html>\n<p><script></p>"),  qr/element script/, 'and scripts';
like html_fault("<!DOCTYPE html>\n<p title='x'></p>"), qr/no markup/,     'and odd quotes';
is html_fault("<!DOCTYPE html>\n<p>a &amp; b</p>\n"), '', 'and accepts what is right';

# The cells of the page's first table, a row each.
sub rows {
    my ($html)  = @_;
    my ($table) = $html =~ m{<table>(.*?)</table>}s or return;
    return map { [m{<t[hd][^>]*>(.*?)</t[hd]>}gs] } $table =~ m{<tr[^>]*>(.*?)</tr>}gs;
}

my $farm = Farm->new;
my $hand_on = "Backhand byAge\nBackhand removeSelf\n";
my $first = $farm->add(conf => "<Location />\n$hand_on</Location>\n");
my $second = $farm->add(conf => '');
$farm->start;
ok $farm->together, 'two servers see each other';
ok wait_for(sub { ($first->row($first->contact) || {})->{'Workers-Total'} == 8 }, 10), 'all workers run';

my $page = $first->get('/backhand', from => '127.0.0.77');
is $page->status, 200, 'the page is there, although the chain of its place never serves here';
like $page->header('Content-Type'), qr{\Atext/html;\s*charset=utf-8\z}i, 'it is HTML';
is $page->header('Cache-Control'), 'no-store', 'and is not kept by caches';
is html_fault($page->body), '', 'and valid';
unlike $page->body, qr/https?:(?!\/\/127\.)|src=|url\(|\@import/i, 'and needs nothing from elsewhere';
like $page->body, qr{<h1>mod_backhand on [^<]+</h1>}, 'it names the machine';
like $page->body, qr{<dd>Apache/2\.4[^<]*</dd>}, 'and httpd';
like $page->body, qr{<dt>You are</dt><dd>127\.0\.0\.77</dd>}, 'and the viewer';
like $page->body, qr{<dt>Farm</dt><dd>\Q@{[$farm->name]}\E</dd>}, 'and the farm';
like $page->body, qr{<dt>Contact</dt><dd>\Q@{[$first->contact]}\E</dd>}, 'and its contact';
like $page->body, qr{<dt>Interval</dt><dd>\d+ ms</dd>}, 'and its interval';

my ($heading, @servers) = rows($page->body);
is scalar @servers, 2, 'a row a server';
is_deeply [map { scalar @{$_} } @servers], [(scalar @{$heading}) x 2], 'as many cells as headings in each';
is "$servers[0][0] $servers[0][1]", '0 a.test', 'this server first';
like $servers[0][2], qr/\Aalive, this server\z/, 'and so marked';
is "$servers[1][1] $servers[1][4]", 'b.test ' . $second->contact, 'then the other';
like $servers[1][3], qr/\A\d+\.\d s\z/, 'with an age';
ok wait_for { (rows($first->get('/backhand')->body))[2][3] =~ /\A0\.[0-2] s\z/ },
    'which starts anew at each announcement';
like "@{$servers[1]}[5, 6]", qr/\A[\d.]+ [MG]B [\d.]+ [MG]B\z/, 'its memory';
like $servers[1][7], qr{\A\d+/8\z}, 'its workers';

my $head = $first->request('HEAD', '/backhand');
is $head->status, 200, 'HEAD works';
is $head->body, '', 'and has no body';
my $post = $first->post('/backhand', 'x');
is $post->status, 405, 'POST is not allowed';
like $post->header('Allow'), qr/\bGET\b/, 'GET is, it says';

# For programs.
my $auto = $first->get('/backhand?auto');
like $auto->header('Content-Type'), qr{\Atext/plain}, '?auto is plain text';
is_deeply [grep { !/\A[A-Z][\w-]*: ?/ } split /\n/, $auto->body], [], 'of Key: value lines';
my $status = $first->status;
is $status->{Servers}, 2, 'it counts servers';
is $status->{'Server-0-Contact'}, $first->contact, 'this server is 0';
is $first->get('/backhand?x&auto')->body =~ /\AMachine: / ? 1 : 0, 1, 'auto may stand anywhere among the arguments';
is $first->get('/backhand?automatic')->body =~ /\AMachine: / ? 1 : 0, 0, 'but must be the word';

# The manual has every key, and no other.
my ($keys) = do {
    open my $manual, '<', repo_dir() . '/docs/status.md' or die "docs/status.md: $!";
    local $/ = undef;
    my $text = readline $manual;
    $text =~ /^## `\?auto`$(.*?)^## /ms;
};
my %documented;
for my $line (grep { /\A\| `/ } split /\n/, $keys) {
    my ($cell) = $line =~ /\A\|(.*?)\|/;
    next if $cell =~ /`Skewed-`/;
    if ($cell =~ s/`Server-`\*N\*//) {
        $documented{"Server-N$_"} = 1 for $cell =~ /`(-[\w-]+)`/g;
    }
    else {
        $documented{$_} = 1 for $cell =~ /`([\w-]+)`/g;
    }
}
open my $figures, '<', repo_dir() . '/docs/figures.md' or die "docs/figures.md: $!";
for my $line (grep { /\A\| `/ } readline $figures) {
    $documented{"Server-N$1"} = 1 if $line =~ /\| `(-[A-Z][\w-]*)`/;
}
my %seen;
for my $key (keys %{$status}) {
    $key =~ s/\AServer-\d+/Server-N/;
    $key =~ s/\ADropped-.*/Dropped-/;
    $seen{$key} = 1;
}
is_deeply [grep { !$documented{$_} } sort keys %seen], [], 'every key is in docs/status.md';
is_deeply [grep { !$seen{$_} && !/-(?:Refused|Rival|Figures)-Ago\z|-Hop-Ms\z|-Down-/ } sort keys %documented], [],
  'and every key of docs/status.md is there';

# Counts.
is $first->get('/app/who')->body, 'b', 'a request is handed off';
ok wait_for { ($first->row($second->contact) || {})->{Sent} },                        'it is counted where it went';
ok wait_for { $first->status->{'Handed-Off'} == 1 && $second->status->{Received} == 1 }, 'and on both servers';
ok wait_for { $first->row($second->contact)->{'Requests-Received'} == 1 }, 'and announced';

is $first->status->{'Figures-Taken'}, 1, 'so are the figures that came with the response';
like $first->row($second->contact)->{'Figures-Ago'}, qr/\A\d+\.\d{3}\z/, 'and how old they are';
like $first->row($second->contact)->{'Hop-Ms'}, qr/\A\d+\.\d{3}\z/, 'and what the hand-off cost';
ok wait_for { $first->row($second->contact)->{Served} >= 1 }, 'what the other server served is announced';
ok wait_for { $first->row($second->contact)->{'Service-Ms'} > 0 }, 'and how long it took';
$page = $first->get('/backhand');
is html_fault($page->body), '', 'the page is valid with them';
my ($works, @works) = rows($page->body =~ s{\A.*?</table>}{}sr);
is scalar @works, 2, 'a row a server in the table of figures';
is_deeply [map { scalar @{$_} } @works], [(scalar @{$works}) x 2], 'as many cells as headings in each';
is_deeply [map { $works[1][$_] =~ /\A\d+\.\d ms\z/ ? 1 : 0 } 4, 6, 10], [1, 1, 1], 'times in ms';
like $works[1][2], qr/\A\d+\.\d ms \(\d+\.\d\)\z/, 'what is typical, and by what factor most differ';
like $works[1][11], qr/\A\d+\.\d s\z/, 'and an age';

# A server that stops, in words.
ok $second->stop, 'the other server stops';
ok wait_for { ($first->row($second->contact) || {})->{State} eq 'left' }, 'its row says that it left';
$page = $first->get('/backhand');
is html_fault($page->body), '', 'the page is valid still';
like $page->body, qr{<tr class="left">}, 'the row is marked';
is +(rows($page->body))[2][2], 'left', 'in words too';
ok !exists $first->row($second->contact)->{Age}, 'without an age';

# Without a table.
my $lonely = $farm->add(announce => 0)->start;
$page = $lonely->get('/backhand');
is html_fault($page->body), '', 'a server without any directive has a valid page';
like $page->body, qr/no table of servers/, 'that says what is missing';
is $lonely->status->{Servers}, 0, 'and no servers';

# No name that the page shows can hold markup: this server's is refused, that of another drops the announcement.
my ($exit, $said) = configtest(conf => "BackhandHostname \"<i>&\\\"'\"");
isnt $exit, 0, 'a name full of markup is refused';
like $said, qr/BackhandHostname .*takes this server's name/, 'and it is said what is right';
my $hostile = Farm::Fake->new(farm => $farm);
ok wait_for { $hostile->announce(host => '<i>'); ($first->status->{'Dropped-format'} || 0) > 0 },
    'as another server tells it, too';
ok !$first->row($hostile->contact), 'which is in no table';
$farm->announce_log(qr/backhand: announcement from 127\.0\.0\.9 dropped: /);

$farm->done;
