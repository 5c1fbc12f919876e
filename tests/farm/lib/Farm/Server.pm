# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Server;

# One real httpd in a folder of its own. Made by Farm's add(), which documents nothing of the following options:
#   name, host, port   it listens there; its ServerName is NAME.test
#   mpm                event, worker or prefork
#   workers            how many requests it serves at once (default 8)
#   children           event and worker: in how many processes (default 1, above 8 workers 2)
#   conf               text at the end of its configuration
#   head               text after the LoadModule lines of httpd's own modules
#   modules            names of further modules of httpd, as 'headers'
#   load               0: mod_backhand is not loaded; 'first': before mod_proxy
#   announce           0: no MulticastStats, AcceptStats, BackhandFarm and BackhandInterval
#   perl               1: mod_perl is loaded, with build/perl5 in its path
#   env                hash: its environment, beside the test's
#   netns              name of the network namespace that it runs in
#   within             list of words before the command, as of a program that limits it
#   contact            other than http://HOST:PORT
#   client             from where connections to an IPv6 host come; default: the kernel's choice
# Under /app there are `who` (a file that holds the server's name) and programs: `echo` says what it was asked,
# `slow?SECONDS` answers later. /who is the same file outside of /app, /backhand the status page.

use strict;
use warnings;

use Carp       qw(croak);
use File::Path qw(make_path);
use JSON::PP   ();
use List::Util qw(none);
use POSIX      ();

use Farm::Client;
use Farm::Wait qw(wait_for);

my $httpd = $ENV{BACKHAND_HTTPD} || '/usr/sbin/apache2';

my %programs = (
    echo => <<'EOT',
use Digest::MD5;
my $length = 0;
my $md5 = Digest::MD5->new;
while (my $n = read STDIN, my $buffer, 65536) { $length += $n; $md5->add($buffer) }
print "Content-Type: text/plain\n\n";
print "$_=$ENV{$_}\n" for sort keys %ENV;
print "BODY_LENGTH=$length\nBODY_MD5=", $md5->hexdigest, "\n";
EOT
    slow => <<'EOT',
select undef, undef, undef, $ENV{QUERY_STRING};
print "Content-Type: text/plain\n\nslow\n";
EOT
);

sub new {
    my ($class, %options) = @_;
    my $self = bless { workers => 8, conf => '', head => '', modules => [], load => 1, announce => 1, %options },
      $class;
    $self->{root} = "$self->{farm}{root}/$self->{name}";
    make_path(map { "$self->{root}/$_" } qw(htdocs/app cgi run));
    $self->write_file('htdocs/who',     $self->{name});
    $self->write_file('htdocs/app/who', $self->{name});
    for my $name (keys %programs) {
        chmod 0755, $self->write_file("cgi/$name", "#!/usr/bin/perl\nuse strict;\nuse warnings;\n$programs{$name}");
    }
    $self->write_config;
    return $self;
}

# A file in the server's folder. Returns its path.
sub write_file {
    my ($self, $name, $text) = @_;
    my $path = "$self->{root}/$name";
    open my $file, '>', $path or croak "$path: $!";
    print {$file} $text;
    close $file or croak "$path: $!";
    return $path;
}

sub write_config {
    my ($self) = @_;
    return $self->write_file('httpd.conf', $self->config);
}

# Other text at the end of the configuration, for the next (graceful) restart.
sub reconfigure {
    my ($self, $conf) = @_;
    $self->{conf} = $conf;
    return $self->write_config;
}

sub address { return Farm::Client::authority(@{ $_[0] }{qw(host port)}) }
sub contact { return $_[0]{contact} || 'http://' . $_[0]->address }
sub name    { return $_[0]{name} }
sub pid     { return $_[0]{pid} }
sub root    { return $_[0]{root} }

sub mpm_config {
    my ($self) = @_;
    my $workers = $self->{workers};
    # After a graceful restart httpd starts as many children as before only when the old ones end soon.
    # They do not while leaks are looked for. A server with one worker hands nothing off.
    my $spare = $ENV{BACKHAND_SANITIZED} && $workers > 3 ? 3 : 1;
    return "StartServers $workers\nMinSpareServers $spare\nMaxSpareServers $workers\nServerLimit $workers\n"
      . "MaxRequestWorkers $workers\n"
      if $self->{mpm} eq 'prefork';
    my $children = $self->{children} || ($workers > 8 ? 2 : 1);
    my $threads  = $workers / $children;
    # After a graceful restart old children need a place beside the new ones.
    my $limit = 3 * $children;
    return "StartServers $children\nServerLimit $limit\nThreadsPerChild $threads\nThreadLimit $threads\n"
      . "MinSpareThreads 1\nMaxSpareThreads $workers\nMaxRequestWorkers $workers\n";
}

