# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Systems;

# What is compared. name: for the command line; label: for people; dispatchers: how many entries the load has; peer: class
# and method of a balancer, none: the farm balances itself.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(systems chain);

# The chain that the farm runs.
my $chain = <<'EOT';
Backhand byAge
Backhand byRandom
Backhand byLogWindow
Backhand addPrediction
Backhand byBusyChildren
EOT

my @peers = (
    ['haproxy-leastconn', 'HAProxy leastconn',           'Haproxy', 'leastconn'],
    ['haproxy-random',    'HAProxy random(2)',           'Haproxy', 'random(2)'],
    ['nginx-least',       'nginx least_conn',            'Nginx',   'least_conn'],
    ['nginx-random',      'nginx random two least_conn', 'Nginx',   'random two least_conn'],
    ['httpd-requests',    'httpd byrequests',            'Httpd',   'byrequests'],
    ['httpd-busyness',    'httpd bybusyness',            'Httpd',   'bybusyness'],
    ['httpd-heartbeat',   'httpd heartbeat',             'Httpd',   'heartbeat'],
);

sub chain { return $chain }

sub systems {
    my @systems = ({ name => 'backhand', label => 'mod_backhand', dispatchers => 4 });
    for my $dispatchers (1, 4) {
        push @systems, map {
            { name => "$_->[0]-$dispatchers", label => $_->[1], dispatchers => $dispatchers, peer => [@{$_}[2, 3]] }
        } @peers;
    }
    return @systems;
}

1;
