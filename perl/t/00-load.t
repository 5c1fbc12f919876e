#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Where Apache::Backhand cannot work it throws an exception that says what to do. With a
# stand-in for httpd and mod_backhand preloaded, the table can be read, written, cloned and measured.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../../tests/farm/lib";
use Farm          qw(build_dir repo_dir);
use Farm::Figures qw(names);
use File::Temp    qw(tempdir);
use Pod::Checker;
use Test::More;

my $folder = tempdir(CLEANUP => 1);
my $long   = $ENV{BACKHAND_TEST_LONG};
my $perl   = $ENV{BACKHAND_PERL} || $^X;
# The sanitizers keep freed memory for a while.
my $pages = $ENV{BACKHAND_SANITIZED} ? 4096 : 32;

sub stand_in {
    my ($name, @flags) = @_;
    my @command = (
        'cc',   '-shared',              '-fPIC', '-I' . repo_dir() . '/include',
        @flags, "$FindBin::Bin/stub.c", '-o',    "$folder/$name.so"
    );
    system(@command) == 0 or die "@command: $?";
    return "$folder/$name.so";
}

# Runs Perl code with Apache::Backhand in reach; returns the exit status and all that it says.
sub run {
    my ($preload, $code) = @_;
    open my $file, '>', "$folder/code.pl" or die $!;
    print {$file} "use strict; use warnings;\n$code\n";
    close $file;
    local $ENV{LD_PRELOAD} = $preload || '';
    my $said = qx{'$perl' -I'@{[build_dir()]}/perl5' '$folder/code.pl' 2>&1 </dev/null};
    return ($?, $said);
}

my $httpd    = stand_in('httpd', '-DHTTPD_ONLY');
my $backhand = stand_in('backhand');
my $caught   = 'eval { require Apache::Backhand; 1 } or print "caught: $@"; print "alive\n";';

my ($status, $said) = do {
    local $ENV{PERL_DL_NONLAZY} = 1;    # as with bindnow of Debian's packages, no symbol may be missing
    run(undef, $caught);
};
is $said, "alive\n", 'outside httpd it loads';
foreach my $call ('load_serverstats()', 'load_personal_arriba()', 'MAXSERVERS()', 'body(1)', 'note(1, 1)') {
    ($status, $said) = run(undef, "use Apache::Backhand; Apache::Backhand::$call;");
    is $status >> 8, 255, "$call there dies";
    like $said, qr/^Apache::Backhand: this works only inside httpd, .* Apache::Backhand->attach.* line 2[.]$/,
      'and says why';
}

