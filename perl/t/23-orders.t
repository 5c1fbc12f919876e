#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Orders from Perl: this server obeys its own; another one obeys with a common secret, and is refused without it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge       qw(bridge call left_by);
use Farm         qw(eventually);
use Farm::Orders qw(all_see);
use Test::More;

my $perl = <<'EOT';
package O;
use Apache::Backhand qw(:all);
sub give { my ($sub, @words) = @_; no strict 'refs'; return eval { &{$sub}(@words) } || $@ }
sub other { my ($sub, @words) = @_; return give($sub, load_serverstats()->[1]{contact}, @words) }
sub unnamed { my ($sub, @words) = @_; return give($sub, undef, @words) }
sub policy { my ($r, $ids) = @_; Apache::Backhand::note($r, give('drain')); drain(); return $ids }
EOT

for my $mpm (Farm->mpms) {
    subtest "$mpm: this server" => sub {
        my ($farm, $a) = bridge(mpm => $mpm, perl => $perl, policies => ['O::policy']);
        my $b = $farm->add;
        $farm->start;
        ok $farm->together, 'they see each other';
        is call($a, 'O::give', 'drain'), 1, 'drain, without a name';
        ok all_see('drained', $a, $a, $b), 'all see that it is drained';
        ok $a->wait_log(qr/this server is drained: .* by order of Perl at \S+cases[.]pl line \d+/),
          'the log says where';
        is call($a, 'O::give', 'maintenance', 'a.test'), 1, 'maintenance, by name';
        ok all_see('maintenance', $a, $a, $b), 'all see that it is maintenance';
        is call($a, 'O::give', 'undrain', 0), 1, 'undrain, by id';
        ok all_see('alive', $a, $a, $b), 'all see that it is alive';
        is call($a, 'O::unnamed', 'weight', 25), 1, 'weight, of undef';
        eventually { $b->row($a->contact)->{Withheld} == 75 } 10, 'b knows';

        my $where = qr/ at \S+cases[.]pl line \d+[.]\n\z/;
        for my $percent (qw(101 -1 1.5 x 1e1)) {
            like call($a, 'O::give', 'weight', 'a.test', $percent),
              qr/\AApache::Backhand::weight: a.test: .*no such order/,
              "a weight of $percent dies";
        }
        like call($a, 'O::give', 'drain', 'none.test'),
          qr/\AApache::Backhand::drain: none.test: there is no such server$where/, 'an unknown name, too';
        like call($a, 'O::give', 'drain', 99), qr/: 99: there is no such server$where/, 'an unknown id';
        like call($a, 'O::unnamed', 'forget'),
          qr/\AApache::Backhand::forget: this server: there is no such order/, 'a server cannot forget itself';
        like call($a, 'O::give', 'forget'), qr/\AUsage: Apache::Backhand::forget\(server\)/, 'forget takes a name';
        like call($a, 'O::other', 'maintenance'),
          qr/\AApache::Backhand::maintenance: http\S+: this server has no BackhandSecretFile, .*$where/,
          'another server without a secret is refused';
        is left_by($a, 0), '3:1 1:0 0:0 2:0', 'a policy gives no orders';
        $farm->announce_log(qr/byPerl: O::policy died, .*drain: this server: functions of a chain give no orders/);
        is $_->sees($_), 'alive', $_->name . ' is as before' for $a, $b;
        $b->kill_all;
        is call($a, 'O::other', 'forget'), 1,     'a dead one is forgotten';
        is $a->row($b->contact),           undef, 'and out of the table';
        $farm->check;
    };

    subtest "$mpm: another one, with a secret" => sub {
        my ($farm, $a) = bridge(mpm => $mpm, perl => $perl, conf => "BackhandSecretFile secret\n");
        my $b = $farm->add(conf => "BackhandSecretFile secret\n");
        chmod 0600, $_->write_file('secret', '0a1b2c3d' x 8) for $a, $b;
        $farm->start;
        ok $farm->together, 'they see each other';
        is call($a, 'O::give', 'drain', 'b.test'), 1, 'a drains b';
        ok all_see('drained', $b, $a, $b), 'all see that it is drained';
        is call($a, 'O::other', 'undrain'), 1, 'and ends it, by contact';
        ok all_see('alive', $b, $a, $b), 'all see that it is alive';
        $farm->check;
    };
}

done_testing;
