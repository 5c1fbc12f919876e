# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Policy::Servers;

use strict;
use warnings;

use Exporter qw(import);

our $VERSION   = '2.0.0';
our @EXPORT_OK = qw(matcher first_those plan);

# How many servers a matcher remembers.
use constant KEPT => 4096;

my %matchers;

sub matcher {
    my @patterns = @_;
    return $matchers{ join ' ', @patterns } //= do {
        my @parts;
        foreach my $pattern (@patterns) {
            my $part = quotemeta lc $pattern;
            $part =~ s/\\[*]/.*/g;
            $part =~ s/\\[?]/./g;
            push @parts, $part;
        }
        my $names = join q(|), @parts;
        { regex => qr{\A(?:$names)\z}s, known => {} };
    };
}

# By the name, or by the contact's address without port and brackets.
sub matches {
    my ($server, $regex) = @_;
    return 1 if lc($server->{hostname}) =~ $regex;
    my ($address) = $server->{contact} =~ m{//\[?([^\]/]*?)\]?(?::\d+)?\z};
    return defined $address && lc($address) =~ $regex ? 1 : 0;
}

sub is_one {
    my ($server, $matcher) = @_;
    my $known = $matcher->{known};
    %{$known} = () if keys %{$known} > KEPT;
    return $known->{"$server->{hostname} $server->{contact}"} //= matches($server, $matcher->{regex});
}

sub first_those {
    my ($ids, $stats, $matcher) = @_;
    my (@those, @others);
    foreach my $id (@{$ids}) {
        if   (is_one($stats->[$id], $matcher)) { push @those,  $id }
        else                                   { push @others, $id }
    }
    return (\@those, \@others);
}

sub plan {
    my ($plans, $parse, @words) = @_;
    return $plans->{ join ' ', @words } //= $parse->(@words);
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Policy::Servers - What the example policies share: patterns for servers, and words read once

=head1 SYNOPSIS

    use Farm::Policy::Servers qw(matcher first_those plan);

    my ($those, $others) = first_those($ids, load_serverstats(), matcher('db*.example.com', '192.0.2.7'));

=head1 DESCRIPTION

Nothing here is a policy. All of it is cheap: what it finds out once, it remembers.

=head1 FUNCTIONS

=over 4

=item matcher(@patterns)

The argument of is_one() and first_those(), made once for each list of patterns. A pattern is a host name or an address;
C<*> stands for any characters, C<?> for one. Upper and lower case are the same.

=item is_one($server, $matcher)

True if the server's C<hostname>, or the address in its C<contact> (without port and brackets), matches a pattern. The
answer is remembered.

=item matches($server, $regex)

The same, not remembered.

=item first_those($ids, $serverstats, $matcher)

Two references to arrays: the ids of the servers that match, and the others, both in the order in which they came.

=item plan(\%plans, \&parse, @words)

The result of C<parse> for the directive's words, kept in C<%plans>, so that each line of the configuration is read
once in each interpreter.

=item KEPT

How many servers a matcher remembers.

=back

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
