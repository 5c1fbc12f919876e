# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Machine;

# The machine that the figures were taken on, and how busy it was.

use strict;
use warnings;

use Carp       qw(croak);
use Exporter   qw(import);
use List::Util qw(sum0);

our @EXPORT_OK = qw(busy_since cores description);

sub lines_of {
    my ($path) = @_;
    open my $file, '<', $path or croak "$path: $!";
    my @lines = readline $file;
    close $file;
    return @lines;
}

sub cores {
    return scalar grep { /\Acpu\d/ } lines_of('/proc/stat');
}

sub version_of {
    my ($command, $pattern) = @_;
    my $said = qx{$command 2>&1 </dev/null};
    return defined $said && $said =~ $pattern ? $1 : 'unknown';
}

sub description {
    my ($cpu)    = map { /\Amodel name\s*:\s*(.+)/ ? $1 : () } lines_of('/proc/cpuinfo');
    my ($memory) = map { /\AMemTotal:\s*(\d+)/     ? $1 : () } lines_of('/proc/meminfo');
    my ($kernel) = split ' ', (lines_of('/proc/sys/kernel/osrelease'))[0];
    return sprintf '%d x %s, %.0f GiB, Linux %s, httpd %s, HAProxy %s, nginx %s', cores(), $cpu || 'unknown CPU',
      $memory / 1024 / 1024, $kernel, version_of('/usr/sbin/apache2 -v', qr{Apache/(\S+)}),
      version_of('/usr/sbin/haproxy -v', qr{version (\d[\d.]*)}), version_of('/usr/sbin/nginx -v', qr{nginx/(\S+)});
}

# Without an argument a mark; with one, the share of all cores' time since then that was not idle.
sub busy_since {
    my ($mark) = @_;
    my (undef, @ticks) = split ' ', (grep { /\Acpu / } lines_of('/proc/stat'))[0];
    my $now = { idle => $ticks[3] + $ticks[4], all => sum0(@ticks[0 .. 7]) };
    return $now if !$mark;
    my $all = $now->{all} - $mark->{all};
    return $all > 0 ? 1 - ($now->{idle} - $mark->{idle}) / $all : 0;
}

1;
