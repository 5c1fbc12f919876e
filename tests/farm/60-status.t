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
my %void    = map { $_ => 1 } qw(meta link);
my %element = map { $_ => 1 } qw(html head title script body header h1 main footer dl dt dd div ul li table caption
  thead tbody tfoot tr th td p a b small strong span code details summary svg path), keys %void;
# A script is a file of its own.
my $own_script = qr{<script src="[?]page[.]js" defer="defer"></script>};

# What is wrong with a text as HTML5 that is well-formed XML too; '' when nothing is.
sub html_fault {
    my ($html) = @_;
    my @open;
    return 'no doctype' if $html !~ s/\A<!DOCTYPE html>\n//;
    return 'a script' if $html =~ s/$own_script//r =~ /<script/;
    my $pair = qr{\s+[\w-]+="(?:[^"<&]|&amp;|&lt;|&gt;|&quot;)*"};
    while ($html =~ /\G(?:([^<]+)|<(\/?)(\w+)((?:$pair)*)\s*(\/?)>)/gc) {
        my ($text, $close, $name, $attributes, $empty) = ($1, $2, $3, $4, $5);
        return "code in the markup: $attributes" if $attributes && $attributes =~ /\s(?:on\w+|style)=/i;
        if (defined $text) {
            return "bare & or > in: $text"           if $text           =~ /&(?!(?:amp|lt|gt|quot|#\d+);)|>/;
            return "text outside of elements: $text" if !@open && $text =~ /\S/;
            next;
        }
        return "element $name" if !$element{$name};
        if ($close) {
            my $last = @open ? pop @open : 'nothing';
            return "$name closes $last" if $last ne $name;
        }
        elsif ($empty) {
            return "$name is no void element" if !$void{$name} && $name ne 'path';
        }
        else {
            push @open, $name;
        }
    }
    return 'no markup at: ' . substr $html, pos($html) || 0, 40 if (pos($html) || 0) < length $html;
    return @open ? "open at the end: @open" : '';
}

like html_fault("<!DOCTYPE html>\n<p>a</td>"),             qr/td closes p/, 'the checker sees elements that overlap';
like html_fault("<!DOCTYPE html>\n<p>a & b</p>"),          qr/bare/,        'and what is not escaped';
like html_fault("<!DOCTYPE html>\n<p><script></p>"),       qr/a script/,    'and scripts';
like html_fault("<!DOCTYPE html>\n<p onclick=\"x\"></p>"), qr/code in the markup/, 'and what the policy forbids';
like html_fault("<!DOCTYPE html>\n<p title='x'></p>"),     qr/no markup/,          'and odd quotes';
is html_fault("<!DOCTYPE html>\n<p>a &amp; b</p>\n"), '', 'and accepts what is right';

# The texts of the cells of the page's first table, or of that with this caption, a row each.
sub rows {
    my ($html, $caption) = @_;
    my $before = $caption ? qr{<caption>$caption</caption>} : qr{<table[^>]*>};
    my ($table) = $html =~ m{$before(.*?)</table>}s or return;
    return map {
        [map { s/<[^>]*>//gr } m{<t[hd][^>]*>(.*?)</t[hd]>}gs]
    } $table =~ m{<tr[^>]*>(.*?)</tr>}gs;
}

# The servers of the first table, as a hash of heading and text each, in the page's order. Then the line of totals.
sub servers {
    my ($html) = @_;
    my ($names, @lines) = rows($html);
    return map {
        my %cell;
        @cell{ @{$names} } = @{$_};
        \%cell
    } @lines;
}

my $farm    = Farm->new;
my $hand_on = "Backhand byAge\nBackhand removeSelf\n";
my $first   = $farm->add(conf => "<Location />\n$hand_on</Location>\n");
my $second  = $farm->add(conf => '');
$farm->start;
ok $farm->together, 'two servers see each other';
for my $of ($first, $second) {
    ok wait_for(sub { ($first->row($of->contact) || {})->{'Workers-Total'} == 8 }, 10), 'all workers run, as it says';
}

my $page = $first->get('/backhand', from => '127.0.0.77');
is $page->status, 200, 'the page is there, although the chain of its place never serves here';
like $page->header('Content-Type'), qr{\Atext/html;\s*charset=utf-8\z}i, 'it is HTML';
is $page->header('Cache-Control'), 'no-store', 'and is not kept by caches';
is html_fault($page->body),        '',         'and valid';
unlike $page->body =~ s/$own_script//r, qr{https?:(?!//127\.)|src=|url\(|\@import}i, 'and needs nothing from elsewhere';
like $page->body,                       qr{<h1>mod_backhand on [^<]+</h1>},          'it names the machine';
like $page->body,                       qr{<dd>Apache/2\.4[^<]*</dd>},               'and httpd';
like $page->body,                       qr{<dt>You are</dt><dd>127\.0\.0\.77</dd>},  'and the viewer';
like $page->body,                       qr{<dt>Farm</dt><dd>\Q@{[$farm->name]}\E</dd>},        'and the farm';
like $page->body,                       qr{<dt>Contact</dt><dd>\Q@{[$first->contact]}\E</dd>}, 'and its contact';
like $page->body,                       qr{<dt>Interval</dt><dd>\d+ ms</dd>},                  'and its interval';

my ($heading, @lines) = rows($page->body);
is scalar @lines, 3, 'a row a server, and the totals';
is_deeply [map { scalar @{$_} } @lines], [(scalar @{$heading}) x 3], 'as many cells as headings in each';
my @servers = servers($page->body);
is $servers[0]{Server}, 'a.test this server' . $first->contact . ', entry 0', 'this server, and so marked';
is $servers[1]{Server}, 'b.test' . $second->contact . ', entry 1',            'the other one';
is $servers[2]{Server}, 'All servers',                                        'and the totals';
is_deeply [map { /href="([^"?]*)"/g } $page->body =~ m{<th scope="row">(.*?)</th>}gs], [$second->contact . '/backhand'],
  "the other one's page is linked";
like $servers[0]{State}, qr/\Aalive\b/,     'it is alive';
like $servers[2]{State}, qr/\A2 alive\b/,   'two are';
like $servers[1]{Heard}, qr/\A\d+\.\d s\z/, 'with an age';
ok wait_for { (servers($first->get('/backhand')->body))[1]{Heard} =~ /\A0\.[0-2] s\z/ },
  'which starts anew at each announcement';
like $servers[1]{Ready}, qr/\A\d of 8\z/,   'its workers';
like $servers[2]{Ready}, qr/\A\d+ of 16\z/, 'and those of all';
my ($names, @machines) = rows($page->body, 'Machine and httpd');
is scalar @machines, 2, 'a row a server in the table of its machines';
like "@{$names}", qr/Workers Ready.*Memory Total.*Arriba/, 'whose columns are those of the list of figures';
my %memory;
@memory{ @{$names} } = @{ $machines[0] };
like $memory{'Memory Total'}, qr/\A[\d.]+ [MG]B\z/, 'bytes in people\'s units';

# The order is that of the names, on every server, unless another is asked for.
sub order {
    my ($server, $query) = @_;
    return join ' ', map { $_->{Server} =~ /\A(\w)[.]/ ? $1 : () } servers($server->get("/backhand$query")->body);
}
is order($second, ''),           'a b', 'the other server shows the same order';
is order($first,  '?sort='),     'a b', 'also when no column is named';
is order($first,  '?sort=none'), 'a b', 'or one that does not exist';
is order($first,  '?from=1'),    'a b', 'a part of a short list is shown with the whole of it';
for my $from (qw(-1 x 99999999999999999999)) {
    is order($first, "?from=$from"), 'a b', "there is no part $from";
}
ok wait_for { order($first, '?sort=-Requests-Received') ne '' }, 'a figure of the list sorts';
# The heading that sorts, and where it leads to.
sub sorted {
    my ($query) = @_;
    return join ' ',
      $first->get("/backhand$query")->body =~ m{<th scope="col" aria-sort="(\w+)"><a data-live="" href="([^"]+)"};
}
is sorted('?sort=-load'), 'descending ?sort=load', 'a column that sorts says so, and turns at the next click';
is sorted('?sort=load'),  'ascending ?sort=-load', 'and turns back';

# Nothing but the page's own style sheet and script may load or run.
my $policy = $page->header('Content-Security-Policy') || '';
like $policy,   qr/\Adefault-src 'none';/, 'a policy forbids all else';
unlike $policy, qr/unsafe|[*]|https?:/,    'without exceptions';
is $page->header('X-Content-Type-Options'), 'nosniff', 'types are what they are said to be';
for my $asset (['page.css', qr{\Atext/css;}], ['page.js', qr{\Atext/javascript;}]) {
    my ($name, $type) = @{$asset};
    my $file = $first->get("/backhand?$name");
    like $file->header('Content-Type'), $type, "$name is what it is";
    cmp_ok length $file->body, '>', 1000, 'and is there';
    like $file->header('ETag') || '', qr/\A"[0-9a-f]{16}"\z/, 'with a tag';
    is $file->header('Cache-Control'), 'no-cache', 'browsers keep it, and ask whether it is still the same';
    my $again = $first->request('GET', "/backhand?$name", headers => ['If-None-Match' => $file->header('ETag')]);
    is $again->status,                                  304,                   'which it is';
    is $second->get("/backhand?$name")->header('ETag'), $file->header('ETag'), 'and on the other server too';
}

my $head = $first->request('HEAD', '/backhand');
is $head->status, 200, 'HEAD works';
is $head->body,   '',  'and has no body';
my $post = $first->post('/backhand', 'x');
is $post->status, 405, 'POST is not allowed';
like $post->header('Allow'), qr/\bGET\b/, 'GET is, it says';

# For programs.
my $auto = $first->get('/backhand?auto');
like $auto->header('Content-Type'), qr{\Atext/plain}, '?auto is plain text';
is_deeply [grep { !/\A[A-Z][\w-]*: ?/ } split /\n/, $auto->body], [], 'of Key: value lines';
my $status = $first->status;
is $status->{Servers},            2,               'it counts servers';
is $status->{'Server-0-Contact'}, $first->contact, 'this server is 0';
is $first->get('/backhand?x&auto')->body    =~ /\AMachine: / ? 1 : 0, 1, 'auto may stand anywhere among the arguments';
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
# tests/farm/12-zones.t looks for the zone, and 29-nats.t for the broker.
my $sometimes = qr/-(?:Refused|Rival|Figures)-Ago\z|-Hop-Ms\z|-Down-|(?:\A|-)Zone\z|\ANats-(?:Connected|Broker)\z/;
is_deeply [grep { !$seen{$_} && !/$sometimes/ } sort keys %documented], [], 'and every key of docs/status.md is there';

# Counts.
is $first->get('/app/who')->body, 'b', 'a request is handed off';
ok wait_for { ($first->row($second->contact) || {})->{Sent} },                           'it is counted where it went';
ok wait_for { $first->status->{'Handed-Off'} == 1 && $second->status->{Received} == 1 }, 'and on both servers';
ok wait_for { $first->row($second->contact)->{'Requests-Received'} == 1 },               'and announced';

is $first->status->{'Figures-Taken'}, 1, 'so are the figures that came with the response';
like $first->row($second->contact)->{'Figures-Ago'}, qr/\A\d+\.\d{3}\z/, 'and how old they are';
like $first->row($second->contact)->{'Hop-Ms'},      qr/\A\d+\.\d{3}\z/, 'and what the hand-off cost';
ok wait_for { $first->row($second->contact)->{Served} >= 1 },      'what the other server served is announced';
ok wait_for { $first->row($second->contact)->{'Service-Ms'} > 0 }, 'and how long it took';
$page = $first->get('/backhand');
is html_fault($page->body), '', 'the page is valid with them';
is((servers($page->body))[1]{'From here'}, 1, 'the page has what went where');
my ($works, @works) = rows($page->body, 'Work, by the newest word of each');
is scalar @works, 2, 'a row a server in the table of figures';
is_deeply [map { scalar @{$_} } @works], [(scalar @{$works}) x 2], 'as many cells as headings in each';
my %work;
@work{ @{$works} } = @{ $works[1] };
is_deeply [grep { $work{$_} !~ /\A\d+(?:\.\d)? (?:&#181;|m)s\z/ } qw(Service Latency Hop)], [], 'times have units';
like $work{'On a response'}, qr/\A\d+(?:\.\d)? (?:s|min \d+ s)\z/, 'and an age';
ok wait_for { $first->get('/backhand')->body =~ m{<path d="M\d} }, 'and curves of the last minutes';

# A server that stops, in words.
ok $second->stop,                                'the other server stops';
ok wait_for { $first->sees($second) eq 'left' }, 'its row says that it left';
$page = $first->get('/backhand');
is html_fault($page->body), '', 'the page is valid still';
like $page->body, qr{<tr class="left" }, 'the row is marked';
like((servers($page->body))[1]{State}, qr/\Aleft\b/, 'in words too');
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
