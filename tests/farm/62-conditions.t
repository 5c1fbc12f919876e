#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Each condition is brought about, seen on the page and in the log, mended as it says, and then it is gone.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA      qw(hmac_sha256_hex);
use Farm             qw(eventually scaled);
use Farm::Conditions qw(begins conditions ends);
use Farm::Fake;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

my @key = map { $_ x 64 } qw(a b);

# A server whose configuration is all in $conf, with AcceptStats and MulticastStats as given.
sub settings {
    my ($farm, $server, %says) = @_;
    my $udp   = $farm->udp;
    my %with  = (MulticastStats => "$server->{host} 239.255.0.1:$udp,1", AcceptStats => '127.0.0.0/28', %says);
    my @lines = map { "$_ $with{$_}\n" } grep { defined $with{$_} } sort keys %with;
    return join q(), 'BackhandFarm ' . $farm->name . "\n", "BackhandInterval @{[int scaled(250)]}ms\n",
      "BackhandContact @{[$server->contact]}\n", @lines;
}

# Servers without settings, each of which gets its own by set().
sub make_farm {
    my ($n, %options) = @_;
    my $farm = Farm->new(announce => 0, %options);
    $farm->add for 1 .. $n;
    set($farm, $_) for $farm->servers;
    return ($farm, $farm->servers);
}

sub set {
    my ($farm, $server, %says) = @_;
    return $server->reconfigure(settings($farm, $server, %says));
}

# The remedy for a wrong configuration.
sub again {
    my ($farm, $server, %says) = @_;
    return sub { set($farm, $server, %says); ok $server->graceful, 'a graceful restart' };
}

sub share {
    my ($server, @keys) = @_;
    my $path = $server->write_file('secret', join "\n", @keys, '');
    chmod 0600, $path or die "chmod $path: $!";
    return;
}

subtest 'a server by itself' => sub {
    my ($farm, $a, $b) = make_farm(2);
    set($farm, $a, MulticastStats => undef, AcceptStats => undef);
    $a->start;
    is begins($a, 'no-destination', 'without MulticastStats')->{severity}, 'notice', 'which may be wanted';
    ends($a, 'no-destination', 'with it', again($farm, $a, AcceptStats => undef));
    begins($a, 'no-accept', 'without AcceptStats', undef, quiet => 1);
    ends($a, 'no-accept', 'with it', again($farm, $a), silent => 1);
    begins($a, 'no-peers', 'nobody else is there');
    ends($a, 'no-peers', 'another one comes', sub { $b->start });
    is scalar(conditions($a)), 0, 'all is well';
    $farm->announce_log(qr/AcceptStats is not/);
    $farm->check;
};

subtest 'a sender that AcceptStats does not cover' => sub {
    my ($farm, $a, $b) = make_farm(2);
    set($farm, $a, AcceptStats => '127.0.0.1');
    $farm->start;
    my $found = begins($a, 'unknown-sender', 'AcceptStats lacks a server');
    is $found->{subject}, '127.0.0.2', 'it names the sender';
    like $found->{remedy}, qr/add "AcceptStats 127\.0\.0\.2"/, 'and the line that is missing';
    begins($a, 'nobody-accepted', 'and there is no other');
    cmp_ok abs(time - $found->{since}), '<', scaled(20), 'with the time when it began';
    my ($line) = $found->{remedy} =~ /"AcceptStats (.*)"/;
    ends($a, 'unknown-sender', 'with that line', again($farm, $a, AcceptStats => "127.0.0.1 $line"));
    ends($a, 'nobody-accepted', 'and the other server is heard');
    ok $farm->together, 'they see each other';
    is scalar(grep { /\[unknown-sender\]/ && !/resolved/ } $a->log_lines), 1, 'the log said it once';
    $farm->announce_log(qr/\[(?:unknown-sender|nobody-accepted)\]/);
    $farm->check;
};

