# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.

## no critic (Modules::ProhibitMultiplePackages, Modules::RequireFilenameMatchesPackage)

# The surroundings of a policy in bhsim: part of mod_perl's classes, with the methods that the simulator has. Any other
# method dies and says so.

package Backhand::Sim;

use strict;
use warnings;

my %methods = (
    'Apache2::RequestRec' => 'uri, method, args and headers_in',
    'APR::Table'          => 'get',
);

# Modules of mod_perl that byPerl loads, and such as policies load for them, count as loaded.
BEGIN {
    for my $module (
        qw(Apache2/RequestRec Apache2/RequestUtil Apache2/RequestIO Apache2/Connection Apache2/ServerRec Apache2/Log
        Apache2/Const APR/Table APR/Error APR/Const)
      )
    {
        $INC{"$module.pm"} = 'bhsim';    ## no critic (Variables::RequireLocalizedPunctuationVars)
    }
    no warnings 'once';                  ## no critic (TestingAndDebugging::ProhibitNoWarnings)
    *CORE::GLOBAL::exit = sub (;$) { die bless \(my $code = 120_000), 'APR::Error' };
}

# A method that is not there.
sub missing {
    my ($class, $method) = @_;
    my (undef, $file, $line) = caller 1;
    die "bhsim: there is no method $method of $class: the simulator offers $methods{$class} (at $file line $line)\n";
}

# Called for a module or a file that the scenario names.
sub load {
    my ($what) = @_;
    require($what =~ m{/} ? $what : $what =~ s{::}{/}gr . '.pm');
    return;
}

package APR::Error;

use overload '0+' => sub { ${ $_[0] } }, '""' => sub { 'exit' }, fallback => 1;

package APR::Table;

# A hash whose keys are the same in capital and small letters, with the first value of each.
sub TIEHASH {
    my ($class, @headers) = @_;
    my %values;
    while (my ($name, $value) = splice @headers, 0, 2) {
        $values{ lc $name } //= [$name, $value];
    }
    return bless \%values, $class;
}
sub FETCH    { my $entry = $_[0]{ lc $_[1] }; return $entry ? $entry->[1] : undef }
sub EXISTS   { return exists $_[0]{ lc $_[1] } }
sub FIRSTKEY { my ($self) = @_; my ($key) = sort keys %{$self}; return defined $key ? $self->{$key}[0] : undef }

sub NEXTKEY {
    my ($self, $before) = @_;
    my ($key) = grep { $_ gt lc $before } sort keys %{$self};
    return defined $key ? $self->{$key}[0] : undef;
}
sub get     { return $_[0]->{ $_[1] } }
sub DESTROY { return }

sub AUTOLOAD {
    our $AUTOLOAD;
    return Backhand::Sim::missing(__PACKAGE__, $AUTOLOAD =~ s/.*:://sr);
}

package Apache2::RequestRec;

sub uri     { return $_[0]{uri} }
sub method  { return $_[0]{method} }    ## no critic (ProhibitBuiltinHomonyms)
sub args    { return $_[0]{args} }
sub DESTROY { return }

sub headers_in {
    my ($self) = @_;
    if (!$self->{table}) {
        tie my %table, 'APR::Table', @{ $self->{headers} };
        $self->{table} = bless \%table, 'APR::Table';
    }
    return $self->{table};
}

sub AUTOLOAD {
    our $AUTOLOAD;
    return Backhand::Sim::missing(__PACKAGE__, $AUTOLOAD =~ s/.*:://sr);
}

1;
