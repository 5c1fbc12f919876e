# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy;

# Three policies to use or to start from. In httpd.conf:
#
#     PerlSwitches -I/path/to/eg/lib
#     PerlModule   Apache::Backhand Farm::Policy
#     <Location "/app/">
#         Backhand byAge 5
#         BackhandFromSO modules/byPerl.so byPerl Farm::Policy::least_busy
#     </Location>

use strict;
use warnings;

use Apache::Backhand    qw(load_serverstats);
use Farm::Policy::Cache qw(ranked);

# Each policy gets the request, a reference to the list of candidates (numbers of servers, 0 is this one) and the words
# that follow its name in httpd.conf. It returns a reference to the list as it should be, the best candidate first.

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
