#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# The status page as metrics: the two formats, what they count, what promtool says; and, among the long tests, a
# Prometheus that scrapes two servers.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use IPC::Open3 qw(open3);
use JSON::PP   ();
use POSIX      ();
use Test::More;

use Farm qw(eventually repo_dir wait_for);
use Farm::Client;

my $farm  = Farm->new;
my $first = $farm->add(conf => <<'EOT');
<Location /app>
    Backhand byAge
    Backhand removeSelf
</Location>
EOT
my $second = $farm->add;
$farm->start;
ok $farm->together, 'two servers see each other';

# The value of each sample, by name and labels, as `backhand_sent_total{server=http://127.0.0.2:80}`, without hostname.
sub samples {
    my ($server, @headers) = @_;
    my %samples;
    for my $line (grep { !/\A#/ } split /\n/, $server->get('/backhand?metrics', headers => \@headers)->body) {
        my ($name, $value) = $line =~ /\A(.*) (\S+)\z/ or die "odd line: $line";
        $name =~ s/,?hostname="[^"]*"//;
        $samples{ $name =~ tr/"//dr } = $value;
    }
    return \%samples;
}

my $text = $first->get('/backhand?metrics');
is $text->status,                  200,                                        'the metrics are there';
is $text->header('Content-Type'),  'text/plain; version=0.0.4; charset=utf-8', 'in the text format';
is $text->header('Cache-Control'), 'no-store',                                 'and are not kept by caches';
unlike $text->body, qr/# EOF/, 'without an end';
is $first->get('/backhand?metrics=')->header('Content-Type'), $text->header('Content-Type'), 'with an empty value, too';
my @accept = (Accept => 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1');
my $open   = $first->get('/backhand?metrics', headers => \@accept);
is $open->header('Content-Type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'OpenMetrics on demand';
is $open->header('Vary'),         'Accept',                                                     'as it says';
like $open->body, qr/\n# EOF\n\z/, 'with an end';
is_deeply [sort keys %{ samples($first) }], [sort keys %{ samples($first, @accept) }], 'both have the same samples';

# The manual's names, of which some have no sample yet.
my $manual = do {
    open my $file, '<', repo_dir() . '/docs/status.md' or die "docs/status.md: $!";
    local $/ = undef;
    readline $file;
};
my %documented = map { $_ => 1 } map { /`(backhand_\w+)`/g } map { (split /\|/)[1] } $manual =~ /^(\| `backhand_.*)$/gm;
# tests/farm/29-nats.t looks for it, with a broker.
delete $documented{backhand_nats_connected};
my @families = $text->body =~ /^# TYPE (\w+)/gm;
is_deeply [sort @families], [sort keys %documented], 'the manual has every metric, and no other';

# Figures and counts.
my $there = $second->contact;
is samples($first)->{"backhand_server_state{server=$there,state=alive}"}, 1, 'the other server is alive';
# Its threads begin one by one.
eventually { samples($first)->{"backhand_server_workers{server=$there}"} == 8 } 10, 'with its workers';
is $first->get('/app/who')->body,    'b', 'a request is handed off';
is $first->get('/app/none')->status, 404, 'another one';
eventually { samples($first)->{"backhand_tries_total{server=$there,outcome=answered}"} == 2 } 10,
  'two tries were answered';
my $now = samples($first);
is $now->{'backhand_decisions_total{reason=handed-off:chosen}'},     2, 'by two decisions';
is $now->{'backhand_decisions_total{reason=served-here:chosen}'},    0, 'others are 0';
is $now->{backhand_decision_seconds_count},                          2, 'which have times';
is $now->{"backhand_handoff_seconds_bucket{server=$there,le=+Inf}"}, 2, 'as the hand-offs';
is $now->{"backhand_handoff_seconds_count{server=$there}"},          2, 'in all';
is $now->{"backhand_sent_total{server=$there}"},                     2, 'two were sent';
eventually { samples($second)->{backhand_served_seconds_count} == 2 } 10, 'and served there';
is samples($second)->{backhand_received_total}, 2, 'from another server';

# Without a table.
my $lonely = $farm->add(announce => 0)->start;
is_deeply [grep { !/\Abackhand_build_info/ } keys %{ samples($lonely) }], ['backhand_table_present'],
  'a server without a table has no metrics';
is samples($lonely)->{backhand_table_present}, 0, 'but says so';

# promtool's answer about a text.
sub promtool {
    my ($metrics) = @_;
    my $pid = open3(my $in, my $out, undef, qw(promtool check metrics));
    print {$in} $metrics;
    close $in;
    my $said = do { local $/ = undef; readline $out };
    waitpid $pid, 0;
    return ($? >> 8) . " $said";
}

SKIP: {
    my $missing = system('which promtool prometheus >/dev/null 2>&1') != 0;
    skip 'the package prometheus is not installed, as it is for long tests', 1 if $missing && !$ENV{BACKHAND_TEST_LONG};
    isnt promtool("odd line\n"),                          '0 ', 'promtool sees what is wrong';
    is promtool($first->get('/backhand?metrics')->body),  '0 ', 'and finds nothing in the metrics';
    is promtool($lonely->get('/backhand?metrics')->body), '0 ', 'nor in those of a server without a table';
    skip 'a long test: Prometheus', 1 if !$ENV{BACKHAND_TEST_LONG};
    scrape();
}

# A real Prometheus scrapes both servers, and answers what they said.
sub scrape {
    my $port = Farm::free_port();
    my $root = $first->root;
    $first->write_file('prometheus.yml', <<"EOT");
global:
  scrape_interval: 500ms
  scrape_timeout: 500ms
scrape_configs:
  - job_name: backhand
    metrics_path: /backhand
    params:
      metrics: ['']
    static_configs:
      - targets: ['@{[$first->address]}', '@{[$second->address]}']
EOT
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if (!$pid) {
        open STDOUT, '>',  "$root/prometheus.log" or POSIX::_exit(2);
        open STDERR, '>&', \*STDOUT               or POSIX::_exit(2);
        exec 'prometheus', "--config.file=$root/prometheus.yml", "--storage.tsdb.path=$root/prometheus",
          "--web.listen-address=127.0.0.1:$port"
          or POSIX::_exit(2);
    }

    # The values that Prometheus has for a query, by their labels `server` and `instance`.
    my $query = sub {
        my ($what) = @_;
        $what =~ s/([^\w.-])/sprintf '%%%02X', ord $1/eg;
        my $client = Farm::Client->new(host => '127.0.0.1', port => $port);
        my $json   = JSON::PP::decode_json($client->request('GET', "/api/v1/query?query=$what", close => 1)->body);
        return {
            map {
                join(q( ), grep { defined } @{ $_->{metric} }{qw(instance server)}) => $_->{value}[1]
            } @{ $json->{data}{result} }
        };
    };
    my ($a, $b) = map { $_->address } $first, $second;
    eventually { my $up = $query->('up'); ($up->{$a} || 0) == 1 && ($up->{$b} || 0) == 1 } 30,
      'Prometheus scrapes both servers';
    eventually { $query->('backhand_tries_total{outcome="answered"}')->{"$a $there"} == 2 } 10, 'and knows the tries';
    is $query->('backhand_server_cpus')->{"$b $there"}, $second->json->{servers}[0]{ncpu}, 'and figures';
    $first->get('/app/who') for 1 .. 20;
    eventually { $query->('backhand_handoff_seconds_count')->{"$a $there"} == 22 } 10, 'and what comes later';
    my ($quantile) =
      values %{ $query->('histogram_quantile(0.95, sum by (le) (backhand_handoff_seconds_bucket))') };
    ok $quantile > 0 && $quantile < 10, "and estimates quantiles ($quantile s)";
    my $count = $query->('count({__name__=~"backhand_.*"}) by (instance)')->{$a};
    cmp_ok $count, '>', 100, "of $count series";
    kill 'TERM', $pid;
    waitpid $pid, 0;
    return;
}

$farm->done;
