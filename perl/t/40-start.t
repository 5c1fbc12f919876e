#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Messages about a policy before the first request: by configtest, at server start, and when Apache::Backhand is loaded
# too early.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge left_by);
use Farm   qw(build_dir configtest modules_dir);
use Test::More;

my $perl = <<'EOT';
package Here;
sub policy { [1] }
sub autoloaded;
package Auto;
our $AUTOLOAD;
sub AUTOLOAD { [2] }
package Heir;
our @ISA = 'Here';
sub DESTROY { }
EOT

my @cases = (
    ''                  => qr/names no Perl function: BackhandFromSO/,
    'Here::policy'      => undef,
    'Here::policy word' => undef,
    'Heir->policy'      => undef,
    'Auto->anything'    => undef,
    'Here::nosuch'      => qr/Here::nosuch is not defined: load its package with PerlModule/,
    'Here::autoloaded'  => qr/Here::autoloaded is not defined/,
    'Nowhere::policy'   => qr/Nowhere::policy is not defined/,
    'Nowhere->policy'   => qr/Nowhere->policy is not defined/,
    'Heir->nosuch'      => qr/Heir->nosuch is not defined/,
    '->policy'          => qr/->policy is not defined/,
    'Heir->'            => qr/Heir-> is not defined/,
    'Here::policy;die'  => qr/Here::policy;die is not defined/,
    '&Here::policy'     => qr/&Here::policy is not defined/,
    'policy'            => qr/policy is not defined/,
    '%ENV'              => qr/%ENV is not defined/,
);
my @policies = map { $cases[2 * $_] } 0 .. $#cases / 2;

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my ($farm, $server) = bridge(
            mpm      => $mpm,
            workers  => 1,
            perl     => $perl,
            startup  => 'PerlRequire',
            policies => \@policies,
            conf     => "BackhandMaxServers 16\nPerlInterpStart 1\n",
        );
        $farm->start;
        my @log = grep { /backhand: / && /:error\]/ } $server->log_lines;
        for my $n (0 .. $#policies) {
            my $line    = line_of($server, "<Location /p$n>") + 2;
            my @lines   = grep { /httpd\.conf:$line\b/ } @log;
            my $pattern = $cases[2 * $n + 1];
            is scalar @lines, $pattern ? 1 : 0, "byPerl $policies[$n]: " . ($pattern ? 'one line at start' : 'no line')
              or diag @log;
            like $lines[0], $pattern, 'which says it' if $pattern && @lines;
            is left_by($server, $n), $pattern ? '3:1 1:0 0:0 2:0' : $policies[$n] =~ /Auto/ ? '2:0' : '1:0',
              'and what it leaves';
        }
        is scalar(grep { defined } @cases[map { 2 * $_ + 1 } 0 .. $#policies]), scalar @log, 'no other line';
        $farm->announce_log(qr/backhand: .*(?:not defined|names no Perl function)/,
            qr/server reached MaxRequestWorkers/);
        $farm->check;
    };
}

sub line_of {
    my ($server, $text) = @_;
    my @lines = $server->lines('httpd.conf');
    return 1 + (grep { $lines[$_] eq $text } 0 .. $#lines)[0];
}

subtest 'functions of PerlPostConfigRequire are read later than the check' => sub {
    my ($farm, $server) =
      bridge(perl => $perl, policies => ['Here::policy', 'Here::nosuch'], conf => "BackhandMaxServers 16\n");
    $farm->start;
    is left_by($server, 0),                            '1:0',             'it works';
    is scalar(grep { /:error\]/ } $server->log_lines), 0,                 'no line at start';
    is left_by($server, 1),                            '3:1 1:0 0:0 2:0', 'one that is missing leaves the list';
    $farm->announce_log(
        qr/backhand: byPerl: Here::nosuch is not defined, the list of servers stays as it was: load its package/);
    $farm->check;
};

my $so = "BackhandFromSO @{[build_dir()]}/modules/byPerl.so byPerl Here::policy\n";
my ($rc, $said) = configtest(conf => $so);
isnt $rc, 0, 'byPerl without mod_perl is a configuration error';
like $said, qr/BackhandFromSO .*byPerl.*: cannot load the shared object: .*undefined symbol/,
  'with the loader\'s message';

($rc, $said) = configtest(perl => 1, conf => "PerlModule Apache::Backhand\n$so");
is $rc, 0, 'the manual\'s lines at top level' or diag $said;
($rc, $said) = configtest(perl => 1, load => 'first', conf => "PerlModule Apache::Backhand\n$so");
is $rc, 0, 'with mod_backhand loaded first' or diag $said;
my $folder = build_dir() . '/modules/';
($rc, $said) =
  configtest(perl => 1, conf => "PerlModule Apache::Backhand\nBackhandFromSO $folder byPerl Here::policy\n");
is $rc, 0, 'with a folder' or diag $said;

($rc, $said) = configtest(perl => 1, load => '', announce => 0, conf => "<Perl>\nuse Apache::Backhand;\n</Perl>\n");
isnt $rc, 0, 'Apache::Backhand without mod_backhand is an error';
like $said, qr/Apache::Backhand needs mod_backhand, and httpd has not loaded it: put `LoadModule backhand_module/,
  'that says what to do';

my $early =
    "<Perl>\nuse Apache::Backhand;\neval { Apache::Backhand::load_serverstats() };\n"
  . "print STDERR \"early: \$@\";\neval { Apache::Backhand::MAXSERVERS() };\nprint STDERR \"size: \$@\";\n"
  . "eval { Apache::Backhand::load_personal_arriba() };\nprint STDERR \"arriba: \$@\";\n\$@ = q();\n</Perl>\n";
($rc, $said) = configtest(perl => 1, conf => $early);
is $rc, 0, 'loading it in a <Perl> section works';
like $said, qr/$_: Apache::Backhand: there is no table of servers yet/, "but there is no table yet ($_)"
  for qw(early size arriba);

done_testing;
