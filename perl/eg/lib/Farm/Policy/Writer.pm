# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy::Writer;

use strict;
use warnings;

use Apache::Backhand      qw(load_serverstats);
use Farm::Policy::Servers qw(first_those matcher);

our $VERSION = '2.0.0';

my %reads = map { $_ => 1 } qw(GET HEAD OPTIONS PROPFIND REPORT TRACE);

sub by_method {
    my ($r, $ids, @writers) = @_;
    @writers or die "Farm::Policy::Writer::by_method wants the name or address of the server that writes\n";
    return $ids if $reads{ $r->method };
    my $stats = load_serverstats();
    my ($left, @found) = $ids;
    foreach my $writer (@writers) {
        (my $these, $left) = first_those($left, $stats, matcher($writer));
        push @found, @{$these};
    }
    return \@found;
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy::Writer - Requests that write go to one server, that of the database

=head1 SYNOPSIS

    PerlModule Farm::Policy::Writer
    <Location "/app">
        Backhand byAge
        Backhand byExpectedTime
        BackhandFromSO modules/byPerl.so byPerl Farm::Policy::Writer::by_method db1.example.com db2.example.com
    </Location>

=head1 DESCRIPTION

A request writes unless its method is GET, HEAD, OPTIONS, TRACE, PROPFIND or REPORT. A request that writes has the
first of the named servers as its only candidates, in the order of the words: C<db2.example.com> comes into play only
while C<db1.example.com> is not among the candidates, or cannot take the request. A word is a host name or an address;
C<*> stands for any characters, C<?> for one.

If none of them is there, the list is empty: no other server of the farm gets the request, and the server where it
came in serves it. The application there can say that it cannot write.

Requests that read keep the list that the functions before have made.

Without a word the policy dies: the list stays as it was, and the error log says why.

=head1 FUNCTIONS

=head2 by_method($r, \@ids, @writers)

The policy.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
