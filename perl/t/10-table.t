#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Every element of every hash is a view of the table: reads, writes, and all forbidden operations.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge        qw(bridge call left_by);
use Farm          qw(eventually);
use Farm::Figures qw(figures names);
use Test::More;

my $perl = <<'EOT';
package T;
use Apache::Backhand qw(:all);
use Scalar::Util ();

# Runs the code and answers with its result or what it died with, without the place.
sub try(&) {
    my ($code) = @_;
    my @result = eval { $code->() };
    return @result if !$@;
    my ($died) = split / at \S+ line /, $@;
    return "died: $died";
}
my $fixed = qr/^(?:FIXED)$/;
sub at { load_serverstats()->[$_[0]] }

sub constants { return (MAXSERVERS, MAXSESSIONSPERSERVER, SERVER_TIMEOUT) }
sub shape {
    my $s = load_serverstats();
    my $n = 0;
    foreach my $server (@{$s}) { $n++ if ref $server eq 'HASH' }
    return (ref $s, scalar @{$s}, $#$s, $n, exists $s->[15] ? 1 : 0, exists $s->[16] ? 1 : 0,
        scalar(grep { defined } @{$s}), scalar(map { $_->{load} } @{$s}[2 .. 4]), $s == load_serverstats() ? 1 : 0);
}
sub keys_of { return sort keys %{ at($_[0]) } }
sub counts { my $h = at(3); return (scalar(keys %$h), scalar(values %$h), scalar(my @e = %$h), %$h ? 1 : 0) }
sub untouched { my $h = at(9); return join ',', map { $_ . '=' . $h->{$_} } sort keys %$h }
sub self {
    my $h = at(0);
    return ($h->{hostname}, $h->{contact}, $h->{nservers}, $h->{tmem} > 1e6 ? 1 : 0, $h->{cpu} <= 1000 ? 1 : 0);
}
sub alive { return time - at(0)->{mtime} }
sub get { return at($_[0])->{$_[1]} }
sub set { my ($id, $key, $value) = @_; my $h = at($id); return try { $h->{$key} = $value; $h->{$key} } }
sub set_in {
    my ($id, $key, $code) = @_;
    my $h = at($id);
    return try { no warnings; $h->{$key} = eval $code; $h->{$key} }
}
sub pid { $$ }
sub bump { my $h = at(5); $h->{load} += 1; $h->{load}++; $h->{load} *= 10; return $h->{load} }
sub value_of_assignment { my $h = at(5); return my $x = ($h->{cpu} = 5000) }
sub slice { my $h = at(5); @$h{qw(load cpu ncpu)} = (7, 8, 9); return @$h{qw(load cpu ncpu)} }
sub alias {
    $_ = 4 for @{ at(6) }{qw(load cpu)};
    my $r = \at(6)->{tatime};
    $$r = 12;
    return (get(6, 'load'), get(6, 'cpu'), get(6, 'tatime'));
}
sub undefine { my $h = at(5); $h->{load} = 3; undef $h->{load}; return $h->{load} }
sub localise {
    my $h = at(5); $h->{load} = 3; my $in;
    { local $h->{load} = 9; $in = get(5, 'load') }
    return ($in, get(5, 'load'));
}
sub localise_fixed {
    my $h = at(0); my $before = $h->{hostname};
    my @got = try { local $h->{hostname} = 'x'; 1 };
    return (@got, $before eq $h->{hostname} ? 'same' : 'changed');
}
sub mtime_of_all {
    $_->{mtime} = time() foreach @{ load_serverstats() };
    return scalar grep { time - $_->{mtime} < 5 } @{ load_serverstats() };
}
sub writes_of_all {
    my $s = load_serverstats();
    for my $v (-1, 0, 2**62, 'x', undef, 9**9**9) {
        no warnings;
        for my $h (@$s) {
            $h->{$_} = $v for grep { !/$fixed/ } keys %$h;
        }
    }
    return 'done';
}
sub string { my $h = at(5); $h->{load} = '12abc'; return "$h->{load}|" . length $h->{load} }
sub arriba {
    my $a = load_personal_arriba();
    my $old = $$a;
    $$a = 123456;
    my $new = ${ load_personal_arriba() };
    return (ref $a, $new, $a == load_personal_arriba() ? 1 : 0);
}
sub get_arriba { ${ load_personal_arriba() } }
sub set_arriba { my $a = load_personal_arriba(); $$a = eval $_[0]; return $$a }

