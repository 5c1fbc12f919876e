#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A client on the front server's machine does not count as a local client on another machine. Each server is on a host
# of its own, by network namespaces.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm;
use Test::More;

plan skip_all => 'needs curl' if system('command -v curl >/dev/null 2>&1') != 0;

Farm::Networks::run(
    'ip link set lo up',
    'ip link add switch type bridge mcast_snooping 0',
    'ip link set switch up',
    'ip addr add 10.97.0.254/24 dev switch'
);
for my $n (1, 2) {
    Farm::Networks::run(
        "ip netns add host$n",
        "ip link add port$n type veth peer name eth0 netns host$n",
        "ip link set port$n master switch up",
        "ip -n host$n addr add 10.97.0.$n/24 dev eth0",
        "ip -n host$n link set lo up",
        "ip -n host$n link set eth0 up",
    );
}

# No host has a default route: b joins the group on the interface of its contact.
my $farm = Farm->new(modules => ['remoteip']);
my $port = $farm->port;
my ($a, $b) = map {
    $farm->add(
        netns    => "host$_",
        host     => "10.97.0.$_",
        client   => '10.97.0.254',
        announce => 0,
        head     => $_ == 1 ? 'Define FRONT' : '',
        conf     => <<"EOT")
Listen 127.0.0.1:$port
Listen [::1]:$port
BackhandFarm @{[$farm->name]}
BackhandInterval @{[int Farm::scaled(250)]}ms
BackhandContact http://10.97.0.$_:$port
MulticastStats @{[$_ == 1 ? '10.97.0.1' : '']} 239.255.0.1:@{[$farm->udp]},1
AcceptStats 10.97.0.0/28
<IfDefine FRONT>
    <Location /app>
        Backhand byAge 60
        Backhand removeSelf
    </Location>
</IfDefine>
<IfDefine !FRONT>
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 127.0.0.0/8 ::1
    <Location /app/echo/local>
        Require local
    </Location>
    <Location /app/echo/ip>
        Require ip 127.0.0.0/8 ::1
    </Location>
    <Location /app/echo/host>
        Require host localhost
    </Location>
    <Location /app/echo/not>
        <RequireAll>
            Require all granted
            Require not ip 10.97.0.1
        </RequireAll>
    </Location>
</IfDefine>
<Location /who>
    Require local
    Require ip 10.97.0.254
</Location>
EOT
} 1, 2;
$farm->start;
ok $farm->together, 'they see each other';

# From a host: the status and what the program said.
sub ask {
    my ($n, $url, @options) = @_;
    my @command = (
        'ip', 'netns', 'exec', "host$n", 'curl', '-sS', '-g', '-m', Farm::scaled(10), '-w', "\nSTATUS=%{http_code}\n",
        @options, $url
    );
    open my $pipe, '-|', @command or die "curl: $!";
    my $text = do { local $/ = undef; readline $pipe };
    close $pipe;
    return { map { /\A([^=]+)=(.*)\z/s ? ($1 => $2) : () } split /\n/, $text };
}

my $direct = "http://10.97.0.2:$port";
for my $ways (
    ["http://127.0.0.1:$port"],
    ["http://127.0.0.1:$port", '--interface', '127.0.0.9'],
    ["http://[::1]:$port"], ["http://10.97.0.1:$port"]
  )
{
    my ($front, @options) = @{$ways};
    my $what = join q( ), @{$ways};
    my $told = ask(1, "$front/app/echo", @options);
    is "@{$told}{qw(SERVER_ADDR REMOTE_ADDR BACKHAND_RECEIVED)}", '10.97.0.2 10.97.0.1 10.97.0.1',
      "$what: the client is the front server's machine";
    like $told->{REMOTE_PORT}, qr/\A[1-9]\d*\z/, 'with a port';
    for my $place (qw(local ip host not)) {
        is ask(1, "$front/app/echo/$place", @options)->{STATUS}, 403, "Require $place does not let it in";
        is ask(1, "$direct/app/echo/$place")->{STATUS}, 403, 'nor directly';
    }
    my @forwarded = ('-H', 'X-Forwarded-For: 192.0.2.7');
    my ($through, $not) = (ask(1, "$front/app/echo", @options, @forwarded), ask(1, "$direct/app/echo", @forwarded));
    is "@{$through}{qw(REMOTE_ADDR HTTP_X_FORWARDED_FOR)}", "@{$not}{qw(REMOTE_ADDR HTTP_X_FORWARDED_FOR)}",
      'mod_remoteip trusts it as little';
}
is ask(2, "http://127.0.0.1:$port/app/echo/$_")->{STATUS}, 200, "Require $_ lets a local client in"
  for qw(local ip host);
is ask(1, "http://127.0.0.1:$port/who")->{STATUS}, 200, 'and at the front server, too';
is ask(2, "http://10.97.0.1:$port/app/echo/local")->{STATUS}, 200,
  'a client on the machine of the other server, by way of the front server';

$farm->announce_log(qr/AH01630: client denied|AH01753/);
$farm->done;
