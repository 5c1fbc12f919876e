#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# With a secret, servers believe only each other. Announcements that are unsigned, old, from the future or repeated are
# dropped. Hand-offs with marks for another request or server are not believed.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually scaled wait_for);
use Farm::Fake;
use List::Util qw(sum);
use Test::More;
use Time::HiRes qw(time);

my @key = map { $_ x 8 } qw(0a1b2c3d 11223344 99887766);

# Gives servers these keys; the first signs.
sub share {
    my ($keys, @servers) = @_;
    for my $server (@servers) {
        my $path = $server->write_file('secret', join "\n", '# keys of a test', @{$keys}, '');
        chmod 0600, $path or die "chmod $path: $!";
    }
    return;
}

sub farm_with_secret {
    my (%options) = @_;
    my $conf      = delete $options{conf} // 'BackhandSecretFile secret';
    my $farm      = Farm->new(conf => "$conf\n", %options);
    share([$key[0]], map { $farm->add } 1 .. 2);
    return ($farm, $farm->servers);
}

sub stamp { return int(1000 * (time + ($_[0] || 0))) }

# An announcement, signed: keys to change, then the key.
sub sign {
    my ($fake, $says, $key) = @_;
    my %says = (time => stamp(), %{ $says || {} });
    delete $says{time} if !$says{time};
    my $text = $fake->announcement(%says);
    return "$text&sig=" . hmac_sha256_hex("announce\n$text", pack 'H*', $key || $key[0]);
}

# For that reason, or one of several, as in `old or time`: what was stamped before the server's start is dropped as old
# at first, when it may have been on its way, and for its time later.
sub dropped {
    my ($server, $reason) = @_;
    my $status = $server->status or return -1;
    return sum map { $status->{"Dropped-$_"} || 0 } split / or /, $reason;
}

# Sends until the server counts one more as dropped for that reason.
sub drops {
    my ($server, $fake, $reason, $what, $make) = @_;
    my $before = dropped($server, $reason);
    return eventually { $fake->send_datagram($make->()); dropped($server, $reason) > $before } 5,
      "$what: dropped ($reason)";
}

for my $mpm (Farm->few_mpms) {
    subtest "$mpm: only what is signed is believed" => sub {
        my ($farm, $a, $b) = farm_with_secret(mpm => $mpm);
        $farm->start;
        ok $farm->together, 'they see each other';
        my $fake = Farm::Fake->new(farm => $farm);
        drops($a, $fake, 'signature', 'unsigned',                sub { $fake->announcement(time => stamp()) });
        drops($a, $fake, 'signature', 'a stock heartbeat',       sub { 'v=1&ready=1&busy=1' });
        drops($a, $fake, 'signature', 'signed with another key', sub { sign($fake, {}, $key[1]) });
        drops($a, $fake, 'signature', 'changed on its way',      sub { sign($fake) =~ s/ready=8/ready=9/r });
        drops($a, $fake, 'signature', 'with something added',    sub { sign($fake) . '&more=0' });
        drops($a, $fake, 'time',      'from a minute ago',       sub { sign($fake, { time => stamp(-60) }) });
        drops($a, $fake, 'time',      'from a minute ahead',     sub { sign($fake, { time => stamp(60) }) });
        drops($a, $fake, 'time',      'without a time',          sub { sign($fake, { time => 0 }) });
        drops(
            $a, $fake, 'old or time',
            'from before the start',
            sub { sign($fake, { boot => 'f00', time => stamp(-25) }) }
        ) if time - $^T < 20;
        ok !$a->row($fake->contact), 'none of these is in the table';

        my $good = sign($fake, { seq => 100 });
        eventually { $fake->send_datagram($good); $a->row($fake->contact) } 5, 'a good one is';
        drops($a, $fake, 'old', 'the same once more', sub { $good });
        drops($a, $fake, 'old', 'an earlier one',     sub { sign($fake, { seq => 99 }) });
        is dropped($b, 'full'), 0, 'nothing else is said of them';
        ok $farm->together, 'the servers still see each other';
        $farm->announce_log(qr/backhand: announcement from 127\.0\.0\.9 dropped: it /);
        $farm->check;
    };
}