sub load_config {
    my ($self)   = @_;
    my $modules  = Farm::modules_dir();
    my $backhand = 'LoadModule backhand_module ' . Farm::build_dir() . "/modules/mod_backhand.so\n";
    my @names    = (
        # Debian's httpd has these inside; one that is built from source has them as files.
        (grep { -f "$modules/mod_$_.so" } qw(unixd log_config logio version watchdog)),
        "mpm_$self->{mpm}", qw(authz_core authz_host env setenvif alias dir mime proxy proxy_http),
        $self->{mpm} eq 'prefork' ? 'cgi'  : 'cgid',
        $self->{perl}             ? 'perl' : (),
        @{ $self->{modules} }
    );
    my $text = join q(), map { "LoadModule ${_}_module $modules/mod_$_.so\n" } @names;
    return $text if !$self->{load};
    return $self->{load} eq 'first' ? $backhand . $text : $text . $backhand;
}

sub announce_config {
    my ($self) = @_;
    return '' if !$self->{load} || !$self->{announce};
    my $farm = $self->{farm};
    return <<"EOT";
BackhandFarm $farm->{name}
BackhandInterval @{[int Farm::Wait::scaled(250)]}ms
BackhandContact @{[$self->contact]}
MulticastStats $self->{host} 239.255.0.1:$farm->{udp},1
AcceptStats 127.0.0.0/28
EOT
}

sub config {
    my ($self) = @_;
    my $root   = $self->{root};
    my $user   = $>                        ? '' : "User www-data\nGroup www-data\n";
    my $cgid   = $self->{mpm} eq 'prefork' ? '' : "ScriptSock $root/run/cgisock\n";
    my $status = $self->{load}             ? "<Location /backhand>\nSetHandler backhand-handler\n</Location>\n" : '';
    my $perl   = $self->{perl}             ? 'PerlSwitches -I' . Farm::build_dir() . "/perl5\n"                 : '';
    my $logged =
        '%h %>s \"%r\" server=%{BACKHAND_SERVER}e reason=%{BACKHAND_REASON}e '
      . 'tries=%{BACKHAND_TRIES}e usec=%{BACKHAND_USEC}e received=%{BACKHAND_RECEIVED}e peer=%{c}a kept=%k '
      . 'port=%{remote}p';
    return <<"EOT";
@{[$self->load_config]}ServerRoot $root
DefaultRuntimeDir $root/run
PidFile $root/run/httpd.pid
${user}ServerName $self->{name}.test
Listen @{[$self->address]}
ErrorLog $root/error.log
LogFormat "$logged" farm
CustomLog $root/access.log farm
@{[$self->mpm_config]}${cgid}GracefulShutdownTimeout 5
KeepAliveTimeout 5
TypesConfig /dev/null
DocumentRoot $root/htdocs
ScriptAlias /app/echo $root/cgi/echo
ScriptAlias /app/slow $root/cgi/slow
<Directory $root>
    Require all granted
</Directory>
$status$perl@{[$self->announce_config]}$self->{head}
$self->{conf}
EOT
}

# Starts it, in a process group of its own, without waiting.
sub spawn {
    my ($self) = @_;
    # A killed server leaves this file, and the next one would log that.
    unlink "$self->{root}/run/httpd.pid";
    my $pid = fork;
    croak "fork: $!" if !defined $pid;
    if (!$pid) {
        setpgrp 0, 0;
        open STDIN,  '<',   '/dev/null'            or POSIX::_exit(2);
        open STDOUT, '>>',  "$self->{root}/output" or POSIX::_exit(2);
        open STDERR, '>>&', \*STDOUT               or POSIX::_exit(2);
        delete @ENV{qw(PERL5LIB HARNESS_ACTIVE)};
        %ENV = (%ENV, %{ $self->{env} || {} });
        my @within = ($self->{netns} ? (qw(ip netns exec), $self->{netns}) : (), @{ $self->{within} || [] });
        exec @within, $httpd, '-f', "$self->{root}/httpd.conf", '-DFOREGROUND' or POSIX::_exit(2);
    }
    $self->{pid} = $pid;
    push @{ $self->{groups} }, $pid;
    return $self;
}

sub start {
    my ($self) = @_;
    return $self->spawn->wait_ready;
}

# Waits until it answers; dies with what it said when it does not.
sub wait_ready {
    my ($self) = @_;
    my $answers = wait_for {
        return -1 if $self->reap;
        my $response = eval { $self->get('/who') };
        $response && $response->status == 200;
    }
    20;
    return $self if $answers && $answers > 0;
    croak "server $self->{name} does not start: " . join "\n", $self->output, $self->log_lines;
}

