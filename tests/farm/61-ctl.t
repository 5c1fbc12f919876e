#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

# backhandctl beside servers that run.

use strict;
use warnings;

use FindBin ();
use lib "$FindBin::Bin/lib";

use Farm       qw(build_dir wait_for);
use File::Temp qw(tempdir);
use IO::Handle ();
use IO::Select ();
use IPC::Open3 qw(open3);
use JSON::PP   qw(decode_json);
use Symbol     qw(gensym);
use Test::More;

my $ctl = build_dir() . '/bin/backhandctl';

# Runs a command: its exit code, and what it writes to both outputs.
sub run {
    my (@command) = @_;
    my $pid = open3(my $in, my $out, my $err = gensym, @command);
    close $in;
    local $/ = undef;
    my ($said, $wrong) = (scalar readline $out, scalar readline $err);
    waitpid $pid, 0;
    return ($? & 127 ? "signal @{[$? & 127]}" : $? >> 8, $said // '', $wrong // '');
}

sub ctl {
    my (@arguments) = @_;
    return run($ctl, @arguments);
}

# One line on standard error, and this exit code.
sub refuses {
    my ($code, $text, $name, @command) = @_;
    my ($got, $said, $wrong) = run(@command);
    is $got,  $code, "$name: exit code $code";
    is $said, '',    '... nothing on standard output';
    like $wrong, qr/\Abackhandctl: [^\n]*$text[^\n]*\n\z/, '... one line that says what is wrong';
    return;
}

my $farm = Farm->new;
my ($first, $second) = map { $farm->add(conf => "<Location /backhand-closed>\nRequire all denied\n</Location>\n") } 1,
  2;
$farm->start;
ok $farm->together, 'two servers see each other';
my $dir = "$first->{root}/run/backhand";

# status
{
    my ($code, $said, $wrong) = ctl('status', '-d', $dir);
    is $code,  0,  'status';
    is $wrong, '', '... without errors';
    like $said, qr/\A\S+ at \Q@{[$first->contact]}\E, farm \S+: 2 of 2 servers alive/, '... names this server';
    for my $server ($first, $second) {
        like $said, qr{^ +\d [\w.-]+ +alive +\d+\.\ds +\d+/\d+ .* \Q@{[$server->contact]}\E$}m, '... a line for each';
    }
    # The first announcements go by two ways, and the later one may come first.
    like $said, qr/^announcements: [1-9]\d* sent, [1-9]\d* accepted; dropped: (?:none|[1-9]\d* old)$/m,
      '... what was announced';
    ($code, $said) = ctl('status', '--json', '-d', $dir);
    my $page = decode_json($first->get('/backhand?json')->body);
    my $json = eval { decode_json($said) } || {};
    is $code, 0, '... as JSON';
    is_deeply [map { $_->{contact} } @{ $json->{servers} }], [map { $_->contact } $first, $second], '... the same';
    is_deeply [sort keys %{$json}],                          [sort keys %{$page}], '... in the form of the status page';
    my (undef, $anywhere) = ctl('--dir', $dir, 'status');
    like $anywhere, qr/2 of 2 servers alive/, 'options may stand before the command';
}

# Errors
{
    my $empty = tempdir(CLEANUP => 1);
    refuses(2,  'there is no .* deleted', 'no table',               $ctl, 'status', '-d', $empty);
    refuses(2,  'there is no',            'no folder',              $ctl, 'status', '-d', "$empty/none");
    refuses(64, 'there is no command',    'an unknown command',     $ctl, 'dance');
    refuses(64, 'usage',                  'too many arguments',     $ctl, 'status', 'x',       '-d', $dir);
    refuses(64, 'seconds',                'a wrong number',         $ctl, 'top',    '--every', '0');
    refuses(5,  'terminal',               'top without a terminal', $ctl, 'top',    '-d',      $dir);
    is((ctl('--help'))[0], 0,  'help');
    is((ctl())[0],         64, 'no command');
    like((ctl('--version'))[1], qr/\Abackhandctl of mod_backhand \d/, 'version');

    # Another user may not read it. The folder of the test may be another user's, so it is opened to all.
  SKIP: {
        skip 'only root can run a command as another user', 3 if $>;
        chmod 0755, $empty;
        mkdir "$empty/run";
        link "$dir/mod_backhand-table", "$empty/run/mod_backhand-table"
          or system('cp', '-p', "$dir/mod_backhand-table", "$empty/run") == 0
          or die 'no copy';
        chmod 0755, "$empty/run";
        refuses(
            3,              'no permission',
            'another user', qw(setpriv --reuid 65534 --regid 65534 --clear-groups --),
            $ctl,           'status', '-d', "$empty/run"
        );
    }
}

# Files that are no tables
{
    my $folder = tempdir(CLEANUP => 1);
    my $file   = "$folder/mod_backhand-table";
    open my $in, '<:raw', "$dir/mod_backhand-table" or die "$dir: $!";
    my $whole = do { local $/ = undef; scalar readline $in };
    close $in;
    my $write = sub {
        open my $out, '>:raw', $file or die "$file: $!";
        print {$out} @_;
        close $out or die "$file: $!";
    };
    $write->($whole);
    is((ctl('status', '-d', $folder))[0], 0, 'a copy can be read');
    my %wrong = (
        'an empty file'  => '',
        'garbage'        => 'garbage ' x 100_000,
        'half of it'     => substr($whole, 0, length($whole) / 2),
        'only a head'    => substr($whole, 0, 4096),
        'no magic yet'   => "\0" x 8 . substr($whole, 8),
        'too much of it' => $whole . "\0" x 64,
        'a huge number'  => substr($whole, 0, 24) . "\xff" x 16 . substr($whole, 40),
    );
    for my $name (sort keys %wrong) {
        $write->($wrong{$name});
        refuses(2, 'is no table', $name, $ctl, 'status', '-d', $folder);
    }
    $write->(substr($whole, 0, 8) . pack('Q', 1_000_000) . substr $whole, 16);
    refuses(2, 'another release', 'another layout', $ctl, 'status', '-d', $folder);

    # Any bytes anywhere: read or refused, never a crash.
    srand 42;
    my %codes;
    for (1 .. 60) {
        my $copy = $whole;
        for (1 .. 1 + int rand 40) {
            substr $copy, 16 + int(rand(length($copy) - 24)), 8, pack 'Q', rand(2) < 1 ? ~0 : int rand 2**48;
        }
        $write->($copy);
        my ($code) = ctl('status', '-d', $folder);
        $codes{$code}++;
    }
    is_deeply [grep { !/\A[02]\z/ } keys %codes], [], 'random words in it do no harm';
}

# explain
{
    my $page = 'http://' . $first->address . '/backhand';
    my ($code, $said, $wrong) = ctl('explain', '/app/echo?a=1', '--json', '--url', $page);
    is $code, 0, 'explain';
    my $json = eval { decode_json($said) } || {};
    is $json->{request}{uri}, '/app/echo?a=1', '... asks about the URI';
    ok $json->{decision}{action}, '... and shows the decision';
    ($code, $said) = ctl('explain', q{/app/echo?a=<1>&b='\\"}, '--url', $page);
    is $code, 0, '... for people';
    like $said, qr{^ *uri: /app/echo\?a=<1>&b='\\"$}m, '... with the URI as it was asked';
    $said =~ s/^ *uri: .*//m;
    like $said,   qr/^ *action: \S/m, '... in lines';
    unlike $said, qr/["{}]/,          '... without marks of JSON';
    refuses(2,  '--url',          'no page',                    $ctl, 'explain', '/');
    refuses(2,  'cannot ask',     'a server that is not there', $ctl, 'explain', '/', '--url', 'http://127.0.0.1:9/');
    refuses(2,  'cannot ask',     'a file',                     $ctl, 'explain', '/', '--url', 'file:///etc/passwd');
    refuses(2,  'answers 404',    'a page that is not there',   $ctl, 'explain', '/', '--url', "$page-none");
    refuses(3,  'answers 403',    'a page that is closed',      $ctl, 'explain', '/', '--url', "$page-closed");
    refuses(2,  'no status page', 'another page', $ctl, 'explain', '/', '--url', 'http://' . $first->address . '/who');
    refuses(64, 'usage',          'no URI',       $ctl, 'explain', '--url', $page);
}

# newsecret
{
    my $folder = tempdir(CLEANUP => 1);
    my ($code, $key) = ctl('newsecret');
    is $code, 0, 'newsecret';
    like $key, qr/\A[0-9a-f]{64}\n\z/, '... writes a key';
    isnt((ctl('newsecret'))[1], $key, '... another one each time');
    is_deeply [ctl('newsecret', "$folder/secret")], [0, '', ''], '... or makes a file';
    is((stat "$folder/secret")[2] & oct 7777, oct 600, '... for its owner only');
    my $keys = sub {
        open my $in, '<', "$folder/secret" or die "secret: $!";
        return grep { /\A[0-9a-f]{64}\n\z/ } readline $in;
    };
    my ($old) = $keys->();
    refuses(5, 'exists', 'a file that is there', $ctl, 'newsecret', "$folder/secret");
    is((ctl('newsecret', '--add', "$folder/secret"))[0], 0, '--add');
    my @two = $keys->();
    is_deeply [scalar @two, $two[0]], [2, $old], '... puts a key behind the others';
    is((ctl('newsecret', '--promote', "$folder/secret"))[0], 0, '--promote');
    is_deeply [$keys->()], [reverse @two], '... makes it the first';
    is((stat "$folder/secret")[2] & oct 7777, oct 600, '... and the file stays its owner\'s');
    refuses(5, 'cannot read', 'no file', $ctl, 'newsecret', '--add', "$folder/none");
    is((ctl('newsecret', '--add', "$folder/secret"))[0], 0, 'a key more') for 3 .. 8;
    refuses(5, 'the most there may be', 'too many keys', $ctl, 'newsecret', '--add', "$folder/secret");
    refuses(64, 'one of', 'too much at once', $ctl, 'newsecret', 'x', '--add', "$folder/secret");
}

# top
SKIP: {
    skip 'no script(1)', 6 if !grep { -x "$_/script" } split /:/, $ENV{PATH};
    my $typed = sub {
        my ($keys) = @_;
        # Ctrl-C reaches the shell, too, and not every shell goes on after it.
        my $command = "trap : INT; stty rows 20 cols 100; '$ctl' top -d '$dir'; echo \"code \$?\"; stty -a";
        my $pid     = open3(my $in, my $out, undef, 'script', '-qec', $command, '/dev/null');
        my $shown   = '';
        $in->autoflush(1);
        my $until = sub {
            my ($what) = @_;
            return wait_for {
                sysread $out, $shown, 65_536, length $shown if IO::Select->new($out)->can_read(0.05);
                return $shown =~ $what;
            };
        };
        ok $until->(qr/by id/), 'top shows the servers';
        for my $key (@{$keys}) {
            print {$in} $key->[0];
            ok $until->($key->[1]), "... $key->[2]";
        }
        close $in;
        waitpid $pid, 0;
        return $shown;
    };
    my $shown = $typed->(
        [['o', qr/by server/, 'o sorts'], ['o', qr/by state/, 'and again'], ['q', qr/code 0.* icanon/s, 'q ends it']]);
    my @lines = $shown =~ /^ +\d [\w.-]+ +alive/mg;
    cmp_ok scalar @lines, '>=', 6, 'every look has every server';
    like $shown, qr/\e\[\?25h\e\[\?1049l.*code 0.* icanon.* echo\b/s,                  'the terminal is as before';
    like $typed->([["\cC", qr/code 0.* icanon/s, 'Ctrl-C ends it']]), qr/\e\[\?1049l/, '... too';
}

# Servers that come and go
{
    my $third = $farm->add(conf => '');
    $third->start;
    ok wait_for(sub { (ctl('status', '-d', $dir))[1] =~ /3 of 3 servers alive/ }), 'a server that joins is there';
    $third->stop;
    ok wait_for(sub { (ctl('status', '-d', $dir))[1] =~ /^ +\d \S+ +left .* \Q@{[$third->contact]}\E$/m }),
      'and leaves';
    my %codes;
    for (1 .. 3) {
        my $resumed = $first->resumed;
        $first->signal('USR1');
        $second->signal('USR1');
        wait_for {
            $first->get('/app/echo', timeout => 5) for 1 .. 5;
            $codes{ (ctl('status', '-d', $dir))[0] }++;
            $first->resumed > $resumed
        };
    }
    is_deeply [keys %codes], [0], 'graceful restarts under load keep the table';
    $first->kill_all;
    ok wait_for(sub { (ctl('status', '-d', $dir))[1] =~ /^error: .*moderator/m }, 20),
      'a server that was killed is no longer believed';
    $first->start;
    ok wait_for(sub { (ctl('status', '-d', $dir))[1] =~ /2 of \d servers alive/ }), 'until it is back';
    $first->stop;
    refuses(2, 'there is no', 'a server that has stopped', $ctl, 'status', '-d', $dir);
}

# httpd's CGI daemon is started anew by each restart, and a program may miss the old one.
$farm->announce_log(qr/exit signal Killed/, qr/\[cgid:error\].*reading PID from cgi daemon/,
    qr/Unable to flush stdout/);
$farm->announce_log(qr/client denied by server configuration: .*backhand-closed/);
$farm->done;
