# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Apache::Backhand;

use strict;
use warnings;
use Exporter qw(import);
use XSLoader;

our $VERSION     = '2.0.0';
our @EXPORT_OK   = qw(load_serverstats load_personal_arriba MAXSERVERS MAXSESSIONSPERSERVER SERVER_TIMEOUT);
our %EXPORT_TAGS = (all => [@EXPORT_OK]);

XSLoader::load(__PACKAGE__, $VERSION);

1;

__END__

=head1 NAME

Apache::Backhand - Bridge between mod_backhand and mod_perl

=cut
