#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# With BackhandRetryStatus the owner of a session answers with an error: the user gets it and keeps the session, because
# no other server has it. When the owner's check finds that its application is dead, another server takes the user over.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm          qw(eventually scaled);
use Farm::Session qw(moves stays);
use Test::More;

my $conf = "BackhandRetryStatus 502 503 504\n";
# The application of a server is dead while its file `dead` is there.
my $program = <<'EOT';
function handle(r)
    local dead = io.open('ROOT/dead')
    if dead then
        dead:close()
        return 503
    end
    r.content_type = 'text/plain'
    r:puts('NAME')
    return apache2.OK
end
EOT

sub equip {
    my ($farm, $more) = @_;
    my $server = $farm->add;
    my ($root, $name) = ($server->root, $server->name);
    my $script = $server->write_file('work.lua', $program =~ s/NAME/$name/r =~ s/ROOT/$root/r);
    $server->reconfigure("${conf}LuaMapHandler ^/(?:pinned|app)/work $script handle\n$more" . Farm::Session::conf());
    return $server;
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: an error of the owner" => sub {
        my $farm = Farm->new(mpm => $mpm, modules => ['lua']);
        my ($a, $b) = map { equip($farm, q()) } 1 .. 2;
        $farm->start;
        ok $farm->together, 'they see each other';
        my $user = Farm::Session->new(owner => $b);
        is $user->ask($a)->{server}, 'b', 'on b';
        $b->write_file('dead', q());
        for my $server ($a, $b) {
            my $answer = $user->ask($server);
            is $answer->{status}, 503,   'at ' . $server->name . ': passed on';
            is $answer->{set},    undef, 'without another owner';
        }
        is $a->logged('/pinned/work')->{server}, $b->contact,          'as the error of the owner';
        is $b->logged('/pinned/work')->{reason}, 'served-here:chosen', 'and not tried elsewhere';
        is(Farm::Session->new->ask($b)->{server}, 'a', 'a new user gets another server');
        unlink $b->root . '/dead';
        stays($user, $b, 'the application works again', [$a, $b]);
        $farm->announce_log(qr/answered with a status of BackhandRetryStatus/);
        $farm->check;
    };

    subtest "$mpm: a check finds it" => sub {
        my $farm = Farm->new(mpm => $mpm, modules => ['lua']);
        my ($a, $b) = map { equip($farm, "BackhandCheck /app/work 100ms 1 2\n") } 1 .. 2;
        $farm->start;
        ok $farm->together, 'they see each other';
        my $user = Farm::Session->new(owner => $b);
        is $user->ask($a)->{server}, 'b', 'on b';
        $b->write_file('dead', q());
        $farm->announce_log(qr/this server is down/);
        eventually { 2 == grep { $_->sees($b) eq 'down' } $a, $b } 10, 'b is down';
        moves($user, 'down', scaled(1), [$b, $a]);
        $farm->check;
    };
}
done_testing;
