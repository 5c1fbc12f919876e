#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# BackhandTrace: the log explains decisions for chosen clients, and for nobody else.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Test::More;

use Farm qw(build_dir configtest eventually);

my $byperl = 'BackhandFromSO ' . build_dir() . '/modules byPerl';
my $conf   = <<"EOT";
PerlModule Apache::Backhand
<Perl>
package P;
sub says { my (\$r, \$ids) = \@_; Apache::Backhand::note(\$r, "one\\ntwo \\e[31m"); return \$ids }
</Perl>
BackhandTrace "-R '127.0.0.77/32' || %{HTTP:X-Trace} == 'yes'"
<Location /app>
    LogLevel backhand:info
    Backhand byAge
    Backhand removeSelf
    Backhand byLoad
    $byperl P::says
</Location>
<Location /app/off>
    BackhandTrace off
</Location>
<Location /app/broken>
    BackhandTrace "file('/nonexistent/word') == %{HTTP:X-Trace}"
</Location>
<Location /quiet>
    Backhand removeSelf
    LogLevel backhand:warn
</Location>
EOT

sub traces {
    my ($server) = @_;
    return map { /backhand: (trace: .*)/ ? $1 : () } $server->log_lines;
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, workers => 4);
    my ($a, $b, $c) = map { $farm->add(perl => 1, conf => $_ eq 'a' ? $conf : '') } qw(a b c);
    $farm->start;
    ok $farm->together, "$mpm: three servers see each other" or last;

    like $a->get('/app/who')->body, qr/\A[bc]\z/, 'a request is handed off';
    $a->get('/app/echo', headers => ['X-Trace' => 'no']);
    is_deeply [traces($a)], [], 'and nothing is traced for other clients';
    my $response = $a->get('/app/echo?a%20b%22', from => '127.0.0.77');
    is $response->status,         200,   'a request of a chosen client';
    is $response->header('Vary'), undef, 'the expression does not show in the response';
    eventually { (traces($a))[-1] =~ /tries=1/ } 5, 'is traced';
    my ($age, $self, $load, $says, $end, @more) = traces($a);
    is_deeply \@more, [], 'a line a function, and one for the outcome';
    my $where = qr/\S+httpd[.]conf:\d+/;
    like $age, qr/\Atrace: byAge \($where\), [\d.]+ us: /, 'where it is configured, and how long it took';
    like $age, qr/ us: 0 a[.]test, 1 \w[.]test, 2 \w[.]test and \d+ unused entries -> /, 'the list before';
    like $age, qr/ -> 0 a[.]test, 1 [bc][.]test, 2 [bc][.]test; 0 a[.]test: age [\d.]+; 1 [bc]/,
      'after, and what it read';
    like $self, qr/\Atrace: removeSelf .* -> 1 [bc][.]test, 2 [bc][.]test\z/,                   'each function';
    like $load, qr/\Atrace: byLoad .*; 1 [bc][.]test: load [\d.]+; 2 [bc][.]test: load [\d.]+/, 'with its figures';
    like $says, qr/byPerl P::says .*; "one\\+ntwo \\+x1b\[31m"/, 'and its notes, escaped';
    like $end,  qr{\Atrace: GET /app/echo\?a%20b%22 of 127[.]0[.]0[.]77: handed-off:chosen http://}, 'the outcome';
    like $end,  qr{http://127[.]0[.]0[.]\d:\d+, tries=1 usec=\d+},                                   'and where';
    my $n = traces($a);
    $a->get('/app/echo', headers => ['X-Trace' => 'yes']);
    eventually { traces($a) == $n + 5 } 5, 'an expression may go by a header';
    $a->get('/app/off/x',    from    => '127.0.0.77');
    $a->get('/quiet/x',      from    => '127.0.0.77');
    $a->get('/app/broken/x', headers => ['X-Trace' => 'yes']) for 1 .. 3;
    $a->get('/app/echo',     headers => ['X-Trace' => 'yes']);
    eventually { traces($a) == $n + 10 } 5, 'off, and LogLevel, end it';
    $farm->announce_log(qr/Evaluation of expression from .* failed: Cannot open file/);
    ok((grep { /lines of BackhandTrace are of the level info/ } $a->log_lines), 'a level that hides it is told');
    $farm->check;
}

my ($exit, $said) = configtest(conf => 'BackhandTrace "%{REMOTE_ADDR} =="');
isnt $exit, 0, 'a wrong expression is refused';
like $said, qr/BackhandTrace %\{REMOTE_ADDR\} ==: takes an expression of httpd, as in .*; or off: /, 'in words';
($exit, $said) = configtest(conf => 'BackhandTrace ""');
isnt $exit, 0, 'an empty one, too';
($exit) = configtest(conf => 'BackhandTrace Off');
is $exit, 0, 'off is right';
done_testing;
