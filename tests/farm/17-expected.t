#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Backhand on: requests go to the server that will answer first, and no server gets more than it has shown it can serve.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm       qw(eventually in_parallel scaled);
use List::Util qw(max sum0);
use Test::More;
use Time::HiRes qw(time);

# A program that takes the seconds in a file, and answers the server's name.
my $program = <<'EOT';
function handle(r)
    local file = io.open('DELAY')
    r.usleep(tonumber(file:read('*a')) * 1000000)
    file:close()
    r.content_type = 'text/plain'
    r:puts('NAME')
    return apache2.OK
end
EOT

sub delay {
    my ($server, $seconds) = @_;
    my $path = $server->write_file('delay.new', $seconds);
    rename $path, $server->root . '/delay' or die "rename: $!";
    return;
}

sub equip {
    my ($server, $seconds, $lines, $also) = @_;
    my $file   = $server->root . '/delay';
    my $script = $server->write_file('delay.lua', $program =~ s/DELAY/$file/r =~ s/NAME/$server->name/er);
    delay($server, $seconds);
    $also ||= q();
    $server->reconfigure("${also}LuaMapHandler ^/app/work $script handle\n<Location /app>\n$lines</Location>\n");
    return $server;
}

# A front server that serves nothing itself. More of its requests may wait for others than any other server could serve.
sub front {
    my ($farm, $lines) = @_;
    return equip($farm->add(workers => 32), 0, "Backhand removeSelf\n$lines", "BackhandMaxHandoffs 90%\n");
}

# Asks that often at once, each client so many requests. Returns how many each server answered, by its name.
sub ask {
    my ($front, $clients, $requests) = @_;
    my %by;
    my @results = in_parallel $clients, sub {
        my ($client, %mine);
        my $left = $requests;
        while ($left) {
            my $kept = $client;
            $client ||= $front->connect;
            my $response = eval { $client->request('GET', '/app/work') };
            # A kept connection may be closed at any time.
            die $@          if !$response && (!$kept || $@ !~ /closed without a response/);
            $client = undef if !$response || ($response->header('Connection') || q()) eq 'close';
            next            if !$response;
            $mine{ $response->status == 200 ? $response->body : $response->status }++;
            $left--;
        }
        return \%mine;
    };
    for my $result (@results) {
        die $result->{died} if exists $result->{died};
        $by{$_} += $result->{$_} for keys %{$result};
    }
    note join ', ', map { "$_: $by{$_}" } sort keys %by;
    return \%by;
}

sub share {
    my ($by, $name) = @_;
    return ($by->{ ref $name ? $name->name : $name } || 0) / sum0(values %{$by});
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm  = Farm->new(mpm => $mpm, modules => ['lua']);
        my $front = front($farm, "Backhand on\n");
        my $fast  = equip($farm->add, 0.02, q());
        my $slow  = equip($farm->add, 0.2,  q());
        $farm->announce_log(qr/AH00484:|AH00161:|AH10159:|AH00286:/);
        $farm->start;
        ok $farm->together, 'three servers see each other';
        # Load below the fast server's capacity.
        ask($front, 6, 20);
        my $by = ask($front, 6, 60);
        is sum0(values %{$by}), 360, 'every request is answered';
        cmp_ok share($by, $slow), '<', 0.1, 'few go to the slow one';
        eventually { $front->row($fast->contact)->{'Service-Ms'} > 0 } 5, 'what the fast one takes is known';
        cmp_ok $front->row($fast->contact)->{'Latency-Ms'}, '<', 100, 'and is not much';
        is $front->row($slow->contact)->{Errors}, '0.000', 'nothing fails';

        # Load above its capacity: the slow server gets requests as soon as it is not slow.
        delay($slow, 0.02);
        eventually { share(ask($front, 12, 10), $slow) > 0.25 } 20, 'a server that is no longer slow is found out';
        delay($fast, 0.2);
        eventually { share(ask($front, 6, 10), $fast) < 0.15 } 20, 'and one that is slow now';
        # The server counts as slow, and shows by an occasional request that it no longer is.
        delay($slow, 0.2);
        delay($fast, 0.02);
        eventually { share(ask($front, 6, 10), $fast) > 0.5 } 20, 'and back again';
        $farm->done;
    };
}

# A server that fails at once would serve more requests a second than any that works.
subtest 'errors attract nobody' => sub {
    my $farm   = Farm->new(modules => ['lua']);
    my $front  = front($farm, "Backhand on\n");
    my $good   = equip($farm->add, 0.03, q());
    my $broken = $farm->add(conf => "Redirect 503 /app/work\n");
    $farm->announce_log(qr/AH00484:|AH00161:|AH10159:|AH00286:/);
    $farm->start;
    ok $farm->together, 'they see each other';
    ask($front, 8, 20);
    my $by = ask($front, 8, 50);
    cmp_ok share($by, 503), '<', 0.3, 'the server that fails has few requests, not nearly all';
    eventually { ask($front, 8, 5); $front->row($broken->contact)->{Errors} > 0.5 } 20, 'for its errors are known';
    is $front->row($good->contact)->{Errors}, '0.000', 'and whose they are';
    $farm->done;
};

# Equal servers with free places keep what comes to them, and say why.
subtest 'a free place at home is enough' => sub {
    my $farm = Farm->new(modules => ['lua']);
    my @all  = map { equip($farm->add, 0.01, "Backhand on\n") } 1 .. 3;
    $farm->announce_log(qr/AH00484:|AH00161:|AH10159:|AH00286:/);
    $farm->start;
    ok $farm->together, 'three servers see each other';
    ask($_, 2, 20) for @all;
    my $before = sum0(map { $_->status->{'Handed-Off'} } @all);
    my $asked  = sum0(map { sum0(values %{ ask($_, 2, 50) }) } @all);
    cmp_ok sum0(map { $_->status->{'Handed-Off'} } @all) - $before, '<=', 0.25 * $asked,
      'little is handed off, though the machine be busy';
    # The newest line may be another server's request, which this one did not decide on.
    my @free = grep { m{ /app/work.*reason=served-here:free } } $all[0]->access_lines;
    cmp_ok scalar @free, '>', 0, 'and the reason says so';
    $farm->done;
};

# More clients than the two old servers have workers.
subtest 'a server joins' => sub {
    my $farm  = Farm->new(modules => ['lua']);
    my $front = front($farm, "Backhand on\n");
    my @old   = map { equip($farm->add, 0.05, q()) } 1 .. 2;
    $farm->announce_log(qr/AH00484:|AH00161:|AH10159:|AH00286:/);
    $farm->start;
    ok $farm->together, 'three servers see each other';
    ask($front, 20, 20);
    my $new = equip($farm->add, 0.05, q());
    $new->spawn;
    my ($joined, $most, $last) = (0, 0, 0);
    my $end = time + scaled(30);

    while (time < $end && ($joined < 10 || $last < 0.15)) {
        $last = share(ask($front, 20, 5), $new);
        $joined++                 if $last > 0;
        $most = max($most, $last) if $joined <= 5;
    }
    $new->wait_ready;
    cmp_ok $joined, '>=', 10,   'the fourth server gets requests';
    cmp_ok $most,   '<',  0.45, 'at first no more than its share of a third';
    cmp_ok $last,   '>=', 0.15, 'and then something like it';
    $farm->done;
};

done_testing;
