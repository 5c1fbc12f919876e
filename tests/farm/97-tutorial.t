#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The steps of docs/tutorial.md on three servers: its configuration, whose addresses become those of this test, and its
# commands to backhandctl show what the page says that they show.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually repo_dir wait_for);
use Test::More;

my $ctl = build_dir() . '/bin/backhandctl';

sub text_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    local $/ = undef;
    return scalar readline $file;
}

my $page   = text_of(repo_dir() . '/docs/tutorial.md');
my @blocks = $page =~ /^```apacheconf\n(.*?)^```$/gms;
is scalar @blocks, 4, 'the page has its blocks';
my ($members, $balanced, $secret, $sessions) = @blocks;

my $farm    = Farm->new(announce => 0);
my @servers = map { $farm->add(name => "www$_") } 1 .. 3;
my ($www1, $www2, $www3) = @servers;

# Lines of the page, for a server of this test: addresses, the group's port, and paths. An interval is of a length
# that busy machines keep.
sub local_for {
    my ($server, $conf) = @_;
    my $interval = int Farm::Wait::scaled(250);
    $conf =~ s{^MulticastStats \S+:4445}{MulticastStats $server->{host} 239.255.0.1:$farm->{udp},1}m;
    $conf =~ s{^AcceptStats \S+}{AcceptStats 127.0.0.0/28}m;
    $conf =~ s{/etc/apache2}{$server->{root}};
    return "BackhandFarm $farm->{name}\nBackhandInterval ${interval}ms\nBackhandContact @{[$server->contact]}\n"
      . "BackhandHostname @{[$server->name]}\n$conf";
}

sub configure {
    my (@of) = @_;
    for my $server (@servers) {
        $server->write_file('htdocs/app/index.html', $server->name . "\n");
        $server->reconfigure(local_for($server, join q(), @of));
    }
    return;
}

sub ctl {
    my ($server, @words) = @_;
    my $said = qx{'$ctl' @words -d '$server->{root}/run/backhand' 2>&1};
    return ($? >> 8, $said);
}

sub is_shown {
    my ($server, $pattern, $what) = @_;
    my $shown = eventually { (ctl($server, 'status'))[1] =~ $pattern } 20, $what;
    diag((ctl($server, 'status'))[1]) if !$shown;
    return $shown;
}

configure($members, $balanced);
$farm->start;
is_shown($_, qr/\A\S+: 3 of 3 servers alive|\b3 of 3 servers alive/, $_->name . ': status shows three') for @servers;
is $www1->get('/app/index.html')->status, 200, 'the place is served';

# A secret, made once and copied.
my $file = "$www1->{root}/backhand-secret";
is system($ctl, 'newsecret', $file), 0, 'newsecret makes it';
for my $server ($www2, $www3) {
    is system('cp', '-p', $file, $server->{root}), 0, 'copied to ' . $server->name;
}
configure($members, $secret, $sessions);
$_->graceful for @servers;
is_shown($_, qr/\b3 of 3 servers alive/, $_->name . ': together with the secret') for @servers;

# Sessions: whoever is asked, one server answers.
my $first = $www1->get('/app/index.html');
my ($cookie) = ($first->header('set-cookie') // '') =~ /\A(WWW=[^;]+); path=\/app; .*SameSite=Lax/i;
ok defined $cookie, 'the first answer sets the cookie' or diag $first->header('set-cookie');
my $owner = $first->body;
is $_->get('/app/index.html', headers => [Cookie => $cookie])->body, $owner, 'asked at ' . $_->name for @servers;

# An upgrade.
my ($code, $said) = ctl($www1, 'drain www2');
is $code, 0, 'drain www2' or diag $said;
is_shown($www3, qr/\bwww2\S* +drained\b|\bdrained\b/, 'another server shows it');
is((ctl($www1, 'maintenance www2'))[0], 0, 'maintenance www2');
is $www2->get('/app/index.html')->status, 200, 'its own clients are served';
ok $www2->stop, 'www2 stops';
$www2->start;
is_shown($www1, qr/maintenance/, 'it keeps the order over a restart');
is((ctl($www1, 'undrain www2'))[0], 0, 'undrain www2');
is((ctl($www1, "weight $_ www2"))[0], 0, "weight $_ www2") for 10, 100;
is_shown($www1, qr/\b3 of 3 servers alive/, 'all are back');
like $www1->get('/backhand?metrics')->body, qr/^backhand_table_present 1$/m, 'metrics';
$farm->announce_log(qr/\[(?:nobody-accepted|secret-mismatch|no-peers|server-lost|all-stale)\]/,
    qr/there is no BackhandSecretFile/);
$farm->check;
done_testing;
