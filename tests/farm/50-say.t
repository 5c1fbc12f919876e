#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The outcome of a request, in the environment, in notes, in expressions, and on the receiver.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Test::More;

my $chains = <<'EOT';
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
<Location /self>
    Backhand byAge 60
    Backhand addSelf
    Backhand byRandom
</Location>
<Location /nobody>
    Backhand byAge 60
    Backhand removeSelf
    Backhand addSelf
    Backhand removeSelf
    Backhand byRandom
</Location>
<Location /app/received>
    Require expr "-n env('BACKHAND_RECEIVED')"
</Location>
LogFormat "%r|%{BACKHAND_SERVER}n|%{BACKHAND_REASON}n|%{BACKHAND_TRIES}n|%{BACKHAND_USEC}n|%{BACKHAND_RECEIVED}n" notes
CustomLog notes.log notes
CustomLog once.log farm env=!BACKHAND_RECEIVED
Header always set X-Reason "expr=%{env:BACKHAND_REASON}"
EOT

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, modules => ['headers'], conf => $chains);
    my $a    = $farm->add;
    my $b    = $farm->add;
    for my $server ($a, $b) {
        $server->write_file('htdocs/app/received', $server->name);
        mkdir $server->root . '/htdocs/self';
        mkdir $server->root . '/htdocs/nobody';
        $server->write_file("htdocs/$_/who", $server->name) for qw(self nobody);
    }
    $a->start;
    is $a->get('/self/who')->body,        'a',                  "$mpm: alone";
    is $a->logged('/self/who')->{reason}, 'served-here:chosen', 'the chain chose this server';
    is $a->logged('/self/who')->{server}, $a->contact,          'which is named';
    is $a->get('/app/who')->body,         'a',                  'no candidate';
    my $logged = $a->logged('/app/who');
    is $logged->{reason}, 'served-here:no-candidate', 'is said';
    is $logged->{tries},  0,                          'nobody was asked';
    like $logged->{usec}, qr/\A\d+\z/, 'the decision took microseconds';
    is $a->get('/who')->body,        'a', 'no chain';
    is $a->logged('/who')->{reason}, '-', 'nothing is said';

    $b->start;
    ok $farm->together, 'they see each other';
    is $a->get('/app/who?together')->body, 'b', 'handed off';
    $logged = $a->logged('/app/who?together');
    is_deeply [@{$logged}{qw(reason server tries received)}], ['handed-off:chosen', $b->contact, 1, '-'], 'a says it';
    my $at_b = $b->logged('/app/who');
    is $at_b->{received}, '127.0.0.1', 'b says from whom';

    is $a->get('/app/received')->status, 403, 'Require expr: not received here, so refused here';
    is $b->get('/who', headers => ['Backhand-Proxied' => 'v=1&client=10.1.1.1:99&scheme=http&port=80'])->status, 200,
      'a stranger';
    is $b->get('/app/received', headers => ['Backhand-Proxied' => 'v=1&client=10.1.1.1:99&scheme=http&port=80'])
      ->status, 403,
      'cannot pretend';

    my ($note) = grep { m{GET /app/who[?]together} } $a->lines('notes.log');
    my @note   = split /\|/, $note;
    is_deeply [@note[1 .. 3, 5]], [$b->contact, 'handed-off:chosen', 1, '-'], 'notes say the same';
    my ($received) = grep { m{GET /app/who[?]together} } $b->lines('notes.log');
    like $received, qr/\|127\.0\.0\.1\z/, 'on the receiver too';
    is scalar(grep { m{/app/who} } $b->lines('once.log')), 0, 'env=!BACKHAND_RECEIVED: the receiver does not log it';
    is scalar(grep { m{/app/who} } $a->lines('once.log')), 2, 'the first server does';
    $farm->announce_log(qr/AH01630: client denied/, qr/backhand: 127\.0\.0\.99 sent a request marked/);
    $farm->check;
}

subtest 'Require expr on the receiver' => sub {
    my $conf = "<Location /app>\nBackhand byAge 60\nBackhand removeSelf\n</Location>\n";
    my $farm = Farm->new(conf => $conf);
    my $a    = $farm->add;
    my $b = $farm->add(conf => "$conf<Location /app/who>\nRequire expr \"-n env('BACKHAND_RECEIVED')\"\n</Location>");
    $farm->start;
    ok $farm->together, 'they see each other';
    is $a->get('/app/who')->body,   'b', 'a handed-off request may pass';
    is $b->get('/app/who')->status, 403, 'a direct one may not';
    $farm->announce_log(qr/AH01630: client denied/);
    $farm->check;
};

done_testing;