# The exit status of `httpd -t` and all that it says.
sub configtest {
    my ($self) = @_;
    my $said = qx{'$httpd' -t -f '$self->{root}/httpd.conf' 2>&1 </dev/null};
    return ($? >> 8, $said);
}

# True once httpd's parent process has ended.
sub reap {
    my ($self) = @_;
    return 1 if !$self->{pid};
    return 0 if waitpid($self->{pid}, POSIX::WNOHANG()) == 0;
    $self->{exit} = $?;
    delete $self->{pid};
    return 1;
}

sub signal {
    my ($self, $signal) = @_;
    croak "server $self->{name} does not run" if !$self->{pid};
    $self->{farm}->silences if $signal ne 'USR1' && $signal ne 'CONT';
    push @{ $self->{stopped_at} }, scalar $self->log_lines if $signal eq 'TERM' && !$self->has_dead_child;
    kill $signal, $self->{pid};
    return $self;
}

# True when every process of every run has ended within the time. httpd itself kills children that do not end within
# 10 s, and logs an error.
sub gone {
    my ($self, $seconds) = @_;
    return wait_for {
        $self->reap;
        !$self->left;
    }
    $seconds || 30;
}

# Stops at once (TERM) or when all requests are answered (WINCH). True when no process is left.
sub stop {
    my ($self) = @_;
    return $self->signal('TERM')->gone;
}

sub graceful_stop {
    my ($self) = @_;
    return $self->signal('WINCH')->gone;
}

# A graceful restart; true when it is done.
sub graceful {
    my ($self) = @_;
    my $before = $self->resumed;
    $self->signal('USR1');
    return wait_for { $self->resumed > $before };
}

sub resumed {
    my ($self) = @_;
    return scalar grep { /resuming normal operations/ } $self->log_lines;
}

# Kills all processes at once, as when the machine loses power.
sub kill_all {
    my ($self) = @_;
    $self->{farm}->silences;
    for my $group (@{ $self->{groups} }) {
        kill 'KILL', -$group;
    }
    $self->gone if $self->{groups};
    return $self;
}

# Stops all processes with SIGSTOP, and lets them continue. A thread that has not stopped yet could still answer.
sub pause {
    my ($self) = @_;
    $self->{farm}->silences;
    kill 'STOP', -$self->{pid};
    wait_for { !$self->runs } or croak "server $self->{name} does not stop";
    return $self;
}

# True while a thread of it is not stopped.
sub runs {
    my ($self) = @_;
    for my $file (map { glob "/proc/$_/task/*/stat" } $self->left) {
        open my $stat, '<', $file or next;
        my $line = readline $stat;
        close $stat;
        return 1 if defined $line && $line =~ /.*[)] ([^TtZX]) /;
    }
    return 0;
}

sub resume {
    my ($self) = @_;
    kill 'CONT', -$self->{pid};
    return $self;
}

# True when a child has died that httpd has not noticed yet: it looks once a second.
sub has_dead_child {
    my ($self) = @_;
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $stat, '<', $file or next;
        my $line = readline $stat;
        close $stat;
        return 1 if defined $line && $line =~ /[)] Z $self->{pid} /;
    }
    return 0;
}

# All processes of this machine that are no zombies, as [pid, parent, group]. The first thread of a process that is
# killed may be a zombie while others still hold its sockets, so that clients can connect.
sub processes {
    my @processes;
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $stat, '<', $file or next;
        my $line = readline $stat;
        close $stat;
        next if !defined $line || $line !~ /\A(\d+)[ ][(].*[)][ ](.*)/s;
        my ($pid, $state, $parent, $group, $threads) = ($1, (split q( ), $2)[0 .. 2, 17]);
        push @processes, [$pid, $parent, $group] if $state ne 'Z' || $threads > 1;
    }
    return @processes;
}

# Pids of the parent's child processes.
sub children {
    my ($self) = @_;
    return map { $_->[0] } grep { $_->[1] == $self->{pid} } processes();
}

# Pids of all processes that are left of all runs.
sub left {
    my ($self) = @_;
    my %group  = map { $_ => 1 } grep { kill 0, -$_ } @{ $self->{groups} };
    return %group ? map { $_->[0] } grep { $group{ $_->[2] } } processes() : ();
}

# A new connection to it. Options: from (source address; not one that AcceptStats covers), timeout.
sub connect {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, %options) = @_;
    my $from = $self->{client} || ($self->{host} =~ /:/ ? undef : '127.0.0.99');
    return Farm::Client->new(host => $self->{host}, port => $self->{port}, from => $from, %options);
}

# One request on a connection of its own; options of connect() and of Farm::Client's request().
sub request {
    my ($self, $method, $path, %options) = @_;
    return $self->connect(%options)->request($method, $path, close => 1, %options);
}

