#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# The status page as JSON: its shape is the manual's, and it counts decisions, tries and changes of state.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use Farm qw(eventually repo_dir wait_for);
use Farm::Fake;
use Farm::Figures qw(figures);

my $farm  = Farm->new;
my $first = $farm->add(conf => <<'EOT');
BackhandRetryStatus 503
BackhandMaxHandoffs 3
BackhandMaxTunnels 2
<Location /app>
    Backhand byAge
    Backhand removeSelf
</Location>
EOT
my $second = $farm->add(conf => "Redirect 503 /app/bad\nRedirect 500 /app/worse\n");
$farm->start;
ok $farm->together, 'two servers see each other';

my $response = $first->get('/backhand?json');
is $response->status,                  200,                'the page is there';
is $response->header('Content-Type'),  'application/json', 'as JSON';
is $response->header('Cache-Control'), 'no-store',         'and is not kept by caches';
my $json = $first->json;
is $json->{version},       1,                                                                'its version is 1';
is $json->{self}{contact}, $first->contact,                                                  'it names this server';
is $json->{self}{farm},    $farm->name,                                                      'and the farm';
is "@{$json->{self}}{qw(max_handoffs max_session_handoffs max_tunnels workers)}", '3 6 2 8', 'and its limits';
cmp_ok abs($json->{self}{time} - time), '<', 60, 'and the time';
is $json->{self}{error},         undef, 'nothing is wrong';
is scalar @{ $json->{servers} }, 2,     'a server has an object';
is_deeply [map { $_->{id} } @{ $json->{servers} }], [0, 1], 'by their entries';

