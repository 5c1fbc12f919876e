#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The steps of examples/containers/Dockerfile make a server, and three of them a farm. No container engine runs here: an
# image is a layer over this system, with the packages that it has, and a container is that in a network namespace.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm::Networks;
use Farm qw(eventually repo_dir scaled wait_for);
use Farm::Client;
use File::Path qw(make_path);
use File::Temp ();
use POSIX      qw(WNOHANG);
use Test::More;

plan skip_all => 'a long test: it builds the module anew' if !$ENV{BACKHAND_TEST_LONG};

my $repo = repo_dir();
# Nothing cleans this up file by file: what is mounted below it is gone with the namespace.
my $folder = File::Temp::tempdir('backhand-XXXXXXXX', TMPDIR => 1, CLEANUP => 0);
my %pids;

sub text_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    local $/ = undef;
    return scalar readline $file;
}

sub run {
    my (@command) = @_;
    open my $pipe, '-|', 'sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh', @command or die "sh: $!";
    local $/ = undef;
    my $said = readline $pipe;
    return close $pipe ? '' : "@command: status $?: $said";
}

# The devices that container engines make.
my $devices = <<'EOT';
cd "$1"
mknod -m 666 null c 1 3; mknod -m 666 zero c 1 5; mknod -m 666 full c 1 7
mknod -m 666 random c 1 8; mknod -m 666 urandom c 1 9
ln -s /proc/self/fd fd; ln -s fd/0 stdin; ln -s fd/1 stdout; ln -s fd/2 stderr
mkdir -m 1777 shm
EOT

# A layer over the layers given, or over this system: a folder to change the root to.
sub layer {
    my ($name, @below) = @_;
    make_path(map { "$folder/$name/$_" } qw(upper work root));
    my $lower = join ':', (map { "$folder/$_/upper" } @below), '/';
    my $wrong =
      run('mount', '-t', 'overlay', '-o', "lowerdir=$lower,upperdir=$folder/$name/upper,workdir=$folder/$name/work",
        'overlay', "$folder/$name/root")
      || run('mount', '-t',  'proc',   'proc',  "$folder/$name/root/proc")
      || run('mount', '-t',  'tmpfs',  'tmpfs', "$folder/$name/root/dev")
      || run('mount', '-t',  'tmpfs',  'tmpfs', "$folder/$name/root/tmp")
      || run('sh',    '-ec', $devices, 'sh',    "$folder/$name/root/dev");
    plan skip_all => "takes overlay mounts: $wrong" if $wrong;
    return "$folder/$name/root";
}

# Files that the engine leaves out when it copies the checkout.
sub copy_checkout {
    my ($to)     = @_;
    my @left_out = map { "--exclude=./$_" } split ' ', text_of("$repo/.dockerignore");
    make_path($to);
    my $copy = 'cd "$1" && to=$2 && shift 2 && tar "$@" -cf - . | tar -C "$to" -xf -';
    return run('sh', '-c', $copy, 'sh', $repo, $to, @left_out);
}

# The upper layers are on a tmpfs: the folder for temporary files may be on an overlay itself, and none goes over that.
run('mount', '-t', 'tmpfs', 'tmpfs', $folder) and plan skip_all => 'takes mounts of its own';

