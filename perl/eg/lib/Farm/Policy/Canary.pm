# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy::Canary;

use strict;
use warnings;

use Apache::Backhand      qw(load_serverstats);
use Farm::Policy::Cache   qw(number_of);
use Farm::Policy::Servers qw(first_those matcher plan);

our $VERSION = '2.0.0';

# Shares are counted in so many parts.
use constant PARTS => 10_000;

my %plans;

sub parse {
    my ($share, $cookie, @patterns) = @_;
    @patterns or die "Farm::Policy::Canary::by_cookie wants a percentage, the name of a cookie, and servers\n";
    my ($percent) = $share =~ /\A(\d{1,3}(?:[.]\d{1,2})?)%\z/;
    if (!defined $percent || $percent > 100) {
        die "Farm::Policy::Canary::by_cookie: `$share` is no percentage from 0% to 100%, such as `2.5%`\n";
    }
    return {
        parts   => $percent * PARTS / 100,
        cookie  => qr/(?:\A|;)\s*\Q$cookie\E=([^;]*)/,
        servers => matcher(@patterns)
    };
}

sub by_cookie {
    my ($r, $ids, @words) = @_;
    my $plan = plan(\%plans, \&parse, @words);
    my $jar  = $r->headers_in->get('Cookie') // q();
    my $canary;
    if ($jar =~ /(?:\A|;)\s*canary=(always|never)\s*(?:;|\z)/) {
        $canary = $1 eq 'always';
    }
    else {
        my ($visitor) = $jar =~ $plan->{cookie};
        $canary = number_of($visitor // $r->useragent_ip) % PARTS < $plan->{parts};
    }
    my ($these, $others) = first_those($ids, load_serverstats(), $plan->{servers});
    return $canary ? [@{$these}, @{$others}] : @{$others} ? $others : $these;
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy::Canary - A share of the visitors gets the servers with the new version, and stays there

=head1 SYNOPSIS

    PerlModule Farm::Policy::Canary
    <Location "/app">
        Backhand byAge
        Backhand byExpectedTime
        BackhandFromSO modules/byPerl.so byPerl Farm::Policy::Canary::by_cookie 5% SESSIONID canary*.example.com
    </Location>

=head1 DESCRIPTION

The words are the share of visitors, from C<0%> to C<100%> with at most two decimals; the name of a cookie in which the
application knows its visitors; and the servers with the new version, by host name or address, where C<*> stands for
any characters and C<?> for one.

A visitor is the value of that cookie, or the client's address as long as there is no such cookie. A number made from
it decides. So all of a visitor's requests with one value of the cookie go to one version, whichever server they come
in at, without any state. When you raise the share, no visitor goes back to the old version. Among many visitors the
share that gets the new version is the percentage, up to chance: of 10,000 visitors at 5 %, 500 give or take 65.

A cookie C<canary=always> or C<canary=never> overrides that, for testers:

    curl -b canary=always http://www.example.com/app

The chosen visitors have the servers with the new version first; if none can take the request, the others serve it. All
other visitors have the servers with the old version only, unless there is none of these. Both lists keep the order of
the functions before.

A policy cannot set a cookie: the response is that of the chosen server. The visitor's address can change when the first
response sets the cookie, and with it the version, so let the cookie be there before the pages that must not change.

If the words are wrong, the policy dies: the list stays as it was, and the error log says why.

=head1 FUNCTIONS

=head2 by_cookie($r, \@ids, $share, $cookie, @servers)

The policy.

=head2 parse($share, $cookie, @servers)

A hash of what the words say.

=head2 PARTS

The share is counted in ten-thousandths.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
