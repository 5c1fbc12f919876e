# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Session;

# A user of a farm: a client with a cookie of BackhandSessionCookie, and what the user sees of the servers behind it.
#
#     my $farm = Farm->new(conf => Farm::Session::conf());
#     my @servers = Farm::Session::servers($farm, 3);
#     my $user = Farm::Session->new;
#     is $user->ask($servers[0])->{server}, 'b';              # who answered
#     is $user->owner, 'b', 'the cookie says so';
#
# Each server answers at /pinned/work with its name, after as many seconds as the query says.

use strict;
use warnings;

use Carp        qw(croak);
use Exporter    qw(import);
use Test::More  ();
use Time::HiRes qw(time);

our @EXPORT_OK = qw(moves stays);

my $program = <<'EOT';
function handle(r)
    local seconds = tonumber(r.args or '') or 0
    if seconds > 0 then
        r.usleep(seconds * 1000000)
    end
    r.content_type = 'text/plain'
    r:puts('NAME')
    return apache2.OK
end
EOT

# The configuration: the chain, and further lines of its Location.
sub conf {
    my (@lines) = @_;
    return join "\n", '<Location /pinned>', 'BackhandSessionCookie PIN', 'Backhand byAge', 'Backhand bySession PIN=',
      'Backhand byRandom', @lines, '</Location>', q();
}

# So many servers, not started.
sub servers {
    my ($farm, $n) = @_;
    return map { equip($farm->add) } 1 .. $n;
}

sub equip {
    my ($server) = @_;
    my $script = $server->write_file('work.lua', $program =~ s/NAME/$server->name/er);
    $server->reconfigure("LuaMapHandler ^/pinned/work $script handle\n$server->{conf}");
    return $server;
}

# The value of the cookie that names a server.
sub id_of {
    my ($server) = @_;
    return sprintf 'i%02x%02x%02x%02x%04x', split(/[.]/, $server->{host}), $server->{port};
}

# owner: a server that the user has a session on. kept: 1: its connections are used again.
sub new {
    my ($class, %options) = @_;
    my $self = bless { %options, connections => {} }, $class;
    $self->{pin} = id_of($options{owner}) if $options{owner};
    return $self;
}

sub pin { return $_[0]{pin} }

# Asks a server. Returns { status, server: the name of who answered, set: the new cookie, or undef, response, seconds,
# died }; the user takes the cookie.
sub ask {
    my ($self, $server, %options) = @_;
    my $path     = '/pinned/work' . ($options{work} ? "?$options{work}" : q());
    my @cookie   = $self->{pin}           ? (Cookie => "PIN=$self->{pin}") : ();
    my @body     = defined $options{body} ? (body   => $options{body})     : ();
    my $method   = $options{method} || (@body ? 'POST' : 'GET');
    my $began    = time;
    my @request  = ($method, $path, headers => \@cookie, @body, close => !$self->{kept});
    my $kept     = $self->kept($server);
    my $response = eval { ($kept || $self->connect($server))->request(@request) };
    # As browsers do: the server may close a kept connection while a request is on its way.
    $response = eval { $self->connect($server)->request(@request) }
      if !$response && $kept && $method eq 'GET' && $@ =~ /closed without a response/;
    my %answer = (seconds => time - $began, died => $@, status => 0);

    if ($response) {
        my ($set) = ($response->header('set-cookie') || q()) =~ /\bPIN=(\w+)/;
        %answer = (%answer, status => $response->status, server => $response->body, set => $set, response => $response);
        $self->{pin} = $set if $set;
    }
    my $close = !$response || !$self->{kept} || ($response->header('connection') || q()) =~ /close/i;
    delete $self->{connections}{ $server->name } if $close;
    return \%answer;
}

# The connection that is kept, if the server has not closed it.
sub kept {
    my ($self, $server) = @_;
    my $open = $self->{connections}{ $server->name };
    return $open && !$open->closed ? $open : undef;
}

sub connect {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, $server) = @_;
    return $self->{connections}{ $server->name } = $server->connect;
}

# Tests that the first of the servers answers the user in time, with a cookie of whoever took the session over, and that
# the user stays there. Options are those of ask(). Returns the server that took it over.
sub moves {
    my ($user, $what, $seconds, $servers, %options) = @_;
    my $answer = $user->ask($servers->[0], %options);
    Test::More::is($answer->{status}, 200, "$what: answered") or Test::More::diag(Test::More::explain($answer));
    Test::More::cmp_ok($answer->{seconds}, '<', $seconds, sprintf 'in %.2f s', $answer->{seconds});
    my ($owner) = grep { $_->name eq ($answer->{server} || q()) } @{$servers};
    Test::More::is($answer->{set}, $owner ? id_of($owner) : '?', 'with a cookie of the server that answered')
      or Test::More::diag(Test::More::explain($answer));
    croak "none of the servers answered $what" if !$owner;
    stays($user, $owner, 'after that', $servers);
    return $owner;
}

# Tests that this server answers the user, whichever server is asked, and that the user gets no other cookie.
sub stays {
    my ($user, $owner, $what, $servers) = @_;
    my @answers = map  { $user->ask($_) } @{$servers}, @{$servers}, @{$servers};
    my @wrong   = grep { $_->{status} != 200 || $_->{server} ne $owner->name || $_->{set} } @answers;
    Test::More::is(scalar @wrong, 0, "$what: there for good") or Test::More::diag(Test::More::explain($wrong[0]));
    return;
}

1;
