# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Bridge::Handler;

# /call/Package::function/word/word calls the function and answers what it returned; /inside/... calls it in an
# interpreter for policies.

use strict;
use warnings;

use Apache2::Const -compile => qw(OK);
use Apache2::RequestIO  ();
use Apache2::RequestRec ();

sub result {
    my ($r) = @_;
    my (undef, undef, $name, @words) = split m{/}, $r->uri;
    my $function = do { no strict 'refs'; \&{$name} };    ## no critic (ProhibitNoStrict)
    my @result   = $function->(@words);
    return join q( ), map { $_ // 'undef' } @result;
}

sub handler {
    my ($r) = @_;
    my $result = eval { result($r) } // "died: $@";
    $r->content_type('text/plain');
    $r->print($result);
    return Apache2::Const::OK;
}

# A policy.
sub inside {
    my ($r, $ids) = @_;
    $r->notes->set(said => result($r));
    return [0];
}

sub served {
    my ($r) = @_;
    $r->print($r->notes->get('said') // 'served');
    return Apache2::Const::OK;
}

1;
