# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Conditions;

# A server's conditions, from all places where they are shown.
#
#     begins($a, 'unknown-sender', 'a stranger announces itself', sub { $fake->announce });
#     ends($a, 'unknown-sender', 'AcceptStats covers it', sub { ... });

use strict;
use warnings;

use Exporter   qw(import);
use JSON::PP   ();
use Test::More ();

use Farm       qw(eventually);
use Farm::Wait qw(wait_for);

our @EXPORT_OK = qw(begins conditions ends);

# The conditions of a server as ?json has them.
sub conditions {
    my ($server) = @_;
    my $page = eval { JSON::PP::decode_json($server->get('/backhand?json')->body) } or return;
    return @{ $page->{conditions} };
}

sub find {
    my ($server, $name) = @_;
    my ($found) = grep { $_->{name} eq $name } conditions($server);
    return $found;
}

# Lines of the log about a condition that begins, or has ended.
sub lines {
    my ($server, $name, $ended) = @_;
    return
      grep { /backhand: (?:resolved: )?.* \[\Q$name\E\]\z/ && (/backhand: resolved: / xor !$ended) } $server->log_lines;
}

# A test: the condition comes while `cause` is called again and again. Option quiet: the log has other lines about it.
# Returns it.
sub begins {
    my ($server, $name, $what, $cause, %options) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $found;
    eventually { $cause->() if $cause; $found = find($server, $name) } 30, "$what: $name";
    $found ||= {};
    Test::More::ok($found->{text} && $found->{remedy}, '... with what is wrong and what to do');
    Test::More::like($server->get('/backhand')->body, qr/<li class="\w+" title="\Q$name\E">/, '... on the page');
    if (!$options{quiet}) {
        eventually { $cause->() if $cause; lines($server, $name, 0) } 20, '... and in the log';
    }
    return $found;
}

# A test: the condition is gone once `remedy` was called. Option silent: the log says nothing of that by itself.
sub ends {
    my ($server, $name, $what, $remedy, %options) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $remedy->() if $remedy;
    eventually {
        my @all = conditions($server);
        !grep { $_->{name} eq $name } @all
    }
    90, "$what: no more $name";
    if (!$options{silent}) {
        eventually { lines($server, $name, 1) } 20, '... and the log says so';
    }
    return;
}

1;
