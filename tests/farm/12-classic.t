#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# byCost, byWeight and addPrediction with real servers, and the directives of earlier releases that act.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually);
use Test::More;

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/ = undef;
    my $text = readline $file;
    close $file;
    return $text;
}

# Asks n times; returns the servers that answered.
sub answers {
    my ($server, $path, $n) = @_;
    my %count;
    $count{ $server->get($path)->body }++ for 1 .. $n;
    return \%count;
}

subtest 'orders' => sub {
    my $places = join '',
      map { "<Location /app/$_->[0]>\nBackhand byAge\nBackhand removeSelf\n$_->[1]\n</Location>\n" }
      ['cost',      'Backhand byCost'], ['weight', 'Backhand byWeight'], ['plain', 'Backhand byLoad'],
      ['predicted', "Backhand addPrediction\nBackhand byLoad"],
      ['busy',      "Backhand addPrediction\nBackhand byBusyChildren"];
    my $farm    = Farm->new(mpm => 'event', workers => 16, conf => "BackhandInterval 3s\n$places");
    my @servers = map { $farm->add } 1 .. 4;
    for my $server (@servers) {
        $server->write_file("htdocs/app/$_", $server->name) for qw(cost weight plain predicted busy);
    }
    $farm->start;
    ok $farm->together, 'they see each other';
    my $a = $servers[0];

    eventually { keys %{ answers($a, '/app/cost', 5) } == 1 } 10, 'byCost: the same figures, the same order';
    my $weighted = answers($a, '/app/weight', 120);
    is join(q( ), sort keys %{$weighted}),           'b c d', 'byWeight: everybody else gets some';
    is scalar(grep { $_ < 12 } values %{$weighted}), 0,       'and nobody few' or diag explain $weighted;

    eventually { keys %{ answers($a, '/app/plain', 12) } == 1 } 10, 'byLoad alone follows an old figure';
    my $predicted = answers($a, '/app/predicted', 300);
    is join(q( ), sort keys %{$predicted}), 'b c d', 'with addPrediction everybody gets some between two announcements';
    my $busy = answers($a, '/app/busy', 300);
    is join(q( ), sort keys %{$busy}),                       'b c d', 'by busy children too';
    is scalar(grep { $_ < 70 || $_ > 130 } values %{$busy}), 0,       'in equal parts' or diag explain $busy;
    $farm->done;
};

