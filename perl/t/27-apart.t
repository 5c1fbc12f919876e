#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# Policies have interpreters of their own: a decision never waits for the application's interpreters, and only for a
# limited time for other policies.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Bridge qw(bridge call call_inside left_by);
use Farm   qw(build_dir eventually);
use POSIX  ();
use Test::More;

# mod_perl only forgets interpreters that are in use when a child ends, as they are here: no leaks are looked for.
$ENV{ASAN_OPTIONS} = join q(:), grep { defined } $ENV{ASAN_OPTIONS}, q(detect_leaks=0);

my $stays = '3:1 1:0 0:0 2:0';

my $perl = <<'EOT';
package T;
use APR::Pool ();
our $dir = do { my $file = __FILE__; $file =~ s{/[^/]+\z}{}; $file };
# Waits in one operation until the test opens the pipe for writing.
sub blocks { my ($name) = @_; open my $pipe, '<', "$dir/$name"; return join '', readline $pipe }
# Waits, in a handler, until the file is there.
sub sleeps {
    my ($name) = @_;
    open my $file, '>', "$dir/run/in-$name"; close $file;
    for (1 .. 600) { return 'awake' if -e "$dir/go"; select undef, undef, undef, 0.05 }
    return 'never woken';
}
sub held { my ($r) = @_; $r->print(sleeps('held')); return 0 }
sub pid { $$ }
package P;
our $made = 0;
sub one { return [1] }
sub waits { T::blocks('held'); return [1] }
sub cleans { my ($r) = @_; $r->pool->cleanup_register(sub { $made++ }); return [0] }
sub made { return $made }
package Counted;
sub CLONE { open my $file, '>>', "$T::dir/run/clones"; print {$file} "$$\n" }
EOT

# Runs code in a process of its own; returns a function that waits for its result.
sub meanwhile {
    my ($code) = @_;
    pipe my $reader, my $writer or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        print {$writer} eval { $code->() } // "died: $@";
        close $writer;
        POSIX::_exit(0);
    }
    close $writer;
    return sub { my $text = join '', readline $reader; waitpid $pid, 0; return $text };
}

# A server whose children may write into its folder for run-time files.
sub server {
    my (%options) = @_;
    my ($farm, $server) =
      bridge(workers => 8, perl => $perl, %options, conf => "BackhandMaxServers 16\n$options{conf}");
    # The parent process writes there as root, its children as another user.
    chmod oct 777, $server->root . '/run';
    chmod oct 666, $server->write_file('run/clones', '');
    $farm->announce_log(qr/server reached MaxRequestWorkers/);
    return ($farm, $server);
}

