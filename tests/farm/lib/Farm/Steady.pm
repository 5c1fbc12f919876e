# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Steady;

# Steady requests to a farm while a fault happens, and a table of their results.

use strict;
use warnings;

use Carp        qw(croak);
use Digest::MD5 qw(md5_hex);
use List::Util  qw(max);
use POSIX       ();
use Storable    ();
use Test::More  ();
use Time::HiRes qw(sleep time);

use Farm;
use Farm::Wait qw(scaled wait_for);

my $main_pid = $$;

# httpd's own programs may fail while it restarts; what mod_lua runs is part of it.
my $program = <<'EOT';
function handle(r)
    local body = r.method == 'POST' and r:requestbody() or ''
    local seconds = tonumber(r.args and r.args:match('slow=([%d.]+)') or 0)
    if seconds > 0 then
        r.usleep(seconds * 1000000)
    end
    r.content_type = 'text/plain'
    r:puts('SERVER=NAME\nASKED=' .. (r.args or '') .. '\nBODY_MD5=' .. r:md5(body) .. '\n' .. string.rep('x',
        2000) .. '\nEND=yes\n')
    return apache2.OK
end
EOT

my $settings = <<'EOT';
BackhandModeratorPIDFile moderator.pid
BackhandRetry 1s
EOT

my $chain = <<'EOT';
Backhand byAge 5
Backhand byRandom
EOT

# What the servers of a farm in trouble, and httpd on a busy machine, may say at level warn or worse.
my @usual = (
    qr/backhand: server \S+ .*asked (?:last|as before)/,
    qr/AH00045:|AH00046:|AH00161:|AH00286:|AH00288:|AH00291:|AH00484:|AH00485:|AH03490:|AH10159:/,
);

sub usual { return @usual }

# A farm of so many servers, not started. Options are the farm's; `chain` the lines of the chain, `also` further ones.
sub idle_farm {
    my ($n, %options) = @_;
    my $lines = delete $options{chain} || $chain;
    my $also  = delete $options{also}  || q();
    my $farm  = Farm->new(workers => 16, modules => ['lua'], %options);
    for (1 .. $n) {
        equip($farm->add, $also, $lines);
    }
    $farm->announce_log(@usual);
    return $farm;
}

# Gives a server the program, the chain for it, and further lines.
sub equip {
    my ($server, $also, $lines) = @_;
    my $script = $server->write_file('steady.lua', $program =~ s/NAME/$server->name/er);
    $server->reconfigure("$settings$also\nLuaMapHandler ^/app/steady $script handle\n"
          . "<Location /app>\n"
          . ($lines || $chain)
          . "</Location>\n");
    return $server;
}

sub farm {
    my ($n, %options) = @_;
    my $farm = idle_farm($n, %options)->start;
    Test::More::ok($farm->together, 'they see each other');
    return $farm;
}

sub moderator {
    my ($server) = @_;
    my $pid = wait_for { ($server->lines('run/moderator.pid'))[0] };
    croak "$server->{name} has no moderator" if !$pid || !grep { $_ == $pid } $server->children;
    return $pid;
}

# Child processes that serve requests: they have threads, and the others have none.
sub workers {
    my ($server) = @_;
    my $moderator = moderator($server);
    return grep { $_ != $moderator && @{ [glob "/proc/$_/task/*"] } > 1 } $server->children;
}

# Each client asks from an address and for a path of its own.
# servers: whom to ask; clients: how many at once (8); pause: seconds between two requests of a client (0.02); get: 1:
# no POST comes; timeout: seconds for each request (10); from: source address of all. With a pause of 0 each asks as
# fast as it can.
my $loads = 0;

sub new {
    my ($class, %options) = @_;
    return bless { clients => 8, pause => 0.02, timeout => 10, %options }, $class;
}

