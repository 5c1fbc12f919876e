#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# IPv6 everywhere, and farms of both kinds. One IPv6 address is all that a machine has for itself, so most of it
# happens in a network of its own, which only root can make.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Test::More;

# Runs this test once more, where it may add addresses.
my $apart = ($ARGV[0] || '') eq 'apart';
if (!$apart && $> == 0 && system('unshare -n true 2>/dev/null') == 0) {
    exec 'unshare', '-n', $^X, $0, 'apart' or die "unshare: $!";
}
if ($apart) {
    my @needed = (
        'link set lo up',
        (map { "-6 addr add fd00:bac::$_/128 dev lo nodad" } 1 .. 4, 99),
        '-6 route add local ff00::/8 dev lo table local',
        'route add 239.0.0.0/8 dev lo'
    );
    for my $command (@needed) {
        my $said = qx{ip $command 2>&1};
        is $?, 0, "ip $command" or diag $said;
    }
}

my $chain = <<'EOT1';
<Location /app>
    Backhand byAge 5
    Backhand removeSelf
</Location>
EOT1

sub common {
    my ($farm, @lines) = @_;
    return join "\n", $chain, 'BackhandFarm ' . $farm->name, @lines, q();
}

# Asks one server for what the other serves, and looks at what the other has seen.
sub handed_off {
    my ($from, $to, $client, $sender, $seen) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $case = "$from->{name} to $to->{name}";
    my @from = $client ? (from => $client) : ();
    my $path = "/app/echo/$from->{name}";
    my $told = $from->get($path, @from)->echoed;
    is $told->{SERVER_ADDR}, $to->{host},      "$case: the other serves";
    is $told->{REMOTE_ADDR}, $seen || $client, "$case: for the client" if $client;
    is $told->{HTTP_HOST},   $from->address,   "$case: under the name that the client asked for";
    like $told->{REMOTE_PORT}, qr/\A[1-9]\d+\z/, "$case: the client's port";
    is $told->{BACKHAND_RECEIVED},     $sender,      "$case: from the contact address" if $sender;
    is $from->logged($path)->{server}, $to->contact, "$case: the log says where it went";
    is $from->post('/app/echo', 'x' x 100_000, @from)->echoed->{BODY_LENGTH}, 100_000, "$case: a body";
    return;
}

# Everything on ::1, the servers told apart by their ports.
sub one_address {
    my ($mpm) = @_;
    my $farm  = Farm->new(mpm => $mpm, announce => 0, host => '::1');
    my @own   = map { (port => $_) } map { Farm::free_port() } 1 .. 2;
    my $udp   = $farm->udp;
    for my $n (1 .. 2) {
        my $port = $own[2 * $n - 1];
        # Without a route for IPv6 groups on lo, the announcements go by IPv4.
        my $to = $apart ? "MulticastStats [::1] [ff02::4445]:$udp" : "MulticastStats 127.0.0.$n 239.255.0.1:$udp";
        $farm->add(
            port => $port,
            conf => common($farm, $to, "BackhandContact http://[::1]:$port", 'AcceptStats ::1 127.0.0.0/28')
        );
    }
    my ($a, $b) = $farm->servers;
    $farm->start;
    ok $farm->together, 'servers on one address see each other';
    handed_off $a, $b, '::1', '::1';
    handed_off $b, $a, '::1', '::1';
    ok $a->stop, 'one leaves';
    eventually { $b->row($a->contact)->{State} eq 'left' } 5, 'the other knows';
    $farm->check;
    return;
}

my %ways = (
    'link-local multicast' => sub { my ($n, $udp) = @_; ("MulticastStats fd00:bac::$n [ff02::4445%lo]:$udp") },
    'site-local multicast' => sub { my ($n, $udp) = @_; ("MulticastStats fd00:bac::$n [ff05::4445]:$udp,0") },
    'unicast to each'      => sub {
        my ($n, $udp) = @_;
        map { "MulticastStats fd00:bac::$n [fd00:bac::$_]:$udp" } 1 .. 3;
    },
);