subtest 'announcements that are not accepted' => sub {
    plan skip_all => 'takes a minute: with --long only' if !$ENV{BACKHAND_TEST_LONG};
    my ($farm, $a) = make_farm(1);
    $a->start;
    my $fake = Farm::Fake->new(farm => $farm);
    like begins($a, 'nobody-accepted', 'another farm', sub { $fake->announce(farm => 'shop') })->{text},
      qr/another farm/, 'it says why';
    begins(
        $a, 'unknown-contact',
        'a contact that is not covered',
        sub { $fake->announce(contact => 'http://192.0.2.9:80') }
    );
    begins($a, 'other-release', 'another format', sub { $fake->announce(v => 99) });
    ends($a, 'unknown-contact', 'they stop');
    ends($a, $_,                'they stop') for qw(other-release nobody-accepted);
    $farm->announce_log(qr/\[(?:unknown-contact|other-release|nobody-accepted)\]/);
    $farm->check;
};

subtest 'secrets and clocks' => sub {
    plan skip_all => 'takes a minute: with --long only' if !$ENV{BACKHAND_TEST_LONG};
    my ($farm, $a, $b) = make_farm(2);
    my @secret = (BackhandSecretFile => 'secret');
    set($farm, $_, @secret) for $a, $b;
    share($a, $key[0]);
    share($b, $key[1]);
    $farm->start;
    begins($a, 'secret-mismatch', 'another secret');
    share($b, $key[0]);
    ends($a, 'secret-mismatch', 'the same secret', again($farm, $b, @secret));
    ok $farm->together, 'they see each other';

    my $fake = Farm::Fake->new(farm => $farm);
    my $say  = sub {
        my ($ahead) = @_;
        my $text = $fake->announcement(time => int 1000 * (time + $ahead));
        $fake->send_datagram("$text&sig=" . hmac_sha256_hex("announce\n$text", pack 'H*', $key[0]));
    };
    like begins($a, 'clock-skew', 'a clock that is wrong', sub { $say->(90) }, quiet => 1)->{text},
      qr/fake\.test .* 90\.\d s ahead of/, 'it names the server';
    my $right = sub {
        eventually { $say->(0); $a->row($fake->contact) } 5, 'it is heard';
    };
    ends($a, 'clock-skew', 'the right time', $right, silent => 1);

    my $mark = '1 http 127.0.0.50 1000 80';
    my $hand = sub { $a->get('/who', from => '127.0.0.2', headers => ["Backhand-Proxied" => $mark]) };
    is begins($a, 'bad-mark', 'a mark that is not signed', $hand, quiet => 1)->{subject}, '127.0.0.2', 'by whom';
    ends($a, 'bad-mark', 'no more of them come');
    $farm->announce_log(
        qr/\[(?:secret-mismatch|nobody-accepted|own-clock)\]/,
        qr/it was stamped/,
        qr/whose mark is ignored/
    );
    $farm->check;
};

subtest 'a table that is full' => sub {
    my ($farm, $a, $b, $c) = make_farm(3);
    set($farm, $a, BackhandMaxServers => 2);
    $farm->start;
    like begins($a, 'table-full', 'one more than fits')->{remedy}, qr/"BackhandMaxServers 2"/, 'it names the directive';
    # The new table knows nothing of the old one.
    ends($a, 'table-full', 'with more room', again($farm, $a, BackhandMaxServers => 3), silent => 1);
    ok $farm->together, 'all see each other';
    $farm->announce_log(qr/\[table-full\]/);
    $farm->check;
};

subtest 'a mark from nowhere' => sub {
    my ($farm, $a) = make_farm(1);
    $a->start;
    my $hand  = sub { $a->get('/who', from => '127.0.0.99', headers => ["Backhand-Proxied" => "x"]) };
    my $found = begins($a, 'unknown-mark', 'a stranger hands off', $hand, quiet => 1);
    is $found->{subject}, '127.0.0.99', 'it names the sender';
    my ($line) = $found->{remedy} =~ /"AcceptStats (.*)"/;
    ends($a, 'unknown-mark', 'with that line', again($farm, $a, AcceptStats => "127.0.0.0/28 $line"), silent => 1);
    $farm->announce_log(qr/is no accepted sender/);
    $farm->check;
};

