#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# mod_evasive counts and blocks by the address of the connection. At the server that gets a request from another server,
# that is the client's: a rude client is blocked, the other server and its other clients are not.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm;
use Test::More;

# These modules are not ours, and some leave memory.
$ENV{ASAN_OPTIONS} = join q(:), grep { defined } $ENV{ASAN_OPTIONS}, q(detect_leaks=0);

my $module = Farm::modules_dir() . '/mod_evasive20.so';
plan skip_all => "there is no $module; libapache2-mod-evasive has it" if !-e $module;

my $conf = <<"EOT";
BackhandInterval 1s
<IfDefine FRONT>
    <Location /app>
        Backhand byAge
        Backhand removeSelf
    </Location>
</IfDefine>
<IfDefine !FRONT>
    LoadModule evasive20_module $module
    DOSPageCount 5
    DOSPageInterval 60
    DOSSiteCount 10000
    DOSBlockingPeriod 600
    DOSLogDir \${OWN}
</IfDefine>
EOT

for my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        # It counts in each process, and prefork has some.
        my $farm = Farm->new(mpm => $mpm, children => 1);
        my $a    = $farm->add(conf => $conf, head => "Define FRONT\n");
        my $b    = $farm->add(conf => $conf, head => "Define OWN $farm->{root}/b/run\n");
        chmod 0777, $b->root . '/run';
        $farm->start;
        ok $farm->together, 'they see each other';
        my $rude  = $a->connect(from => '127.0.0.77');
        my $asked = 1;
        $asked++ while $asked < 100 && $rude->request('GET', '/app/who')->status == 200;
        cmp_ok $asked, '<', $mpm eq 'prefork' ? 100 : 8, 'a client that asks too often is blocked';
        my @others = map { $a->get('/app/who', from => "127.0.0.$_") } 78, 79, 78, 79;
        is join(' ', map { $_->status . $_->body } @others), join(' ', ('200b') x 4),
          'others, over the same connection, are not';
        is $rude->request('GET', '/app/who')->status, 403, 'that one stays so' if $mpm ne 'prefork';
        $farm->announce_log(qr/client denied by server configuration/);
        $farm->check;
    };
}

done_testing;
