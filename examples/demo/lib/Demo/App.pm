# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Demo::App;

# The demo's application: takes a few milliseconds, and says which server it runs on and whom it answers.

use strict;
use warnings;

use Apache2::Connection ();
use Apache2::Const -compile => qw(OK);
use Apache2::RequestIO   ();
use Apache2::RequestRec  ();
use Apache2::RequestUtil ();
use Apache2::ServerRec   ();
use Apache2::ServerUtil  ();
use APR::Table           ();
use Time::HiRes          qw(sleep);

sub handler {
    my ($r) = @_;
    sleep 0.005 + rand 0.02;
    my $name   = $r->server->server_hostname;
    my $sender = $r->subprocess_env('BACKHAND_RECEIVED');
    my $how    = $sender ? "handed over by $sender" : 'served where it arrived';
    my $client = $r->useragent_ip;
    $r->content_type('text/html; charset=utf-8');
    $r->headers_out->set('X-Served-By' => $name);
    $r->print(<<"EOT");
<!DOCTYPE html>
<html lang="en">
<title>$name</title>
<h1>$name</h1>
<p>This request of $client was $how. <a href="">Ask again</a>, or look at <a href="/backhand">what this server
knows of the farm</a>.
</html>
EOT
    return Apache2::Const::OK;
}

1;