foreach my $mpm (grep { $_ ne 'prefork' } Farm->mpms) {
    subtest "$mpm: the application's interpreters are asleep" => sub {
        my ($farm, $server) = server(
            mpm      => $mpm,
            policies => ['P::one'],
            timeout  => '5s',
            conf     => "PerlInterpStart 2\nPerlInterpMax 2\n",
        );
        # Who decides for /who is served without Perl.
        my $conf = join "\n", $server->lines('httpd.conf');
        for my $host ('a.test', 'clone.test') {
            $conf .=
              "\n<VirtualHost @{[$server->address]}>\nServerName $host\nDocumentRoot @{[$server->root]}/htdocs\n"
              . (
                $host eq 'a.test'
                ? ''
                : "PerlOptions +Clone\nPerlInterpStart 1\nPerlInterpMax 1\n"
              ) . '</VirtualHost>';
        }
        $server->write_file('httpd.conf',
                "$conf\n<Location /who>\nBackhandFromSO @{[$server->root]}/probe.so probe_given 3:1 1 0 2\n"
              . "BackhandFromSO @{[build_dir()]}/modules byPerl P::one\n"
              . "BackhandFromSO @{[$server->root]}/probe.so probe_shown 0\n</Location>\n");
        $farm->start;
        my %hosts = ('a.test' => 2, 'clone.test' => 1);
        my @sleepers;
        for my $host (sort keys %hosts) {
            for my $n (1 .. $hosts{$host}) {
                my $path = "/call/T::sleeps/$host$n";
                push @sleepers, meanwhile(sub { $server->get($path, timeout => 30, headers => [Host => $host])->body });
                eventually { -e $server->root . "/run/in-$host$n" } 10, "an interpreter of $host is asleep";
            }
        }
        for my $host (sort keys %hosts) {
            for my $n (1 .. 5) {
                my $response = eval { $server->get('/who', timeout => 5, headers => [Host => $host]) };
                is $response ? $response->header('X-List') : $@, '1:0', "$host decides, request $n" or last;
            }
        }
        $server->write_file('go', '');
        is $_->(), 'awake', 'after that they wake up' for @sleepers;
        $farm->check;
    };

    subtest "$mpm: the interpreters for policies are in use" => sub {
        my ($farm, $server) = server(
            mpm      => $mpm,
            policies => ['P::waits', 'P::one'],
            timeout  => '50ms',
            conf     => "BackhandPolicyInterpreters 1\nPerlInterpStart 4\nPerlInterpMax 4\n",
        );
        my $pipe = $server->root . '/held';
        POSIX::mkfifo($pipe, oct 666) or die "$pipe: $!";
        chmod oct 666, $pipe;
        $farm->start;
        is left_by($server, 1), '1:0', 'while it is free a policy is called';
        my $held = meanwhile(sub { left_by($server, 0) });
        eventually { left_by($server, 1) eq $stays } 10, 'while another policy waits, one is passed over';
        is left_by($server, 1), $stays, 'again' for 1 .. 3;
        my @lines = grep { /P::one was passed over/ } $server->log_lines;
        is scalar @lines, 1, 'the log says it once a minute';
        like $lines[0],
          qr/the list of servers stays as it was: none of the 1 interpreters for policies was free within 50 ms/,
          'and why';
        open my $writer, '>', $pipe or die "$pipe: $!";
        close $writer;
        is $held->(), $stays, 'the one that waited comes too late';
        eventually { left_by($server, 1) eq '1:0' } 10, 'and then the other is called again';
        $farm->announce_log(qr/backhand: byPerl: P::(?:one was passed over|waits took)/);
        $farm->check;
    };

    subtest "$mpm: a cleanup holds an interpreter" => sub {
        my ($farm, $server) = server(
            mpm      => $mpm,
            policies => ['P::one'],
            timeout  => '50ms',
            conf     => "BackhandPolicyInterpreters 1\nPerlInterpStart 4\nPerlInterpMax 4\n"
              . "<Location /cleans>\nBackhandFromSO @{[build_dir()]}/modules byPerl P::cleans\n"
              . "SetHandler modperl\nPerlResponseHandler T::held\n</Location>\n",
        );
        $farm->start;
        my $held = meanwhile(sub { $server->get('/cleans', timeout => 30)->body });
        eventually { -e $server->root . '/run/in-held' } 10, 'a request with a cleanup is being served';
        is left_by($server, 0), $stays, 'meanwhile no policy is called';
        $server->write_file('go', '');
        is $held->(), 'awake', 'it ends';
        eventually { left_by($server, 0) eq '1:0' } 10, 'and then they are again';
        is call_inside($server, 'P::made'), 1, 'the cleanup has run, where it was made';
        is scalar(grep { /P::cleans left something behind/ } $server->log_lines), 1,       'the log names the policy';
        is $server->get('/cleans')->body,                                         'awake', 'and so on' for 1 .. 20;
        eventually { left_by($server, 0) eq '1:0' } 10, 'nothing is lost';
        $farm->announce_log(qr/backhand: byPerl: P::/);
        $farm->check;
    };
}

subtest 'how many' => sub {
    for my $n (1, 3) {
        my ($farm, $server) = server(
            mpm      => 'event',
            policies => ['P::one'],
            conf     => "BackhandPolicyInterpreters $n\nPerlInterpStart 1\nPerlInterpMax 1\n"
        );
        $farm->start;
        my $pid = call($server, 'T::pid');
        is scalar(grep { $_ eq $pid } $server->lines('run/clones')), $n, "BackhandPolicyInterpreters $n: $n a child";
        $farm->check;
    }
};
done_testing;