# Runs for SECONDS, after the first quarter of which (0.7 s at most) the code is called, and no shorter than the code
# and the time for the last answers. from: the server that is in trouble, or code that picks the answers that should
# come no more.
sub during {
    my ($self, $fault, $seconds, $happens, %options) = @_;
    my $dir = File::Temp->newdir;
    $self->{load} = ++$loads;
    my @pids = map { $self->spawn($_, $dir) } 1 .. $self->{clients};
    my $end  = time + $seconds;
    sleep $seconds < 2.8 ? $seconds / 4 : 0.7;
    my $since = time;
    my $died  = eval { $happens->(); 1 } ? q() : $@;
    sleep $end - time if $end > time;
    open my $stop, '>', "$dir/stop" or croak "$dir/stop: $!";
    close $stop;
    waitpid $_, 0 for @pids;
    croak $died if $died;
    my @answers =
      map { -e "$dir/$_" ? @{ Storable::retrieve("$dir/$_") } : { failed => 'a client ended' } } 1 .. $self->{clients};
    return Farm::Steady::Result->new(
        fault   => $fault,
        since   => $since,
        answers => \@answers,
        from    => $options{from},
        load    => $self->{load},
        asked   => $self->{servers}
    );
}

sub spawn {
    my ($self, $n, $dir) = @_;
    my $pid = fork;
    croak "fork: $!" if !defined $pid;
    return $pid      if $pid;
    local $SIG{ALRM} = sub { POSIX::_exit(1) };
    alarm POSIX::ceil(scaled(300));
    srand $n;
    my $answers = eval { $self->ask_on($n, "$dir/stop") } || [{ failed => "client: $@" }];
    Storable::nstore($answers, "$dir/$n");
    POSIX::_exit(0);
}

sub ask_on {
    my ($self, $n, $stop) = @_;
    my (@answers, $client, $kept);
    my $turn = $n;
    for (my $i = 1 ; !-e $stop ; $i++) {
        sleep $self->{pause} * (0.5 + rand);
        my $post = !$self->{get} && $i % 5 == 0;
        # Who asks over a kept connection that is just being closed asks again, but not for what must not be sent twice.
        ($client, $kept) = () if $post || rand() < 0.25;
        my $server   = $client ? $client->{server} : $self->{servers}[$turn++ % @{ $self->{servers} }];
        my $id       = "$self->{load}.$n.$i" . ($i % 10 == 3 ? '&slow=0.1' : q());
        my $body     = $post ? "$id " x (1 + $i * 37 % 5000) : undef;
        my %answer   = (began => time, method => $post ? 'POST' : 'GET', at => $server->name);
        my $response = eval {
            $client ||= $self->connection($server, $n);
            $client->request($answer{method}, "/app/steady/$n?$id", body => $body);
        };
        if (!$response && $kept && $@ =~ /closed without a response/) {
            ($client, $kept) = ();
            redo;
        }
        $answer{seconds} = time - $answer{began};
        $answer{failed}  = $response ? wrong($response, $id, $body)       : $@;
        $answer{status}  = $response ? $response->status                  : 0;
        $answer{by}      = $response ? $response->echoed->{SERVER} || q() : q();
        push @answers, \%answer;
        $kept   = $response && ($response->header('connection') || q()) ne 'close';
        $client = undef if !$kept;
    }
    return \@answers;
}

sub connection {
    my ($self, $server, $n) = @_;
    # Each on loopback is a client of its own.
    my $own    = $server->{client} || $server->{host} !~ /\A127[.]/ ? undef : '127.0.0.' . (100 + $n);
    my $from   = $self->{from}     || $own;
    my $client = $server->connect(timeout => $self->{timeout}, $from ? (from => $from) : ());
    $client->{server} = $server;
    return $client;
}

# The error of a response; empty: none.
sub wrong {
    my ($response, $id, $body) = @_;
    my $told = $response->echoed;
    return 'status ' . $response->status   if $response->status != 200;
    return 'the answer to another request' if ($told->{ASKED}    || q()) ne $id;
    return 'another body'                  if ($told->{BODY_MD5} || q()) ne md5_hex(defined $body ? $body : q());
    return ($told->{END} || q()) eq 'yes' ? q() : 'half an answer';
}

my @table;

# Visible in the output of all tests when the slow ones run, else with prove -v.
sub print_table {
    my $say = $ENV{BACKHAND_TEST_LONG} ? \&Test::More::diag : \&Test::More::note;
    $say->(sprintf '%-58s %8s %14s %9s %7s',   qw(fault requests failed slowest/s moved/s));
    $say->(sprintf '%-58s %8d %14s %9.2f %7s', @{$_}) for @table;
    return;
}

END {
    print_table() if $$ == $main_pid && @table;
}

package Farm::Steady::Result;    ## no critic (ProhibitMultiplePackages)

