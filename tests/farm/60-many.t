#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# The status page of a farm of several pages: sums, those in trouble first, pages, filters; ?json and ?metrics of it.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use JSON::PP ();
use Test::More;

use Farm qw(eventually);
use Farm::Fake;

my $farm   = Farm->new;
my $server = $farm->add(conf => "AcceptStats 127.1.0.0/16\nBackhandMaxServers 400\n");
$farm->start;

my $fakes    = 250;
my %troubled = (77 => { ready => 0 }, 123 => { down => 7, why => 500 });
my @fakes    = map {
    Farm::Fake->new(
        farm => $farm,
        host => sprintf('127.1.%d.%d', $_ >> 7, 1 + ($_ & 127)),
        says => {
            host => "web$_.test",
            boot => sprintf('%x', 4096 + $_),
            load => 1_000_000 + $_,
            zone => $_ % 2 ? 'odd' : 'even',
            %{ $troubled{$_} || {} }
        }
    )
} 1 .. $fakes;
eventually { $_->announce for @fakes; $server->status->{Servers} == $fakes + 1 } 20, 'there are 251 servers';

sub page {
    my ($query) = @_;
    # Those that are silent would be dead after a while.
    $_->announce for @fakes;
    return $server->get("/backhand$query")->body;
}

# The names in the table of servers, in its order.
sub names {
    my ($html)  = @_;
    my ($table) = $html =~ m{<table class="servers.*?<tbody>(.*?)</tbody>}s or return;
    return map { /web(\d+)/ ? $1 : 'self' } $table =~ m{<th scope="row">(.*?)</th>}gs;
}

sub link_of {
    my ($html, $text) = @_;
    my ($link) = $html =~ m{<p class="range">[^\n]*<a data-live="" href="([^"]*)">$text</a>};
    return defined $link ? $link =~ s/&amp;/&/gr : undef;
}

my $first = page('');
is scalar(my @shown = names($first)), 100,      'a page has 100 servers';
is "@shown[0, 1]",                    '123 77', 'those in trouble come first, the one that is down before the others';
like $first, qr{<b>251 servers</b>},                              'the page says how many there are';
like $first, qr{Servers 1 to 100 of 251, those in trouble first}, 'and which it shows';
like $first, qr{250 <a data-live="" href="[?]state=alive"><span class="badge alive">}, 'how many are alive';
like $first, qr{1 <a data-live="" href="[?]state=down"><span class="badge down">},     'and down';
like $first, qr{2 <a data-live="" href="[?]state=trouble">in trouble</a>},             'and in trouble';
like $first, qr{<span class="count">Ready <b>\d+ <small>of \d+</small></b></span>},    'and sums';
cmp_ok length $first, '<', 250_000, 'it is no larger than 250 kB';
unlike $first, qr{<caption>Machine and httpd}, 'because it leaves out what is folded';
my ($figures) = $first =~ m{href="([^"]*)">All figures};
is $figures, '?figures=1', 'but for who asks';
like page($figures), qr{<details id="figures" open="open">.*<caption>Machine and httpd.*web77[.]test}s, 'who gets it';

my (%seen, $pages);
for (my $query = q() ; defined $query && !$pages || defined $query && $pages < 5 ;) {
    my $html = page($query);
    $seen{$_}++ for names($html);
    $pages++;
    $query = link_of($html, 'next');
}
is $pages,                                              3,           'links lead to three pages';
is scalar(grep { $seen{$_} == 1 } 'self', 1 .. $fakes), $fakes + 1,  'which show each server once';
is link_of(page('?from=200'), 'previous'),              '?from=100', 'a link leads back';

is join(q( ), (names(page('?sort=name')))[1 .. 3]),  '1 2 3',       'by name';
is join(q( ), (names(page('?sort=-load')))[0 .. 2]), '250 249 248', 'by a column';
is link_of(page('?sort=-load&name=web'), 'next'), '?sort=-load&name=web&from=100', 'links keep order and filter';

is join(q( ), names(page('?state=trouble'))),         '123 77',                   'only those in trouble';
is join(q( ), names(page('?state=down'))),            '123',                      'only those down';
is join(q( ), names(page('?name=WEB24'))),            join(q( ), 24, 240 .. 249), 'by a part of the name';
is join(q( ), names(page('?name=web24&state=down'))), '',                         'name and state together';
is join(q( ), names(page('?zone=odd&name=web24'))),   '241 243 245 247 249',      'by the zone';
is link_of(page('?zone=odd'), 'next'),                '?zone=odd&from=100',       'which links keep';
is join(q( ), names(page('?name=127.1.1.1%3A'))),     '128',                      'by the contact';
is scalar(names(page('?state=alive,down'))),          100,                        'several states';
like page('?name=web24'), qr{<b>11 found</b>.*Servers found}s, 'it says how many were found, and sums them up';
like page('?name=web24'), qr{name="name" value="web24"},       'the form has what was searched for';
like page('?state=down'), qr{<option value="down" selected="selected">}, 'and the state';

# Whatever comes, nothing of it becomes markup.
for my $query (
    '?state=nonsense',     '?name=%22%3E%3Ci%3Ex',  '?name=%00',                  '?name=%zz',
    '?name=' . 'w' x 5000, '?state=%22%3E%3Ci%3Ex', '?from=99999999999999999999', '?from=-3',
    '?sort=%22%3E%3Ci%3E', '?sort=-'
  )
{
    my $answer = $server->get("/backhand$query");
    my $short  = substr $query, 0, 30;
    is $answer->status, 200, "$short: a page";
    unlike $answer->body, qr{<i>|"><i}, "$short: without markup of the client's";
}
is scalar(names(page('?state=nonsense'))), 0,   'no server is in a state that is none';
is scalar(names(page('?from=-3'))),        100, 'there is no page before the first';
like $server->get('/backhand?name=web')->header('Content-Security-Policy'), qr/form-action 'self'/,
  'the form may be sent';

# Programs get all servers, or those of the filter.
sub json_names {
    my ($query) = @_;
    my $json = JSON::PP::decode_json(page("?json$query"));
    return map { $_->{hostname} =~ /web(\d+)/ ? $1 : 'self' } @{ $json->{servers} };
}
is scalar(json_names(q())),                                       $fakes + 1,                  '?json has all';
is join(q( ), json_names('&state=trouble')),                      '77 123',                    'and those of a filter';
is scalar(() = page('?metrics') =~ /^backhand_server_load1\{/gm), $fakes + 1,                  '?metrics has all';
is join(q( ), page('?metrics&name=web250') =~ /^backhand_server_load1\{.*?web(\d+)/gm), '250', 'and those of a filter';
is scalar(() = page('?auto&state=down') =~ /^Server-\d+-Hostname: /gm),                 1,     'so has ?auto';

$farm->done;
