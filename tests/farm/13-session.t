#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Sessions stay on the server that owns them: bySession, and the module's own cookie that pins a client.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(build_dir eventually);
use Test::More;

my $conf = <<'EOT';
<Location /app>
    Backhand byAge
    Backhand byRandom
    Backhand bySession
</Location>
<Location /app/echo>
    Backhand off
    Backhand byAge
    Backhand byRandom
    Backhand bySession sid=
</Location>
<Location /pinned>
    BackhandSessionCookie PIN
    Backhand byAge
    Backhand byRandom
    Backhand bySession PIN=
</Location>
<Location /pinned/free>
    BackhandSessionCookie off
</Location>
<Location /always>
    BackhandSessionCookie PIN
</Location>
<Location /always/dressed>
    BackhandSessionCookie PIN path=/always max-age=1h samesite=none secure domain=example.com
</Location>
<Location /always/inner>
    BackhandSelfRedirect Off
</Location>
<Location /backhand>
    BackhandSessionCookie PIN
</Location>
<Location /others>
    BackhandSessionCookie PIN
    Backhand byAge
    Backhand removeSelf
    Backhand byRandom
</Location>
EOT

# An id in this module's form.
sub id_of {
    my ($server) = @_;
    return sprintf 'i%02x%02x%02x%02x%04x', split(/[.]/, $server->{host}), $server->{port};
}

# An id in the classic form.
sub classic {
    my ($server) = @_;
    return substr id_of($server), 1, 8;
}

sub farm_of {
    my ($n, %options) = @_;
    my $farm    = Farm->new(mpm => 'event', conf => $conf, %options);
    my @servers = map { $farm->add } 1 .. $n;
    for my $server (@servers) {
        mkdir $server->root . "/htdocs/$_" or die "$_: $!" for qw(pinned always others);
        $server->write_file("htdocs/$_", $server->name) for qw(pinned/who pinned/free always/who others/who);
    }
    return ($farm, @servers);
}

sub cookies {
    my ($response) = @_;
    return @{ $response->{headers}{'set-cookie'} || [] };
}

# Asks twelve times; returns all different answers.
sub always {
    my ($server, $path, @headers) = @_;
    my %seen;
    $seen{ $server->get($path, headers => [@headers])->body }++ for 1 .. 12;
    return join q( ), sort keys %seen;
}

subtest 'bySession' => sub {
    my ($farm, $a, $b, $c) = farm_of(3);
    $farm->start;
    ok $farm->together, 'they see each other';
    my ($of_a, $of_b, $of_c) = map { classic($_) } $a, $b, $c;
    my $path = '/app/who';

    isnt always($a, $path),                                              'b', 'no session: anywhere';
    is always($a, $path, Cookie => "PHPSESSID=$of_b"),                   'b', 'a cookie leads to its owner';
    is always($a, $path, Cookie => "PHPSESSID=${of_b}0123456789abcdef"), 'b', 'whatever comes after the address';
    is always($b, $path, Cookie => "PHPSESSID=$of_b"),                   'b', 'asked itself, the owner serves';
    is $b->logged($path)->{reason},                                      'served-here:chosen', 'and knows it';
    is always($a, $path, Cookie => 'PHPSESSID=' . uc $of_c),             'c',                  'upper case';
    is always($a, $path, Cookie => 'x=1', Cookie => "y=2; PHPSESSID=$of_c; z=3"), 'c',
      'among others, in a second header';
    is always($a, $path, Cookie => "PHPSESSID=ffffffff", Cookie => "PHPSESSID=$of_c"), 'c',
      'the first whose owner lives';
    is always($a, "$path?x=1&PHPSESSID=$of_c&y"), 'c', 'the query string';
    is always($a, "$path?PHPSESSID=$of_c", Cookie => "PHPSESSID=$of_b"),        'b', 'cookies go first';
    is always($a, "$path?PHPSESSID=$of_c", Cookie => 'PHPSESSID=0badc0de'),     'c', 'when they lead anywhere';
    is always($a, $path,                   Cookie => 'PHPSESSID=' . id_of($b)), 'b', 'our form with a port';
    is always($a, $path,                   Cookie => 'PHPSESSID=' . id_of($b) . '-more'), 'b', 'and something after it';
    isnt always($a, $path, Cookie => sprintf 'PHPSESSID=i%s%04x', $of_b, $b->{port} + 1), 'b',
      'another port, another server';
    isnt always($a, $path, Cookie => "XPHPSESSID=$of_b"),  'b', 'the name of the cookie is not the end of another';
    isnt always($a, $path, Cookie => "PHPSESSID=zz$of_b"), 'b', 'no id';
    isnt always($a, $path, Cookie => join '; ', map { "PHPSESSID=0badc0d$_" } (0 .. 9)), 'b', 'ids of nobody';
    is $a->get('/app/echo', headers => [Cookie => "sid=$of_b"])->echoed->{SERVER_ADDR}, $b->{host},
      'an identifier as argument';

    $b->kill_all;
    my $response;
    $farm->announce_log(qr/cannot be reached/);
    $response = $a->get($path, headers => [Cookie => "PHPSESSID=$of_b"]);
    is $response->status, 200, 'the owner is gone: somebody answers';
    $farm->check;
};

