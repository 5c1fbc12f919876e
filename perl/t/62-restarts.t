#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Graceful restarts while policies decide: no request is lost, whatever mod_perl does with its interpreters meanwhile.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge ();
use Farm   qw(build_dir eventually in_parallel scaled);
use POSIX  ();
use Test::More;
use Time::HiRes qw(sleep time);

# mod_perl forgets a list of handles at each restart when a virtual host has an interpreter of its own, and Perl what
# threads::shared keeps: no leaks are looked for.
$ENV{ASAN_OPTIONS} = join q(:), grep { defined } $ENV{ASAN_OPTIONS}, q(detect_leaks=0);

my $restarts = $ENV{BACKHAND_TEST_LONG} ? 20 : 3;

my $perl = <<'EOT';
package T;
use threads; use threads::shared;
use Apache2::RequestIO (); use Apache2::RequestRec (); use Apache2::RequestUtil ();
our $decided :shared = 0;
sub other { my ($r, $ids) = @_; { lock $decided; $decided++ } return [grep { $_ } @$ids] }
sub here { my ($r, $ids) = @_; $r->pnotes(x => 1); return [0] }
sub serve { my ($r) = @_; $r->pnotes(x => 1); $r->print('a'); return 0 }
1;
EOT

# Clients that ask until the file is there; each returns how many got what.
sub load {
    my ($server, $stop, $n) = @_;
    return in_parallel $n, sub {
        my ($i) = @_;
        my ($path, $host) = (('/far/who', '/near/who')[$i % 2], ('a.test', 'clone.test')[$i / 2 % 2]);
        my (%got, $end);
        $end = time + scaled(50);
        while (!-e $stop && time < $end) {
            my $response = eval { $server->get($path, timeout => 10, headers => [Host => $host]) };
            $got{ $response ? $response->status . q( ) . $response->body : $@ }++;
        }
        return \%got;
    };
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm   = Farm->new(mpm => $mpm, workers => 16);
        my $near   = $farm->add(perl => 1);
        my $far    = $farm->add(conf => '');
        my $byperl = 'BackhandFromSO ' . build_dir() . '/modules byPerl';
        my $file   = $near->write_file('cases.pl', $perl);
        mkdir $_->root . '/htdocs/far' for $near, $far;
        $_->write_file('htdocs/far/who', $_->name) for $near, $far;
        $near->reconfigure(
                "PerlModule Apache::Backhand\nPerlPostConfigRequire $file\n"
              . "PerlInterpStart 2\nPerlInterpMax 8\n"
              . "PerlInterpMaxRequests 10\nPerlInterpMinSpare 1\nPerlInterpMaxSpare 2\nBackhandPolicyTimeout 20s\n"
              . "<Location /far>\nBackhand byAge\n$byperl T::other\n</Location>\n"
              . "<Location /near>\n$byperl T::here\nSetHandler modperl\nPerlResponseHandler T::serve\n</Location>\n"
              . join(
                '',
                map {
                        "<VirtualHost @{[$near->address]}>\nServerName $_.test\nDocumentRoot @{[$near->root]}/htdocs\n"
                      . ($_ eq 'clone' ? "PerlOptions +Clone\n" : '')
                      . "</VirtualHost>\n"
                } 'a',
                'clone'
              )
        );
        $farm->start;
        ok $farm->together, 'two servers know each other';
        my $stop = $near->root . '/stop';
        pipe my $reader, my $writer or die "pipe: $!";
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my %got;
            for my $one (load($near, $stop, 8)) { $got{$_} += $one->{$_} for keys %{$one} }
            print {$writer} join "\n", map { "$got{$_} x $_" } sort keys %got;
            close $writer;
            POSIX::_exit(0);
        }
        close $writer;
        for my $n (1 .. $restarts) {
            my $before = $near->access_lines;
            eventually { $near->access_lines > $before + 40 } 20, "requests come before restart $n";
            ok $near->graceful, "graceful restart $n";
        }
        my $before = $near->access_lines;
        eventually { $near->access_lines > $before + 40 } 20, 'and after the last one';
        $near->write_file('stop', '');
        my @got = map { chomp; $_ } readline $reader;
        waitpid $pid, 0;
        my @wrong = grep { !/\A\d+ x 200 [ab]\z/ } @got;
        is_deeply \@wrong, [], "no request is lost: @got";
        is scalar(grep { /200 b/ } @got),                                   1, 'the other server has answered';
        is scalar(grep { /exit signal|was passed over/ } $near->log_lines), 0, 'no child has crashed';
        $farm->announce_log(qr/AH00161:|AH00484:|AH00485:|AH03490:|AH10159:|AH00286:|AH00288:/,
            qr/backhand: byPerl: T::here changed|asked last/);
        $farm->check;
    };
}
done_testing;
