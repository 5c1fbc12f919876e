#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# How servers log in at a NATS broker, whom they believe to be one, and what mistakes in BackhandTransport are called.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(configtest eventually);
use Farm::Certs;
use Farm::Nats;
use Test::More;

plan skip_all => Farm::Nats->missing if Farm::Nats->missing;
plan skip_all => 'needs openssl'     if system('command -v openssl >/dev/null 2>&1') != 0;

# A user's NKey.
my $seed   = 'SUAACAQDAQCQMBYIBEFAWDANBYHRAEISCMKBKFQXDAMRUGY4DUPB6IC5CQ';
my $public = 'UB43KVROR7TFJ6KAPCYRF2FJROTZAH4FHLTJLPWX4DRZCC5NASLGJBFE';

sub write_file {
    my ($path, $text, $mode) = @_;
    open my $file, '>', $path or die "$path: $!";
    print {$file} $text;
    close $file or die "$path: $!";
    chmod $mode // oct 600, $path or die "$path: $!";
    return $path;
}

sub add {
    my ($farm, $transport) = @_;
    my $n = 1 + $farm->servers;
    return $farm->add(
        conf => join "\n",
        'BackhandFarm ' . $farm->name,
        'BackhandInterval 100ms', 'AcceptStats 127.0.0.0/28', "BackhandContact http://127.0.0.$n:@{[$farm->port]}",
        "BackhandTransport $transport"
    );
}

# Two servers with these options see each other, one with the wrong ones does not, and its log says why.
sub told_apart {
    my ($farm, $broker, $right, $wrong, $reason) = @_;
    my @servers  = map { add($farm, $broker->url . " $right") } 1 .. 2;
    my $stranger = add($farm, $broker->url . " $wrong");
    $farm->start;
    ok $farm->together(@servers), 'two servers see each other';
    ok $stranger->wait_log(qr/this server is not connected to a broker of BackhandTransport: .*$reason.*no-broker/, 10),
      'the third is refused, and says why'
      or diag grep { /no-broker/ } $stranger->log_lines;
    is scalar(keys %{ $servers[0]->rows }), 2, 'nobody hears the third';
    ok !(grep { /s3cret|\Q$seed\E/ } map { $_->log_lines } $farm->servers), 'no log has a secret';
    $farm->announce_log(qr/\[no-broker\]/);
    $farm->silences;
    $farm->check;
    return;
}

subtest 'a token' => sub {
    my $farm = Farm->new(announce => 0);
    my ($right, $wrong) = map { write_file("$farm->{root}/$_", "$_\n") } qw(s3cret s3cret2);
    told_apart($farm, Farm::Nats->new(conf => 'authorization { token: "s3cret" }'),
        "token-file=$right", "token-file=$wrong", 'Authorization');
};

subtest 'user and password, and permissions for one farm' => sub {
    my $farm   = Farm->new(announce => 0);
    my $farms  = 'backhand.' . $farm->name . '.>';
    my $broker = Farm::Nats->new(conf => <<"EOT");
authorization { users = [ { user: joe, password: "s3cret",
    permissions: { publish: "$farms", subscribe: "$farms" } } ] }
EOT
    my $right = write_file("$farm->{root}/right", "joe:s3cret\n");
    told_apart($farm, $broker, "user-file=$right", q(), 'Authorization');
};

subtest 'an NKey' => sub {
    my $farm   = Farm->new(announce => 0);
    my $broker = Farm::Nats->new(conf => "authorization { users = [ { nkey: $public } ] }");
    my $right  = write_file("$farm->{root}/right", "$seed\n");
    told_apart($farm, $broker, "nkey=$right", q(), 'Authorization');
};

