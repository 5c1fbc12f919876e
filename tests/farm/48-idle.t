#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# prefork and worker: a worker leaves its idle connection when a new one waits for it, and only then.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled);
use Farm::Certs;
use Farm::Crowd;
use IO::Select;
use IPC::Open2 qw(open2);
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

# So long an idle connection lives, and so long at most a request may take that needs its worker.
my $alive  = 15;
my $prompt = 1.5;

my $conf = <<"EOT2";
KeepAliveTimeout $alive
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT2

# Connections with a request behind them, all at once idle.
sub idle_clients {
    my ($server, $n) = @_;
    return map { my $client = $server->connect; $client->request('GET', '/who'); $client } 1 .. $n;
}

sub still_open {
    return scalar grep { !$_->closed } @_;
}

# A client with TLS that has sent a request and keeps its connection.
sub tls_client {
    my ($port) = @_;
    # It says on standard error what it thinks of the certificate.
    my @command = ('sh', '-c', 'exec openssl s_client -quiet -connect "$1" 2>/dev/null', 'sh', "127.0.0.1:$port");
    my $pid     = open2(my $from, my $to, @command) or die "openssl: $!";
    syswrite $to, "GET /who HTTP/1.1\r\nHost: a.test\r\n\r\n";
    return { pid => $pid, from => $from, to => $to };
}

# What it has been answered, within so many seconds.
sub tls_answer {
    my ($client, $seconds) = @_;
    my $deadline = time + scaled($seconds);
    my $text     = q();
    while ($text !~ /\r\n\r\na\z/ && IO::Select->new($client->{from})->can_read(max 0, $deadline - time)) {
        sysread $client->{from}, $text, 4096, length $text or last;
    }
    return $text;
}

my @ways = (
    ['alone', q()],
    ['with mod_reqtimeout', "RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500\n", 'reqtimeout'],
);

