# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy::Machines;

use strict;
use warnings;

use Apache::Backhand      qw(load_serverstats);
use Farm::Policy::Servers qw(plan);

our $VERSION = '2.0.0';

my %plans;

sub parse {
    my @prefixes = @_;
    @prefixes or die "Farm::Policy::Machines::by_path wants the beginnings of heavy paths, as `/reports`\n";
    foreach my $prefix (@prefixes) {
        $prefix =~ m{\A/} or die "Farm::Policy::Machines::by_path: `$prefix` does not begin with a slash\n";
    }
    my $heavy = join q(|), map { quotemeta s{/+\z}{}r } @prefixes;
    return qr{\A(?:$heavy)(?:/|\z)}s;
}

sub by_path {
    my ($r, $ids, @prefixes) = @_;
    my $heavy = plan(\%plans, \&parse, @prefixes);
    my $stats = load_serverstats();
    my (%cpus, %busy);
    my $most = 0;
    foreach my $id (@{$ids}) {
        my $server = $stats->[$id];
        my $cpus   = $cpus{$id} = $server->{ncpu} || 1;
        $busy{$id} = $server->{inflight} / $cpus;
        $most = $cpus if $cpus > $most;
    }
    my @order = sort { $busy{$a} <=> $busy{$b} } @{$ids};
    my @big   = grep { 2 * $cpus{$_} > $most } @order;
    my @small = grep { 2 * $cpus{$_} <= $most } @order;
    return $r->uri =~ $heavy ? [@big, @small] : [@small, @big];
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy::Machines - Heavy paths go to the big machines, all others to the small ones

=head1 SYNOPSIS

    PerlModule Farm::Policy::Machines
    <Location "/">
        Backhand byAge
        BackhandFromSO modules/byPerl.so byPerl Farm::Policy::Machines::by_path /reports /export
    </Location>

=head1 DESCRIPTION

The words are the beginnings of heavy paths: C</reports> stands for itself and for all that is below C</reports/>.

A machine is big if it has more than half as many CPUs as the machine with the most CPUs among the candidates; all
others are small. Requests for heavy paths go to the big machines first, and to the small ones if no big one can take
them. All other requests go to the small machines first, so that the big ones stay free. Among machines of one kind
the one with the fewest requests in flight for each CPU comes first. If all machines are alike, they are all big, and
that alone decides.

Without a word, or with one that does not begin with a slash, the policy dies: the list stays as it was, and the error
log says why.

=head1 FUNCTIONS

=head2 by_path($r, \@ids, @prefixes)

The policy. It returns all candidates, in their new order.

=head2 parse(@prefixes)

The regular expression for the heavy paths.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
