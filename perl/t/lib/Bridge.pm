# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Bridge;

# Servers with mod_perl for the tests of this folder, on the farm harness in tests/farm/lib.
#
#     my ($farm, $server) = bridge(mpm => 'event', perl => 'package T; sub f { 42 }', policies => ['T::p words']);
#     is call($server, 'T::f'), '42';
#     is call_inside($server, 'T::f'), '42';                  # in an interpreter for policies
#     is left_by($server, 0), '1:0 0:0';
#
# `perl` is the text of a file that the server loads after its configuration is read: packages with functions to call
# from outside, and policies. Each of `policies` is called for a request of its own with the list `3:1 1 0 2`, servers 3
# to 2, the first one to be reached by a redirect; what it leaves is shown, and the request served here.

use strict;
use warnings;

use Carp     qw(croak);
use Exporter qw(import);
use FindBin  ();
use lib "$FindBin::Bin/../../tests/farm/lib";
use Farm qw(build_dir repo_dir);

our @EXPORT_OK = qw(bridge call call_inside configuration left_by);

# Options of Farm's add(), and perl, policies, startup (the directive that loads `perl`), timeout (what
# BackhandPolicyTimeout says; by default more than a slow machine needs).
sub bridge {
    my (%options) = @_;
    my $farm      = Farm->new;
    my $server    = $farm->add(workers => 4, %options, perl => 1, conf => '');
    $server->reconfigure(configuration($server, %options));
    return ($farm, $server);
}

# The text at the end of the server's configuration.
sub configuration {
    my ($server, %options) = @_;
    my $startup = $options{startup} || 'PerlPostConfigRequire';
    my $cases   = $server->write_file('cases.pl', "use strict;\nuse warnings;\n" . ($options{perl} || '') . "\n1;\n");
    my $probe   = probe_object($server->root);
    my $shown   = $options{shown} || 0;
    my $timeout = $options{timeout} // '20s';
    my $text =
        "BackhandPolicyTimeout $timeout\nPerlSwitches -I$FindBin::Bin/lib\nPerlModule Bridge::Handler\n"
      . "PerlModule Apache::Backhand\n"
      . "$startup $cases\n<Location /call>\nSetHandler modperl\nPerlResponseHandler Bridge::Handler\n</Location>\n"
      . "<Location /inside>\nBackhandFromSO @{[build_dir()]}/modules byPerl Bridge::Handler::inside\n"
      . "SetHandler modperl\n"
      . "PerlResponseHandler Bridge::Handler::served\n</Location>\n";
    my $n = 0;

    foreach my $policy (@{ $options{policies} || [] }) {
        $text .=
            "<Location /p$n>\nBackhandFromSO $probe probe_given 3:1 1 0 2\n"
          . "BackhandFromSO @{[build_dir()]}/modules byPerl $policy\nBackhandFromSO $probe probe_shown $shown\n"
          . "SetHandler modperl\nPerlResponseHandler Bridge::Handler::served\n</Location>\n";
        $n++;
    }
    return $text . ($options{conf} || '');
}

# Calls a function in the server with the words, and returns what it returned, as text joined by blanks.
sub call {
    my ($server, @words) = @_;
    return body_of($server, '/call', @words);
}

# The same in one of the interpreters that policies run in; the one that was used last, when no other policy runs.
sub call_inside {
    my ($server, @words) = @_;
    return body_of($server, '/inside', @words);
}

sub body_of {
    my ($server, @words) = @_;
    my $path     = join '/', @words;
    my $response = $server->get($path);
    croak "$path: status " . $response->status if $response->status != 200;
    return $response->body;
}

# The list that policy N left, or what was wrong with the response to its request.
sub left_by {
    my ($server, $n) = @_;
    my $response = $server->get("/p$n");
    return 'status ' . $response->status if $response->status != 200;
    return 'body ' . $response->body     if $response->body ne 'served';
    return $response->header('X-List');
}

# Compiles the candidacy functions of the tests, with the public header alone; returns the file's path.
sub probe_object {
    my ($folder) = @_;
    my $object = "$folder/probe.so";
    return $object if -f $object;
    chomp(my $httpd = qx{apxs -q INCLUDEDIR});
    chomp(my $apr   = qx{apr-1-config --includedir});
    my @command = (
        'cc',       '-shared', '-fPIC',                 '-Wall', '-I' . repo_dir() . '/include',
        "-I$httpd", "-I$apr",  "$FindBin::Bin/probe.c", '-o',    $object
    );
    system(@command) == 0 or croak "@command: $?";
    return $object;
}

1;