subtest 'BackhandSessionCookie' => sub {
    my ($farm, $a, $b, $c) = farm_of(3);
    my %by_name = map { $_->name => $_ } $a, $b, $c;
    $farm->start;
    ok $farm->together, 'they see each other';
    my (%first, $wrong);
    for (1 .. 30) {
        my $response = $a->get('/pinned/who');
        my $name     = $response->body;
        my @set      = cookies($response);
        $first{$name} = $response;
        my $want = 'PIN=' . id_of($by_name{$name}) . '; Path=/; HttpOnly; SameSite=Lax';
        $wrong ||= "$name: @set" if "@set" ne $want;
    }
    is $wrong,                       undef,   'who serves sets the cookie, one and for itself';
    is join(q( ), sort keys %first), 'a b c', 'everybody did';
    for my $name (sort keys %first) {
        my ($pin) = $first{$name}->header('set-cookie') =~ /\A(PIN=\w+)/;
        is always($a, '/pinned/who', Cookie => $pin), $name, "and the client stays on $name";
        is_deeply [cookies($a->get('/pinned/who', headers => [Cookie => "x=y; $pin"]))], [], 'without another cookie';
    }
    my $pin_b = 'PIN=' . id_of($b);
    is_deeply [cookies($a->get('/pinned/free'))],   [], 'off below';
    is_deeply [cookies($a->get('/backhand'))],      [], 'never on the status page';
    is_deeply [cookies($a->get('/backhand?auto'))], [], 'nor for programs';
    is scalar(my @set = cookies($a->get('/always/who'))), 1, 'without a chain too';
    is scalar(@set = cookies($a->get('/always/none'))), 1, 'on errors too';
    is $a->get('/always/none')->status, 404, 'which they stay';
    is_deeply [cookies($a->get('/always/who', headers => [Cookie => $pin_b]))], [],
      'who is pinned elsewhere stays pinned there';
    is scalar(@set = cookies($a->get('/always/who', headers => [Cookie => 'PIN=nonsense']))), 1, 'nonsense is replaced';
    my $dressed = '; Path=/always; Domain=example.com; Max-Age=3600; HttpOnly; SameSite=None; Secure';
    my $of_a    = 'PIN=' . id_of($a);
    is_deeply [cookies($a->get('/always/inner'))], ["$of_a; Path=/; HttpOnly; SameSite=Lax"],
      'within, where another directive stands, too';
    is_deeply [cookies($a->get('/always/dressed'))], ["$of_a$dressed"], 'with its attributes';
    is_deeply [cookies($a->get('/always/dressed', headers => [Cookie => $of_a]))], ["$of_a$dressed"],
      'Max-Age is renewed';
    is_deeply [cookies($a->get('/always/dressed', headers => [Cookie => $pin_b]))], [],
      'by the server that the cookie names';
    is_deeply [cookies($a->get('/always/who', headers => [Cookie => $of_a]))], [], 'and only where it has one';
    is scalar(@set = cookies($a->get('/others/who'))), 1, 'handed off: one cookie';
    unlike $set[0], qr/${\ id_of($a)}/, 'of the receiver';
    is scalar(@set = cookies($a->request('HEAD', '/always/who'))), 1, 'HEAD';

    ok $b->graceful_stop, 'b leaves';
    eventually {
        !grep { $_->{State} eq 'alive' && $_->{Contact} eq $b->contact } values %{ $a->rows }
    }
    5, 'which a hears';
    my $response = $a->get('/pinned/who', headers => [Cookie => $pin_b]);
    like $response->body, qr/\A[ac]\z/, 'another serves its clients';
    is join(q(;), cookies($response)), 'PIN=' . id_of($by_name{ $response->body }) . '; Path=/; HttpOnly; SameSite=Lax',
      'and pins them';
    $farm->check;
};

subtest 'with TLS' => sub {
    my ($farm, $a, $b) = farm_of(2, modules => ['headers']);
    # As with mod_ssl, the request's scheme tells the module that a client uses TLS.
    for my $server ($a, $b) {
        $server->{head} = "ServerName https://$server->{name}.test\n";
        $server->write_config;
    }
    $farm->start;
    ok $farm->together, 'they see each other';
    my %seen;
    for (1 .. 20) {
        my $response = $a->get('/pinned/who');
        $seen{ $response->body }++;
        like join(q(;), cookies($response)), qr/; HttpOnly; SameSite=Lax; Secure\z/, 'Secure from ' . $response->body;
    }
    is join(q( ), sort keys %seen), 'a b', 'from both';
    $farm->check;
};

done_testing;
