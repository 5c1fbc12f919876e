#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# Examples in the documentation are right. A block marked `apache` is a whole configuration, one marked `apacheconf` a
# part of one, in which ${BACKHAND} is the build folder and ${RUN} one for logs; httpd checks both. Blocks marked `c` of
# one page are one file. The files of examples/light-heavy are whole configurations.

use strict;
use warnings;

use CPAN::Meta::YAML ();
use File::Temp       ();
use FindBin          ();
use lib "$FindBin::Bin/../farm/lib";

use Test::More;

use Farm qw(build_dir configtest repo_dir);

my $repo  = repo_dir();
my $build = build_dir();
my $httpd = $ENV{BACKHAND_HTTPD} || '/usr/sbin/apache2';
my $dir   = File::Temp::tempdir(CLEANUP => 1);

sub text_of {
    my ($page) = @_;
    open my $file, '<', "$repo/$page" or die "$page: $!";
    local $/ = undef;
    return scalar readline $file;
}

# The blocks of that mark in a page, as [line, text].
sub blocks {
    my ($page, $mark) = @_;
    my $text = text_of($page);
    my @found;
    while ($text =~ /^```\Q$mark\E\n(.*?)^```$/gms) {
        push @found, [1 + (substr($text, 0, $-[0]) =~ tr/\n//), $1];
    }
    return @found;
}

sub save {
    my ($name, $text) = @_;
    open my $file, '>', "$dir/$name" or die "$dir/$name: $!";
    print {$file} $text;
    close $file or die "$dir/$name: $!";
    return "$dir/$name";
}

# What in a whole configuration belongs to a machine becomes this one's.
sub localize {
    my ($conf) = @_;
    my %local = (
        BACKHAND => $build,
        NETWORK  => '127.0.0.0/8',
        ADDRESS  => '127.0.0.1',
        PERL_LIB => "$repo/examples/demo/lib",
        HANDLER  => 'Demo::App',
        map { $_ => $dir } qw(RUN FOLDER SITE)
    );
    $conf =~ s/^(\s*)Define (\w+)\s+\K(\S+)$/$local{$2} || $3/gem;
    $conf =~ s{/etc/mime\.types}{/dev/null}g;
    $conf =~ s{/var/www/html}{$dir}g;
    return $conf;
}

# Files that examples name.
chmod 0600, save('backhand-secret', "0123456789abcdef0123456789abcdef\n");
my $creds = <<'EOT';
-----BEGIN NATS USER JWT-----
abc.def.ghi
------END NATS USER JWT------
-----BEGIN USER NKEY SEED-----
SUAACAQDAQCQMBYIBEFAWDANBYHRAEISCMKBKFQXDAMRUGY4DUPB6IC5CQ
------END USER NKEY SEED------
EOT
chmod 0600, save('backhand.creds', $creds);
# As httpd's environment says on Debian.
local $ENV{ZONE} = 'eu-1';    ## no critic (RequireLocalizedPunctuationVars)
mkdir "$dir/farm" or die "$dir/farm: $!";
save("farm/$_", "a certificate\n") for qw(ca.pem www1-with-key.pem);

# Variables of the environment that examples name.
@ENV{qw(POD_IP POD_NAME HOST_IP REGION ZONE)} = qw(10.244.0.7 farm-1 10.1.0.1 eu eu);

my @pages = map { s{\A\Q$repo\E/}{}r } glob "$repo/*.md $repo/docs/*.md";
my %count;

for my $page (@pages) {
    for my $block (blocks($page, 'apache')) {
        my ($line, $conf) = @{$block};
        my $file = save('whole.conf', localize($conf));
        my $said = qx{'$httpd' -t -f '$file' 2>&1 </dev/null};
        is $?, 0, "$page:$line is a configuration" or diag $said;
        unlike $said, qr/warn|error/i, 'without a warning';
        $count{apache}++;
        if ($conf =~ s/^LoadModule perl_module .*\n//m) {
            $file = save('without-perl.conf', localize($conf));
            $said = qx{'$httpd' -t -f '$file' 2>&1 </dev/null};
            is $?, 0, '... without the line that loads mod_perl, too' or diag $said;
        }
    }
    # What is said there of other modules needs these: tests/farm/93-with.t has them.
    my @parts = $page eq 'docs/with.md' ? () : blocks($page, 'apacheconf');
    for my $block (@parts) {
        my ($line, $conf) = @{$block};
        $conf =~ s{/etc/apache2(?=/backhand-secret|/farm)}{$dir}g;
        $conf =~ s{conf/backhand[.]secret}{$dir/backhand-secret}g;
        $conf =~ s{conf(?=/backhand[.]creds)}{$dir}g;
        my ($status, $said) = configtest(
            perl    => 1,
            modules => [qw(headers ssl socache_shmcb auth_basic authn_core authn_file authz_user)],
            conf    => "Define BACKHAND $build\nDefine RUN $dir\n$conf"
        );
        is $status, 0, "$page:$line works in a configuration" or diag $said;
        $count{apacheconf}++;
    }
    for my $block (blocks($page, 'yaml')) {
        my ($line, $text) = @{$block};
        my $read = eval { CPAN::Meta::YAML->read_string($text) };
        ok($read && @{$read}, "$page:$line is YAML") || diag $@;
        my %named = map { $_ => 1 } $text =~ /^\s+- name: ([A-Z_]+)$/gm;
        my @asked = map { $_->[1] =~ /\$\{(POD_\w+)\}/g } @parts;
        is_deeply [grep { !$named{$_} } @asked], [], '... and sets the variables that configurations of the page name';
        $count{yaml}++;
    }
    for my $block (blocks($page, 'keepalived')) {
        my ($line, $text) = @{$block};
      SKIP: {
            # It wants the interface that the configuration names.
            my $namespace = q(unshare --net sh -c 'ip link add eth0 type veth peer name eth1 && exec "$@"' sh);
            skip 'needs keepalived', 1 if system('command -v keepalived >/dev/null 2>&1') != 0;
            skip 'takes root and a network namespace of its own', 1 if system("$namespace true 2>/dev/null") != 0;
            # keepalived 2.2 ends itself in a check when scripts run as another user.
            my $file = save('keepalived.conf', $text =~ s/script_user \Knobody/root/r);
            my $said = qx{$namespace keepalived -t -f '$file' 2>&1 </dev/null};
            is $?, 0, "$page:$line is a configuration of keepalived" or diag $said;
        }
    }
    my @code = blocks($page, 'c') or next;
    my $file = save('code.c', join '', "#include <stdlib.h>\n", map { $_->[1] } @code);
    my $said = qx{cc -shared -fPIC -Wall -Wextra -Werror -Wno-unused-parameter \\
            -I'$repo/include' -o '$dir/code.so' '$file' 2>&1};
    is $?, 0, "the code in $page compiles" or diag $said;
    $count{c}++;
}
for my $name (qw(light heavy)) {
    my $path = "examples/light-heavy/$name.conf";
    my $file = save("$name.conf", localize(text_of($path)));
    my $said = qx{'$httpd' -t -f '$file' 2>&1 </dev/null};
    is $?, 0, "$path is a configuration" or diag $said;
    unlike $said, qr/warn|error/i, 'without a warning' or diag $said;
}
ok $count{apache} && $count{apacheconf} && $count{c}, 'there are examples of each kind';

done_testing;