use List::Util qw(max);
use Farm::Wait qw(scaled wait_for);

# Least delay, in seconds, that counts as caused by a fault.
my $delay = 0.4;

sub new {
    my ($class, %options) = @_;
    my $self    = bless {%options}, $class;
    my @answers = @{ $self->{answers} };
    my ($failed, $posts) = (scalar $self->failed, scalar grep { $_->{method} eq 'POST' } $self->failed);
    push @table,
      [
        $self->{fault},
        scalar @answers,
        $posts ? "$failed ($posts POST)" : $failed,
        $self->slowest, $self->{from} ? sprintf('%.2f', $self->moved) : '-'
      ];
    Test::More::note(
        "$self->{fault}: ",
        scalar @answers,
        " requests, $failed failed, slowest ",
        $self->slowest, ' s, by ', $self->by
    );
    return $self;
}

sub failed {
    my ($self) = @_;
    return grep { $_->{failed} } @{ $self->{answers} };
}

sub slowest {
    my ($self) = @_;
    return max map { $_->{seconds} || 0 } @{ $self->{answers} };
}

# Seconds from the fault until the last request was complete that the server in trouble answered or delayed, or that the
# code picks.
sub moved {
    my ($self)  = @_;
    my $from    = $self->{from};
    my $is      = ref $from eq 'CODE' ? $from : sub { return $_[0]{by} eq $from->name };
    my @touched = grep { defined $_->{began} && ($is->($_) || $_->{seconds} > scaled($delay)) } @{ $self->{answers} };
    return max 0, map { $_->{began} + $_->{seconds} - $self->{since} } @touched;
}

# How many each server answered, as text.
sub by {
    my ($self) = @_;
    my %by;
    $by{ $_->{by} || 'nobody' }++ for @{ $self->{answers} };
    return join ', ', map { "$_: $by{$_}" } sort keys %by;
}

# Answers of a server to requests that began between so many seconds after the fault.
sub answered {
    my ($self, $server, $from, $to) = @_;
    my ($first, $last) = map { $self->{since} + $_ } $from, defined $to ? $to : 1000;
    return grep { $_->{by} eq $server->name && $_->{began} >= $first && $_->{began} <= $last } @{ $self->{answers} };
}

# Tests: no server that was asked has read a request twice. A client that asks again on a new connection does so because
# the server closed the kept one before it read the request from it.
sub read_once {
    my ($self) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $line   = qr{/app/steady/\d+[?]\Q$self->{load}\E[.](\d+[.]\d+)\b.* received=- };
    my $logged = sub {
        return map { $_ =~ $line ? $1 : () } map { $_->access_lines } @{ $self->{asked} };
    };
    # A failed request may have no log line.
    my $answered = @{ $self->{answers} } - $self->failed;
    my %times;
    wait_for(sub { $answered <= (() = $logged->()) }, 5);
    $times{$_}++ for $logged->();
    Test::More::cmp_ok(scalar keys %times, '>=', $answered, "$self->{fault}: what was answered is logged");
    my @twice = grep { $times{$_} > 1 } sort keys %times;
    return Test::More::is_deeply(\@twice, [], "$self->{fault}: no request is read twice")
      || Test::More::diag(
        map {
            my $id = $_;
            map { "$_\n" } grep { /[?]\Q$self->{load}.$id\E\b/ } map { $_->access_lines } @{ $self->{asked} }
        } @twice
      );
}

# Tests: there was load, and nothing failed.
sub nothing_failed {
    my ($self) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->failed_only(0, sub { return 0 });
}

# Tests: there was load, and no more than that many failed, all of them as the code says.
sub failed_only {
    my ($self, $most, $code) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @answers = @{ $self->{answers} };
    my @bad     = grep { !$code->($_) } $self->failed;
    Test::More::cmp_ok(scalar @answers, '>', 30, "$self->{fault}: there was load");
    Test::More::is(scalar @bad, 0,
        "$self->{fault}: every request is answered" . ($most ? ' but for what cannot be' : q()))
      or Test::More::diag(Test::More::explain([@bad > 5 ? @bad[0 .. 4] : @bad]));
    Test::More::cmp_ok(scalar $self->failed, '<=', $most, "and these are few") if $most;
    return !@bad;
}

1;
