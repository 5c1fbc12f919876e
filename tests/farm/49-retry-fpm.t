#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# PHP-FPM dies behind one of three servers. With BackhandCheck and BackhandRetryStatus no client sees anything of it,
# whichever server it asks.
# With --long.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm  qw(eventually in_parallel scaled);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my ($fpm) = glob '/usr/sbin/php-fpm[0-9]*';
plan skip_all => 'with --long only'    if !$ENV{BACKHAND_TEST_LONG};
plan skip_all => 'there is no php-fpm' if !$fpm;

# A server's own PHP-FPM.
sub start_fpm {
    my ($server) = @_;
    my $root     = $server->root;
    my $user     = $> ? q() : "user = www-data\ngroup = www-data\nlisten.owner = www-data\n";
    my $file     = $server->write_file('fpm.conf', <<"EOT");
[global]
error_log = $root/fpm.log
[app]
${user}listen = $root/fpm.sock
pm = static
pm.max_children = 2
EOT
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        setpgrp 0, 0;
        exec $fpm, '--nodaemonize', '-n', '-y', $file or POSIX::_exit(2);
    }
    return $pid;
}

sub end_fpm {
    my ($pid) = @_;
    kill 'KILL', -$pid;
    waitpid $pid, 0;
    return;
}

# Asks a server for so long. Returns how many answers had each status.
sub ask {
    my ($server, $seconds) = @_;
    my $end = time + $seconds;
    my %got;
    while (time < $end) {
        $got{ $server->get('/app/php.php')->status }++;
        sleep 0.01;
    }
    return \%got;
}

for my $case (map { ("$_ Off", "$_ On") } Farm->few_mpms) {
    my ($mpm, $self) = split / /, $case;
    my $farm    = Farm->new(mpm => $mpm, modules => ['proxy_fcgi'], workers => 16);
    my @servers = map { $farm->add } 1 .. 3;
    my @fpm;
    for my $server (@servers) {
        my $root = $server->root;
        $server->write_file('htdocs/app/php.php', '<?php echo 1 + 1;');
        $server->reconfigure(<<"EOT");
<FilesMatch "[.]php\$">
    SetHandler "proxy:unix:$root/fpm.sock|fcgi://localhost"
</FilesMatch>
BackhandCheck /app/php.php 250ms 1 2
BackhandRetryStatus 502 503 504
<Location /app>
    Backhand byAge 60
    Backhand byRandom
    BackhandSelfRedirect $self
</Location>
EOT
        push @fpm, start_fpm($server);
    }
    $farm->start;
    ok $farm->together, "$mpm, BackhandSelfRedirect $self: they see each other";
    my ($a, $b, $c) = @servers;
    eventually { $_->get('/app/php.php')->body eq '2' } 10, 'PHP works' for @servers;
    my $seconds = scaled(2);
    my @asks    = (
        (
            map {
                my $server = $_;
                sub { ask($server, $seconds) }
            } $a,
            $b, $a,
            $b
        ),
        sub { ask($c, $seconds) },
        sub { sleep $seconds / 4; kill 'KILL', -$fpm[2]; return {} }
    );
    my @got = in_parallel(scalar @asks, sub { $asks[$_[0]]->() });
    my ($n, $good) = (0, 0);
    for my $of (@got[0 .. 3]) {
        $n    += $_ for values %{$of};
        $good += $of->{200} // 0;
    }
    cmp_ok $n, '>', 100, 'many requests came';
    is $good, $n, "of $n requests at the other servers none gets an error";
    note 'at the server itself: ', explain $got[4];
    is_deeply [keys %{ $got[4] }], [200], 'nor any at the server itself';
    eventually { $a->row($c->contact)->{State} eq 'down' && $c->row($c->contact)->{State} eq 'down' } 10, 'it is down';
    is_deeply [keys %{ ask($c, 0.5) }], [200], 'and its own clients get their answers from the others';
    end_fpm($_) for @fpm;
    $farm->announce_log(qr/this server is down/, qr/answered with a status of BackhandRetryStatus/);
    $farm->announce_log(qr/proxy(?:_fcgi)?:error/);
    $farm->check;
}
done_testing;
