# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Systems;

# The systems that are compared. name: for the command line; label: for people; dispatchers: how many entries the load
# has; chain: the farm balances itself by it, or else peer: class and method of a balancer; extra: only run when it is
# named.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(systems);

my @own = (
    { name => 'backhand', label => 'mod_backhand', chain => 'Backhand on' },
    { name => 'prequal',  label => 'mod_backhand, byPrequal', chain => 'Backhand byPrequal', extra => 1 },
    {
        name  => 'log-window',
        label => 'mod_backhand, log-window',
        chain => join("\n", map { "Backhand $_" } qw(byAge byRandom byLogWindow addPrediction byBusyChildren)),
        extra => 1
    },
);

my @peers = (
    ['haproxy-leastconn', 'HAProxy leastconn',           'Haproxy', 'leastconn'],
    ['haproxy-random',    'HAProxy random(2)',           'Haproxy', 'random(2)'],
    ['nginx-least',       'nginx least_conn',            'Nginx',   'least_conn'],
    ['nginx-random',      'nginx random two least_conn', 'Nginx',   'random two least_conn'],
    ['httpd-requests',    'httpd byrequests',            'Httpd',   'byrequests'],
    ['httpd-busyness',    'httpd bybusyness',            'Httpd',   'bybusyness'],
    ['httpd-heartbeat',   'httpd heartbeat',             'Httpd',   'heartbeat'],
);

sub systems {
    my @systems = map { +{ %{$_}, dispatchers => 4 } } @own;
    for my $dispatchers (1, 4) {
        for my $peer (@peers) {
            my ($name, $label, $make, $method) = @{$peer};
            push @systems,
              { name => "$name-$dispatchers", label => $label, dispatchers => $dispatchers, peer => [$make, $method] };
        }
    }
    return @systems;
}

1;
