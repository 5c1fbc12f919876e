# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bridge::Handler;

# /call/Package::function/word/word calls the function and answers what it returned.

use strict;
use warnings;

use Apache2::Const -compile => qw(OK);
use Apache2::RequestIO ();
use Apache2::RequestRec ();

sub handler {
    my ($r) = @_;
    my (undef, undef, $name, @words) = split m{/}, $r->uri;
    my $function = do { no strict 'refs'; \&{$name} };    ## no critic (ProhibitNoStrict)
    my @result   = eval { $function->(@words) };
    @result = ("died: $@") if $@;
    $r->content_type('text/plain');
    $r->print(join q( ), map { $_ // 'undef' } @result);
    return Apache2::Const::OK;
}

sub served {
    my ($r) = @_;
    $r->print('served');
    return Apache2::Const::OK;
}

1;
