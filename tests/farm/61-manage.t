#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The status page takes orders where BackhandManage is On: by POST, with the token of its own form, from its own site.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm     qw(eventually);
use JSON::PP ();
use Test::More;

my $conf = <<'EOT';
<Location /manage>
    SetHandler backhand-handler
    BackhandManage On
</Location>
<Location /app>
    Backhand byAge
</Location>
EOT

sub token {
    my ($server) = @_;
    my ($token)  = $server->get('/manage')->body =~ /name="token" value="([^"]+)"/;
    return $token;
}

sub post {
    my ($server, $fields, %headers) = @_;
    my $body = join '&', map { my $value = $fields->{$_}; "$_=" . $value =~ s/(\W)/sprintf '%%%02X', ord $1/ger }
      sort keys %{$fields};
    return $server->post(
        '/manage', $body,
        headers => ['Content-Type' => 'application/x-www-form-urlencoded', %headers]

    )->status;
}

sub state_of { return $_[0]->row($_[0]->contact)->{State} }

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm = Farm->new(mpm => $mpm, conf => $conf);
        my ($a, $b) = map { $farm->add } 1 .. 2;
        $farm->start;
        ok $farm->together, 'they see each other';
        my %drain = (server => $a->contact, order => 'drain');
        my $token = token($a);
        ok $token, 'the page has a form';
        unlike $a->get('/backhand')->body, qr/<form/, 'and none without BackhandManage';
        my ($may, $may_not) = map { $a->get($_)->header('Content-Security-Policy') } qw(/manage /backhand);
        like $may,     qr/; form-action 'self'\z/, 'it may send its forms';
        like $may_not, qr/; form-action 'none'\z/, 'and other places none';
        is post($a, {%drain}), 403, 'no token: 403';
        like $a->post('/manage', q())->body, qr/The order is refused: its token is missing.* Reload the page/,
          'it says why, and what to do';
        is post($a, { %drain, token => $token =~ s/.\z//r . 'z' }),                 403, 'a wrong one: 403';
        is post($a, { %drain, token => token($b) }),                                403, 'that of another server: 403';
        is post($a, { %drain, token => $token }, 'Sec-Fetch-Site' => 'cross-site'), 403, 'another site: 403';
        is post($a, { %drain, token => $token }, Origin => 'http://evil.test'),     403, 'by its origin, too';
        is $a->get("/manage?server=x&order=drain&token=$token")->status,            403, 'GET: 403';
        is $a->get('/backhand?order=drain')->status,                                403, 'also without BackhandManage';
        is state_of($a),                                                            'alive', 'and none of them did';
        is post($a, { %drain, token => $token, order => 'dance' }),                 400,     'no such order: 400';
        is post($a, { %drain, token => $token, order => 'weight', weight => 101 }), 400,     'nor such a weight';
        is post($a, { %drain, token => $token, server => $b->contact }), 409, 'another server without a secret: 409';
        is post($a, { %drain, token => $token }, Origin => 'null'),      403, 'and by an origin that the browser hides';
        is post($a, { %drain, token => $token }, 'Sec-Fetch-Site' => 'same-origin', Origin => 'null'), 303,
          'its own form is obeyed';
        eventually { state_of($a) eq 'drained' } 5, 'and it is drained';
        my $explained = sub {
            JSON::PP->new->decode($_[0]->get('/backhand?json&explain=/app')->body)->{servers};
        };
        eventually { ($explained->($b)->[1]{not_considered} || q()) eq 'drained' } 5,
          'the other one does not consider it';
        is $explained->($a)->[0]{not_considered}, undef, 'it considers itself, for its own clients';
        is $a->post('/backhand', 'x')->status,    405,   'without BackhandManage there is no POST';
        $farm->done;
    };
}

done_testing;