subtest 'keys change without a gap' => sub {
    my ($farm, $a, $b) = farm_with_secret();
    $farm->start;
    ok $farm->together, 'they see each other';
    my @steps = ([@key[0, 1]], [@key[1, 0]], [$key[1]]);
    for my $n (1 .. @steps) {
        for my $server ($a, $b) {
            share($steps[$n - 1], $server);
            ok $server->graceful, "step $n: $server->{name} reads its keys again";
            ok $farm->together,   'they see each other';
            is dropped($_, 'signature'), 0, "$_->{name} dropped nothing" for $a, $b;
        }
    }
    my $fake = Farm::Fake->new(farm => $farm);
    drops($a, $fake, 'signature', 'signed with the first key', sub { sign($fake, {}, $key[0]) });
    eventually { $fake->send_datagram(sign($fake, {}, $key[1])); $a->row($fake->contact) } 5, 'the last key is good';
    $farm->announce_log(qr/backhand: announcement from 127\.0\.0\.9 dropped: it is signed with another key/);
    $farm->check;
};

subtest 'a farm that runs is given a secret' => sub {
    my ($farm, $a, $b) = farm_with_secret(conf => '');
    $farm->start;
    for my $conf ("BackhandSecretFile secret optional\n", "BackhandSecretFile secret\n") {
        my @before = map { dropped($_, 'signature') } $a, $b;
        for my $server ($a, $b) {
            $server->reconfigure($conf);
            ok $server->graceful, "$server->{name}: $conf";
            ok $farm->together,   'they see each other';
            is_deeply [map { dropped($_, 'signature') } $a, $b], \@before, 'nothing is dropped';
        }
        next if $conf !~ /optional/;
        my $fake = Farm::Fake->new(farm => $farm);
        drops($a, $fake, 'signature', 'optional: a wrong signature', sub { sign($fake, {}, $key[1]) });
        # By both: whoever has this one has read, and counted, all that was sent before.
        eventually { $fake->announce; $a->row($fake->contact) && $b->row($fake->contact) } 5,
          'optional: what is not signed is taken';
        $farm->announce_log(qr/backhand: BackhandSecretFile is optional/,
            qr/backhand: announcement from 127\.0\.0\.9 dropped: it is/);
    }
    my $fake = Farm::Fake->new(farm => $farm);
    drops($a, $fake, 'signature', 'in the end, what is not signed', sub { $fake->announcement });
    $farm->check;
};

subtest 'what was captured before a restart is worth nothing after it' => sub {
    my ($farm, $a) = farm_with_secret(conf => "BackhandSecretFile secret\nBackhandClockSkew 10min");
    my $file = $a->root . '/run/backhand/mod_backhand-Seen';
    $a->start;
    my $fake     = Farm::Fake->new(farm => $farm);
    my $captured = sign($fake, { seq => 50 });
    eventually { $fake->send_datagram($captured); $a->row($fake->contact) } 5, 'it is taken in';
    for my $lost (0, 1) {
        my $name = $lost ? 'the file is lost' : 'the file is there';
        ok $a->stop, "$name: a stops";
        ok -s $file, 'and has written what it heard';
        is sprintf('%o', (stat $file)[2] & oct 7777), '600', 'for itself';
        unlink $file if $lost;
        my $said = sign($fake, { seq => 60 + $lost });
        $a->start;
        drops($a, $fake, 'old or time', "$name: the same", sub { $captured });
        drops(
            $a, $fake, 'old or time',
            "$name: another one of that time",
            sub { sign($fake, { boot => 'f00', time => stamp(-300) }) }
        );
        ok !$a->row($fake->contact), 'the table is still without it';

        if ($lost) {
            drops($a, $fake, 'old or time', "$name: said before the start", sub { $said });
        }
        else {
            # Its number is a new one.
            eventually { $fake->send_datagram($said); $a->row($fake->contact) } 5,
              "$name: what was not heard yet is taken in";
        }
        eventually { $fake->send_datagram(sign($fake, { seq => 100 + $lost })); $a->row($fake->contact) } 5,
          'new ones are taken in';
        # What was written last is what the next start reads, a killed moderator or not.
    }
    $farm->announce_log(qr/dropped: it was stamped before this server's start/);
    $farm->check;
};

subtest 'a file that cannot be written is said once' => sub {
    my ($farm, $a, $b) = farm_with_secret();
    $a->start;
    # Its moderator has looked for the file by then; it would not believe a folder, and say so.
    ok $farm->together($a), 'a announces itself';
    mkdir $a->root . '/run/backhand/mod_backhand-Seen';
    $b->start;
    ok $a->wait_log(qr/:warn\] .*backhand: cannot write \S+mod_backhand-Seen; /), 'the log says so';
    ok $farm->together,                                                           'they see each other all the same';
    is scalar(grep { /mod_backhand-Seen/ } $a->log_lines), 1, 'once';
    rmdir $a->root . '/run/backhand/mod_backhand-Seen';
    ok $a->wait_log(qr/backhand: resolved: cannot write \S+mod_backhand-Seen/), 'and that it is over';
    $farm->announce_log(qr/backhand: cannot write .*mod_backhand-Seen/);
    $farm->check;
};

