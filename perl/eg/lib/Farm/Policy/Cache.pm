# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy::Cache;

use strict;
use warnings;

use Apache::Backhand qw(load_serverstats);
use Digest::MD5      qw(md5);
use Exporter         qw(import);

our $VERSION   = '2.0.0';
our @EXPORT_OK = qw(number_of ranked);

# Numbers of the servers' contacts. A farm that changes its addresses for years would let it grow.
my %number;
use constant KEPT => 4096;

sub number_of {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    return unpack 'N', md5($text);
}

# A bijection of 32 bits that changes about half of the bits when one changes.
sub mixed {
    my ($number) = @_;
    $number = ($number ^ $number >> 16) * 0x7feb352d & 0xffffffff;
    $number = ($number ^ $number >> 15) * 0x846ca68b & 0xffffffff;
    return $number ^ $number >> 16;
}

sub ranked {
    my ($ids, $text) = @_;
    my $stats = load_serverstats();
    my $key   = number_of($text);
    %number = () if keys %number > KEPT;
    my %rank;
    foreach my $id (@{$ids}) {
        my $contact = $stats->[$id]{contact};
        $rank{$id} = mixed($key ^ ($number{$contact} //= number_of($contact)));
    }
    return [sort { $rank{$b} <=> $rank{$a} || $a <=> $b } @{$ids}];
}

sub by_uri {
    my ($r, $ids, @words) = @_;
    my $path_only = @words && $words[0] eq 'path';
    @words == $path_only or die "Farm::Policy::Cache::by_uri: `$words[-1]` is not `path`, its only word\n";
    return $ids if @{$ids} < 2;
    my $args = $path_only ? undef : $r->args;
    return ranked($ids, defined $args ? $r->uri . q(?) . $args : $r->uri);
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy::Cache - Each address of a page has its server, whose caches hold it

=head1 SYNOPSIS

    PerlModule Farm::Policy::Cache
    <Location "/images">
        Backhand byAge
        BackhandFromSO modules/byPerl.so byPerl Farm::Policy::Cache::by_uri
    </Location>

=head1 DESCRIPTION

All requests for one URI go to the same server, whichever server they come in at. So each server's caches hold its part
of the content, and not all of it. The query string counts as part of the URI, unless the word C<path> is given. The
host name does not count.

The servers are ranked by a number made from the URI and each server's contact (rendezvous hashing). There is no state,
and nothing to agree about:

=over 4

=item *

A server that leaves, or is down, loses its own URIs to all others in equal parts: of I<n> servers, 1/I<n> of the URIs
move. A server that comes takes 1/(I<n> + 1) of them. No other URI moves.

=item *

Each server gets about as many URIs as the others. Of 10,000 URIs the most loaded one of up to 16 servers gets less than
1.2 times the mean. Of few URIs, or of URIs that are asked for with very different frequency, chance decides.

=item *

A server that has no ready worker is passed over, for the next one of the ranking.

=back

With any other word the policy dies: the list stays as it was, and the error log says why.

=head1 FUNCTIONS

=head2 by_uri($r, \@ids)

The policy. It returns all candidates, ranked.

=head2 ranked(\@ids, $text)

The ids, ranked for the text. For policies that know a better key than the URI, as a tenant's name.

=head2 number_of($text)

A whole number of 32 bits that depends on each byte of the text: the beginning of its MD5 sum.

=head2 mixed($number)

Another number of 32 bits, far from those of similar numbers.

=head2 KEPT

How many servers' numbers an interpreter keeps.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
