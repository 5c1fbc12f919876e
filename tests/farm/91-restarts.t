#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Servers restart and stop gracefully, and their children end all the time: not even what can't be repeated is lost,
# and many restarts leave everything as it was.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(in_parallel wait_for);
use List::Util qw(sum);
use Test::More;
use Time::HiRes qw(sleep time);

my $long   = $ENV{BACKHAND_TEST_LONG};
my $policy = <<'EOT';
<Location /app>
    Backhand byAge 5
    Backhand byRandom
</Location>
EOT

# httpd's own programs may fail while it restarts; what mod_lua runs is part of it.
my $lua = <<'EOT';
function handle(r)
    local body = r.method == 'POST' and r:requestbody() or ''
    r.content_type = 'text/plain'
    r:puts('SERVER=NAME\nBODY_MD5=' .. r:md5(body) .. '\n')
    return apache2.OK
end
EOT

# A server with the lines in its configuration.
sub add {
    my ($farm, $conf) = @_;
    my $server = $farm->add(workers => 16, modules => ['lua']);
    my $script = $server->write_file('echo.lua', $lua =~ s/NAME/$server->name/er);
    $server->reconfigure("$policy\nLuaMapHandler ^/app/lua $script handle\n" . ($conf || q()));
    return $server;
}

# What a busy machine, and a child that ends while it has work, may say.
my @said = (
    qr/backhand: server \S+ .*asked (?:last|as before)/,
    qr/AH00045:|AH00046:|AH00161:|AH00286:|AH00288:|AH00484:|AH00485:|AH03490:|AH10159:/
);

