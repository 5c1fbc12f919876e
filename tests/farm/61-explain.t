#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# ?explain: how a request would be decided on, function by function, while nothing is handed off.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use JSON::PP ();
use Test::More;

use Farm qw(build_dir eventually wait_for);

my $policies = build_dir() . '/meson/tests/farm/policies.so';
my $byperl   = 'BackhandFromSO ' . build_dir() . '/modules byPerl';
my $perl     = <<'EOT';
PerlModule Apache::Backhand
<Perl>
package P;
sub tenant {
    my ($r, $ids) = @_;
    my $tenant = $r->headers_in->{'X-Tenant'} // 'none';
    Apache::Backhand::note($r, "tenant $tenant of " . $r->useragent_ip . ' ' . $r->method . ' ' . $r->unparsed_uri);
    return [$tenant eq 'two' ? (grep { $_ == 2 } @$ids) : grep { $_ == 1 } @$ids];
}
sub dies { die "no reason\n" }
</Perl>
EOT

# A place for each function, so that each stands between others.
my @builtins = qw(addSelf byRandom byLogWindow byLoad byBusyChildren byCPU byCost byExpectedTime byPrequal byWeight
  addPrediction bySession HTTPRedirectToIP HTTPRedirectToName);
my $places = join '', map { "<Location /f/$_>\nBackhand byAge\nBackhand $_\n</Location>\n" } @builtins;

my $conf = <<"EOT";
$perl$places
<Location /app>
    Backhand byAge 1000
    Backhand removeSelf
    Backhand byBusyChildren 2
</Location>
<Location /raw>
    Backhand removeSelf
</Location>
<Location /free>
    Backhand on
</Location>
<Location /tenant>
    Backhand byAge
    $byperl P::tenant
</Location>
<Location /dies>
    Backhand byAge
    $byperl P::dies
</Location>
<Location /bad>
    Backhand byAge
    BackhandFromSO $policies bad_ids
    BackhandFromSO $policies trace here
</Location>
<Location /if>
    <If "%{HTTP:X-Where} == 'here' && %{REMOTE_ADDR} == '192.0.2.7' && %{REQUEST_METHOD} == 'POST'">
        Backhand byAge
    </If>
</Location>
<Location /closed>
    Backhand byAge
    Require ip 192.0.2.7
</Location>
<Location /away>
    Backhand byAge
    Backhand removeSelf
    Backhand HTTPRedirectToIP
</Location>
<Location /none>
    BackhandFromSO $policies empty
</Location>
<Location /proxied>
    Backhand byAge
    Backhand removeSelf
    ProxyPass http://127.0.0.1:9/
</Location>
<Location /session>
    Backhand bySession SID=
</Location>
EOT

