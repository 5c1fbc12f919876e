#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# Zones: each server tells its own, all show it, and byZone keeps requests within it until it is full or gone.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Farm       qw(build_dir configtest eventually in_parallel wait_for);
use JSON::PP   qw(decode_json);
use List::Util qw(uniq);
use Test::More;

# The front server serves nothing itself, so that its zone is one other server. On a busy machine equal servers differ
# by more than the default percentage.
my $conf = <<'EOT';
BackhandMaxHandoffs 90%
<Location /app>
    Backhand removeSelf
    Backhand byZone 400
    Backhand byExpectedTime
</Location>
<Location /all>
    Backhand byAge
    Backhand byZone 20
</Location>
EOT

# A zone by the environment, as httpd has it.
my $farm  = Farm->new;
my $front = $farm->add(workers => 32, conf => "BackhandZone \${ZONE}\n$conf", env => { ZONE => 'eu' });
my $near  = $farm->add(conf    => "BackhandZone eu\n");
my $far   = $farm->add(conf    => "BackhandZone us\n");
my $other = $farm->add(conf    => q());
# A server that is full says so, and on a busy machine may fall silent.
$farm->announce_log(qr/AH00484:|AH00161:|AH10159:|AH00286:|fell silent before its response/);
$farm->start;
ok $farm->together, 'four servers see each other';

my %asked;    # requests so far, by path

# Asks so often at once.
sub answering {
    my ($clients, $path) = @_;
    my @answers = in_parallel $clients, sub { return $front->get($path)->header('Content-Type') // 'none' };
    die $_->{died} for grep { ref } @answers;
    $asked{$path} += $clients;
    return;
}

# Servers that the front server's log names for the last `n` requests of that path.
sub servers_of {
    my ($n, $path) = @_;
    my @lines;
    # httpd logs after the response.
    wait_for {
        @lines = grep { index($_, " $path ") >= 0 && !/received=1/ } $front->access_lines;
        @lines >= $asked{$path}
    };
    my @names = sort(uniq(map { /server=(\S+)/ ? $1 : 'none' } @lines[-$n .. -1]));
    return @names;
}

my $few = sub { answering(1, '/app/who') for 1 .. 6; return join q{ }, servers_of(6, '/app/who') };

is $few->(), $near->contact, 'requests stay in the zone';

my $crowd = sub {
    answering(20, '/app/slow?0.4');
    return servers_of(20, '/app/slow?0.4');
};
my @spilled = $crowd->();
cmp_ok scalar @spilled, '>=', 2, 'a zone that is full lets others in';
ok((grep { $_ eq $near->contact } @spilled), 'and is used, too');
eventually { $few->() eq $near->contact } 10, 'when it has room again, requests return to it';

# Explanations.
sub explained {
    my ($path) = @_;
    my $said = decode_json($front->get("/backhand?json&explain=$path")->body);
    return grep { $_->{function} eq 'byZone' } @{ $said->{functions} };
}

my ($step) = explained('/all/who');
my $notes  = join q{ }, @{ $step->{notes} };
like $notes, qr/\Azone eu: a place is free here, so servers of other zones are left out\z/, 'an explanation says why';
is scalar @{ $step->{after}{ids} }, 2, 'and the list has the servers of the zone' or diag explain $step;
my ($app) = explained('/app/who');
like "@{$app->{notes}}", qr/takes [\d.]+ ms at its best server, and [\d.]+ ms .* not more than 400 % longer/,
  'and without this server, by the times';

# Everybody shows the zones.
my %zones = map { $_->{contact} => $_->{zone} } @{ $other->json->{servers} };
is_deeply \%zones,
  { $front->contact => 'eu', $near->contact => 'eu', $far->contact => 'us', $other->contact => undef },
  'the JSON form has each zone';
is $front->json->{self}{zone},           'eu',  'and its own';
is $other->json->{self}{zone},           undef, 'or none';
is $other->row($far->contact)->{Zone},   'us',  'the plain form';
is $front->status->{Zone},               'eu',  'of its own, too';
is $other->status->{Zone},               undef, 'which leaves none out';
is $other->row($other->contact)->{Zone}, undef, 'for servers, too';
like $other->get('/backhand')->body,           qr/, zone us</,                                  'the page';
like $front->get('/backhand')->body,           qr{<dt>Zone</dt><dd>eu</dd>},                    'and its box';
like $other->get('/backhand?metrics')->body,   qr/^backhand_server_zone\{[^}]*zone="us"\} 1$/m, 'the metrics';
unlike $other->get('/backhand?metrics')->body, qr/zone=""/,                                     'but no empty label';
my $ctl = build_dir() . '/bin/backhandctl';
like qx{'$ctl' -d '@{[$other->root]}/run/backhand' status}, qr/ \Q@{[$far->contact]}\E  zone us$/m, 'and backhandctl';

# A zone that is gone, and back.
$near->stop;
eventually { $few->() =~ /\A(?:\Q@{[$far->contact]}\E|\Q@{[$other->contact]}\E| )+\z/ } 10,
  'requests leave a zone without servers';
$near->start;
eventually { $few->() eq $near->contact } 20, 'and return when it is back';

# Another zone after a restart.
$far->reconfigure("BackhandZone eu\n");
$far->graceful;
eventually { $front->row($far->contact)->{Zone} eq 'eu' } 10, 'a graceful restart changes the zone';
$front->{env}{ZONE} = 'us';
$front->reconfigure("BackhandZone us\n$conf");
$front->graceful;
eventually { $front->row($front->contact)->{Zone} eq 'us' } 10, '... of the front server, too';
eventually { (explained('/app/who'))[0]{notes}[0] =~ /\Azone us: none of its servers can be asked/ } 10,
  'whose zone now has no other server';

# Mistakes are found when the configuration is checked.
my ($code, $said) = configtest(conf => $conf);
is $code, 0, 'byZone without a zone is no error';
like $said, qr/warn.*byZone changes nothing, because this server has no BackhandZone; add BackhandZone/,
  'but a warning';
($code, $said) = configtest(conf => "BackhandZone eu\n$conf");
unlike $said, qr/byZone/, 'none with a zone';

$farm->done;
