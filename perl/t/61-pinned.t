#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Requests hold an interpreter of mod_perl while they wait for another server: two servers that hand all requests to
# each other never wait for each other.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge ();
use Farm   qw(build_dir eventually in_parallel repo_dir scaled);
use Test::More;

# mod_perl only forgets interpreters that are in use when a child ends, as they are here: no leaks are looked for.
$ENV{ASAN_OPTIONS} = join q(:), grep { defined } $ENV{ASAN_OPTIONS}, q(detect_leaks=0);

my %holds = (
    'pnotes in an access handler' => '$r->pnotes(x => 1)',
    'a cleanup of the pool'       => '$r->pool->cleanup_register(sub { 1 })',
);

my $code = <<'EOT';
package App;
use APR::Pool (); use Apache2::RequestIO (); use Apache2::RequestRec (); use Apache2::RequestUtil ();
sub access { my ($r) = @_; HOLDS; return 0 }
sub serve {
    my ($r) = @_;
    select undef, undef, undef, 0.02;
    $r->content_type('text/plain');
    $r->print('NAME');
    return 0;
}
sub other { my ($r, $ids) = @_; return [grep { $_ } @$ids] }
1;
EOT

foreach my $mpm (Farm->mpms) {
    foreach my $holds (sort keys %holds) {
        foreach my $chain ('removeSelf', 'byPerl') {
            next if $mpm ne 'event' && $holds !~ /pnotes/ && !$ENV{BACKHAND_TEST_LONG};
            subtest "$mpm: $holds, $chain" => sub {
                # Of one process each, since each process has its own interpreters.
                my $farm    = Farm->new(mpm => $mpm, workers => 8);
                my @servers = map { $farm->add(perl => 1) } 1, 2;
                for my $server (@servers) {
                    (my $text = $code) =~ s/HOLDS/$holds{$holds}/;
                    my $name = $server->name;
                    $text =~ s/NAME/$name/;
                    my $last =
                      $chain eq 'byPerl'
                      ? 'BackhandFromSO ' . build_dir() . '/modules byPerl App::other'
                      : 'Backhand removeSelf';
                    $server->reconfigure("PerlModule Apache::Backhand\n"
                          . "PerlPostConfigRequire @{[$server->write_file('app.pl', $text)]}\n"
                          . "PerlInterpStart 2\nPerlInterpMax 2\nBackhandResponseTimeout @{[scaled(8)]}\n"
                          . "BackhandMaxHandoffs 100%\n"
                          . "BackhandPolicyTimeout 10s\n"
                          . "<Location /app>\nPerlAccessHandler App::access\nSetHandler modperl\n"
                          . "PerlResponseHandler App::serve\n"
                          . "Backhand byAge\n$last\n</Location>\n");
                }
                $farm->start;
                ok $farm->together, 'they see each other';
                my @results = in_parallel 16, sub {
                    my ($i) = @_;
                    return [
                        map {
                            my $response = eval { $servers[$i % 2]->get('/app/who', timeout => 30) };
                            $response ? $response->status : $@
                        } 1 .. 3
                    ];
                };
                my %status;
                $status{$_}++ for map { ref eq 'ARRAY' ? @{$_} : $_->{died} } @results;
                is_deeply \%status, { 200 => 48 }, 'all are answered' or diag explain \%status;
                my %reasons;
                /reason=(\S+) tries.*received=-/ && $reasons{$1}++ for map { $_->access_lines } @servers;
                ok $reasons{'handed-off:chosen'}, 'some by the other server' or diag explain \%reasons;
                ok $reasons{'served-here:interpreters'}, 'some here, because too many hold an interpreter'
                  or diag explain \%reasons
                  if $mpm ne 'prefork';
                ok !$reasons{'served-here:interpreters'}, 'none of them for want of interpreters' if $mpm eq 'prefork';
                eventually {
                    !grep { $_->status->{Waiting} } @servers
                }
                5, 'nothing is left waiting';
                $farm->announce_log(
                    qr/AH00161:|AH00484:|AH00485:|AH03490:|AH10159:|AH00286:|backhand: server \S+ .*asked last/);
                $farm->check;
            };
        }
    }
}
done_testing;