subtest 'what is missing is said at start' => sub {
    my $farm  = Farm->new;
    my $a     = $farm->add;
    my $wide  = $farm->add(conf     => "AcceptStats 0.0.0.0/0\n");
    my $both  = $farm->add(conf     => "BackhandSecretFile secret\n");
    my $alone = $farm->add(announce => 0, conf => "BackhandMaxServers 8\n");
    share([$key[0]], $both);
    $farm->start;
    my $lines = sub {
        my ($server) = @_;
        return scalar grep { /\[backhand:warn\].*(?:no BackhandSecretFile|is optional|clients)/ } $server->log_lines;
    };
    ok $a->wait_log(qr/backhand: there is no BackhandSecretFile: anybody who sends/), 'no secret';
    ok $wide->wait_log(qr/backhand: AcceptStats covers addresses that look like those of clients/),
      'everybody is accepted';
    is $lines->($a),     1, 'a line';
    is $lines->($wide),  2, 'two';
    is $lines->($both),  0, 'none with a secret';
    is $lines->($alone), 0, 'none where nobody is accepted';
    $farm->announce_log(qr/AcceptStats covers addresses that look like/,
        qr/backhand: announcement from \S+ dropped: it is not signed/);
    $farm->check;
};

# --- hand-offs ---

my $to_the_other = <<'EOT';
BackhandSecretFile secret
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT

# A mark as a server signs it; keys to change.
sub mark {
    my (%is) = @_;
    my %of = (
        mark   => 'v=1&client=10.1.1.1:99&scheme=https&port=443',
        time   => stamp(),
        method => 'GET',
        target => '/app/echo',
        key    => $key[0],
        %is
    );
    my $mark = "$of{mark}&time=$of{time}";
    my $text = join "\n", $mark, @of{qw(contact method host target)};
    return "$mark&sig=" . hmac_sha256_hex("hand-off\n$text", pack 'H*', $of{key});
}

for my $mpm (Farm->few_mpms) {
    subtest "$mpm: signed hand-offs" => sub {
        my ($farm, $a, $b) = farm_with_secret(mpm => $mpm, conf => $to_the_other);
        $farm->start;
        ok $farm->together, 'they see each other';
        for my $path ('/app/echo', '/app/echo?a=b&c=%20d%2Fe', '/app/echo/a//b/../c') {
            my $told = $a->get($path, from => '127.0.0.77')->echoed;
            is $told->{SERVER_ADDR}, '127.0.0.2',  "$path: handed off";
            is $told->{REMOTE_ADDR}, '127.0.0.77', 'b sees the client';
        }
        is $a->post('/app/echo', 'some body', from => '127.0.0.77')->echoed->{REMOTE_ADDR}, '127.0.0.77',
          'with a body, too';
        is $a->status->{Untrusted} + $b->status->{Untrusted}, 0, 'all marks are believed';

        # From an address that AcceptStats covers; what would be handed off stays where it is, so that nothing goes in
        # circles.
        my $host = $b->address;
        my $asks = sub {
            my ($server, $mark, %options) = @_;
            my $name = delete $options{name} || 'Backhand-Proxied';
            return $server->get(
                delete $options{target} || '/app/echo',
                from    => '127.0.0.7',
                headers => [$name => $mark],
                %options
            )->echoed;
        };
        my %here = (contact => $b->contact, host => $host);
        my $told = $asks->($b, mark(%here));
        is $told->{REMOTE_ADDR},                    '10.1.1.1', 'a good mark is believed';
        is $asks->($b, mark(%here))->{REMOTE_ADDR}, '10.1.1.1', 'another one, too';
        my $stolen  = mark(%here);
        my %useless = (
            'unsigned'            => ['v=1&client=10.1.1.1:99&scheme=https&port=443'],
            'with another key'    => [mark(%here, key     => $key[1])],
            'for another server'  => [mark(%here, contact => $a->contact)],
            'for another method'  => [mark(%here, method  => 'POST')],
            'for another host'    => [mark(%here, host    => 'other.test')],
            'for another target'  => [$stolen, target => '/app/echo?x'],
            'a minute old'        => [mark(%here, time => stamp(-60))],
            'a minute ahead'      => [mark(%here, time => stamp(60))],
            'for another client'  => [$stolen =~ s/10[.]1[.]1[.]1/10.1.1.2/r],
            'with something more' => ["$stolen&x=y"],
            'with a key before'   => ["x=y&$stolen"],
            'twice'               => ["$stolen, $stolen"],
        );
        for my $name (sort keys %useless) {
            my ($mark, %options) = @{ $useless{$name} };
            my $before = $b->status->{Untrusted};
            $told = $asks->($b, $mark, %options);
            is $told->{REMOTE_ADDR},    '127.0.0.7', "$name: not believed";
            is $told->{SERVER_ADDR},    '127.0.0.2', 'and not handed on';
            is $b->status->{Untrusted}, $before + 1, 'counted';
        }
        for my $name (qw(Backhand_Proxied Backhand.Proxied X-Backhand-Proxied)) {
            is $asks->($b, mark(%here), name => $name)->{REMOTE_ADDR}, '127.0.0.7', "$name is another header";
        }
        is scalar(grep { /whose mark is ignored/ } $b->log_lines), 1, 'the log says it once';
        $farm->announce_log(qr/backhand: 127\.0\.0\.7 sent a request whose mark is ignored: it (?:is|was) /);
        $farm->check;
    };
}