# The metrics of a server, by name and labels.
sub samples_of {
    my ($server) = @_;
    return { map { /\A([^#].*) (\S+)\z/ ? ($1 => $2) : () } split /\n/, $server->get('/backhand?metrics')->body };
}

# The manual's keys.
my ($text) = do {
    open my $manual, '<', repo_dir() . '/docs/status.md' or die "docs/status.md: $!";
    local $/ = undef;
    readline($manual) =~ /^## `\?json`$(.*?)^### Histograms/ms;
};

# Words in backticks in the first cells of the table with that head.
sub documented {
    my ($head) = @_;
    my ($rows) = $text =~ /^\| $head \|.*\n\|[-|]+\n((?:\|.*\n)+)/m or return;
    my @words  = sort map { /`([\w-]+)`/g } $rows =~ /^\|(.*?)\|/gm;
    return @words;
}
my @figures = map { $_->{name} } figures();
is_deeply [sort keys %{ $json->{self} }], [documented('key of `self`')], 'the manual has the keys of this server';
is_deeply [sort keys %{ $json->{servers}[1] }],
  [sort @figures, grep { !/\A(?:mtime|load)\z/ } documented('key of a server')],
  'and of each server, with all figures';
is_deeply [sort keys %{$json}], [sort qw(version self servers), documented('other key')], 'and all others';
is_deeply [sort keys %{ $json->{servers}[1]{outcomes} }], [documented('outcome')],        'and the outcomes';
is_deeply [sort keys %{ $json->{servers}[1]{handoff} }], [qw(bounds buckets count p50 p95 p99 sum)],
  'and those of a histogram';
my $request = do {
    open my $manual, '<', repo_dir() . '/docs/request.md' or die "docs/request.md: $!";
    local $/ = undef;
    readline $manual;
};
is_deeply [sort keys %{ $json->{reasons} }], [sort $request =~ /^\| `([\w-]+:[\w-]+)` \|/gm], 'and the reasons';
my $auto = $first->status;
is_deeply [sort keys %{ $json->{drops} }], [sort map { /\ADropped-(.*)/ } keys %{$auto}], 'drops are those of ?auto';
is_deeply [
    grep {
        !exists $auto->{ join '-', map { ucfirst } split /_/ }
    } keys %{ $json->{tallies} }
  ],
  [],
  'and tallies';

# Decisions and tries.
is $first->get('/app/who')->body, 'b', 'a request is handed off';
my $worse = $first->get('/app/worse');
is $worse->status,                  500, 'another one to an error';
is $first->get('/app/bad')->status, 404, 'a third one, with a status of BackhandRetryStatus there, is answered here';
eventually { $first->json->{reasons}{'handed-off:chosen'} == 2 } 10, 'two decisions to hand off';
$json = $first->json;
is $json->{reasons}{'served-here:failed'}, 1, 'and one that failed';
is $json->{histograms}{decision}{count},   3, 'three decisions have a time';
my $other = $json->{servers}[1];
is_deeply [map { "$_ $other->{outcomes}{$_}" } grep { $other->{outcomes}{$_} } sort keys %{ $other->{outcomes} }],
  ['answered 1', 'error 1', 'unwanted 1'], 'three tries, by outcome';
is $other->{retried},        1, 'one of them was tried again';
is $other->{handoff}{count}, 2, 'two responses have a time';
cmp_ok $other->{handoff}{sum}, '>',  0,                      'which is more than none';
cmp_ok $other->{handoff}{p95}, '>=', $other->{handoff}{p50}, 'quantiles are in order';
is $other->{sent}, 3, 'three requests were sent there';
eventually { $second->json->{histograms}{served}{count} == 3 } 10, 'the other server has served three';
is $first->json->{histograms}{served}{count}, 1, 'and this one a request';

# States.
is $other->{state},         'alive', 'the other server is alive';
is $other->{state_changes}, 0,       'and was never anything else';
cmp_ok abs($other->{since} - time), '<', 60, 'since it was first heard';
ok $second->stop, 'it stops';
eventually { $first->json->{servers}[1]{state} eq 'left' } 10, 'then it has left';
$other = $first->json->{servers}[1];
is $other->{state_changes}, 1,     'which is a change';
is $other->{age},           undef, 'it has no age';
$second->start;
eventually { $first->json->{servers}[1]{state} eq 'alive' } 10, 'it is back';
is $first->json->{servers}[1]{state_changes},      2, 'a second change';
is $first->json->{servers}[1]{outcomes}{answered}, 1, 'its counts go on';
eventually { $first->json->{servers}[1]{aservers} > 0 } 10, 'it has ready workers';
$second->kill_all;
eventually { $first->get('/app/who'); $first->json->{servers}[1]{outcomes}{refused} > 0 } 10,
  'a server that is killed refuses';
SKIP: {
    skip 'a long test: 20 s of silence', 2 if !$ENV{BACKHAND_TEST_LONG};
    eventually { $first->json->{servers}[1]{state} eq 'dead' } 30, 'and is dead in time';
    eventually { $first->json->{servers}[1]{state_changes} == 3 } 10, 'a third change';
}

# Conditions.
my $stranger = Farm::Fake->new(farm => $farm, host => '127.0.0.20');
my $unknown;
eventually {
    $stranger->announce;
    ($unknown) = grep { $_->{name} eq 'unknown-sender' } @{ $first->json->{conditions} };
}
10, 'a condition holds: a server announces itself that is not covered';
is "$unknown->{severity} $unknown->{subject}", 'warning 127.0.0.20', 'with its severity and subject';
is $unknown->{id},                             undef,                'it is about no server of the table';
cmp_ok abs($unknown->{since} - time), '<', 60, 'and began now';
like $unknown->{remedy}, qr/AcceptStats/, 'and says what to do';
is samples_of($first)->{'backhand_conditions{condition="unknown-sender",severity="warning"}'}, 1, 'it is a metric, too';

# Without a table.
my $lonely = $farm->add(announce => 0)->start;
$response = $lonely->get('/backhand?json');
is $response->status, 200, 'a server without a table answers';
$json = JSON::PP::decode_json($response->body);
like $json->{self}{error}, qr/There is no table/, 'that there is none';
is_deeply $json->{servers}, [], 'and no servers';

$farm->announce_log(qr/backhand: .*(?:127\.0\.0\.20|unknown-sender)/);
$farm->announce_log(qr/ (?:cannot be reached|fell silent|answered with a status of|closed the connection)/);
$farm->done;