sub several_addresses {
    my ($way) = @_;
    my $farm  = Farm->new(announce => 0, client => 'fd00:bac::99', modules => ['remoteip']);
    my $udp   = $farm->udp;
    for my $n (1 .. 3) {
        my $at = "[fd00:bac::$n]:" . $farm->port;
        # Once the contact is configured, once it is the address that announcements leave from.
        my @contact = $n == 3 ? () : "BackhandContact http://$at";
        $farm->add(
            host => "fd00:bac::$n",
            conf => common($farm, $ways{$way}->($n, $udp), @contact, 'AcceptStats fd00:bac::/125')
              . "<Location /app/who>\nRequire ip fd00:bac::98/127\n</Location>\n"
              . "<Location /other>\nBackhand byAge\nBackhand removeSelf\nBackhand HTTPRedirectToIP\n</Location>\n"
        );
    }
    my ($a, $b, $c) = $farm->servers;
    $farm->start;
    ok $farm->together, 'they see each other';
    is $_->status->{Servers},               3, 'and nobody else' for $farm->servers;
    is $a->status->{'Dropped-sender'} || 0, 0, 'none is a stranger';
    ok $c->stop, 'one leaves';
    eventually { $a->row($c->contact)->{State} eq 'left' } 5, 'the others know';

    handed_off $a, $b, 'fd00:bac::99', 'fd00:bac::1';
    handed_off $b, $a, 'fd00:bac::99', 'fd00:bac::2';
    is $a->get('/app/who')->body,                          'b', 'access control sees the client';
    is $a->get('/app/who', from => 'fd00:bac::4')->status, 403, 'another one is refused';
    like $a->get('/other/x?y')->header('location'), qr{\A\Qhttp://[fd00:bac::2]:@{[$farm->port]}/other/x?y\E\z},
      'redirects have brackets';
    my $mark = 'v=1&client=[fd00:bac::3]:99&scheme=https&port=443';
    is $a->get('/app/echo', headers => ['Backhand-Proxied' => $mark])->echoed->{REMOTE_ADDR}, 'fd00:bac::99',
      "a stranger's mark changes nothing";

    ok $b->kill_all->gone, 'one is killed';
    is $a->post('/app/echo', 'x' x 10_000)->echoed->{SERVER_ADDR}, 'fd00:bac::1', 'a dead one is passed over';
    $farm->announce_log(
        qr/AH01630: client denied/,
        qr/backhand: fd00:bac::99 sent a request marked as handed off/,
        qr/backhand: server \S+ .*asked (?:last|as before)/
    );
    $farm->check;
    return;
}

# One server's contact is IPv4, the other's IPv6; both announce both ways, and either may have the client.
sub mixed {
    my ($mpm) = @_;
    my $farm  = Farm->new(mpm => $mpm, announce => 0);
    my $udp   = $farm->udp;
    my $port  = $farm->port;
    for my $n (1, 2) {
        my $contact = $n == 1 ? "127.0.0.1:$port" : "[fd00:bac::2]:$port";
        $farm->add(
            host => $n == 1 ? '127.0.0.1' : 'fd00:bac::2',
            conf => common(
                $farm,
                "BackhandContact http://$contact",
                "MulticastStats 127.0.0.$n 239.255.0.1:$udp",
                "MulticastStats fd00:bac::$n [ff02::4445]:$udp",
                'AcceptStats 127.0.0.0/28 fd00:bac::/125'
            )
        );
    }
    my ($four, $six) = $farm->servers;
    $farm->start;
    ok $farm->together, 'they see each other';
    is $_->status->{Servers}, 2, 'once, though they hear each other twice' for $four, $six;
    # A client on the loopback of the one is none on the loopback of the other, which hears from it over another
    # network.
    handed_off $four, $six, '127.0.0.77', 'fd00:bac::1', 'fd00:bac::1';
    handed_off $six, $four, 'fd00:bac::99', '127.0.0.2';
    ok $six->stop, 'one leaves';
    eventually { $four->row($six->contact)->{State} eq 'left' } 5, 'the other knows';
    $farm->check;
    return;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: servers on ::1" => sub { one_address($mpm) };
    if ($apart) {
        subtest "$mpm: IPv4 and IPv6" => sub { mixed($mpm) };
    }
}
if ($apart) {
    for my $way (sort keys %ways) {
        subtest $way => sub { several_addresses($way) };
    }
}
else {
    note 'no network of our own: the rest is left out';
}
done_testing;