subtest 'TLS: the right authority and another one, certificates of servers' => sub {
    my $farm = Farm->new(announce => 0);
    my ($ca, $other) = map { Farm::Certs->new("$farm->{root}/$_") } qw(ca other);
    my $cert   = $ca->issue('localhost');
    my $broker = Farm::Nats->new(
        scheme => 'tls',
        name   => 'localhost',
        conf   => "tls { cert_file: \"$cert\", key_file: \"$cert\", ca_file: \"@{[$ca->path]}\", verify: true }"
    );
    chmod 0600, $cert or die "$cert: $!";
    my $pair = "cert=$cert key=$cert";
    told_apart($farm, $broker, "$pair ca=@{[$ca->path]}", "$pair ca=@{[$other->path]}", '(?i:certificate)');
};

subtest 'a certificate of another name' => sub {
    my $farm   = Farm->new(announce => 0);
    my $ca     = Farm::Certs->new("$farm->{root}/ca");
    my $cert   = $ca->issue('other.test');
    my $broker = Farm::Nats->new(
        scheme => 'tls',
        name   => 'localhost',
        conf   => "tls { cert_file: \"$cert\", key_file: \"$cert\" }"
    );
    my $a = add($farm, $broker->url . ' ca=' . $ca->path);
    $farm->start;
    ok $a->wait_log(qr/not connected to a broker of BackhandTransport: .*(?:certificate|hostname).*no-broker/i, 10),
      'it is refused';
    $farm->announce_log(qr/\[no-broker\]/);
    $farm->check;
};

subtest 'a broker that hangs in the TLS handshake' => sub {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16) || die "listen: $!";
    my $fake     = bless {}, 'Farm::Process';
    $fake->begin(
        sub {
            my @kept;
            while (my $client = $listener->accept) {
                print {$client} qq(INFO {"server_id":"x","version":"2.9.10","proto":1,"tls_required":true}\r\n);
                $client->flush;
                push @kept, $client;
            }
        }
    );
    my $farm = Farm->new(announce => 0);
    my $a    = add($farm, 'tls://127.0.0.1:' . $listener->sockport);
    $farm->start;
    ok $a->wait_log(qr/not connected to a broker of BackhandTransport: .*no-broker/, 15), 'it is given up';
    $farm->announce_log(qr/\[no-broker\]/);
    $farm->check;
};

# --- mistakes ----------------------------------------------------------------------------------------------------

my $dir   = File::Temp::tempdir(CLEANUP => 1);
my $open  = write_file("$dir/open",  "s3cret\n", oct 644);
my $token = write_file("$dir/token", "s3cret\n");
my $pem   = write_file("$dir/pem",   "none\n");
my @wrong = (
    ['nats.test'                          => qr/takes brokers as nats:\/\/host:4222 or tls:/],
    ['nats://joe:s3cret@a.test'           => qr/names no user or password in a URL/],
    ['nats://a.test,tls://b.test'         => qr/all nats:\/\/ or all tls:/],
    ['nats://a.test back.*'               => qr/takes a subject prefix of at most 64 characters/],
    ['nats://a.test token=x'              => qr/knows no such option; it has credentials=/],
    ["nats://a.test token-file=$dir/none" => qr/none: cannot be opened: No such file/],
    ["nats://a.test token-file=$open"     => qr/open: others than its owner may read or write it; chmod 600/],
    ["nats://a.test nkey=$token"          => qr/token: takes one line with the seed of a user's NKey/],
    ["nats://a.test credentials=$token"   => qr/token: holds no user JWT with its seed/],
    ["nats://a.test user-file=$token"     => qr/token: takes one line, user:password/],
    ["tls://a.test ca=$pem"               => qr/pem: holds no certificate in PEM form/],
    ["nats://a.test ca=$pem"              => qr/takes ca=, cert= and key= with tls:\/\/ only/],
    ["nats://a.test\nBackhandTransport nats://a.test" => qr/may stand only once; one line names all brokers/],
);
for (@wrong) {
    my ($line,   $pattern) = @{$_};
    my ($status, $said)    = configtest(conf => "BackhandTransport $line");
    isnt $status, 0, "refused: $line";
    like $said, $pattern,                        'it says what is wrong';
    like $said, qr/Syntax error on line \d+ of/, 'and where';
}
is((configtest(conf => "BackhandTransport nats://a.test:4222,nats://[::1] web token-file=$token"))[0], 0,
    'a good line');

done_testing;
