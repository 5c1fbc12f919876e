# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Browser;

# Chromium without a window, driven by its own protocol over two pipes.
#
#     my ($browser, $why) = Farm::Browser->start($dir);      # undef and the reason when it cannot run
#                                                            # further arguments are Chromium's own options
#     $browser->visit('http://127.0.0.1:8080/');
#     $browser->js('document.title');
#     $browser->click(q{input[name=login]});                 # and waits for the page that follows
#     $browser->stop;
#
# Dies when something does not happen in time.

use strict;
use warnings;

use Carp  qw(croak);
use Fcntl qw(F_DUPFD);
use IO::Handle;
use IO::Select;
use JSON::PP    ();
use POSIX       ();
use Time::HiRes qw(sleep time);

use Farm::Wait qw(scaled);

my @options = qw(--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --no-proxy-server
  --disable-extensions --disable-background-networking --disable-component-update --remote-debugging-pipe);

# Starts Chromium, with its profile and output in the folder.
sub start {
    my ($class, $dir, @more) = @_;
    pipe my $in,   my $to  or croak "pipe: $!";
    pipe my $from, my $out or croak "pipe: $!";
    my $pid = fork // croak "fork: $!";
    if (!$pid) {
        run($dir, $in, $out, @more);
        POSIX::_exit(127);
    }
    close $in;
    close $out;
    $to->autoflush(1);
    my $self  = bless { pid => $pid, to => $to, from => $from, buffer => q(), id => 0, dir => $dir }, $class;
    my $alive = eval { $self->call('Browser.getVersion'); 1 };
    my $why   = $@;
    if (!$alive) {
        $self->stop;
        open my $said, '<', "$dir/said" or return (undef, $why);
        my ($line) = grep { /\S/ } readline $said;
        return (undef, $line // $why);
    }
    my $page = $self->call('Target.createTarget', { url => 'about:blank' })->{targetId};
    $self->{session} =
      $self->call('Target.attachToTarget', { targetId => $page, flatten => JSON::PP::true() })->{sessionId};
    return $self;
}

# Its descriptor 3 is for commands, 4 for answers.
sub run {
    my ($dir, $in, $out, @more) = @_;
    setpgrp 0, 0;
    open STDIN,  '<',  '/dev/null' or return;
    open STDOUT, '>',  "$dir/said" or return;
    open STDERR, '>&', \*STDOUT    or return;
    # Moves both to high numbers first, because either may be 3 or 4.
    my ($in_fd, $out_fd) = map { fcntl $_, F_DUPFD, 10 } $in, $out;
    POSIX::dup2($in_fd,  3) // return;
    POSIX::dup2($out_fd, 4) // return;
    local %ENV = (%ENV, HOME => $dir, XDG_CONFIG_HOME => $dir, XDG_CACHE_HOME => $dir);
    exec 'chromium', @options, @more, "--user-data-dir=$dir/profile", 'about:blank' or return;
    return;
}

# A command of the protocol. Returns its result.
sub call {
    my ($self, $method, $params) = @_;
    my $id      = ++$self->{id};
    my %command = (
        id     => $id,
        method => $method,
        params => $params || {},
        $self->{session} ? (sessionId => $self->{session}) : ()
    );
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{to} } JSON::PP::encode_json(\%command), "\0" or croak "chromium has gone: $!";
    my $deadline = time + scaled(20);
    while (time < $deadline) {
        while ($self->{buffer} =~ s/\A([^\0]*)\0//) {
            my $answer = JSON::PP::decode_json($1);
            next                                       if ($answer->{id} || 0) != $id;
            croak "$method: $answer->{error}{message}" if $answer->{error};
            return $answer->{result};
        }
        IO::Select->new($self->{from})->can_read(0.1)                           or next;
        sysread($self->{from}, $self->{buffer}, 65_536, length $self->{buffer}) or croak 'chromium has ended';
    }
    croak "$method: no answer in time";
}

# The value of an expression; undef while there is no page.
sub js {
    my ($self, $expression) = @_;
    my $result =
      eval { $self->call('Runtime.evaluate', { expression => $expression, returnByValue => JSON::PP::true() }) };
    return $result ? $result->{result}{value} : undef;
}

# Marks the present page, does what the code does, and waits for a whole page without the mark.
sub follow {
    my ($self, $code) = @_;
    $self->js('window.before = 1');
    $code->();
    my $deadline = time + scaled(20);
    while (time < $deadline) {
        return $self if $self->js(q{document.readyState === 'complete' && !window.before ? 1 : 0});
        sleep 0.02;
    }
    croak 'no page follows';
}

sub visit {
    my ($self, $url) = @_;
    return $self->follow(sub { $self->call('Page.navigate', { url => $url }) });
}

sub click {
    my ($self, $selector) = @_;
    return $self->follow(
        sub { $self->js('document.querySelector(' . JSON::PP->new->allow_nonref->encode($selector) . ').click()') });
}

# Types into a field.
sub fill {
    my ($self, $selector, $text) = @_;
    my $json = JSON::PP->new->allow_nonref;
    $self->js('document.querySelector(' . $json->encode($selector) . ').value = ' . $json->encode($text));
    return $self;
}

sub has {
    my ($self, $selector) = @_;
    return $self->js('document.querySelector(' . JSON::PP->new->allow_nonref->encode($selector) . ') ? 1 : 0');
}

sub text {
    my ($self) = @_;
    return $self->js('document.body.innerText') // q();
}

# The value of a cookie for that address; undef: there is none.
sub cookie {
    my ($self, $url, $name) = @_;
    my ($found) = grep { $_->{name} eq $name } @{ $self->call('Network.getCookies', { urls => [$url] })->{cookies} };
    return $found && $found->{value};
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'KILL', -$pid, $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);
    $self->stop;
    return;
}

1;
