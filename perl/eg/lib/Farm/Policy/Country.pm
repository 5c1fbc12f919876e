# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy::Country;

use strict;
use warnings;

use Apache::Backhand      qw(load_serverstats);
use Farm::Policy::Servers qw(first_those matcher plan);

our $VERSION = '2.0.0';

# Where the modules that know countries leave the code: mod_maxminddb as its manual configures it, and mod_geoip.
my @names = qw(MM_COUNTRY_CODE GEOIP_COUNTRY_CODE);

my %plans;

sub parse {
    my @words = @_;
    my ($header, %zone);
    foreach my $word (@words) {
        my ($left, $right) = $word =~ /\A([^=]+)=(\S+)\z/
          or die "Farm::Policy::Country::by_country: `$word` is no word such as `DE,FR=eu*`\n";
        if ($left eq 'header') {
            $header = $right;
            next;
        }
        my $servers = matcher(split /,/, $right);
        foreach my $country (split /,/, uc $left) {
            $country =~ /\A(?:[A-Z][A-Z\d]|[*])\z/
              or die "Farm::Policy::Country::by_country: `$country` is no country code such as `DE`, nor `*`\n";
            $zone{$country} = $servers;
        }
    }
    %zone or die "Farm::Policy::Country::by_country wants countries and servers, as `DE,FR=eu* *=us*`\n";
    return { header => $header, zone => \%zone };
}

# The code, in capital letters; undef: not known.
sub country_of {
    my ($r, $header) = @_;
    foreach my $code (
        defined $header ? $r->headers_in->get($header) : (),
        (map { scalar $r->subprocess_env($_) } @names),
        (map { scalar $r->notes->get($_) } @names)
      )
    {
        return uc $code if defined $code && $code =~ /\A[A-Za-z][A-Za-z\d]\z/;
    }
    return;
}

sub by_country {
    my ($r, $ids, @words) = @_;
    my $plan    = plan(\%plans, \&parse, @words);
    my $country = country_of($r, $plan->{header});
    my $servers = (defined $country ? $plan->{zone}{$country} : undef) // $plan->{zone}{q(*)} // return $ids;
    my ($these, $others) = first_those($ids, load_serverstats(), $servers);
    return [@{$these}, @{$others}];
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy::Country - A client is served in the zone of its country

=head1 SYNOPSIS

    PerlModule Farm::Policy::Country
    <Location "/app">
        Backhand byAge
        Backhand byExpectedTime
        BackhandFromSO modules/byPerl.so byPerl Farm::Policy::Country::by_country DE,FR=eu*.example.com *=us*
    </Location>

=head1 DESCRIPTION

Each word is a list of countries, an equals sign, and the servers of their zone, separated by commas. Countries are
codes of two letters as in ISO 3166; C<*> stands for all other and for unknown ones. A server is given by host name or
address, where C<*> stands for any characters and C<?> for one.

The servers of the country's zone come first, and the others follow, both in the order that they had. So a client leaves
its zone only while no server there can take its request. If the words have no zone for its country, the list stays as
it was.

The country comes from a module of httpd that looks up the client's address before the request is handled:

=over 4

=item *

L<mod_maxminddb|https://github.com/maxmind/mod_maxminddb>, with
C<MaxMindDBEnv MM_COUNTRY_CODE COUNTRY_DB/country/iso_code>;

=item *

mod_geoip, which sets C<GEOIP_COUNTRY_CODE> in the environment or in the request's notes;

=item *

C<SetEnvIf> and all others that set C<MM_COUNTRY_CODE> or C<GEOIP_COUNTRY_CODE> in the request's environment;

=item *

a proxy before the farm that says it in a request header. The word C<header=CF-IPCountry> names the header, which then
comes before all others. Name one only if clients cannot reach the servers past that proxy, or the proxy's header
would be a client's to choose.

=back

The policy itself looks nothing up, and waits for nothing. A value that is no code, such as C<-->, is no country.

If a word is wrong, the policy dies: the list stays as it was, and the error log says why.

=head1 FUNCTIONS

=head2 by_country($r, \@ids, @words)

The policy.

=head2 country_of($r, $header)

The code of the client's country, in capital letters; C<undef> if it is not known.

=head2 parse(@words)

A hash of what the words say.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