sub get {
    my ($self, $path, %options) = @_;
    return $self->request('GET', $path, %options);
}

sub post {
    my ($self, $path, $body, %options) = @_;
    return $self->request('POST', $path, body => $body, %options);
}

# The status page for programs, as a hash; undef when the server does not answer.
sub status {
    my ($self) = @_;
    my $response = eval { $self->get('/backhand?auto') };
    return if !$response || $response->status != 200;
    return { map { /\A([^:]+):[ ]?(.*)\z/s ? ($1 => $2) : () } split /\n/, $response->body };
}

# The status page as JSON, as a hash.
sub json {
    my ($self) = @_;
    return JSON::PP::decode_json($self->get('/backhand?json')->body);
}

# The table: contact => row, a hash of Id and what the status page says, as State and Age.
sub rows {
    my ($self) = @_;
    my $status = $self->status || {};
    my %by_id;
    for my $key (keys %{$status}) {
        $by_id{$1}{$2} = $status->{$key} if $key =~ /\AServer-(\d+)-(.+)\z/;
    }
    return { map { $by_id{$_}{Contact} => { Id => $_, %{ $by_id{$_} } } } keys %by_id };
}

# The row of the server with that contact; undef: there is none.
sub row {
    my ($self, $contact) = @_;
    return $self->rows->{$contact};
}

# The state that this server sees another one in, as on its status page; an empty text: none yet.
sub sees {
    my ($self, $other) = @_;
    return ($self->row($other->contact) || {})->{State} // '';
}

sub lines {
    my ($self, $name) = @_;
    open my $file, '<', "$self->{root}/$name" or return;
    my @lines = readline $file;
    close $file;
    chomp @lines;
    return @lines;
}

sub log_lines    { return $_[0]->lines('error.log') }
sub access_lines { return $_[0]->lines('access.log') }
sub output       { return $_[0]->lines('output') }

# The access log's fields of the newest request for that path: h, status, server, reason, tries, usec, received,
# peer (address of the connection; of one between servers the client's, as modules see it), kept (requests before it on
# the connection); waits for the line. Undef when it does not come. httpd logs a request after its response, so an
# earlier request may be the last one in the log: where this process has sent the newest one to this server itself, its
# line is waited for.
sub logged {
    my ($self, $path) = @_;
    my $sent = Farm::Client::newest($path, $self->address) // qr/\A/;
    my $line = wait_for {
        my @found = grep { /"\S+ \Q$path\E(?:[?\s])/ && $_ =~ $sent } $self->access_lines;
        $found[-1];
    }
    30;
    return if !$line;
    my ($client, $status) = $line =~ /\A(\S+) (\d+)/;
    return {
        client => $client,
        status => $status,
        line   => $line,
        $line =~ /\b(server|reason|tries|usec|received|peer|kept)=(\S+)/g
    };
}

# Waits for a line in the error log that matches, and returns it.
sub wait_log {
    my ($self, $pattern, $seconds) = @_;
    return wait_for {
        my ($line) = grep { /$pattern/ } $self->log_lines;
        $line;
    }
    $seconds || 30;
}

# httpd's own fault: when a child of event or worker is to stop at once, close_worker_sockets() of the MPM closes the
# sockets of all connections that threads are at, and crashes where a thread has just freed one. Nobody is served any
# more then. A crash at any other time is ours to explain.
my $crashed = qr/AH00052: child pid \d+ exit signal Segmentation fault/;

# @return the log's lines without those of such crashes
sub log_without_crashes_at_stop {
    my ($self) = @_;
    my @lines = $self->log_lines;
    return @lines if $self->{mpm} eq 'prefork';
    for my $first (@{ $self->{stopped_at} }) {
        for my $line (@lines[$first .. $#lines]) {
            last if $line =~ /resuming normal operations/;
            $line = q() if $line =~ $crashed;
        }
    }
    return @lines;
}

# Lines of the logs at level warn or worse, or of children that crashed, that no pattern matches.
sub unexpected_log {
    my ($self, @announced) = @_;
    my @lines = ($self->output, $self->log_without_crashes_at_stop);
    # Every start of a farm without a secret logs this; few tests are about it.
    push @announced, qr/backhand: there is no BackhandSecretFile|backhand: everybody who may publish at the broker/;
    # With a search for leaks children take long to end, and slow children are all in use sooner.
    push @announced, qr/AH00045:|AH00046:|AH00161:/ if $ENV{BACKHAND_SANITIZED};
    return map { "$self->{name}: $_\n" } grep {
        my $line = $_;
        $line ne ''
          && ($line !~ /\A\[[^\]]+\] \[\w*:(?:notice|info|debug|trace\d)\]/ || $line =~ /exit signal/)
          && none { $line =~ $_ }
          @announced
    } @lines;
}

1;
