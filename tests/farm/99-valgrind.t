#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A farm whose servers run under valgrind reads and writes no memory that is not its own. Takes a minute, so only among
# the long tests.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp ();
use Test::More;

my ($folder, $reports);

BEGIN {
    plan skip_all => 'a long test'       if !$ENV{BACKHAND_TEST_LONG};
    plan skip_all => 'no valgrind'       if system('valgrind --version >/dev/null 2>&1') != 0;
    plan skip_all => 'under other tools' if $ENV{BACKHAND_SANITIZED};
    # Processes write their reports as httpd's user.
    $folder  = File::Temp::tempdir('backhand-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
    $reports = "$folder/reports";
    mkdir $reports or die "$reports: $!";
    chmod 0755,  $folder;
    chmod 01777, $reports;
    open my $wrapper, '>', "$folder/apache2" or die "$folder/apache2: $!";
    print {$wrapper} "#!/bin/sh\nexec valgrind --quiet --leak-check=no --keep-debuginfo=yes --num-callers=30 "
      . "--log-file=$reports/%p --suppressions=$FindBin::Bin/../sanitize/valgrind.supp /usr/sbin/apache2 \"\$@\"\n";
    close $wrapper or die "$folder/apache2: $!";
    chmod 0755, "$folder/apache2";
    $ENV{BACKHAND_HTTPD}              = "$folder/apache2";
    $ENV{BACKHAND_TEST_TIMEOUT_SCALE} = 5 * ($ENV{BACKHAND_TEST_TIMEOUT_SCALE} || 1);
}

use Farm qw(eventually in_parallel);

my $byperl = Farm::build_dir() . '/modules byPerl';
my $farm   = Farm->new;
my $conf   = <<"EOT";
BackhandPolicyTimeout 10s
BackhandInterval 500ms
<Location /app>
    Backhand byAge 60
    Backhand byRandom
</Location>
<Location /app/perl>
    BackhandFromSO $byperl Choose::other
</Location>
EOT
my $policy =
    "package Choose; use Apache::Backhand ':all';\n"
  . "sub other { my (\$r, \$ids) = \@_; my \$s = load_serverstats();"
  . " [sort { \$s->[\$b]{ncpu} <=> \$s->[\$a]{ncpu} } grep { \$_ } \@\$ids] }\n1;\n";
my @servers = map { $farm->add(perl => 1) } 1 .. 2;
for my $server (@servers) {
    my $file = $server->write_file('choose.pl', $policy);
    mkdir $server->root . '/htdocs/app/perl';
    $server->write_file('htdocs/app/perl/who', $server->name);
    $server->reconfigure("PerlModule Apache::Backhand\nPerlPostConfigRequire $file\n$conf");
}
$farm->start;
ok $farm->together, 'two servers see each other';
my ($a, $b) = @servers;

# Asks the first server; returns how many answers were not good.
sub ask {
    my ($n) = @_;
    my @bad = in_parallel 3, sub {
        my $client = $a->connect;
        my $bad    = 0;
        for my $i (1 .. $n / 3) {
            my $body     = $i % 3 ? undef : 'x' x (1000 * $i);
            my $response = $client->request(
                $body ? 'POST' : 'GET',
                $body ? '/app/echo' : $i % 2 ? '/app/who' : '/app/perl/who',
                body => $body
            );
            $bad++                if $response->status != 200;
            $client = $a->connect if ($response->header('connection') || q()) eq 'close';
        }
        return $bad;
    };
    return join ' ', map { ref ? $_->{died} : $_ } @bad;
}

is ask(210),                     '0 0 0', 'requests here, there and by a policy in Perl are answered';
is $_->get('/backhand')->status, 200,     'the status page' for @servers;
ok $a->graceful,    'a graceful restart';
ok $farm->together, 'they see each other again';
is ask(60), '0 0 0', 'requests after it are answered';
$b->kill_all;
is ask(30), '0 0 0', 'the other one is killed: they are answered';
$farm->announce_log(qr/backhand: server \S+ .*asked (?:last|as before)/, qr/AH0004[56]:|AH00161:|AH0048[45]:|AH03490:/);
$farm->check;

my @reports = glob "$reports/*";
cmp_ok scalar @reports, '>', 6, 'valgrind has watched all processes';
my %said;
for my $report (@reports) {
    open my $file, '<', $report or die "$report: $!";
    my $text = join q(), map { s/\A==\d+== ?//r } readline $file;
    close $file;
    $said{$_}++ for grep { /\S/ } split /\n\s*\n/, $text;
}
is scalar keys %said, 0, 'valgrind has nothing to say'
  or diag join "\n\n", map { "$said{$_} times:\n$_" } sort keys %said;
done_testing;
