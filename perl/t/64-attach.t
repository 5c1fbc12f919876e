#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# A perl that is not httpd attaches the table of a server that runs: what it sees, what it may not, threads, restarts.
# check_backhand, the plug-in for Nagios, does so too.
use strict;
use warnings;

use Config;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../../build/perl5";
use Bridge qw(bridge call);
use Farm   qw(build_dir eventually repo_dir wait_for);
use Test::More;

BEGIN {
    plan skip_all => 'this perl has no sanitizers, which the module that it would load needs'
      if $ENV{BACKHAND_SANITIZED};
}

use lib build_dir() . '/perl5';
use threads;
use Apache::Backhand ();

sub died {
    my ($code) = @_;
    return eval { $code->(); 1 } ? 'lived' : $@;
}

sub check {
    my @words  = @_;
    my $folder = build_dir() . '/perl5';
    my $line   = qx{'$^X' -I'$folder' '@{[repo_dir()]}/perl/eg/check_backhand' @words 2>&1 </dev/null};
    return ($? >> 8, $line);
}

sub maps {
    open my $file, '<', '/proc/self/maps' or die "maps: $!";
    return scalar grep { /mod_backhand-table/ } readline $file;
}

my $inside = <<'EOT2';
package T;
use Apache::Backhand ();
sub attach {
    my ($folder) = @_;
    my $table = eval { Apache::Backhand->attach($folder =~ tr/:/\//r) } or return $@;
    return join ' ', $table->load_serverstats->[0]{hostname}, Apache::Backhand::load_serverstats()->[0]{hostname},
      eval { $table->load_serverstats->[0]{load} = 1 } // $@, Apache::Backhand::load_serverstats()->[0]{cpu} = 7;
}
EOT2

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my ($farm, $a) = bridge(mpm => $mpm, perl => $inside, conf => "BackhandMaxServers 16\n");
        my $b = $farm->add(conf => "BackhandCheck /app/who 100ms 1 1\n");
        $farm->start;
        ok $farm->together, 'two servers know each other';
        my $folder = $a->root . '/run/backhand';

        my $table   = Apache::Backhand->attach($folder);
        my $servers = $table->load_serverstats;
        is ref $table,         'Apache::Backhand::Attached', 'an object';
        is scalar @{$servers}, 16,                           'as many hashes as the table has entries';
        is $table->MAXSERVERS, 16,                           'MAXSERVERS, too';
        is join(' ', map { "$_->{hostname} $_->{contact}" } @{$servers}[0, 1]),
          join(' ', map { $_->name . '.test ' . $_->contact } $a, $b), 'names and contacts';
        my @states = map { $table->state($_) // 'none' } 0 .. 2, 15, 16, -1;
        is "@states", 'alive alive none none none none', 'states';
        ok $table->is_current, 'it is current';
        cmp_ok $table->idle,            '<', 10, 'the server lives';
        cmp_ok $servers->[1]{nservers}, '>', 0,  'figures';
        is $servers->[9]{hostname} . $servers->[9]{load}, '0', 'an empty entry';
        my $served = $servers->[0]{served};
        $a->get('/who') for 1 .. 3;
        eventually { $servers->[0]{served} > $served } 10, 'they change with the table';

        my $read_only = qr/^Apache::Backhand: \w+ is read-only, as all of an attached table at /;
        for my $key (qw(load mtime inflight hostname contact zone)) {
            my $before = $servers->[1]{$key};
            like died(sub { $servers->[1]{$key} = 5 }), $read_only, "a write to $key dies";
            is $servers->[1]{$key}, $before, 'and changes nothing' if $key ne 'mtime';
        }
        like died(sub { delete $servers->[1]{load} }), qr/cannot be deleted/, 'so does a delete';
        like died(sub { $servers->[1]{new} = 1 }),  qr/takes no further key/,              'a new key';
        like died(sub { %{ $servers->[1] } = () }), qr/cannot be assigned to as a whole/,  'an empty hash';
        like died(sub { $#{$servers}       = 3 }),  qr/array of servers keeps its length/, 'a shorter array';
        like died(sub { $servers->[1]      = {} }), qr/read-only/,                         'another element';
        is $servers->[1]{hostname}, 'b.test', 'all is as before';
        for my $order (qw(drain undrain maintenance weight forget)) {
            like died(sub { $table->$order('b.test') }), qr/attached table takes no orders; backhandctl gives them/,
              "$order dies";
        }
        like died(sub { $table->state(1e9) }),                   qr/lived/,                                 'an odd id';
        like died(sub { Apache::Backhand::Attached::idle({}) }), qr/this is no table that/,                 'no object';
        like died(sub { Apache::Backhand::load_serverstats() }), qr/only inside httpd.*->attach\(FOLDER\)/, 'no httpd';

        my @seen = map { threads->create($_)->join } sub { $servers->[1]{hostname} }, sub { $table->state(1) },
          sub { $table->load_serverstats->[0]{hostname} }, sub {
            died(sub { $servers->[1]{load} = 1 }) =~ $read_only;
          }, sub { undef $table; undef $servers; 'let go' };
        is "@seen",                 'b.test alive a.test 1 let go', 'threads';
        is $servers->[1]{hostname}, 'b.test',                       'and the first one reads on';
        my $hash = Apache::Backhand->attach($folder)->load_serverstats->[1];
        is $hash->{hostname}, 'b.test', 'a hash alone keeps its table';
        undef $hash;
        my @loads = map { Apache::Backhand->attach($folder)->load_serverstats->[1]{load} } 1 .. 100;
        is maps(), 1, 'tables that nobody uses are not mapped';

        # Only the user who started httpd may read the table; its children run as another one.
        my $path = $folder =~ tr{/}{:}r;
        my $said = call($a, 'T::attach', $path);
        if ($> == 0) {
            like $said, qr/^Apache::Backhand: no permission to open .* at .* line \d+[.]\n\z/, 'inside httpd: refused';
            chmod 0755, $folder, $a->root . '/run';
            chmod 0644, "$folder/mod_backhand-table";
            $said = call($a, 'T::attach', $path);
        }
        like $said, qr/^a.test a.test Apache::Backhand: load is read-only, as .*\n 7\z/, 'inside httpd: its own table';

        my ($status, $line) = check('--folder', $folder);
        is $status, 0, 'check_backhand is content' or diag $line;
        like $line, qr/^BACKHAND OK: 2 servers are alive \| age=[\d.]+s;;0:10 alive=2;;1: .* resting=0;;\n\z/,
          'it is one line';
        ($status, $line) = check('--folder', $folder, '--warning', 'alive=3:');
        like "$status $line", qr/^1 BACKHAND WARNING: alive is 2 \| /, 'a warning';
        ($status, $line) = check('--folder', $folder, '--warning', 'alive=3:', '--critical', "'alive=\@1:2'");
        like "$status $line", qr/^2 BACKHAND CRITICAL: alive is 2 \| .* alive=2;3:;\@1:2 /, 'critical';
        my %wrong = (
            '--warning nothing=1'  => 'there is no nothing',
            '--warning alive=x'    => 'no range',
            '--critical alive'     => 'no range',
            '--critical alive=5:2' => 'no range',
            'x'                    => 'only options',
            '--wrong'              => 'Unknown option: wrong'
        );

        for my $words (sort keys %wrong) {
            my $says = $wrong{$words};
            ($status, $line) = check($words);
            like "$status $line", qr/^3 BACKHAND UNKNOWN: .*\Q$says\E.*\n\z/, "$words: unknown";
        }
        ($status, $line) = check('--folder', '/nowhere');
        like "$status $line", qr{^2 BACKHAND CRITICAL: there is no /nowhere/.*: httpd does not run .*\n\z}, 'no httpd';

        rename $b->root . '/htdocs/app/who', $b->root . '/htdocs/app/gone';
        eventually { $table->state(1) eq 'down' } 10, 'b is down';
        ($status, $line) = check('--folder', $folder);
        like "$status $line", qr/^1 BACKHAND WARNING: lost is 1, down: b\.test \| .* lost=1;0:0; /, 'it is lost';
        $b->stop;
        eventually { $table->state(1) eq 'left' } 10, 'b has left';
        ($status, $line) = check('--folder', $folder);
        like $line, qr/^BACKHAND OK: 1 servers are alive, left: b\.test \|/, 'who leaves is not lost';

        ok $a->stop, 'a stops';
        my $before = maps();
        $a->start;
        ok !$table->is_current, 'another start: another table';
        is $servers->[1]{hostname}, 'b.test', 'the old one can still be read';
        my $again = Apache::Backhand->attach($folder);
        ok $again->is_current, 'and the new one attached';
        eventually { $again->load_serverstats->[0]{hostname} eq 'a.test' } 10, 'which shows the server';
        $a->kill_all;
        eventually { $again->idle > 2 } 20, 'a server that was killed is idle';
        undef $_ for $again, $table, $servers;
        is maps(), 0, 'nothing stays mapped';
        $farm->announce_log(qr/backhand: this server is down: BackhandCheck/);
        $farm->check;
    };
}

done_testing;
