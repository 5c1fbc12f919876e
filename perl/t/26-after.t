#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# A policy that was stopped or died in the middle of an operation leaves an interpreter that works: this policy and
# others can be called again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge call call_inside left_by);
use Farm;
use Test::More;

my $stays = '3:1 1:0 0:0 2:0';

# Each policy is called twice in one interpreter; only the first time must it not come to its end. `Late::spin` never
# ends then, `Late::fail` dies.
my $perl = <<'EOT';
# `opens` needs it. A running server may be unable to load it: Perl gives up at the first folder of @INC that the
# server's user may not read, as build/perl5 in a checkout in root's home.
use PerlIO::scalar ();
package Late;
our (%first, $mode, $kind);
sub spin { if (!$first{$kind}++) { 1 while 1 } }
sub fail { if (!$first{$kind}++) { die "not yet\n" } }
sub at   { $mode eq 'spin' ? spin() : fail() }
sub run  { my ($how, $name, $code) = @_; local ($mode, $kind) = ($how, "$how $name"); $code->(); return [1] }
our $dir = do { my $file = __FILE__; $file =~ s{/[^/]+\z}{}; $file };
unshift @INC, "$dir/late";
our %global = map { $_ => 1 } 'a' .. 'f';
our @list = (3, 1, 2);
our $text = 'abc';
our ($busy, $scalar, @array) = (0, 'kept', 1, 2, 3);

