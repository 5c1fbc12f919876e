#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Files in UnixSocketDir are used only if no other user can have written them.
use strict;
use warnings;

use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually wait_for);
use Test::More;

my @names = qw(mod_backhand-Seen mod_backhand-Arriba);

sub ignored {
    my ($server) = @_;
    my @ignored = sort map { /backhand: file \S+\/(\S+) is ignored: (.*?);/ ? "$1: $2" : () } $server->log_lines;
    return @ignored;
}

# Puts both files there, as the code does to their paths; returns the server.
sub with_files {
    my ($farm, $code) = @_;
    my $server = $farm->add(conf => "BackhandSecretFile secret\n");
    my $dir    = $server->root . '/run/backhand';
    my $user   = $> ? $> : scalar getpwnam 'www-data';
    chmod 0600, $server->write_file('secret', '0123456789abcdef' x 4);
    make_path($dir);
    for my $name (@names) {
        my $path = $server->write_file("run/backhand/$name", $name =~ /Arriba/ ? "4711\n" : "mod_backhand seen 1\n");
        chmod 0600, $path;
        chown $user, -1, $path;
        $code->($path);
    }
    chown $user, -1, $dir;
    return $server;
}

my @cases = (
    ['its own',        q(),                     sub { }],
    ['a link',         'it is a symbolic link', sub { rename $_[0], "$_[0]-target"; symlink "$_[0]-target", $_[0] }],
    ['open to others', 'others than its owner may write it', sub { chmod 0666, $_[0] }],
    $> ? () : ["another user's", 'it belongs to another user', sub { chmod 0644, $_[0]; chown 65_534, -1, $_[0] }],
);
for (@cases) {
    my ($what, $wrong, $code) = @{$_};
    my $farm   = Farm->new;
    my $server = with_files($farm, $code);
    $farm->start;
    eventually { ($server->row($server->contact) || {})->{Arriba} } 10, "$what: there is a speed score";
    my $score = $server->row($server->contact)->{Arriba};
    is $score == 4711, $wrong eq q(), $wrong ? 'not the one of the file' : 'the one of the file';
    is_deeply [ignored($server)], [$wrong ? map { "$_: $wrong" } sort @names : ()],
      'the log says what is ignored, once each';
    $farm->announce_log(qr/backhand: file \S+ is ignored/);
    $farm->check;
}

done_testing;
