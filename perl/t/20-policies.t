#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Tests the arguments of policies and the lists that they return; nothing that a policy does harms a request. Each
# policy gets the list 3 (by redirect), 1, 0, 2 of a table of 16.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge call_inside left_by);
use Farm   qw(build_dir);
use Test::More;

# No `use` line: $r has its methods all the same.
my $perl = <<'EOT';
package Good;
our @saw;
sub same    { return $_[1] }
sub new_list { return [2, 0] }
sub reverse_list { my ($r, $ids) = @_; return [reverse @$ids] }
sub wider   { return [5, 3, '1', 4.0, '2e0'] }
sub none    { return [] }
sub objects { return bless [1, 0], 'Anything' }
sub words   { my ($r, $ids, @words) = @_; @saw = @words; return [scalar @words] }
sub saw     { return join '|', @saw }
sub method  { my ($class, $r, $ids, @words) = @_; @saw = ($class, ref $r, scalar @$ids, @words); return [1] }
sub full_r  {
    my ($r) = @_;
    my @got = ($r->uri, $r->method, $r->headers_in->get('Host') ? 'host' : '', $r->headers_in->{'X-Not'} // 'none',
        $r->connection->client_ip, $r->useragent_ip, $r->server->server_hostname, $r->dir_config('Word'),
        $r->unparsed_uri,
        $r->server->is_virtual ? 1 : 'main', ref $r->pool, $r->subprocess_env('X') // 'none', $r->hostname);
    $r->log->debug('fine'); $r->notes->set(a => 1); $r->args; $r->is_initial_req or die;
    @saw = @got;
    return [1];
}
sub in_place { my ($r, $ids) = @_; @$ids = sort { $a <=> $b } @$ids; return $ids }
sub keeps { our $kept = $_[1]; our $r = $_[0]; return $_[1] }

package Base; sub inherited { my ($class) = @_; return [length $class] }
package Derived; our @ISA = 'Base';

package Pollute;
sub vars { $@ = 'left'; $_ = 'left'; $! = 5; @ARGV = 1; undef $/ if 0; 'abc' =~ /(b)/; return [1] }
sub locals { local $@ = 'x'; local $_ = 'y'; eval { die 'inside' }; return [1] }
sub prints { print 'noise'; print STDOUT 'noise'; printf '%s', 'noise'; $| = 1; syswrite STDOUT, ''; return [1] }
sub script { print 'printed'; return 0 }
sub selects { select STDERR; return [1] }
sub check { return join '|', map { defined && length ? $_ : 'empty' } $@, $_, select() }
sub loops { for (1 .. 3) { last } while (my $x = shift @{[]}) {} return [1] }
sub alarmed {
    my $n = 0;
    eval {
        local $SIG{ALRM} = sub { die "alarm\n" };
        alarm 1;
        select undef, undef, undef, 5;
        alarm 0;
    };
    return $@ eq "alarm\n" ? [1] : [2];
}
sub deep { my ($n) = ref $_[0] ? 20000 : @_; no warnings; deep($n - 1) if $n; return [1] }
sub sorts { my ($r, $ids) = @_; return [sort @$ids] }
sub sorts_by { my ($r, $ids) = @_; return [sort { return $b <=> $a } @$ids] }
sub wantarray_ok { return wantarray ? die('list') : [1] }

package Wrong;
sub dies    { die "no reason\n" }
sub dies_long { die 'x' x 100_000 }
sub dies_lines { die "one\ntwo\e[31m\n" }
sub dies_object { die bless {}, 'Some::Error' }
sub dies_hard { die Hard->new }
sub dies_false { die Falsy->new }
sub dies_undef { no warnings; die undef }
sub dies_eval { eval { die 'inner' }; die $@ }
sub missing_method { $_[0]->nonsense }
sub destroy { my $x = Destroyer->new; die "outer\n" }
sub exits   { exit }
sub exits_with { exit 3 }
sub exit_util { ModPerl::Util::exit() }
sub r_print { $_[0]->print('noise'); return [1] }
sub r_puts  { $_[0]->puts('noise'); return [1] }
sub r_flush { $_[0]->rflush; return [1] }
sub nothing { return }
sub number  { return 4 }
sub list    { return @{ $_[1] } }
sub text    { return "a\nb" }
sub hash    { return {} }
sub code    { return sub {} }
sub scalar_ref { return \1 }
sub object  { return bless {}, 'Anything' }
sub request { return $_[0] }
sub glob    { return *STDOUT }
sub goes    { goto NOWHERE }
sub nexts   { no warnings; next; return [1] }
sub undef_return { return undef }

package Ids;
sub bad     { return [1, -1, 16, 99999999999, 1.5, 'abc', undef, '', '3x', 9**9**9, -9**9**9, [], {}, sub {}, 2] }
sub dupes   { return [1, 1, 2, 1, '1', 1.0, 2] }
sub long    { return [0 .. 100_000] }
sub longer  { my @l; $#l = 5_000_000; return \@l }
sub nan     { return ['nan', 1, 'inf'] }
sub holes   { my @l; $l[5] = 1; delete $l[3]; return \@l }
sub tied    { tie my @l, 'Tied'; return \@l }
sub tied_dies { tie my @l, 'Tied::Dies'; return \@l }
sub tied_endless { tie my @l, 'Tied::Endless'; return \@l }
sub tied_frees { our @l; tie @l, 'Tied::Frees'; return \@l }
sub tied_size { tie my @l, 'Tied::Size'; return \@l }
sub tied_exits { tie my @l, 'Tied::Exits'; return \@l }
sub tied_scalar { tie my $l, 'Tied::Scalar'; return $l }
sub overloaded { return Over->new([2, 1]) }
sub overloaded_dies { return Over->new(undef) }
sub overloaded_ids { return [Number->new(2), Number->new(1), Number->new(44)] }
sub overloaded_id_dies { return [2, Number->new('die')] }
sub stats   { return Apache::Backhand::load_serverstats() }
sub loop    { my @l; $l[0] = \@l; return \@l }

package Hard; use overload '""' => sub { die "again\n" }, 'bool' => sub { die "bool\n" }; sub new { bless {}, shift }
package Falsy; use overload '""' => sub { '' }, 'bool' => sub { 0 }; sub new { bless {}, shift }
package Destroyer; sub new { bless [], shift } sub DESTROY { eval { 1 }; $@ = 'changed' }
package Over;
use overload '@{}' => sub { ${ $_[0] } // die "no array\n" }, fallback => 1;
sub new { my ($c, $x) = @_; bless \$x, $c }
package Number;
use overload '0+' => sub { ${ $_[0] } eq 'die' ? die "no number\n" : ${ $_[0] } }, fallback => 1;
sub new { my ($c, $x) = @_; bless \$x, $c }
package Tied; sub TIEARRAY { bless [], shift } sub FETCHSIZE { 3 } sub FETCH { $_[1] == 1 ? 1 : 5 } sub DESTROY {}
package Tied::Dies; our @ISA = 'Tied'; sub FETCH { die "no element\n" }
package Tied::Exits; our @ISA = 'Tied'; sub FETCH { exit }
package Tied::Endless; our @ISA = 'Tied'; our $n = 9; sub FETCHSIZE { ++$n } sub FETCH { 1 }
package Tied::Frees; our @ISA = 'Tied'; sub FETCH { untie @Ids::l; undef @Ids::l; @Ids::l = (4); 3 }
package Tied::Size; our @ISA = 'Tied'; sub FETCHSIZE { 9**9**9 }
package Tied::Scalar; sub TIESCALAR { bless [], shift } sub FETCH { [7] }
EOT

my $stays = '3:1 1:0 0:0 2:0';
my $kept  = qr/the list of servers stays as it was/;

# Policy => [the list that is left, the log line: none when it is missing]
my @cases = (
    'Good::same'         => [$stays],
    'Good::new_list'     => ['2:0 0:0'],
    'Good::reverse_list' => ['2:0 0:0 1:0 3:1'],
    'Good::wider'        => ['5:0 3:1 1:0 4:0 2:0'],
    'Good::none'         => [''],
    'Good::objects'      => ['1:0 0:0'],
    'Good::in_place'     => ['0:0 1:0 2:0 3:1'],
    'Good::keeps'        => [$stays],
    'Base->inherited'    => ['4:0'],
    'Derived->inherited' => ['7:0'],

    'Pollute::vars'         => ['1:0'],
    'Pollute::locals'       => ['1:0'],
    'Pollute::prints'       => ['1:0'],
    'Pollute::selects'      => ['1:0'],
    'Pollute::loops'        => ['1:0'],
    'Pollute::deep'         => ['1:0'],
    'Pollute::sorts'        => ['0:0 1:0 2:0 3:1'],
    'Pollute::sorts_by'     => ['3:1 2:0 1:0 0:0'],
    'Pollute::wantarray_ok' => ['1:0'],

    'Wrong::dies'           => [$stays, qr/died, $kept: no reason$/],
    'Wrong::dies_long'      => [$stays, qr/died, $kept: x{300,399}$/],
    'Wrong::dies_lines'     => [$stays, qr/died, $kept: one\\ntwo\\x1b\[31m$/],
    'Wrong::dies_object'    => [$stays, qr/died, $kept: Some::Error=HASH/],
    'Wrong::dies_hard'      => [$stays, qr/died, $kept: something that cannot be turned into text$/],
    'Wrong::dies_false'     => [$stays, qr/died, $kept: $/],
    'Wrong::dies_undef'     => [$stays, qr/died, $kept: Died at /],
    'Wrong::dies_eval'      => [$stays, qr/died, $kept: inner at /],
    'Wrong::missing_method' => [$stays, qr/died, $kept: Can't locate object method "nonsense"/],
    'Wrong::destroy'        => [$stays, qr/died, $kept: outer$/],
    'Wrong::exits'          => [$stays, qr/called exit, $kept/],
    'Wrong::exits_with'     => [$stays, qr/called exit, $kept/],
    'Wrong::exit_util'      => [$stays, qr/called exit, $kept/],
    'Wrong::r_print'        => [$stays, qr/died, $kept: .*can't be called before the response phase/],
    'Wrong::r_puts'         => [$stays, qr/died, $kept: .*can't be called before the response phase/],
    'Wrong::r_flush'        => [$stays, qr/died, $kept: .*can't be called before the response phase/],
    'Wrong::nothing'        => [$stays, qr/returned undef, $kept/],
    'Wrong::undef_return'   => [$stays, qr/returned undef, $kept/],
    'Wrong::number'         => [$stays, qr/returned `4`, $kept/],
    'Wrong::list'           => [$stays, qr/returned `4`, $kept/],
    'Wrong::text'           => [$stays, qr/returned `a\\nb`, $kept/],
    'Wrong::hash'           => [$stays, qr/returned a reference to a thing of type HASH, $kept/],
    'Wrong::code'           => [$stays, qr/returned a reference to a thing of type CODE, $kept/],
    'Wrong::scalar_ref'     => [$stays, qr/returned a reference to a thing of type SCALAR, $kept/],
    'Wrong::object'         => [$stays, qr/returned a reference to a thing of type Anything, $kept/],
    'Wrong::request'        => [$stays, qr/returned a reference to a thing of type Apache2::RequestRec, $kept/],
    'Wrong::glob'           => [$stays, qr/returned `\*main::STDOUT`, $kept/],
    'Wrong::goes'           => [$stays, qr/died, $kept: Can't find label NOWHERE/],
    'Wrong::nexts'          => [$stays, qr/died, $kept: Can't "next" outside a loop block/],

    'Ids::bad'   => ['1:0 2:0', qr/13 entries that are no id from 0 to 15 and 0 that came twice; they were dropped/],
    'Ids::dupes' => ['1:0 2:0', qr/0 entries that are no id from 0 to 15 and 5 that came twice/],
    'Ids::long'  => [
        join(' ', map { $_ . ':' . ($_ == 3 ? 1 : 0) } 0 .. 15),
        qr/16 entries that are no id .*, and further ones after twice as many as there are servers/
    ],
    'Ids::longer'             => ['',        qr/32 entries that are no id .*further ones/],
    'Ids::nan'                => ['1:0',     qr/2 entries that are no id/],
    'Ids::holes'              => ['1:0',     qr/5 entries that are no id/],
    'Ids::tied'               => ['5:0 1:0', qr/1 that came twice/],
    'Ids::tied_dies'          => [$stays,    qr/died, $kept: no element$/],
    'Ids::tied_endless'       => ['1:0',     qr/31 that came twice, and further ones/],
    'Ids::tied_frees'         => ['3:1'],
    'Ids::tied_size'          => [undef,  qr/backhand: byPerl: Ids::tied_size /],
    'Ids::tied_exits'         => [$stays, qr/called exit, $kept/],
    'Ids::tied_scalar'        => ['7:0'],
    'Ids::overloaded'         => ['2:0 1:0'],
    'Ids::overloaded_dies'    => [$stays,    qr/died, $kept: no array$/],
    'Ids::overloaded_ids'     => ['2:0 1:0', qr/1 entries that are no id/],
    'Ids::overloaded_id_dies' => [$stays,    qr/died, $kept: no number$/],
    'Ids::stats'              => ['',        qr/16 entries that are no id/],
    'Ids::loop'               => ['',        qr/1 entries that are no id/],
);
my @policies = map { $cases[2 * $_] } 0 .. $#cases / 2;
my %case     = @cases;
my @special  = ('Good::words one two  "three four"', 'Good->method word', 'Good::full_r', 'Good::words');

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my @alarm = $mpm eq 'prefork' ? 'Pollute::alarmed' : ();
        my ($farm, $server) = bridge(
            mpm      => $mpm,
            workers  => 1,
            perl     => $perl,
            policies => [@policies, @special, @alarm],
            conf     => "<Location /script>\nBackhandFromSO @{[build_dir()]}/modules byPerl Pollute::prints\n"
              . "SetHandler perl-script\nPerlResponseHandler Pollute::script\nBackhand removeSelf\n</Location>\n"
              . "BackhandMaxServers 16\nPerlSetVar Word value\nPerlInterpStart 1\nPerlInterpMax 1\n"
              . "PerlInterpMaxRequests 100000\nMaxConnectionsPerChild 0\n",
        );
        $farm->start;
        my $clean = call_inside($server, 'Pollute::check');
        for my $round (1, 2) {
            for my $n (0 .. $#policies) {
                my ($list) = @{ $case{ $policies[$n] } };
                my $left = left_by($server, $n);
                is $left, $list, "$policies[$n], call $round" if defined $list;
                unlike $left, qr/body|status/, "$policies[$n] is harmless, call $round" if !defined $list;
                is call_inside($server, 'Pollute::check'), $clean, '$@, $_ and the selected handle are as before'
                  or last
                  if $policies[$n] =~ /Pollute|Wrong/;
            }
        }
        my $next = @policies;
        is left_by($server, $next++),         '4:0',                             'words are arguments';
        is call_inside($server, 'Good::saw'), 'one|two|three|four',              'split at blanks';
        is left_by($server, $next++),         '1:0',                             'a method';
        is call_inside($server, 'Good::saw'), 'Good|Apache2::RequestRec|4|word', 'gets class, request, list, words';
        is left_by($server, $next),           '1:0',                             'the whole $r';
        is call_inside($server, 'Good::saw'),
          join('|',
            "/p$next", 'GET',     'host', 'none',      '127.0.0.99', '127.0.0.99', 'a.test',
            'value',   "/p$next", 'main', 'APR::Pool', 'none',       '127.0.0.1'),
          'with all its methods';
        is left_by($server, ++$next), '0:0', 'no words';
        is left_by($server, ++$next), '1:0', 'an alarm in a policy' if @alarm;

        is $server->get('/script')->body, 'printed', 'what a policy prints is not in the body that a handler prints'
          for 1 .. 3;

        my @log = grep { /:error\]/ && !/server reached MaxRequestWorkers/ } $server->log_lines;
        for my $policy (@policies) {
            my $pattern = $case{$policy}[1];
            my @lines   = grep { /backhand: byPerl: \Q$policy\E / } @log;
            is scalar @lines, $pattern ? 1 : 0, "$policy: " . ($pattern ? 'one line for two calls' : 'no line');
            like $lines[0], $pattern, 'which says it' if $pattern && @lines;
        }
        is scalar(grep { !/backhand: byPerl: / } @log), 0, 'no other error' or diag grep { !/backhand: byPerl: / } @log;
        is scalar(() = $server->children), $mpm eq 'prefork' ? 2 : 3, 'no child has died' or diag $server->children;
        $farm->announce_log(qr/backhand: byPerl: (?:Wrong|Ids)::/, qr/\Anoise/, qr/server reached MaxRequestWorkers/);
        $farm->check;
    };
}
done_testing;