subtest 'BackhandSelfRedirect' => sub {
    # The server of that name is the only candidate.
    my $keeps = sub {
        my ($name) = @_;
        return <<"EOT";
<Location /app>
    BackhandSelfRedirect On
    Backhand byAge
    BackhandFromSO @{[build_dir()]}/modules/byHostname.so byHostname ^$name\\.test\$
</Location>
<Location /app/off>
    BackhandSelfRedirect Off
</Location>
EOT
    };
    for my $mpm (Farm->mpms) {
        my $farm = Farm->new(mpm => $mpm);
        my $a    = $farm->add(conf => $keeps->('a'));
        $a->write_file('htdocs/app/off', 'a');
        $farm->start;
        eventually { ($a->row($a->contact) || {})->{'Workers-Ready'} } 10, 'it knows itself';
        is $a->get('/app/who')->body, 'a', "$mpm: it asks itself";
        my @lines = grep { m{/app/who} } $a->access_lines;
        eventually {
            (@lines = grep { m{/app/who} } $a->access_lines) == 2
        }
        5, 'twice in its log';
        is scalar(grep { /reason=handed-off:chosen/ } @lines),       1, 'once as the one who hands it off';
        is scalar(grep { /received=127[.]0[.]0[.]1 / } @lines),      1, 'and once as the one who gets it, and keeps it';
        is $a->post('/app/echo', 'x' x 5000)->echoed->{BODY_LENGTH}, 5000,                 'a body comes through';
        is $a->get('/app/off')->body,                                'a',                  'off for a part';
        is $a->logged('/app/off')->{reason},                         'served-here:chosen', 'is served at once';
        $farm->check;
    }

    my $farm  = Farm->new;
    my $heavy = $farm->add(host => '127.0.0.2', announce => 0, conf => "AcceptStats 127.0.0.0/28\n");
    my $light = $farm->add(host => '127.0.0.1', conf     => $keeps->('b') . 'BackhandContact ' . $heavy->contact);
    $farm->announce_log(qr/cannot be reached/);
    $farm->start;
    eventually { $light->get('/app/who')->body eq 'a' } 10, 'a light server hands what it keeps to a heavy one';
    like $heavy->logged('/app/who')->{received}, qr/\A127[.]/, 'as a server of the farm';
    $heavy->stop;
    is $light->get('/app/who')->body, 'b', 'and serves it when that one is gone';
    $farm->check;

    # A request that comes back with a mark that is not believed must not go in a loop, and must not be served.
    $farm = Farm->new;
    $farm->announce_log(qr/AcceptStats/, qr/is no accepted sender/, qr/a request came back that this server's contact/);
    my $stranger = $farm->add(announce => 0, host => '127.0.0.1', conf => $keeps->('a') . "AcceptStats 127.0.0.9\n");
    $stranger->reconfigure("$stranger->{conf}BackhandContact @{[$stranger->contact]}\n");
    $farm->start;
    eventually { ($stranger->row($stranger->contact) || {})->{'Workers-Ready'} } 10, 'it knows itself';
    is $stranger->get('/app/who')->status, 508, 'refused';
    my @lines;
    eventually {
        (@lines = grep { m{/app/who} } $stranger->access_lines) == 2
    }
    5, 'after one way round';
    $farm->check;
};

subtest 'BackhandConnectionPools' => sub {
    for my $pools (qw(On Off)) {
        my $farm = Farm->new(conf =>
              "BackhandConnectionPools $pools\n<Location /app>\nBackhand byAge\nBackhand removeSelf\n</Location>");
        my ($a, $b) = map { $farm->add } 1 .. 2;
        $farm->start;
        ok $farm->together, 'they see each other';
        is answers($a, '/app/who', 20)->{b}, 20, "$pools: handed off";
        my @kept;
        eventually {
            (@kept = map { /kept=(\d+)/ } grep { m{/app/who} } $b->access_lines) == 20
        }
        5, 'all of them are logged';
        my $reused = grep { $_ > 0 } @kept;
        $pools eq 'On'
          ? cmp_ok($reused, '>', 10, 'on connections that are kept')
          : is($reused, 0, 'each on its own connection');
        $farm->check;
    }
};

subtest 'BackhandModeratorPIDFile' => sub {
    my $farm = Farm->new;
    my $a    = $farm->add(conf => 'BackhandModeratorPIDFile moderator.pid');
    my $file = $a->root . '/run/moderator.pid';
    symlink $a->root . '/victim', $file;
    $farm->start;
    my $pid = slurp($file);
    like $pid, qr/\A[1-9]\d*\n\z/, 'holds a process id';
    ok !-l $file && !-e $a->root . '/victim', 'a link in its place is not followed';
    is scalar(grep { $_ == $pid } $a->children), 1,        'of a child of httpd';
    is sprintf('%o', (stat $file)[2]),           '100644', 'readable';
    ok $a->graceful, 'a graceful restart';
    eventually { slurp($file) =~ /\A\d+\n\z/ && slurp($file) != $pid } 5, 'another moderator, another id';
    $pid = slurp($file);
    is scalar(grep { $_ == $pid } $a->children), 1, 'its own';
    $farm->announce_log(qr/moderator process \d+ ended unexpectedly/);
    kill 'KILL', $pid;
    eventually { slurp($file) =~ /\A\d+\n\z/ && slurp($file) != $pid } 10, 'when it is killed the file follows';
    ok $a->stop,  'stopped';
    ok !-e $file, 'the file is gone';
    $a->reconfigure('BackhandModeratorPIDFile none/moderator.pid');
    $farm->announce_log(qr/cannot write BackhandModeratorPIDFile \S+none\/moderator.pid/);
    $a->start;
    ok $a->wait_log(qr/No such file or directory: .*cannot write BackhandModeratorPIDFile/),
      'a file that cannot be written is an error line';
    is $a->get('/who')->body, 'a', 'and no more';
    $farm->done;
};

subtest 'BackhandLogLevel' => sub {
    # Per directive: whether there are debug lines, and the line about the directive.
    my %cases = (
        'BackhandLogLevel +mbcsall' =>
          [1, 'BackhandLogLevel \+mbcsall is a directive of an earlier release and taken as debug'],
        'BackhandLogLevel -all -dcsn' => [0, 'BackhandLogLevel -all -dcsn .* and changes nothing'],
        "BackhandLogLevel +dcsn\nLogLevel warn backhand:info" => [0, undef],
        "BackhandLogLevel +dcsn\nLogLevel notice"             => [1, 'LogLevel backhand:debug'],
    );
    for my $conf (sort keys %cases) {
        my ($debug, $said) = @{ $cases{$conf} };
        my $farm = Farm->new;
        my $a    = $farm->add(conf => "$conf\n<Location /app>\nBackhand off\nBackhand byAge 1000\n</Location>");
        $farm->start;
        is $a->get('/app/who')->body, 'a', $conf;
        my $found = $a->wait_log(qr/backhand: served-here/, $debug ? 5 : 0.2);
        ok $debug ? $found : !$found, $debug ? 'debug lines' : 'no debug lines';
        is scalar(grep { /$said/ } $a->log_lines), 1, 'it is said once' if $said;
        $farm->check;
    }
};

done_testing;