($status, $said) = run($httpd, $caught);
like $said,
  qr/^caught: Apache::Backhand needs mod_backhand, and httpd has not loaded it: put `LoadModule backhand_module/,
  'in httpd without mod_backhand';
like $said, qr/^alive$/m, 'perl goes on';

{
    local $ENV{BACKHAND_STUB_VERSION} = 4711;
    ($status, $said) = run($backhand, $caught);
    like $said, qr/^caught: Apache::Backhand was built for version \d+ of .* mod_backhand of version 4711: build /,
      'with a mod_backhand of another version';
    like $said, qr/^alive$/m, 'perl goes on';
}

foreach my $function (qw(load_serverstats load_personal_arriba MAXSERVERS)) {
    ($status, $said) =
      run($backhand, "use Apache::Backhand; eval { Apache::Backhand::$function(); 1 } or print \$@; print 'alive'");
    like $said, qr/^Apache::Backhand: there is no table of servers yet: .* PerlChildInitHandler .*alive\z/s,
      "$function before there is a table";
}
($status, $said) = run($backhand,
    'use Apache::Backhand; print Apache::Backhand::MAXSESSIONSPERSERVER(), Apache::Backhand::SERVER_TIMEOUT()');
is $said, '1020', 'what needs no table is there';

($status, $said) =
  run($backhand, 'use Apache::Backhand; print defined &load_serverstats ? "exported" : "not exported"');
is $said, 'not exported', 'nothing is exported that was not asked for';
($status, $said) = run($backhand,
        'use Apache::Backhand qw(load_serverstats load_personal_arriba MAXSERVERS MAXSESSIONSPERSERVER SERVER_TIMEOUT);'
      . ' print "exported"');
is $said, 'exported', 'and all that is';

$ENV{BACKHAND_STUB} = 4096;
($status, $said) = run($backhand, <<'EOT');
use threads;
use Apache::Backhand qw(:all);
my $s = load_serverstats();
my $row = $s->[7];
$row->{load} = 5;
my $arriba = load_personal_arriba();
$$arriba = 8;
print join ',', map { threads->create($_)->join } sub { $row->{load} }, sub { $s->[7]{load} },
    sub { load_serverstats()->[7]{load} },
    sub { $s == load_serverstats() ? 'same' : 'other' }, sub { $$arriba }, sub { ${ load_personal_arriba() } },
        sub { $s->[4095]{load} = 6; $s->[4095]{load} },
    sub {
        threads->create(sub { $s->[4095]{load} })->join;
        },
        sub {
        eval { delete $row->{load} };
        $@ ? 'died' : 'lived';
        },
        sub { $s->[9]{hostname} };
print ' ', $s->[4095]{load};
EOT
is $said,   '5,5,5,same,8,8,6,6,died,server9.test 6', 'cloned interpreters';
is $status, 0,                                        'ends well';

my $times = $long ? 1_000_000 : 100_000;
($status, $said) = run($backhand, <<"EOT");
use Apache::Backhand qw(:all);
sub pages { open my \$f, '<', '/proc/self/statm' or die; return (split ' ', readline \$f)[1] }
my \%case = (
    load => sub { load_serverstats() }, arriba => sub { \${ load_personal_arriba() }++ },
    read => sub { my \$x = load_serverstats()->[\$_ % 256]{load} }, write => sub { load_serverstats()->[3]{load} += 1 },
    name => sub { my \$x = load_serverstats()->[3]{hostname} }, reference => sub { load_serverstats()->[3]{load} = [] },
    localise => sub { local load_serverstats()->[3]{load} = 2 }, copy => sub { my \%h = \%{ load_serverstats()->[4] } },
    delete => sub {
        eval { delete load_serverstats()->[3]{load} }
        },
        new => sub {
        eval { load_serverstats()->[3]{x} = 1 }
    },
    clear => sub {
        eval { \%{ load_serverstats()->[3] } = () }
        },
        fixed => sub {
        eval { load_serverstats()->[3]{contact} = [] }
    },
    cut => sub {
        \$_ % 100 or eval { \$#{ load_serverstats() } = 4094 }
        },
        element => sub {
        eval { load_serverstats()->[3] = 1 }
    },
);
foreach my \$name (sort keys \%case) {
    my \$code = \$case{\$name};
    \$code->() for 1 .. $times / 10;
    my \$before = pages();
    \$code->() for 1 .. $times;
    my \$more = pages() - \$before;
    print "\$name: \$more pages more\n" if \$more > $pages;
}
EOT
is $said, '', "no leak in $times reads, writes and refusals";

my $module  = repo_dir() . '/perl/lib/Apache/Backhand.pm';
my $checker = Pod::Checker->new(-warnings => 1, -quiet => 1);
$checker->parse_from_file($module, "$folder/pod");
is $checker->num_errors + $checker->num_warnings, 0, 'the manual is well-formed';
my $manual = do { open my $f, '<', $module or die; local $/ = undef; readline $f };
like $manual, qr/^=item \Q$_\E\b/m, "the manual has $_"
  for names(),
  qw(load_serverstats load_personal_arriba MAXSERVERS MAXSESSIONSPERSERVER SERVER_TIMEOUT);

done_testing;
