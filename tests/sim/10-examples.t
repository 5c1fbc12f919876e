#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# The examples run; the same scenario and seed give the same result; the command explains itself.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use File::Basename qw(basename);
use Test::More;

use Sim qw(bhsim examples folder);

my @short = ('--set', 'runs 1', '--set', 'duration 3s', '--set', 'warmup 1s');
# Its jobs are few.
my %long = ('byCost-paper' => ['--set', 'runs 1']);

cmp_ok scalar(examples()), '>=', 5, 'there are examples';
for my $example (examples()) {
    my $name     = basename($example, '.scenario');
    my @settings = @{ $long{$name} || \@short };
    my ($out, $errors, $status) = bhsim($example, @settings);
    is $status, 0,  "$name: runs";
    is $errors, '', "$name: without complaint";
    like $out, qr/^policy +mean +p50 +p99 +p99.9 +again +peak +failed +errors$/m, "$name: prints a table";
    is((bhsim($example, @settings))[0], $out, "$name: prints the same again");
    isnt(
        (bhsim($example, @settings, '--set', 'seed 2'))[0] =~ s/seed \d+//r,
        $out =~ s/seed \d+//r,
        "$name: prints something else with another seed"
    );
}

my ($help, undef, $status) = bhsim('--help');
is $status, 0, '--help is no error';
like $help, qr/\Ausage: bhsim \[OPTION[.]{3}\] SCENARIO\n/, 'and says how it is called';
like $help, qr/^  --$_ /m,                                  "and names --$_" for qw(help version set svg quiet);

my ($out, $errors);
($out, $errors, $status) = bhsim();
is $status, 2, 'without a scenario it ends with 2';
like $errors, qr/^usage: bhsim/, 'and says how it is called';

my $picture = folder() . '/picture.svg';
my ($example) = grep { /one-slow/ } examples();
(undef, $errors, $status) = bhsim($example, @short, '--svg', $picture);
is $status, 0, 'it draws a picture';
open my $file, '<', $picture or die "$picture: $!";
my $svg = do { local $/ = undef; readline $file };
like $svg, qr{\A<svg xmlns='http://www.w3.org/2000/svg'.*</svg>\n\z}s, 'which is one';
is scalar(() = $svg =~ /<polyline /g), 14, 'with a curve for each policy and number of dispatchers';

(undef, $errors, $status) = bhsim($example, @short, '--svg', folder() . '/none/picture.svg');
is $status, 1, 'a picture that cannot be written is an error';
like $errors, qr{none/picture[.]svg: No such file}, 'which names the file';

done_testing();
