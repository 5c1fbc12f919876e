# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package SimPolicy;

# Policies for a test of bhsim.

use strict;
use warnings;

use Apache2::RequestRec ();
use APR::Table          ();
use Apache::Backhand    qw(load_serverstats MAXSERVERS);

# As byBusyChildren.
sub busy {
    my ($r, $ids) = @_;
    my $stats = load_serverstats();
    my %place;
    @place{ @{$ids} } = 0 .. $#{$ids};
    my %busy = map { $_ => $stats->[$_]{nservers} - $stats->[$_]{aservers} } @{$ids};
    return [sort { $busy{$a} <=> $busy{$b} || $place{$a} <=> $place{$b} } @{$ids}];
}

# What is asked for with the header's value goes to the last server.
sub by_request {
    my ($r, $ids, $value) = @_;
    my $headers = $r->headers_in;
    my $is_it =
         $r->method eq 'POST'
      && $r->uri eq '/form'
      && $r->args eq 'a=1&b=2'
      && $headers->get('x-kind') eq $value
      && $headers->{'X-KIND'} eq $value
      && exists $headers->{Host}
      && join(q{,}, sort keys %{$headers}) eq 'Host,X-Kind';
    return [$is_it ? $ids->[-1] : $ids->[0]];
}

sub unknown_method { my ($r, $ids) = @_; $r->content_type('text/plain'); return $ids }
sub unknown_table  { my ($r, $ids) = @_; $r->headers_in->add(a => 'b'); return $ids }
sub leaves         { exit 3 }
sub nonsense       { return [-1, MAXSERVERS, 'x', 1, 1] }
sub nothing        { return }

sub random {
    my ($r, $ids) = @_;
    return [$ids->[rand @{$ids}]];
}

# The order of a hash's keys.
sub hash {
    my ($r, $ids) = @_;
    my %all = map { $_ => 1 } @{$ids};
    return [keys %all];
}

1;
