# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy::Hours;

use strict;
use warnings;

use Apache::Backhand      qw(load_serverstats);
use Farm::Policy::Servers qw(first_those matcher plan);

our $VERSION = '2.0.0';

# The seconds that localtime() takes.
our $clock = sub { return time };

my %plans;

# Minutes since midnight; undef: no time of day.
sub minute_of {
    my ($text) = @_;
    my ($hour, $minute) = $text =~ /\A(\d{1,2})(?::(\d\d))?\z/ or return;
    $minute //= 0;
    return if $minute > 59 || 60 * $hour + $minute > 24 * 60;
    return 60 * $hour + $minute;
}

sub parse {
    my @words = @_;
    @words or die "Farm::Policy::Hours::by_hour wants hours and servers, as `22:00-6:00=batch*`\n";
    my @windows;
    foreach my $word (@words) {
        my ($from, $to, $patterns) = $word =~ /\A([\d:]+)-([\d:]+)=(\S+)\z/;
        ($from, $to) = map { defined $_ ? minute_of($_) : undef } $from, $to;
        if (!defined $from || !defined $to || $from == $to) {
            die "Farm::Policy::Hours::by_hour: `$word` is no word such as `22:00-6:00=batch*`\n";
        }
        push @windows, { from => $from, to => $to, servers => matcher(split /,/, $patterns) };
    }
    return \@windows;
}

sub by_hour {
    my ($r, $ids, @words) = @_;
    my $windows = plan(\%plans, \&parse, @words);
    my (undef, $minute, $hour) = localtime $clock->();
    my $now = 60 * $hour + $minute;
    foreach my $window (@{$windows}) {
        my ($from, $to) = @{$window}{qw(from to)};
        my $open = $from < $to ? $from <= $now && $now < $to : $now >= $from || $now < $to;
        next if !$open;
        my ($these, $others) = first_those($ids, load_serverstats(), $window->{servers});
        return [@{$these}, @{$others}];
    }
    return $ids;
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy::Hours - Other servers come first at other times of the day

=head1 SYNOPSIS

    PerlModule Farm::Policy::Hours
    <Location "/app">
        Backhand byAge
        Backhand byExpectedTime
        BackhandFromSO modules/byPerl.so byPerl Farm::Policy::Hours::by_hour 22:00-6:00=batch*,192.0.2.7 8-18=day*
    </Location>

=head1 DESCRIPTION

Each word is a window of time, an equals sign, and servers separated by commas. A window includes its beginning and not
its end, in the time zone of httpd (the environment variable C<TZ> at its start). C<22:00-6:00> passes midnight;
C<24:00> is the end of the day. A server is given by host name or address, where C<*> stands for any characters and C<?>
for one.

During the first window that holds the present time its servers come first, and the others follow, both in the order
that they had. At other times the list stays as it was.

If a word is wrong, the policy dies: the list stays as it was, and the error log says why.

=head1 FUNCTIONS

=head2 by_hour($r, \@ids, @windows)

The policy.

=head2 parse(@windows)

A list of what the words say.

=head2 minute_of($text)

The minutes since midnight of a time such as C<8> or C<22:30>; C<undef> for other texts.

=head1 VARIABLES

C<$Farm::Policy::Hours::clock> is a function that returns the present time in seconds; tests set another one.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