# Six clients send POSTs and GETs by turns for some seconds, while things happen. Returns what went wrong, and who served.
# A kept connection that is closed before the request was read is the client's to open again.
sub under_load {
    my ($server, $seconds, $happens) = @_;
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if (!$pid) {
        $happens->();
        POSIX::_exit(0);
    }
    my @results = in_parallel 6, sub {
        my ($client, $kept, @wrong, %served);
        my $end = time + $seconds;
        for (my $n = 0; time < $end; $n++) {
            my $body = $n % 2 ? undef : 'x' x (1 + 3000 * $_[0]) . $n;
            $client ||= $server->connect;
            my $response = eval { $client->request(defined $body ? 'POST' : 'GET', '/app/lua', body => $body) };
            if (!$response && $kept && $@ =~ /closed without a response/) {
                ($client, $kept) = ();
                next;
            }
            my $told = $response ? $response->echoed : {};
            if (($told->{BODY_MD5} || q()) ne md5_hex($body // q())) {
                push @wrong, [defined $body ? 'POST' : 'GET', $response ? ($response->status, $response->body) : $@];
            }
            else {
                $served{ $told->{SERVER} }++;
            }
            $kept = $response && ($response->header('connection') || q()) ne 'close' && $n % 10;
            $client = undef if !$kept;
        }
        return { wrong => \@wrong, served => \%served };
    };
    waitpid $pid, 0;
    my %served;
    for my $by (map { $_->{served} || {} } @results) {
        $served{$_} += $by->{$_} for keys %{$by};
    }
    return ([map { @{ $_->{wrong} || [$_->{died}] } } @results], \%served);
}

# By the others, in all: new children may be too busy at first to hand off anything.
my $handed_off = 0;

sub nothing_lost {
    my ($what, $wrong, $served) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    note "$what: ", join ', ', map { "$_ $served->{$_}" } sort keys %{$served};
    my $answers = sum(0, values %{$served});
    cmp_ok $answers, '>', 20, "$what: there was load";
    $handed_off += $answers - ($served->{a} || 0);
    is scalar @{$wrong}, 0, "$what: nothing is lost" or diag explain $wrong;
    return;
}

sub matching {
    my ($path, $pattern) = @_;
    open my $file, '<', $path or die "$path: $!";
    my @found = map { /$pattern/ } readline $file;
    close $file;
    return @found;
}

# What a server holds: its parent's open files and mappings, and processes in all.
sub holdings {
    my ($server) = @_;
    my $proc = '/proc/' . $server->pid;
    return {
        files     => scalar(() = glob "$proc/fd/*"),
        shared    => scalar(() = matching("$proc/maps", qr/^\S+ ..(.s) /)),
        processes => scalar(() = $server->left),
    };
}

sub same {
    my ($one, $other) = @_;
    return !grep { $one->{$_} != $other->{$_} } keys %{$one};
}

sub resident {
    my ($server) = @_;
    my ($size) = matching('/proc/' . $server->pid . '/status', qr/^VmRSS:\s+(\d+)/);
    return $size;
}

# So many graceful restarts, each followed by a request. Returns how many were done.
sub restart {
    my ($server, $times) = @_;
    for my $n (1 .. $times) {
        return $n - 1 if !$server->graceful || $server->get('/app/who')->status != 200;
    }
    return $times;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: restarts and stops under load" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my $a    = add($farm);
        my $b    = add($farm);
        my $c    = add($farm);
        $farm->start;
        ok $farm->together, 'they see each other';
        nothing_lost 'another server restarts', under_load $a, 2,
          sub { for (1 .. 4) { sleep 0.4; kill 'USR1', $b->pid } };
        ok $farm->together, 'they see each other';
        nothing_lost 'the server that is asked restarts', under_load $a, 2,
          sub { for (1 .. 4) { sleep 0.4; kill 'USR1', $a->pid } };
        ok $farm->together, 'they see each other';
        nothing_lost 'another server stops', under_load $a, 2, sub { sleep 0.7; kill 'WINCH', $c->pid };
        ok $c->gone, 'it has stopped';
        $farm->announce_log(@said);
        $farm->check;
    };

    subtest "$mpm: children that end after a few connections" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my $a    = add($farm, 'MaxConnectionsPerChild 20');
        my $b    = add($farm, 'MaxConnectionsPerChild 20');
        $farm->start;
        ok $farm->together, 'they see each other';
        nothing_lost 'all children end', under_load $a, 3, sub { };
        # httpd itself may have to kill such a child.
        ok $_->signal('TERM')->gone(20), "$_->{name} stops" for $a, $b;
        $farm->announce_log(@said);
        $farm->check;
    };

    subtest "$mpm: many restarts leave everything as it was" => sub {
        # Prefork starts and ends children as it sees fit unless all of them are to be spare ones.
        my $spare = $mpm eq 'prefork' ? "MinSpareServers 8\n" : q();
        my $farm  = Farm->new(mpm => $mpm, conf => "$spare$policy");
        my $a     = $farm->add;
        my $b     = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        is restart($a, 5), 5, 'httpd itself takes a few to settle';
        my $all_run = sub { ($a->row($a->contact) || {})->{'Workers-Total'} == 8 };
        ok wait_for(\&{$all_run}, 20), 'all workers run';
        my $before;
        ok wait_for { same($before = holdings($a), do { sleep 0.3; holdings($a) }) }, 'old children end';
        my $resident = resident($a);
        my $times = $long ? 100 : 5;
        is restart($a, $times), $times, "$times restarts";
        my $after;
        wait_for(\&{$all_run}, 20);
        wait_for { same($before, $after = holdings($a)) };
        is_deeply $after, $before, 'open files, mapped segments and processes are the same';
        my $more = resident($a) - $resident;
        # The sanitizers keep freed memory for a while.
        cmp_ok $more, '<', ($ENV{BACKHAND_SANITIZED} ? 16_384 : 512) + 8 * $times, "the parent has $more KiB more";
        ok $farm->together, 'they see each other';
        $farm->announce_log(@said, qr/AH00161:/);
        $farm->check;
    };
}

cmp_ok $handed_off, '>', 100, "$handed_off requests were handed off";
done_testing;