my %bad = (
    delete      => sub { delete at(5)->{load} },
    delete_slice => sub { delete @{ at(5) }{qw(load cpu)} },
    new_key     => sub { at(5)->{nosuch} = 1 },
    new_utf8    => sub { at(5)->{"\x{263a}"} = 1 },
    autoviv     => sub { at(5)->{nosuch}{more} = 1 },
    new_slice   => sub { @{ at(5) }{qw(load nosuch)} = (1, 2) },
    empty       => sub { %{ at(5) } = () },
    assign      => sub { %{ at(5) } = (load => 1) },
    undef_hash  => sub { undef %{ at(5) } },
    local_new   => sub { local at(5)->{nosuch} = 1 },
    delete_local => sub { my $h = at(5); delete local $h->{load} },
    hostname    => sub { at(5)->{hostname} = 'x' },
    contact     => sub { at(5)->{contact} .= 'x' },
    inflight    => sub { at(5)->{inflight}++ },
    service     => sub { at(5)->{service} = 1 },
    parallel    => sub { at(0)->{parallel} += 1 },
    latency     => sub { undef at(0)->{latency} },
    errors      => sub { $_ = 0 for at(5)->{errors} },
    served      => sub { ++at(0)->{served} },
    undef_fixed => sub { undef at(5)->{inflight} },
    push        => sub { push @{ load_serverstats() }, 1 },
    pop         => sub { pop @{ load_serverstats() } },
    shift       => sub { shift @{ load_serverstats() } },
    unshift     => sub { unshift @{ load_serverstats() }, 1 },
    splice      => sub { splice @{ load_serverstats() }, 1, 1 },
    splice_in   => sub { splice @{ load_serverstats() }, 1, 0, 5 },
    element     => sub { load_serverstats()->[3] = {} },
    touched     => sub { my $s = load_serverstats(); my $l = $s->[4]{load}; $s->[4] = {} },
    undef_element => sub { undef load_serverstats()->[4] },
    delete_element => sub { delete load_serverstats()->[4] },
    beyond      => sub { load_serverstats()->[99] = 1 },
    autoviv_beyond => sub { load_serverstats()->[99]{load} = 1 },
    clear       => sub { @{ load_serverstats() } = () },
    assign_list => sub { @{ load_serverstats() } = (1 .. 16) },
    undef_array => sub { undef @{ load_serverstats() } },
    shorten     => sub { $#{ load_serverstats() } = 3 },
    lengthen    => sub { $#{ load_serverstats() } = 300 },
    sort        => sub { my $s = load_serverstats(); @$s = sort { $b <=> $a } @$s },
    reverse     => sub { my $s = load_serverstats(); @$s = reverse @$s },
    foreach_set => sub { $_ = 1 foreach @{ load_serverstats() } },
    alias_element => sub { use feature 'refaliasing'; no warnings; my $v = {}; \load_serverstats()->[3] = \$v },
    alias_value => sub { use feature 'refaliasing'; no warnings; my $v = 3; \at(3)->{load} = \$v },
    each_set    => sub { $_ = 1 foreach values %{ at(5) } },
);
sub bad_names { return sort keys %bad }
sub bad { my $code = $bad{$_[0]}; return try { $code->(); 'lived' } }
sub intact {
    my $s = load_serverstats();
    return "array of " . @$s if @$s != 16;
    for my $id (0 .. 15) {
        my $h = $s->[$id];
        return "element $id" if Scalar::Util::reftype($h) ne 'HASH';
        return "keys of $id" if keys %$h != 30;
        for my $key (keys %$h) {
            return "$key of $id" if !defined $h->{$key};
            next if $key =~ /$fixed/ || $id == 0;
            $h->{$key} = 1;
            return "write of $key of $id" if $h->{$key} != 1;
        }
    }
    return 'intact';
}
sub odd {
    my $h = at(5);
    my @odd = (
        sub { $h->{load} = \1 }, sub { $h->{load} = [] }, sub { $h->{load} = sub {} }, sub { $h->{load} = *STDOUT },
        sub { $h->{load} = qr/x/ }, sub { $h->{load} = v1.2 }, sub { $h->{load} = 'x' x 1e5 }, sub { $h->{load} = $h },
        sub { $h->{load} = bless {}, 'Nobody' }, sub { $h->{load} = Odd->new }, sub { substr($h->{load}, 0, 1) = 'x' },
        sub { vec($h->{load}, 3, 8) = 5 }, sub { $h->{load} =~ tr/0-9/a-j/ }, sub { chop $h->{load} },
        sub { bless $h, 'Row' }, sub { bless load_serverstats(), 'Rows' },
        sub { tie %$h, 'Odd'; untie %$h }, sub { tie @{ load_serverstats() }, 'Odd' },
            sub { tie $h->{load}, 'Odd'; untie $h->{load} },
        sub { local $_ = $h->{load}; s/1/2/ }, sub { my %c = %$h; $c{load} = 1; $c{new} = 2; delete $c{cpu} },
        sub { local @$h{qw(load cpu)} = (1, 2) }, sub {
            local load_serverstats()->[5] = 5;
            local load_serverstats()->[14] = 5;
            my $x = load_serverstats()->[14];
        },
        sub { keys(%$h) = 200 }, sub { each %$h; each @{ load_serverstats() } }, sub { open my $f, '<', \$h->{load} },
        sub { read STDIN, $h->{load}, 0 }, sub { $h->{load} = $h->{load} = $h->{cpu}++ + --$h->{cpu} },
            sub { ($h->{load}, $h->{cpu}) = ($h->{cpu}, $h->{load}) },
        sub { sprintf '%s', join ',', sort { $a->{load} <=> $b->{load} } @{ load_serverstats() } },
    );
    no warnings;
    my $died = 0;
    for my $n (0 .. $#odd) { eval { $odd[$n]->(); 1 } or $died++ }
    return 'survived';
}
package Odd;
use overload '0+' => sub { die "no number\n" }, '""' => sub { die "no text\n" }, fallback => 0;
sub new { bless {}, shift }
sub TIEHASH { bless {}, shift }
sub TIEARRAY { bless {}, shift }
sub TIESCALAR { bless {}, shift }
sub FETCH { 1 }
sub STORE { }
sub DESTROY { }
sub FETCHSIZE { 2 }
package P;
sub write { my ($r, $ids) = @_; T::at(5)->{load} = 4711; return $ids }
EOT

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my ($farm, $server) = bridge(
            mpm  => $mpm,
            perl => $perl =~
              s/FIXED/join '|', qw(hostname contact zone), map { $_->{name} } grep { $_->{read_only} } figures()/er,
            policies => ['P::write'],
            shown    => 5,
            conf     => "BackhandMaxServers 16\nPerlInterpStart 2\nPerlInterpMaxRequests 100000\n"
        );
        $farm->start;
        is call($server, 'T::constants'), '16 10 20',                  'constants';
        is call($server, 'T::shape'),     'ARRAY 16 15 16 1 0 16 3 1', 'an array of MAXSERVERS references to hashes';
        is call($server, 'T::keys_of', 0), join(' ', sort(names())), 'keys';
        my $names = names();
        is call($server, 'T::counts'), join(' ', $names, $names, 2 * $names, 1), 'keys, values, each';
        is call($server, 'T::untouched'),
          join(',', map { /hostname|contact|zone/ ? "$_=" : "$_=0" } split / /, call($server, 'T::keys_of', 9)),
          'a server never heard of';
        eventually { call($server, 'T::get', 0, 'nservers') == 4 } 5, 'workers are counted';
        is call($server, 'T::self'), 'a.test ' . $server->contact . ' 4 1 1', 'this server';
        cmp_ok call($server, 'T::alive'), '<', 5, 'and it is alive';

        # Two processes on prefork, two interpreters on event.
        my %pids;
        for my $value (1 .. 30) {
            is call($server, 'T::set', 5, 'load', $value), $value, "write $value" or last;
            for (1 .. 3) {
                $pids{ call($server, 'T::pid') }++;
                is call($server, 'T::get', 5, 'load'), $value, 'seen by whoever answers' or last;
            }
        }
        cmp_ok scalar keys %pids, '>', 1, 'several processes answered' if $mpm eq 'prefork';
        is left_by($server, 0),                      '3:1 1:0 0:0 2:0', 'the policy that writes leaves its list';
        is $server->get('/p0')->header('X-Numbers'), '4711 0',          'a C function sees what Perl wrote';

        call($server, 'T::set', 5, 'load', 0);
        is call($server, 'T::bump'),     20,       '+=, ++, *=';
        is call($server, 'T::slice'),    '7 8 9',  'slices';
        is call($server, 'T::alias'),    '4 4 12', 'aliases and references';
        is call($server, 'T::undefine'), 0,        'undef is 0';
        is call($server, 'T::localise'), '9 3',    'local sets and restores';
        is call($server, 'T::localise_fixed'), 'died: Apache::Backhand: hostname is read-only same',
          'local of a read-only value';
        is call($server, 'T::string'),              '12|2', 'text is its number';
        is call($server, 'T::value_of_assignment'), 1000,   'an assignment has the value that was stored';
        my @numbers = (
            ['undef',                    0],
            ["''",                       0],
            ["'abc'",                    0],
            ["'12abc'",                  12],
            ['-5',                       0],
            ['3.9',                      3],
            ['-0.5',                     0],
            ["'0x10'",                   0],
            ["' 42 '",                   42],
            ['9**9**9',                  'max'],
            ['-9**9**9',                 0],
            ['9**9**9-9**9**9',          0],
            ["'nan'",                    0],
            ["'inf'",                    'max'],
            ['18446744073709551615',     'max'],
            ['1e300',                    'max'],
            ['2**63',                    'max'],
            ["'9999999999999999999999'", 'max'],
            ['[]',                       'any'],
            ['bless({},"Odd")',          'died: no number']
        );

        for my $key (qw(tmem cpu mtime)) {
            my $max = call($server, 'T::set_in', 5, $key, '2**64');
            for (@numbers) {
                my ($code, $value) = @{$_};
                my $is = call($server, 'T::set_in', 5, $key, $code =~ s/ /%20/gr);
                next          if $value eq 'any';
                $value = $max if $value eq 'max' || ($value =~ /^\d+$/ && $value > $max);
                is $is =~ s/\s+\z//r, $value, "$key = $code";
            }
        }
        is call($server, 'T::set_in', 5, 'tmem', '9007199254740993'), '9007199254740993', 'no bit is lost above 2**53';

        eventually { call($server, 'T::get', 0, 'served') > 100 } 5, 'requests that were served are counted';
        eventually { call($server, 'T::get', 0, 'service') > 0 } 5,  'and their time is measured';
        cmp_ok call($server, 'T::get', 0, 'parallel'), '>=', 1000, 'and how many go at once';
        cmp_ok call($server, 'T::get', 0, 'latency'),  '>',  0,    'and how long they take now';
        is call($server, 'T::get', 0, 'errors'), 0, 'none of them failed';

        # The moderator writes the score once, when it has measured it.
        eventually { call($server, 'T::get_arriba') > 0 } 20, 'the score is measured';
        like call($server, 'T::arriba'), qr/^SCALAR 123456 1$/, 'personal arriba';
        is call($server, 'T::get_arriba'), 123456, 'seen by all' for 1 .. 5;
        is call($server, 'T::set_arriba', -1), 0, 'clamped';

        for my $name (split / /, call($server, 'T::bad_names')) {
            my $said = call($server, 'T::bad', $name);
            like $said, qr/^died: (?:Apache::Backhand: |Modification of a read-only value)/, "$name: $said";
            is call($server, 'T::intact'), 'intact', "intact after $name" or last;
        }
        is call($server, 'T::odd'),           'survived', 'odd things'              for 1 .. 4;
        is call($server, 'T::intact'),        'intact',   'intact after odd things' for 1 .. 4;
        is call($server, 'T::mtime_of_all'),  16,         'mtime of all';
        is call($server, 'T::writes_of_all'), 'done',     'any number into all';
        cmp_ok call($server, 'T::alive'), '<=', 6, 'the next announcement brings this server back' for 1;
        $farm->announce_log(qr/isn't numeric|Use of uninitialized/);
        $farm->check;
    };
}
done_testing;
