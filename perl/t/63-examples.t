#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# The example policies in a farm of three servers, a, b and c: each keeps its promise, at whichever server a request
# comes in, and when the server that it chose is gone. t/72-policies.t has their bounds.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge;
use Farm qw(build_dir eventually repo_dir);
use Test::More;

# On one machine all servers have the same CPUs: this says that c has most of them.
my $sizes = <<'EOC';
<Perl>
package Sizes;
use Apache::Backhand qw(load_serverstats);
sub told {
    my ($r, $ids) = @_;
    $_->{ncpu} = $_->{hostname} eq 'c.test' ? 64 : 2 foreach @{load_serverstats()}[@{$ids}];
    return $ids;
}
</Perl>
EOC

my %policies = (
    machines => 'Machines::by_path /app/machines/heavy',
    writer   => 'Writer::by_method b.test c.test',
    canary   => 'Canary::by_cookie 20% SID c.test',
    country  => 'Country::by_country DE=b.test *=c.test',
    cache    => 'Cache::by_uri',
    hours    => 'Hours::by_hour ' . open_now() . '=c.test 0-24=a.test',
    later    => 'Hours::by_hour ' . open_later() . '=c.test 0-24=b.test',
);

sub clock_at {
    my ($hours) = @_;
    my ($minute, $hour) = (localtime time + 3600 * $hours)[1, 2];
    return sprintf '%d:%02d', $hour, $minute;
}

sub open_now   { return clock_at(-2) . q(-) . clock_at(2) }
sub open_later { return clock_at(4) . q(-) . clock_at(8) }

sub answers {
    my ($server, $path, %options) = @_;
    my $method   = delete $options{method} // 'GET';
    my $response = $server->request($method, "/app/$path/who", %options);
    return $response->status == 200 ? $response->body : $response->status;
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $byperl = 'BackhandFromSO ' . build_dir() . '/modules/byPerl.so byPerl';
        my $conf =
            'PerlSwitches -I'
          . repo_dir()
          . "/perl/eg/lib\nPerlModule Apache::Backhand\n"
          . $sizes
          . "BackhandConnectionPools Off\n"
          . "SetEnvIf X-Country (.+) GEOIP_COUNTRY_CODE=\$1\n";
        $conf .= "PerlModule Farm::Policy::$_\n" for qw(Cache Canary Country Hours Machines Writer);
        for my $name (sort keys %policies) {
            $conf .=
                "<Location /app/$name>\nBackhand byAge 5\n$byperl Sizes::told\n"
              . "$byperl Farm::Policy::$policies{$name}\n"
              . "SetHandler modperl\nPerlResponseHandler Who::handler\n</Location>\n";
        }
        $conf .= "<Perl>\npackage Who;\nsub handler {\nmy (\$r) = \@_;\n"
          . "\$r->print(\$r->server->server_hostname =~ /^(.)/);\nreturn 0 }\n</Perl>\n";
        my $farm    = Farm->new(mpm => $mpm, workers => 16, head => 'BackhandInterval 1s');
        my @servers = map { $farm->add(perl => 1, conf => $conf) } 1 .. 3;
        my ($a, $b, $c) = @servers;
        $farm->start;
        ok $farm->together, 'three servers know one another';

        for my $server (@servers) {
            my $at = 'at ' . $server->name;
            is answers($server, 'machines/heavy'), 'c', "a heavy path goes to the big machine, $at";
            my %light = map { answers($server, "machines/$_") => 1 } 1 .. 6;
            is join(q(), sort keys %light) =~ /\A[ab]+\z/ ? 1 : 0, 1, "others stay off it, $at";
            is answers($server, 'writer', method => $_), 'b', "$_ goes to the writer, $at" for qw(POST PUT DELETE);
            is answers($server, 'writer'),                                          $server->name, "GET stays, $at";
            is answers($server, 'canary', headers => [Cookie => 'canary=always']),  'c',           "a tester, $at";
            isnt answers($server, 'canary', headers => [Cookie => 'canary=never']), 'c', "one who does not want, $at";
            is answers($server, 'country', headers => ['X-Country' => 'DE']),       'b', "a client from Germany, $at";
            is answers($server, 'country', headers => ['X-Country' => 'FR']),       'c', "one from elsewhere, $at";
            is answers($server, 'country'),                                         'c', "and from nowhere, $at";
            is answers($server, 'hours'),                                           'c', "an open window, $at";
            is answers($server, 'later'),                                           'b', "a closed one, $at";
        }

        my (%new, %home, %count);
        for my $visitor (1 .. 60) {
            my @cookie = (headers => [Cookie => "SID=$visitor"]);
            my %at     = map { (answers($_, 'canary', @cookie) eq 'c' ? 'new' : 'old') => 1 } @servers;
            is scalar keys %at, 1, "visitor $visitor gets one version" or diag explain \%at;
            $new{$visitor} = 1 if $at{new};
            my %whose = map { answers($_, "cache/$visitor") => 1 } @servers;
            is scalar keys %whose, 1, "URI $visitor has one server" or diag explain \%whose;
            $count{ $home{$visitor} = (keys %whose)[0] }++;
        }
        my $new = keys %new;
        ok $new >= 3 && $new <= 24, "$new of 60 visitors get the new version, 12 expected";
        is join(q(), sort keys %count), 'abc', 'each server has some URIs' or diag explain \%count;

        $b->stop;
        eventually { !grep { $_->row($b->contact)->{State} eq 'alive' } $a, $c } 10, 'b has left';
        my @moved = grep { $home{$_} ne 'b' && answers($a, "cache/$_") ne $home{$_} } sort keys %home;
        is "@moved", '', 'URIs of the others stay';
        is scalar(grep { answers($c, "cache/$_") =~ /\A[ac]\z/ } grep { $home{$_} eq 'b' } keys %home), $count{b},
          'its own are answered by the others';
        is answers($a, 'writer', method => 'POST'), 'c', 'the next writer writes';
        like answers($a, 'country', headers => ['X-Country' => 'DE']), qr/\A[ac]\z/, 'a zone without servers';
        $c->stop;
        eventually { $a->row($c->contact)->{State} ne 'alive' } 10, 'c has left';
        is answers($a, $_),               'a', "$_: the last server" for sort keys %policies;
        is answers($a, 'machines/heavy'), 'a', 'a heavy path too';
        is answers($a, 'writer', method => 'POST'), 'a', 'and a request that writes';
        $farm->check;
    };
}
done_testing;