# The explanation of a path, with further arguments; and what the server counts must not change by it.
sub explanation {
    my ($server, $path, $more) = @_;
    my $response = $server->get("/backhand?json&explain=$path" . ($more // ''));
    my $said     = eval { JSON::PP->new->decode($response->body) };
    is $response->status, 200, "$path: explained"  or diag $response->body;
    is $@,                '',  "$path: valid JSON" or diag $response->body;
    return $said;
}

# Elements of a page that overlap or stay open; '' when there are none.
sub overlaps {
    my ($html) = @_;
    my @open;
    $html =~ s/\A<!DOCTYPE html>// or return 'no doctype';
    while ($html =~ m{<(/?)(\w+)(?:\s+[\w-]+="[^"<&]*(?:&[#\w]+;[^"<&]*)*")*\s*(/?)>|([<>])}g) {
        return "bare $4" if $4;
        push @open, $2 if !$1 && !$3;
        return "$2 in @open" if $1 && (pop(@open) // '') ne $2;
    }
    return "@open";
}

sub lists {
    return [map { [$_->{function}, $_->{before}{ids}, $_->{after}{ids}] } @{ $_[0]{functions} }];
}

sub counts {
    my ($server) = @_;
    my $status = $server->status;
    return { map { $_ => $status->{$_} } grep { /\A(?:Handed-Off|Received|Failed-Over)\z|Sent\z/ } keys %{$status} };
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, workers => 4);
    my ($a) = map { $farm->add(perl => 1, conf => $_ ? '' : $conf) } 0 .. 2;
    $farm->start;
    ok $farm->together, "$mpm: three servers see each other" or last;
    my (undef, $b, $c) = $farm->servers;
    my ($one) = map { $_->[0] } grep { $_->[1] eq $b->contact }
      map { [$_, $a->status->{"Server-$_-Contact"}] } 1, 2;
    my $two    = 3 - $one;
    my $before = counts($a);

    # Lists.
    my $said = explanation($a, '/app/who');
    my ($age, $self, $busy) = @{ $said->{functions} };
    is_deeply $said->{decision}{reason}, 'handed-off:chosen', 'it would be handed off';
    is $said->{decision}{action}, 'hand-off', 'says the action';
    is_deeply [map { [$_->{function}, $_->{argument}] } @{ $said->{functions} }],
      [['byAge', '1000'], ['removeSelf', undef], ['byBusyChildren', '2']], 'the functions';
    like $age->{where}, qr{/httpd[.]conf:\d+\z}, 'and where they are configured';
    is_deeply $age->{before}, { ids => [0, 1, 2], more => 0, unused => 253 }, 'before the first one';
    is_deeply $age->{after},  { ids => [0, 1, 2], more => 0, unused => 0 },   'and after it';
    is_deeply $self->{after}{ids},                                   [1, 2],    'after removeSelf';
    is_deeply [sort @{ $busy->{after}{ids} }],                       [1, 2],    'the order changes';
    is_deeply [map { $_->{id} } @{ $busy->{read} }],                 [1, 2],    'what it read, of each server';
    is_deeply [grep { $_->{busy} !~ /\A\d+\z/ } @{ $busy->{read} }], [],        'a number';
    is_deeply [grep { !($_->{usec} > 0) } $age, $self, $busy],       [],        'and how long it took';
    is_deeply [map { $_->{id} } @{ $said->{servers} }],              [0, 1, 2], 'the servers';
    is $said->{servers}[0]{hostname}, 'a.test',                                         'by name';
    is $said->{decision}{contact},    $said->{servers}[$said->{decision}{id}]{contact}, 'the chosen one';
    my ($first) = grep { $_->{id} == $busy->{after}{ids}[0] } @{ $said->{servers} };
    is $said->{decision}{hostname}, $first->{hostname}, 'is the first';

    # Each function.
    for my $name (@builtins) {
        my $of = explanation($a, "/f/$name");
        is_deeply [map { $_->{function} } @{ $of->{functions} }], ['byAge', $name], "$name: ran";
        is_deeply [sort @{ $of->{functions}[1]{before}{ids} }], [0, 1, 2], "$name: after byAge";
    }
    $said = explanation($a, '/free');
    is $said->{decision}{reason},       'served-here:free', 'Backhand on';
    is $said->{functions}[0]{function}, 'byExpectedTime',   'by its name';
    is_deeply $said->{functions}[0]{after}{ids}, [0], 'its list';
    $said = explanation($a, '/raw');
    is_deeply lists($said), [['removeSelf', [0, 1, 2], [1, 2]]], 'without byAge';

    # Perl, and who the client is.
    $said = explanation($a, '/tenant/x%3fy%3d1', '&client=192.0.2.7&header=X-Tenant:+two&method=POST');
    is_deeply lists($said), [['byAge', [0, 1, 2], [0, 1, 2]], ['byPerl', [0, 1, 2], [2]]], 'a policy in Perl';
    is_deeply $said->{functions}[1]{notes}, ['tenant two of 192.0.2.7 POST /tenant/x?y=1'],
      'sees header, client, method and URI, and says so';
    is $said->{decision}{id}, 2, 'and is followed';
    $said = explanation($a, '/tenant');
    is_deeply $said->{functions}[1]{notes}, ['tenant none of 127.0.0.99 GET /tenant'], 'without them: who asks';
    $said = explanation($a, '/dies');
    is_deeply lists($said)->[1], ['byPerl', [0, 1, 2], [0, 1, 2]], 'a policy that dies leaves the list';
    like $said->{functions}[1]{notes}[0], qr/\Athe function died, .*: no reason/, 'and the page says why';
    $farm->announce_log(qr/backhand: byPerl: P::dies died/);
    $said = explanation($a, '/bad');
    like $said->{functions}[1]{complaint}, qr/\Aleft \d+ ids that do not exist/, 'a fault in a list is told';
    is_deeply [grep { /bad_ids/ } $a->log_lines], [], 'and not logged';

    # Configuration that goes by the request.
    is_deeply explanation($a, '/if')->{functions}, [], '<If> does not match';
    $said = explanation($a, '/if', '&client=192.0.2.7&header=X-Where:here&method=POST');
    is scalar @{ $said->{functions} }, 1, 'and matches the headers, client and method that are asked about';
    $farm->announce_log(qr/AH01630: client denied by server configuration/);
    $said = explanation($a, '/closed');
    is $said->{request}{lookup},                                           403, 'a place that this client may not see';
    is scalar @{ $said->{functions} },                                     1,   'its chain is shown all the same';
    is explanation($a, '/closed', '&client=192.0.2.7')->{request}{lookup}, 200, 'another client may';

    # Other ends.
    $said = explanation($a, '/nothing/here');
    like $said->{decision}{meaning}, qr/no chain applies/, 'a place without a chain';
    is $said->{decision}{reason},                    undef,                      'has no reason';
    is explanation($a, '/none')->{decision}{reason}, 'served-here:no-candidate', 'an empty list';
    $said = explanation($a, '/away/x?q=1');
    is $said->{decision}{reason},   'redirected:chosen',                     'a redirect';
    is $said->{decision}{location}, "$said->{decision}{contact}/away/x?q=1", 'and where to';
    is_deeply [values %{ $said->{functions}[2]{after}{redirects} }], [qw(ip ip)], 'shown in the list';
    is explanation($a, '/proxied/x')->{decision}{reason},             'not-balanced:proxypass', 'ProxyPass has it';
    is explanation($a, '/backhand?explain=/app')->{decision}{action}, 'serve-here',             'this page itself';
    my ($address) = $b->contact =~ m{//([\d.]+)};
    my $id        = sprintf '%02x%02x%02x%02x', split /[.]/, $address;
    $said = explanation($a, '/session', "&header=Cookie:+SID%3D${id}x");
    is_deeply $said->{functions}[0]{after}{ids}, [$one], 'the owner of a session';
    like $said->{functions}[0]{notes}[0], qr/session of \Q@{[$b->contact]}\E/, 'in words';

    # Nothing has happened.
    is_deeply counts($a), $before, 'no count has changed';
    my $response = $a->get('/backhand?explain=/bad&json');
    is $response->header('X-Trace'),      undef,              'what policies do to the response stays off the page';
    is $response->header('Content-Type'), 'application/json', 'JSON';
    is $a->get('/backhand')->status,      200,                'the page of servers is there';
    is_deeply [grep { / "GET \/(?:app|tenant|f)/ } map { $_->access_lines } $b, $c], [], 'nobody was asked';

    # A server that has gone.
    ok $b->stop,                            'a server stops';
    ok wait_for { $a->sees($b) eq 'left' }, 'and has left';
    $said = explanation($a, '/session', "&header=Cookie:+SID%3D${id}x");
    like $said->{functions}[0]{notes}[0], qr/which is gone/, 'its sessions are lost';

    # Hostile arguments.
    for my $bad ('http://127.0.0.9/', 'app', '', '/x%0d%0aY:z', '/%00', '/%zz', '/a%20b') {
        $response = $a->get("/backhand?explain=$bad");
        is $response->status, 400, "refused: $bad";
        like $response->body, qr/<p class="bad">\w/, 'in words';
        $response = $a->get("/backhand?json&explain=$bad");
        ok eval { JSON::PP->new->decode($response->body)->{error} }, 'for programs, too';
    }
    for my $bad (
        'client=a.test', 'client=1',       'header=X',    'header=:x',
        'header=A%0d:b', 'header=a:b%0ac', 'method=NONE', join '&',
        ('header=a:b') x 33
      )
    {
        is $a->get("/backhand?explain=/app&$bad")->status, 400, 'refused: ' . substr $bad, 0, 20;
    }
    my $hostile = '/app/%22%3E%3Cscript%3E%3C/script%3E%26%27%5c%ff';
    $response = $a->get("/backhand?explain=$hostile&header=X-A:%22%3E%3Cb%3E");
    is $response->status, 200, 'markup in a path';
    unlike $response->body, qr/<script|<b>/, 'is escaped';
    is overlaps($response->body), '', 'within valid HTML';
    is overlaps($a->get("/backhand?explain=$_")->body), '', "$_: valid HTML"
      for qw(/app /tenant /bad /away /session wrong);
    unlike $response->body, qr/\sstyle=|<style|\son\w+=/,                      'no style or script within the page';
    like $response->header('Content-Security-Policy'), qr/default-src 'none'/, 'and none may run';
    like explanation($a, $hostile)->{request}{uri}, qr{\A/app/"><script></script>&'\\\x{fffd}\z},
      'JSON has it as it came';
    is $a->get('/backhand?explain=/' . 'x' x 200)->status, 200, 'a long path';
    is $a->post('/backhand?explain=/app', 'x')->status,    405, 'POST is not allowed';
    $farm->check;
}
done_testing;
