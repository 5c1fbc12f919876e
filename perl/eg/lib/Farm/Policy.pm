# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy;

use strict;
use warnings;

use Apache::Backhand    qw(load_serverstats);
use Farm::Policy::Cache qw(ranked);

our $VERSION = '2.0.0';

# The servers with the fewest requests in their hands for each of their workers come first; those whose workers are all
# busy come last. What a server last said is a moment old, and all servers of the farm read the same figures: if all
# sent to the very best one, it would be the worst at once. So figures that are nearly equal count as equal, and chance
# decides among these. A word after the name says how near: `least_busy 0.25` is a quarter of the workers; the default
# is a tenth.
sub least_busy {
    my ($r, $ids, $step) = @_;
    my $stats = load_serverstats();
    $step = 0.1 if !$step || $step !~ /\A(?=.*[1-9])\d*[.]?\d+\z/;
    my %cost;
    foreach my $id (@{$ids}) {
        my $server = $stats->[$id];
        # A server without workers has said nothing yet, or serves nothing.
        my $workers = $server->{nservers} or next;
        my $busy    = $server->{inflight} / $workers;
        $cost{$id} = int($busy / $step) + rand;
        $cost{$id} += 1 + 1 / $step if !$server->{aservers};
    }
    return [sort { $cost{$a} <=> $cost{$b} } keys %cost];
}

# In proportion to what a server can do at the moment: the share of its CPUs that is idle, times its CPUs, times its
# speed. Every server has a chance; the one that is twice as able comes first twice as often.
sub by_capacity {
    my ($r, $ids) = @_;
    my $stats = load_serverstats();
    my %ticket;
    foreach my $id (@{$ids}) {
        my $server   = $stats->[$id];
        my $capacity = ($server->{cpu} + 1) * ($server->{ncpu} || 1) * ($server->{arriba} || 1);
        # The smallest of exponentially distributed tickets wins in proportion to its rate.
        $ticket{$id} = -log(1 - rand) / $capacity;
    }
    return [sort { $ticket{$a} <=> $ticket{$b} } keys %ticket];
}

# Keeps what one visitor asks on one server while the farm stays as it is, without cookies: servers are ranked by a
# number made from their contact and the client's address (rendezvous hashing), so that a server that leaves moves only
# its own visitors. Further words are names of request headers to take instead of the address.
sub by_visitor {
    my ($r, $ids, @headers) = @_;
    return ranked($ids, join "\0", @headers ? map { $r->headers_in->get($_) // q() } @headers : $r->useragent_ip);
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy - Policies by least work, by capacity and by visitor

=head1 SYNOPSIS

    PerlSwitches -I/path/to/eg/lib
    PerlModule   Apache::Backhand Farm::Policy
    <Location "/app/">
        Backhand byAge 5
        BackhandFromSO modules/byPerl.so byPerl Farm::Policy::least_busy
    </Location>

=head1 DESCRIPTION

Three policies to use or to start from. Each gets the request, a reference to the list of candidates (ids of servers,
0 is this one) and the words that follow its name in F<httpd.conf>. It returns a reference to the list as it should
be, the best candidate first. Modules below this one have more.

=head1 FUNCTIONS

=head2 least_busy($r, \@ids, $step)

The servers with the fewest requests in flight for each of their workers come first; those without a ready worker come
last. Figures that are nearly equal count as equal, and chance decides among these. The word says how near: C<0.25> is
a quarter of the workers; the default is C<0.1>.

=head2 by_capacity($r, \@ids)

Each server comes first in proportion to what it can do at the moment: the idle share of its CPUs, times its CPUs,
times its speed.

=head2 by_visitor($r, \@ids, @headers)

The requests of one visitor stay on one server while the farm stays as it is, without cookies. A visitor is the client's
address, or what the request headers say that the words name. When a server leaves, only its own visitors move.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