# Each stage of the Dockerfile, step by step.
my $dockerfile = text_of("$repo/examples/containers/Dockerfile") =~ s/\\\n\s*//gr;
my (%root, %seen, $stage, @command, $stop);
for my $step (grep { !/\A\s*(?:#|\z)/ } split /\n/, $dockerfile) {
    my ($word, $rest) = $step =~ /\A([A-Z]+) +(.*)\z/ or BAIL_OUT("not understood: $step");
    $seen{$word}++;
    if ($word eq 'FROM') {
        my ($image, $name) = $rest =~ /\A(debian:\w+)(?: AS (\w+))?\z/ or BAIL_OUT("not understood: $step");
        $stage = $name // 'image';
        $root{$stage} = layer($stage);
    }
    elsif ($word eq 'RUN') {
        # This system has the packages, or ./run test has installed them.
        my @packages = $rest =~ /apt-get install ((?:[\w.+-]+ ?)+)/ ? grep { !/\A-/ } split ' ', $1 : ();
        if (@packages) {
            is_deeply [grep { run('dpkg-query', '-W', $_) } @packages], [], "the packages @packages are there";
            next;
        }
        is run('chroot', $root{$stage}, 'sh', '-ec', $rest), '', $step or BAIL_OUT('the image cannot be made');
    }
    elsif ($word eq 'COPY') {
        my ($from, $what, $to) = $rest =~ /\A(?:--from=(\w+) )?(\S+) (\S+)\z/ or BAIL_OUT("not understood: $step");
        my $wrong;
        if ($what eq '.') {
            $wrong = copy_checkout($root{$stage} . $to);
        }
        else {
            my $source = $from ? $root{$from} . $what : "$repo/$what";
            make_path($root{$stage} . $to =~ s{/[^/]*\z}{}r);
            $wrong = run('cp', '-R', $source, $root{$stage} . $to);
        }
        is $wrong, '', $step or BAIL_OUT('the image cannot be made');
    }
    elsif ($word eq 'CMD')        { @command = $rest =~ /"([^"]*)"/g }
    elsif ($word eq 'STOPSIGNAL') { $stop    = $rest =~ s/\ASIG//r }
}
is_deeply [sort keys %seen], [qw(CMD COPY EXPOSE FROM RUN STOPSIGNAL)], 'the steps are those that this test knows';

# The services of the compose file.
my $compose  = text_of("$repo/examples/containers/compose.yaml");
my @services = $compose =~ /^  (\w+):\n    <<: \*server\n    hostname: \g1\n/gm;
is_deeply \@services, [qw(www1 www2 www3)], 'compose.yaml has three services';
my ($named) = $compose =~ /^    dockerfile: (\S+)$/m;
ok -f "$repo/$named", 'and names the Dockerfile from the top of the checkout';

# A bridge with a container each, as engines make it.
Farm::Networks::run(
    'ip link set lo up',
    'ip link add farm type bridge',
    'ip addr add 172.30.0.1/16 dev farm',
    'ip link set farm up'
);
my %address;
for my $i (0 .. $#services) {
    my $name = $services[$i];
    $address{$name} = '172.30.0.' . (2 + $i);
    Farm::Networks::run(
        "ip netns add $name",
        "ip link add to-$name type veth peer name eth0 netns $name",
        "ip link set to-$name master farm up",
        "ip netns exec $name ip addr add $address{$name}/16 dev eth0",
        "ip netns exec $name ip link set eth0 up",
        "ip netns exec $name ip link set lo up",
        "ip netns exec $name ip route add default via 172.30.0.1"
    );
}

sub start {
    my ($name, $layer) = @_;
    my $root = layer($layer, 'image');
    my $pid  = fork // die "fork: $!";
    if (!$pid) {
        setpgrp 0, 0;
        open STDIN,  '<',  '/dev/null'           or POSIX::_exit(2);
        open STDOUT, '>>', "$folder/$name.said"  or POSIX::_exit(2);
        open STDERR, '>>', "$folder/$name.wrong" or POSIX::_exit(2);
        %ENV = (PATH => $ENV{PATH}, HOSTNAME => $name);
        exec 'ip', 'netns', 'exec', $name, 'chroot', $root, @command or POSIX::_exit(2);
    }
    $pids{$name} = $pid;
    return;
}

sub ask {
    my ($name, $path) = @_;
    my $client = Farm::Client->new(host => $address{$name}, port => 80, timeout => 5);
    return $client->request('GET', $path);
}

# Names of the servers that NAME knows, by their state.
sub known {
    my ($name) = @_;
    my $page   = ask($name, '/backhand?auto')->body;
    my %host   = $page =~ /^Server-(\d+)-Hostname: (\S+)/gm;
    my %state  = $page =~ /^Server-(\d+)-State: (\w+)/gm;
    return join ' ', sort map { "$host{$_}:$state{$_}" } keys %state;
}

start($_, $_) for @services;
my $all = 'www1:alive www2:alive www3:alive';
for my $name (@services) {
    eventually { known($name) eq $all } 20, "$name knows the farm" or diag known($name), text_of("$folder/$name.wrong");
    is ask($name, '/')->body, "a server of the farm\n", 'it serves';
}
eventually { text_of("$folder/www1.said") =~ m{"GET / HTTP/1[.]1" 200 by http://172[.]30[.]0[.]2:80: } } 5,
  'its log is what the container says'
  or diag text_of("$folder/www1.said");

# Stopped as the engine does it.
kill $stop, $pids{www3};
my $ended = wait_for { waitpid($pids{www3}, WNOHANG) == $pids{www3} } 15;
ok $ended, 'the signal stops a container';
delete $pids{www3} if $ended;
eventually { known('www1') eq $all =~ s/www3:alive/www3:left/r } 10, 'and it says good-bye';

# A new container in its place has the name, and no file of the old one.
start('www3', 'www3-again');
eventually { known('www1') eq $all } 20, 'a new one takes its place' or diag known('www1');
is ask('www3', '/')->body, "a server of the farm\n", 'and serves';

# Container engines send their signal to the first process; the test ends the groups.
END {
    my $code = $?;
    for my $pid (values %pids) {
        kill 'KILL', -$pid;
        waitpid $pid, 0;
    }
    # The mount point alone is outside of the namespace.
    if (defined $folder && system('umount', '-l', $folder) == 0) {
        rmdir $folder;
    }
    $? = $code;
}
for my $name (@services) {
    my @wrong = grep { /\[\w*:(?:warn|error|crit|alert|emerg)\]/ } split /\n/, text_of("$folder/$name.wrong");
    is_deeply [grep { !/there is no BackhandSecretFile/ } @wrong], [], "$name warns only that there is no secret";
}
done_testing;