for my $mpm (grep { $_ ne 'event' } Farm->mpms) {
    subtest "$mpm: an idle client leaves its worker to another" => sub {
        for my $way (@ways) {
            my ($how, $also, @modules) = @{$way};
            my $farm   = Farm->new(mpm => $mpm, workers => 4, modules => \@modules, conf => $conf . $also);
            my $server = $farm->add;
            $farm->announce_log(qr/AH00161:|AH00286:|AH00287:/);
            $farm->start;
            eventually { my $s = $server->row($server->contact); $s && $s->{'Workers-Ready'} >= 3 } 10,
              "$how: all workers run";
            my @idle = idle_clients($server, 4);
            is still_open(@idle), scalar @idle, "$how: idle connections stay while nobody waits";
            my $slowest = max map { $server->get('/who')->seconds } 1 .. 5;
            cmp_ok $slowest, '<', scaled($prompt), sprintf "$how: another client waits for none of them: %.3f s",
              $slowest;
            cmp_ok still_open(@idle), '>=', 1, "$how: some idle connection is left" if $how eq 'alone';
            my $both    = $server->connect;
            my $request = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";
            is $both->exchange($request x 2)->body . $both->response->body, 'aa',
              "$how: two requests sent at once are both answered";
            $farm->check;
        }
    };

    subtest "$mpm: a client that may ask again at once keeps its worker for a moment" => sub {
        my $farm   = Farm->new(mpm => $mpm, workers => 4, conf => $conf);
        my $server = $farm->add;
        $farm->announce_log(qr/AH00161:|AH00286:|AH00287:/);
        $farm->start;
        my ($open, $seconds);
        # Within the 100 ms, which a busy machine may miss.
        eventually {
            my $began = time;
            my @idle  = idle_clients($server, 4);
            my $new   = $server->connect;
            $new->send("GET /who HTTP/1.1\r\nHost: x\r\n\r\n");
            sleep 0.04;
            $open    = still_open(@idle);
            $seconds = time - $began;
            $new->response->body eq 'a' && $seconds < 0.09
        }
        20, 'another client is answered';
        is $open, 4, sprintf 'all connections are open after %.3f s', $seconds;
        $farm->check;
    };

    subtest "$mpm: with TLS" => sub {
        plan skip_all => 'needs openssl' if system('command -v openssl >/dev/null 2>&1') != 0;
        my $farm     = Farm->new(mpm => $mpm, workers => 4, modules => ['ssl']);
        my $tls      = Farm::free_port();
        my $certs    = Farm::Certs->new($farm->add->root . '/ca');
        my ($server) = $farm->servers;
        my $pem      = $certs->issue('a.test');
        $server->reconfigure($conf . <<"EOT2");
Listen 127.0.0.1:$tls
SSLRandomSeed startup builtin
SSLSessionCache none
<VirtualHost *:$tls>
    SSLEngine On
    SSLCertificateFile $pem
</VirtualHost>
EOT2
        $farm->announce_log(qr/AH00161:|AH00286:|AH00287:|AH01873:|AH01882:|AH01906:|AH01909:/);
        $farm->start;
        my @idle = map { tls_client($tls) } 1 .. 4;
        like tls_answer($_, $alive / 3), qr/200 OK.*\ba\z/s, 'a client that stays' for @idle;
        my $slowest = max map { $server->get('/who')->seconds } 1 .. 3;
        cmp_ok $slowest, '<', scaled($prompt), sprintf 'another client waits for none of them: %.3f s', $slowest;
        like tls_answer(tls_client($tls), $prompt), qr/200 OK.*\ba\z/s, 'nor with TLS';
        kill 'TERM', map { $_->{pid} } @idle;
        waitpid $_->{pid}, 0 for @idle;
        $farm->check;
    };

    subtest "$mpm: several groups of listening sockets" => sub {
        my $farm   = Farm->new(mpm => $mpm, workers => 4, conf => $conf . "ListenCoresBucketsRatio 1\n");
        my $server = $farm->add;
        $farm->announce_log(qr/AH00161:|AH00286:|AH00287:/);
        $farm->start;
        my @idle    = idle_clients($server, 8);
        my $slowest = max map { $server->get('/who')->seconds } 1 .. 10;
        # httpd closes each connection after its response, and lingers for 2 s when the client does not close it too.
        cmp_ok $slowest, '<', scaled(2 + $prompt), sprintf 'no client waits for another: %.3f s', $slowest;
        $farm->check;
    };

    subtest "$mpm: so does an idle server" => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $conf);
        my $a    = $farm->add(workers => 8);
        my $b    = $farm->add(workers => 4);
        $farm->announce_log(qr/AH00161:|AH00286:|AH00287:/);
        $farm->start;
        ok $farm->together, 'they see each other';
        Farm::Crowd->new(clients => 8, plan => sub { return ($a, '/app/who') })->ask(5);
        my $slowest = max map { $b->get('/who')->seconds } 1 .. 10;
        cmp_ok $slowest, '<', scaled($prompt),
          sprintf 'after a burst of hand-offs a direct request waits for nobody: %.3f s', $slowest;
        # The direct requests may have been announced as busy workers.
        eventually { $a->get('/app/who')->body eq 'b' } 10, 'and b still gets requests';
        is $a->status->{'Failed-Over'}, 0, 'nothing failed';
        $farm->check;
    };

    subtest "$mpm: a graceful restart waits for no idle connection" => sub {
        my $farm   = Farm->new(mpm => $mpm, workers => 4, conf => $conf . "MaxRequestWorkers 4\nServerLimit 4\n");
        my $server = $farm->add;
        $farm->announce_log(qr/AH00161:|AH00286:|AH00287:|AH00288:|AH03490:/);
        $farm->start;
        my @idle   = idle_clients($server, 4);
        my @before = $server->children;
        ok $server->graceful, 'a graceful restart';
        my $seconds = $server->get('/who', timeout => 20)->seconds;
        cmp_ok $seconds, '<', scaled(3), sprintf 'the next request is answered: %.3f s', $seconds;
        my %before = map { $_ => 1 } @before;
        eventually {
            !grep { $before{$_} } $server->children
        }
        6, 'the children of before are gone';
        $farm->check;
    };
}

done_testing;
