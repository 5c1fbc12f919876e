#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# backhandctl doctor finds what keeps a server out of its farm.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use JSON::PP qw(decode_json);
use Farm     qw(build_dir wait_for);
use Test::More;

my $ctl   = build_dir() . '/bin/backhandctl';
my $httpd = $ENV{BACKHAND_HTTPD} || '/usr/sbin/apache2';

# Exit code and output, about a server.
sub doctor {
    my ($server, @more) = @_;
    my $said = qx{'$ctl' doctor --httpd '$httpd -f $server->{root}/httpd.conf' @more 2>&1 </dev/null};
    return ($? >> 8, $said);
}

# /proc's line of each process: its fifth word is the process group.
sub processes {
    my @lines;
    for my $path (glob '/proc/[0-9]*/stat') {
        open my $file, '<', $path or next;
        my $line = readline $file;
        push @lines, $line =~ s/\(.*\)/name/r if defined $line;
    }
    return grep { (split)[2] ne 'Z' } @lines;
}

my $farm = Farm->new;
my $first =
  $farm->add(conf => "<Location />\nBackhand byAge\n</Location>\nProxyPass /app/proxied http://127.0.0.1:9/\n",);
my $second = $farm->add(conf => '');
$farm->start;
ok $farm->together, 'two servers see each other';

my ($code, $said) = doctor($second);
is $code, 0, 'a server in order: exit code 0';
unlike $said, qr/^fail/m,                                                                '... without a fault';
like $said, qr{^ok +table +the table in \Q$second->{root}\E/run/backhand can be read$}m, '... by its own UnixSocketDir';
like $said, qr/^ok +moderator +this server announced itself/m,                           '... its moderator works';
like $said, qr/^ok +route +announcements to 239\.255\.0\.1 have a route from \Q$second->{host}\E$/m, '... has a route';
like $said, qr/^ok +port +this machine listens on UDP port $farm->{udp}$/m,                          '... listens';
like $said, qr/^ok +contact +this server accepts connections at \Q@{[$second->contact]}\E$/m,        '... is open';
like $said, qr/^ok +contact +a\.test accepts connections at \Q@{[$first->contact]}\E$/m, '... and so is the other one';
like $said, qr/^warn +configuration +there is no BackhandSecretFile/m,                   '... there is no secret';

my $json = eval { decode_json((doctor($second, '--json'))[1]) } || {};
is $json->{ok}, 1, '... as JSON';
is scalar(grep { $_->{level} eq 'ok' && $_->{check} eq 'moderator' && $_->{text} } @{ $json->{checks} }), 1,
  '... with its checks';

($code, $said) = doctor($first);
is $code, 0, 'ProxyPass beside a chain is no fault';
like $said, qr{^warn +configuration +ProxyPass has the requests for /app/proxied}m, '... and is told';

($code, $said) = doctor($first, '-d', "$first->{root}/none");
is $code, 4, 'no table: exit code 4';
like $said, qr/^fail +table +there is no /m,                         '... told';
like $said, qr/^warn +configuration +UnixSocketDir is .*; use -d /m, '... with the folder that the configuration names';

$first->kill_all;
ok wait_for(sub { (doctor($first))[1] =~ /^fail +no-moderator /m }, 20), 'a server that was killed';
is((doctor($first))[0], 4, '... is a fault');

# A contact that nobody listens at, heard while the server is not yet known to be dead.
ok wait_for(sub { (doctor($second))[1] !~ /contact +a\.test accepts/ }), 'a contact that is closed does not accept';

# The configuration alone
my $alone = $farm->add(conf => "<Location />\nBackhand byAge\n</Location>\nBackhandMaxHandoffs 0\n", announce => 0);
($code, $said) = doctor($alone);
is $code, 4, 'a chain that can never hand off: exit code 4';
like $said, qr/^fail +chains +there is a chain and no MulticastStats/m, '... told';
like $said, qr/^fail +chains +BackhandMaxHandoffs is 0/m,               '... for each reason';
my $unaccepted = $farm->add(conf => "MulticastStats 127.0.0.1:4445\n", announce => 0);
like(
    (doctor($unaccepted))[1],
    qr/^warn +configuration +MulticastStats is set and AcceptStats is not/m,
    'what the start warns of'
);
my $wrong = $farm->add(conf => "BackhandInterval never\n");
($code, $said) = doctor($wrong);
is $code, 4, 'a wrong configuration: exit code 4';
like $said, qr/^fail +configuration .* fails: .*BackhandInterval/m, '... with the error';
like qx{'$ctl' doctor --httpd nonesuch 2>&1}, qr/^warn +configuration +cannot run nonesuch: .*--httpd$/m, 'no httpd';

# A command that does not end, and whose child holds its output.
my $slow = $alone->write_file('slow', "#!/bin/sh\necho \$\$ >$alone->{root}/pids\nsleep 600\n:\n");
chmod 0755, $slow or die "chmod $slow: $!";
my $began = time;
like qx{'$ctl' doctor --httpd '$slow' 2>&1},
  qr/^warn +configuration .*\Q$slow\E -t has not ended within 10 s .*--httpd$/m,
  'a command that does not end';
cmp_ok time - $began, '<', 30, '... does not hold doctor up';
my ($group) = $alone->lines('pids');
is scalar(grep { (split)[4] == $group } processes()), 0, '... and nothing of it is left';

$farm->announce_log(qr/exit signal Killed/);
$farm->done;