package Late::Guard;
sub new { $Late::busy++; bless [], shift }
sub DESTROY { my $n = 0; $n += $_ for 1 .. 100; $Late::busy-- }
package Late::Scalar;
sub TIESCALAR { my $v = 'kept'; bless \$v, shift }
sub FETCH { ${ $_[0] } }
sub STORE { my $n = 0; $n += $_ for 1 .. 100; ${ $_[0] } = $_[1] }
package Late::Slow; sub TIEHASH { Late::at(); bless {}, shift } sub FETCH { 7 } sub STORE {}
package Late::Auto;
our $AUTOLOAD;
sub AUTOLOAD {
    my $n = $AUTOLOAD;
    return if $n =~ /DESTROY/;
    Late::at();
    no strict 'refs';
    *{$n} = sub { 7 };
    goto &$n;
}
package Late::Text;
use overload '""' => sub { Late::at(); 'text' }, '<=>' => sub { Late::at(); ${ $_[0] } <=> ${ $_[1] } };
sub new { my $v = $_[1]; bless \$v, shift }
package Late;
tie our $tied, 'Late::Scalar';
our %code;
for my $how (qw(spin fail)) {
    my %do = (
        requires => sub {
            my $file = "Late/Required_$how.pm";
            require $file;
            die 'not loaded' if !"Late::Required_$how"->can('value');
        },
        nested =>
            sub { my $file = "Late/Outer_$how.pm"; require $file; die 'not loaded' if "Late::Outer_$how"->value != 7 },
        uses => sub { eval "use Late::Used_$how; 1" or die $@; die 'not loaded' if !"Late::Used_$how"->can('value') },
        does      => sub { my $v = do "Late/done_$how.pl"; die $@ || 'nothing' if !$v },
        inner     => sub { my $file = "Late/Inner_$how.pm"; my $ok = eval { require $file; 1 }; die $@ if !$ok },
        autoload  => sub { die 'wrong' if Late::Auto->${\"method_$how"} != 7 },
        evals     => sub { my $v = eval 'Late::at(); 7' // die $@; die 'wrong' if $v != 7 },
        begins    => sub { my $v = eval 'BEGIN { Late::at() } 7' // die $@; die 'wrong' if $v != 7 },
        declares => sub {
            eval "sub Late::declared_$how { BEGIN { Late::at() } 7 } 1" or die $@;
            no strict 'refs';
            die 'wrong' if &{"declared_$how"}() != 7;
        },
        signal => sub {
            local $SIG{USR2} = sub { };
            local $SIG{__WARN__} = sub { };
            local $SIG{__DIE__} = sub { 1 };
            at();
        },
        underline => sub { for (1, 2) { local $_ = 'x'; at() } },
        slash     => sub { local $/ = 'x'; local $, = 'y'; local $\ = 'z'; local $| = 1; at() },
        locals => sub {
            local $global{a} = 5;
            local @array = (9);
            local $scalar = 'changed';
            local $tied = 'changed';
            delete local $global{b};
            at();
        },
        locked =>
            sub { open my $lock, '>', "$dir/run/lock" or die "lock: $!"; flock $lock, 6 or die 'still locked'; at() },
        ties      => sub { tie my %h, 'Late::Slow'; die 'wrong' if $h{x} != 7 },
        guard     => sub { die 'still busy' if $busy; my $guard = Late::Guard->new; at() },
        sorts     => sub { my @s = sort { at(); $a <=> $b } @list; die "wrong: @s" if "@s" ne '1 2 3' },
        in_place  => sub { my @s = (3, 1, 2); @s = sort { at(); $a <=> $b } @s; die "wrong: @s" if "@s" ne '1 2 3' },
        objects => sub {
            my @s = map { $$_ } sort { $a <=> $b } map { Late::Text->new($_) } 2, 1;
            die "wrong: @s" if "@s" ne '1 2';
        },
        overload  => sub { my $t = Late::Text->new(1); die 'wrong' if "$t" ne 'text' },
        regex     => sub { $text =~ /(b)(?{ at() })c/ or die 'no match'; die 'wrong' if $1 ne 'b' },
        replaces  => sub { (my $t = $text) =~ s/(.)/at(); "<$1>"/ge; die "wrong: $t" if $t ne '<a><b><c>' },
        each => sub {
            keys %global;
            my $n = 0;
            while (my ($k) = each %global) { $n++; at() }
            die "wrong: $n" if $n != 6;
        },
        maps      => sub { my @m = map { at(); $_ } grep { at(); 1 } 1, 2; die 'wrong' if @m != 2 },
        loops     => sub { OUTER: for my $i (1 .. 3) { for (1 .. 3) { at(); next OUTER } } },
        closure => sub {
            my $n = 0;
            my $f;
            $f = sub { at(); $n++ < 5 ? $f->() : 7 };
            my $v = $f->();
            undef $f;
            die 'wrong' if $v != 7;
        },
        opens => sub {
            open my $in, '<', \"1\n2\n" or die;
            my @lines;
            while (<$in>) { push @lines, $_; at() }
            die 'wrong' if @lines != 2;
        },
        formats   => sub { my $s = sprintf '%s', join ',', map { at(); $_ } 1 .. 3; die 'wrong' if $s ne '1,2,3' },
        wantarray => sub { my @l = (sub { at(); return wantarray ? 1 : 0 })->(); die 'wrong' if !$l[0] },
    );
    for my $name (keys %do) {
        no strict 'refs';
        $code{"$how $name"} = $do{$name};
        *{"Late::${how}_$name"} = sub { run($how, $name, $do{$name}) }
    }
}
sub state {
    return join '|', map { $_ // 'undef' } (defined $SIG{USR2} && ref $SIG{USR2} ? 'handler' : 'none'),
        ref $SIG{__WARN__}, ref $SIG{__DIE__},
      $_, $/, $,, $\, $|, "@array", $scalar, $tied, join(',', map { "$_$global{$_}" } sort keys %global), $busy,
          select(), ${^GLOBAL_PHASE}, scalar(caller(2)) ? 'called' : '';
}
package T;
sub pid { $$ }
EOT

my @names = $perl =~ /^        (\w+) +=> sub/mg;

sub module {
    my ($package, $before) = @_;
    return "package $package;\nuse strict;\n${before}Late::at();\nsub value { 7 }\n1;\n";
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my @policies = map {
            my $how = $_;
            map { "Late::${how}_$_" } @names
        } qw(spin fail);
        my ($farm, $server) = bridge(
            mpm      => $mpm,
            workers  => 1,
            perl     => $perl,
            policies => \@policies,
            timeout  => '50ms',
            conf     => "BackhandMaxServers 16\nBackhandPolicyInterpreters 1\nPerlInterpStart 1\nPerlInterpMax 1\n"
              . "PerlInterpMaxRequests 100000\nMaxConnectionsPerChild 0\n",
        );
        chmod oct 777, $server->root . '/run';
        mkdir $server->root . "/$_" for 'late', 'late/Late';
        for my $how (qw(spin fail)) {
            $server->write_file("late/Late/$_\_$how.pm", module("Late::$_\_$how", ''))
              for qw(Required Used Inner Deeper);
            $server->write_file("late/Late/Outer_$how.pm",
                    "package Late::Outer_$how;\nuse Late::Deeper_$how;\n"
                  . "sub value { return Late::Deeper_$how->value }\n1;\n");
            $server->write_file("late/Late/done_$how.pl", "Late::at();\n7;\n");
        }
        $farm->start;
        my $pid    = call($server, 'T::pid');
        my $before = call_inside($server, 'Late::state');
        for my $n (0 .. $#policies) {
            is left_by($server, $n),                $stays,  "$policies[$n] does not end" or next;
            is call_inside($server, 'Late::state'), $before, 'it leaves everything as it was';
            is left_by($server, $n),                '1:0',   'and can be called again';
        }
        is call($server, 'T::pid'), $pid, 'in one process';
        my %said;
        /backhand: byPerl: Late::(\w+) (died|was stopped|took)/ && $said{$1}{$2}++ for $server->log_lines;
        is_deeply [grep { !$said{"fail_$_"}{died} } @names],                     [], 'the log says who died';
        is_deeply [grep { !$said{"spin_$_"} || $said{"spin_$_"}{died} } @names], [], 'and who was stopped';
        $farm->announce_log(qr/backhand: byPerl: Late::/, qr/server reached MaxRequestWorkers/);
        $farm->check;
    };
}
done_testing;
