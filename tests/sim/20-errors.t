#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# What is wrong with a scenario is said with file and line.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Sim qw(bhsim folder write_file);

my $good = "servers 2\narrivals rate 10\npolicy on: on\n";

# A line, and what is said of it.
my @wrong = (
    ['surfers 4',            'no line begins with `surfers`; lines begin with title, servers,'],
    ['servers',              'the number of servers is missing'],
    ['servers 0',            'the number of servers is a whole number from 1 to 4096, and not `0`'],
    ['servers 4097',         'the number of servers is a whole number from 1 to 4096, and not `4097`'],
    ['servers 2.5',          'the number of servers is a whole number from 1 to 4096, and not `2.5`'],
    ['servers 2 speed fast', 'the speed is a number from 1e-06 to 1e+06, and not `fast`'],
    ['servers 2 speed -1',   'the speed is a number from 1e-06 to 1e+06, and not `-1`'],
    ['servers 2 speed nan',  'the speed is a number from 1e-06 to 1e+06, and not `nan`'],
    [
        'servers 2 colour red',
        'of servers there are name, zone, speed, score, workers, slots, cpus, memory, joins, cold, fails, returns and'
    ],
    ['servers 2 workers 0',           'the number of workers is a whole number from 1 to 100000, and not `0`'],
    ['servers 2 joins 20s fails 10s', 'these servers fail before they join'],
    ['servers 2 returns 10s',         'these servers return before they fail'],
    ['servers 2 errors 2',            'the share of errors is a number from 0 to 1, and not `2`'],
    ['dispatchers',                   'the number of dispatchers is missing'],
    ['dispatchers 129',               'the number of dispatchers is a whole number from 1 to 128, and not `129`'],
    ['dispatchers 2 on-servers now',  'dispatchers takes no further word, as `now`'],
    ['arrivals',                      'takes `rate` and requests a second, `load` and a share'],
    ['arrivals load much',            'the load is a number from 1e-06 to 100, and not `much`'],
    ['arrivals trace nowhere.log',    'nowhere.log: No such file or directory'],
    ['clients second 1',              'takes `first` and the share of the clients'],
    ['clients first 2',               'the share of the clients is a number from 0 to 1'],
    ['hop 1ms disk 2',                'after the time comes `cpu`'],
    ['arrivals load 0.5 burst 0.5',   'a burst is written as `burst 0.5 every 4s`'],
    ['arrivals load 0.5 often',       'a burst is written as'],
    ['service bimodal 10ms 0.05',     'how many times longer they are is missing'],
    ['servers 2 cold 10',             'how long it is cold is missing'],
    ['request 1 GET / first 2',       'the share that comes to the first dispatcher'],
    ['service slow', 'takes a distribution, which is fixed, exp, uniform, pareto, lognormal, bimodal or reciprocal'],
    ['service exp 10 s',         'service takes no further word, as `s`'],
    ['service exp 10m',          'the mean is a time as 250ms, 5s or 2min, and not `10m`'],
    ['service pareto 100ms 1',   'the shape of the Pareto distribution is a number from 1.0001 to 100, and not `1`'],
    ['announce 0',               'the interval is 0.001 s at least, and not `0`'],
    ['announce 1s lost 2',       'after the interval comes `loss` and a share, not `lost`'],
    ['figures maybe',            'takes `on`, `off` or both'],
    ['backlog secret',           'takes `announced` or `hidden`'],
    ['slow 10 jumps 5s',         'after the factor comes `moves` and a time, not `jumps`'],
    ['split 0.1',                'is written as `split 0.05 times 10 parts 1 20`'],
    ['runs 0',                   'the number of runs is a whole number from 1 to 1000000, and not `0`'],
    ['request 1 GET path',       'a request is written as `request 3 GET /path?arguments`'],
    ['request 1 GET / header X', 'a header is written as "Name: value"'],
    [
        'reference best',
        'there is no reference `best`; there are here, roundrobin, leastconn, random2, oracle, omniscient'
    ],
    ['policy',                             'a policy needs a name'],
    ['policy x: byMagic',                  'there is no function byMagic that works without httpd; there are on, off,'],
    ['policy x: byAge | | byLoad',         'a function is missing'],
    ['policy x: byAge old',                'byAge old: takes the age in seconds as a whole number'],
    ['policy x: BackhandFromSO none.so f', 'cannot load the shared object: '],
    ['policy x: BackhandFromSO x byPerl',  'byPerl names no Perl function'],
    ['policy x: BackhandFromSO x byPerl No::where', 'No::where is not defined: load its package with PerlModule'],
    ['PerlModule No::Such::Module',                 q{Can't locate No/Such/Module.pm in @INC}],
    ['PerlSwitches -w',                             'PerlSwitches takes -Ifolder only'],
    ['PerlFoo bar', q{of Perl's directives there are PerlModule, PerlRequire and PerlSwitches, not PerlFoo}],
);
for my $case (@wrong) {
    my ($line, $message) = @{$case};
    my ($before, $after) = ("# comment\n\n$good", "\n");
    my $file = write_file('wrong.scenario', $before . $line . $after);
    my (undef, $errors, $status) = bhsim($file);
    is $status, 1, "`$line` is an error";
    like $errors, qr{\Abhsim: \Q$file:6: \E(?:\S*/)?\Q$message\E}, 'and what it says';
}

# What is missing as a whole has no line.
my %missing = (
    "arrivals rate 10\npolicy on: on\n" => 'there are no servers: write a line as `servers 4 speed 1 workers 8`',
    "servers 2\narrivals rate 10\n"     => 'there is no policy: write a line as',
    "servers 2\npolicy on: on\n"        => 'there are no arrivals: write a line as',
    "Backhand byAge\n$good"             => '1: this line belongs to a policy: write `policy NAME` before it',
    "${good}servers 4094\n"             => 'there are 4096 servers, and 4095 is the most with dispatchers of their own',
    "${good}dispatchers 3 on-servers\n" => '3 dispatchers cannot stand on 2 servers',
    "${good}service trace\n"            => '`service trace` needs `arrivals trace`',
    "${good}arrivals load 1\nservice reciprocal 1s\n"       => 'the service times have no mean',
    "${good}arrivals load 1\nservers 1 workers unlimited\n" =>
      'of servers with unlimited workers `arrivals load` needs to know the `cpus`',
    "${good}delay 1s\n" => 'the delay of the network must be shorter than the interval of the announcements',
);
for my $text (sort keys %missing) {
    my $file = write_file('wrong.scenario', $text);
    my (undef, $errors, $status) = bhsim($file);
    is $status, 1, 'a scenario that does not add up is an error';
    like $errors, qr{\Abhsim: \Q$file:\E ?\Q$missing{$text}\E}, "$missing{$text}";
}

my $file = write_file('good.scenario', $good);
my (undef, $errors, $status) = bhsim($file, '--set', 'servers x');
is $status, 1, 'a wrong setting is an error';
like $errors, qr/\Abhsim: --set "servers x": the number of servers is/, 'which names the setting';
(undef, $errors, $status) = bhsim(folder() . '/none.scenario');
is $status, 1, 'so is a file that is not there';
like $errors, qr{none[.]scenario: No such file or directory}, 'which is named';

done_testing();