subtest 'optional: what is not signed is believed by its address' => sub {
    my ($farm, $a, $b) = farm_with_secret(conf => $to_the_other =~ s/secret\n/secret optional\n/r);
    $farm->start;
    ok $farm->together, 'they see each other';
    my $mark = 'v=1&client=10.1.1.1:99&scheme=https&port=443';
    is $b->get('/app/echo', from => '127.0.0.7', headers => ['Backhand-Proxied' => $mark])->echoed->{REMOTE_ADDR},
      '10.1.1.1',
      'unsigned';
    is $b->get('/app/echo', from => '127.0.0.7', headers => ['Backhand-Proxied' => "$mark&sig=00"])
      ->echoed->{REMOTE_ADDR},
      '127.0.0.7', 'but not a wrong signature';
    $farm->announce_log(qr/BackhandSecretFile is optional/, qr/whose mark is ignored/);
    $farm->check;
};

# --- configtest ---

sub configured {
    my ($text, $mode, $line) = @_;
    my $farm   = Farm->new;
    my $server = $farm->add(conf => $line || 'BackhandSecretFile secret');
    if (defined $text) {
        my $path = $server->write_file('secret', $text);
        chmod(oct($mode || 600), $path) || die "chmod $path: $!";
    }
    my @result = $server->configtest;
    $farm->remove;
    return @result;
}

my $secret = $key[0];
is((configured("$secret\n"))[0],                      0, 'a good file');
is((configured("$secret\n", 400))[0],                 0, 'a good file that is read-only');
is((configured(undef, 0, "BackhandClockSkew $_"))[0], 0, "BackhandClockSkew $_") for qw(1s 5 1h);
my @wrong = (
    [undef,                           600, undef, qr/secret: cannot be opened: No such file/],
    ["$secret\n",                     640, undef, qr/secret: others than its owner may read or write it; chmod 600/],
    ["$secret\n${secret}z\n",         600, undef, qr/secret, line 2: /],
    ["\n\n" . substr($secret, 0, 30), 600, undef, qr/secret, line 3: a key has an even number of hex digits, from 32/],
    ["# none\n",                      600, undef, qr/secret: holds no key; a line of 64 random hex digits is one/],
    ["$secret\n", 600, 'BackhandSecretFile secret maybe',                      qr/the word optional or nothing/],
    ["$secret\n", 600, "BackhandSecretFile secret\nBackhandSecretFile secret", qr/may stand only once/],
    ["$secret\n", 600, "<Location />\nBackhandSecretFile secret\n</Location>", qr/belongs to the whole server/],
    map { [undef, 600, "BackhandClockSkew $_", qr/BackhandClockSkew $_: takes a time from 1s to 1h.*default 30s/] }
      qw(0 500ms 2h x),
);
for (@wrong) {
    my ($text, $mode, $line, $pattern) = @{$_};
    my ($status, $said) = configured($text, $mode, $line);
    isnt $status, 0, "refused: $pattern";
    like $said,   $pattern,                        'it says what is wrong';
    like $said,   qr/Syntax error on line \d+ of/, 'and where';
    unlike $said, qr/0a1b|2c3d/,                   'and no part of a key';
}

done_testing;