subtest 'two servers with one contact' => sub {
    my ($farm, $a) = make_farm(1);
    $a->start;
    my @twins = map { Farm::Fake->new(farm => $farm, says => { boot => $_, host => "$_.test" }) } qw(aa bb);
    is begins($a, 'rival', 'they announce in turns', sub { $_->announce for @twins }, quiet => 1)->{subject},
      $twins[0]->contact, 'it names the contact';
    # It ends within some intervals, perhaps before the moderator looks.
    ends($a, 'rival', 'they have stopped', undef, silent => 1);
    $farm->announce_log(qr/give one of them another BackhandContact/);
    $farm->check;
};

subtest 'an application that does not work' => sub {
    my ($farm, $a, $b) = make_farm(2);
    my @check = (BackhandCheck => '/app/health 200ms 1 1');
    set($farm, $a, @check);
    $b->write_file('htdocs/app/health', 'ok');
    $farm->start;
    begins($a, 'application-down', 'its check fails', undef, quiet => 1);
    like begins($b, 'server-down', 'the other server hears so')->{text}, qr/status was 404/, 'and why';
    ends($b, 'server-down', 'it works', sub { $a->write_file('htdocs/app/health', 'ok') });
    ends($a, 'application-down', 'here too', undef, silent => 1);
    $farm->announce_log(qr/this server is down/);
    $farm->check;
};

subtest 'a moderator that stands still' => sub {
    my ($farm, $a) = make_farm(1);
    set($farm, $a, BackhandModeratorPIDFile => 'moderator.pid');
    $a->start;
    my ($pid) = do {
        my @line;
        eventually { @line = $a->lines('run/moderator.pid'); @line } 5, 'it has a pid';
        @line;
    };
    kill 'STOP', $pid;
    is begins($a, 'no-moderator', 'it is stopped', undef, quiet => 1)->{severity}, 'error', 'an error';
    # httpd takes 20 s and more to start another one.
    my @end = $ENV{BACKHAND_TEST_LONG} ? 'httpd starts another one' : ('it goes on', sub { kill 'CONT', $pid });
    ends($a, 'no-moderator', $end[0], $end[1], silent => 1);
    $farm->announce_log(qr/does not respond and is killed/, qr/ended unexpectedly/);
    $farm->check;
};

subtest 'servers that fall silent' => sub {
    plan skip_all => 'takes a minute: with --long only' if !$ENV{BACKHAND_TEST_LONG};
    my ($farm, $a, $b, $c) = make_farm(3);
    $farm->start;
    ok $farm->together, 'they see each other';
    $_->kill_all for $b, $c;
    begins($a, 'deaf', 'all at once');
    my $found = begins($a, 'server-lost', 'for long');
    ok $found->{id}, 'with its entry';
    begins($a, 'all-stale', 'so are all');
    ends($a, 'server-lost', 'they start again', sub { $_->start for $b, $c });
    ends($a, $_, 'they are heard') for qw(all-stale deaf);
    is scalar(conditions($a)), 0, 'all is well';
    $farm->check;
};

subtest 'a socket that cannot be opened' => sub {
    my ($farm, $a) = make_farm(1);
    my $taken = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => $farm->udp)
      or die "udp: $!";
    set($farm, $a, MulticastStats => '127.0.0.1 127.0.0.2:' . $farm->udp);
    $a->start;
    begins($a, 'no-socket', 'another program has the port', undef, quiet => 1);
    ends($a, 'no-socket', 'it has ended', sub { close $taken }, silent => 1);
    $farm->announce_log(qr/the moderator tries again/);
    $farm->check;
};

done_testing;
