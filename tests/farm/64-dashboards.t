#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The files of examples/prometheus: promtool accepts them, every alert fires when it should, and every metric and label
# that the dashboard and the alerts name is in a real answer to ?metrics. Among the long tests, a Prometheus scrapes a
# farm and evaluates every expression.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Farm qw(eventually free_port repo_dir);
use Farm::Fake;
use File::Temp ();
use HTTP::Tiny;
use JSON::PP ();
use Test::More;

my $folder = repo_dir() . '/examples/prometheus';

sub text_of {
    my ($name) = @_;
    open my $file, '<', "$folder/$name" or die "$folder/$name: $!";
    local $/ = undef;
    return scalar readline $file;
}

# Every `expr` and every query of a variable.
sub expressions {
    my ($node) = @_;
    return map { expressions($_) } @{$node} if ref $node eq 'ARRAY';
    return                                  if ref $node ne 'HASH';
    my @own = grep { defined && !ref } $node->{expr};
    return @own, map { expressions($node->{$_}) } sort keys %{$node};
}

my $dashboard = JSON::PP::decode_json(text_of('grafana.json'));
cmp_ok $dashboard->{schemaVersion}, '>=', 36, 'the dashboard is of a recent schema';
my @panels = grep { $_->{type} ne 'row' } @{ $dashboard->{panels} };
cmp_ok scalar @panels, '>', 10, 'it has panels';
is_deeply [grep { $_->{datasource}{uid} ne '${datasource}' } @panels], [], 'which take their data from a variable';
my %id = map { $_->{id} => 1 } @{ $dashboard->{panels} };
is scalar keys %id, scalar @{ $dashboard->{panels} }, 'each has an id of its own';

# A rule's expression is a line, or the lines below `>-`.
my @of_rules =
  map { s/\A>-\s+//r =~ s/\s+/ /gr } text_of('backhand.rules.yml') =~ /^ {8}expr: (>-(?:\n {10}.*)+|.*)$/gm;
my @of_panels = expressions($dashboard);
cmp_ok scalar @of_rules,  '>', 4,  'there are alerts';
cmp_ok scalar @of_panels, '>', 15, 'and queries';
is_deeply [grep { /rate\(/ && !/\[\$__rate_interval\]/ } @of_panels], [],
  'rates are over the interval that Grafana gives';

# The text that a variable stands for.
my %variable = (job => 'backhand', instance => '.*', __rate_interval => '1m');
my @all      = (@of_rules, map { s/\$(\w+)/$variable{$1} || die "\$$1 is no variable\n"/ger } @of_panels);

# The names of metrics, and the labels that are selected or summed by for each.
sub named {
    my ($expression) = @_;
    my %labels;
    my @by = map { split /\s*,\s*/ } $expression =~ /\bby \(([^)]*)\)/g;
    while ($expression =~ /\b(backhand_\w+)(?:\{([^}]*)\})?/g) {
        my ($metric, $selected) = ($1, $2 || '');
        $labels{$metric}{$_} = 1 for $selected =~ /(\w+)\s*(?:=~|!~|!=|=)\s*"/g, @by;
    }
    return \%labels;
}

my $farm = Farm->new(conf => "<Location /app>\nBackhand byAge\nBackhand removeSelf\n</Location>\n");
my ($a, $b) = map { $farm->add } 1 .. 2;
$farm->start;
ok $farm->together, 'two servers see each other';
is $a->get('/app/who')->body, 'b', 'and one hands off';
my $fake = Farm::Fake->new(farm => $farm);
my $page;
eventually {
    $fake->announce(v => 99);
    $page = $a->get('/backhand?metrics')->body;
    $page =~ /^backhand_conditions\{/m
}
10, 'a condition is among the metrics';
my %exported;
for my $line (grep { /\A\w/ } split /\n/, $page) {
    my ($metric, $labels) = $line =~ /\A(\w+)(?:\{(.*)\})? /;
    $exported{$metric}{$_} = 1 for '', ($labels || '') =~ /(?:\A|,)(\w+)="/g;
}
my @missing;
for my $expression (@all) {
    my $named = named($expression);
    for my $metric (sort keys %{$named}) {
        push @missing, $metric if !$exported{$metric};
        push @missing, map { "$metric\{$_}" }
          grep { !$exported{$metric}{$_} && !/\A(?:job|instance)\z/ } sort keys %{ $named->{$metric} };
    }
}
is_deeply \@missing, [], 'every metric and label that they name is exported';
my @variables = map { $_->{definition} || () } @{ $dashboard->{templating}{list} };
is_deeply [grep { !$exported{$_} } map { /(backhand_\w+)/g } @variables], [], 'those of the variables too';

SKIP: {
    skip 'there is no promtool: install the package prometheus', 1 if system('which promtool >/dev/null 2>&1');
    my %file = (
        'check rules'  => 'backhand.rules.yml',
        'check config' => 'prometheus.yml',
        'test rules'   => 'backhand.rules.test.yml'
    );
    for my $command (sort keys %file) {
        my $file = $file{$command};
        my $said = qx{cd '$folder' && promtool $command $file 2>&1};
        is $?, 0, "promtool $command $file" or diag $said;
    }
    my %tested = map { $_ => 1 } text_of('backhand.rules.test.yml') =~ /alertname: (\w+)\n\s+exp_alerts/g;
    is_deeply [grep { !$tested{$_} } text_of('backhand.rules.yml') =~ /- alert: (\w+)/g], [], 'every alert is tried';
}

SKIP: {
    skip 'a Prometheus evaluates the expressions in the long tests only', 1 if !$ENV{BACKHAND_TEST_LONG};
    skip 'there is no prometheus: install the package', 1 if system('which prometheus >/dev/null 2>&1');
    my $place = File::Temp->newdir;
    my $port  = free_port();
    open my $file, '>', "$place/prometheus.yml" or die "$place: $!";
    print {$file} "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: backhand\n  metrics_path: /backhand\n",
      "  params: {metrics: ['']}\n  static_configs:\n  - targets: ['", join(q(', '), map { $_->address } $a, $b),
      "']\n";
    close $file or die "$place: $!";
    my $pid = fork // die "fork: $!";

    if (!$pid) {
        open STDERR, '>', "$place/log";
        exec 'prometheus', "--config.file=$place/prometheus.yml", "--storage.tsdb.path=$place/data",
          "--web.listen-address=127.0.0.1:$port";
    }
    my $ask = sub {
        my ($expression) = @_;
        my $query        = $expression =~ s/([^\w])/sprintf '%%%02X', ord $1/ger;
        my $response     = HTTP::Tiny->new->get("http://127.0.0.1:$port/api/v1/query?query=$query");
        return eval { JSON::PP::decode_json($response->{content}) } || {};
    };
    my $twice = 'min(count_over_time(backhand_table_present[1m])) > 3';
    eventually { @{ ($ask->($twice)->{data} || {})->{result} || [] } } 60, 'a Prometheus scrapes both servers';
    is $ask->($_)->{status}, 'success', $_ for @all;
    my @queries = grep { !/\brate\(/ && !/dropped|conditions/ } map { s/\$(\w+)/$variable{$1}/ger } @of_panels;
    is_deeply [grep { !@{ $ask->($_)->{data}{result} } } @queries], [], 'the gauges of the dashboard have values';
    kill 'TERM', $pid;
    waitpid $pid, 0;
}

$farm->announce_log(qr/\[other-release\]/);
$farm->done;
