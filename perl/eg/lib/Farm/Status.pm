# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Farm::Status;

use strict;
use warnings;

use Apache2::Const -compile => qw(HTTP_METHOD_NOT_ALLOWED OK);
use Apache2::Access     ();
use Apache2::RequestIO  ();
use Apache2::RequestRec ();
use APR::Table          ();

use Apache::Backhand qw(load_serverstats SERVER_TIMEOUT);

our $VERSION = '2.0.0';

# The columns: heading, and the cell's text for a server's hash.
my @columns = (
    ['Server',          sub { $_[0]{hostname} }],
    ['Contact',         sub { $_[0]{contact} }],
    ['State',           sub { state_of($_[0]) }],
    ['Heard, s ago',    sub { $_[0]{mtime} ? max(0, time - $_[0]{mtime}) : q(-) }],
    ['Workers ready',   sub { "$_[0]{aservers} of $_[0]{nservers}" }],
    ['In flight',       sub { $_[0]{inflight} }],
    ['Load',            sub { sprintf '%.2f', $_[0]{load} / 1000 }],
    ['CPU idle, %',     sub { sprintf '%.0f', $_[0]{cpu} / 10 }],
    ['Service, ms',     sub { milliseconds($_[0]{service}) }],
    ['Latency, ms',     sub { milliseconds($_[0]{latency}) }],
    ['Errors, %',       sub { sprintf '%.1f', $_[0]{errors} / 10 }],
    ['Served',          sub { $_[0]{served} }],
    ['Handed to it',    sub { $_[0]{numbacked} }],
    ['Memory free, MB', sub { sprintf '%.0f', $_[0]{amem} / 2**20 }],
);

sub max {
    my ($x, $y) = @_;
    return $x > $y ? $x : $y;
}

sub milliseconds {
    my ($microseconds) = @_;
    return $microseconds ? sprintf '%.1f', $microseconds / 1000 : q(-);
}

sub state_of {
    my ($server) = @_;
    return 'left' if !$server->{mtime};
    return 'dead' if time - $server->{mtime} > SERVER_TIMEOUT();
    return 'down' if $server->{down};
    return (qw(alive drained maintenance))[$server->{duty}];
}

sub escaped {
    my ($text) = @_;
    my %entity = (q(&) => '&amp;', q(<) => '&lt;', q(>) => '&gt;', q(") => '&quot;', q(') => '&#39;');
    $text =~ s/([&<>"'])/$entity{$1}/g;
    # What is no printable ASCII is no part of a name.
    $text =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    return $text;
}

sub page {
    my ($servers) = @_;
    my $head      = join q(), map { "<th scope=\"col\">$_->[0]</th>" } @columns;
    my $rows      = q();
    foreach my $id (0 .. $#{$servers}) {
        # A copy: every cell of a row is of one moment.
        my %server = %{ $servers->[$id] };
        next if $server{hostname} eq q();
        my $cells = join q(), map { '<td>' . escaped($_->[1]->(\%server)) . '</td>' } @columns;
        $rows .= "<tr><th scope=\"row\">$id</th>$cells</tr>\n";
    }
    return <<"EOT";
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Servers of the farm</title>
<style>
body { font: 14px sans-serif }
table { border-collapse: collapse }
th, td { padding: 2px 8px; text-align: right; border-bottom: 1px solid #ccc }
td:nth-child(2), td:nth-child(3), td:nth-child(4) { text-align: left }
</style>
</head>
<body>
<h1>Servers of the farm</h1>
<table>
<thead><tr><th scope="col">Id</th>$head</tr></thead>
<tbody>
$rows</tbody>
</table>
</body>
</html>
EOT
}

sub handler {
    my ($r) = @_;
    if ($r->method !~ /\A(?:GET|HEAD)\z/) {
        $r->allow_methods(1, 'GET');
        return Apache2::Const::HTTP_METHOD_NOT_ALLOWED;
    }
    my ($seconds) = ($r->args // q()) =~ /\A(?:.*&)?refresh=([1-9]\d{0,3})(?:&|\z)/s;
    $r->content_type('text/html; charset=utf-8');
    $r->headers_out->set('Cache-Control' => 'no-store');
    $r->headers_out->set('Refresh'       => $seconds) if defined $seconds;
    $r->print(page(load_serverstats()));
    return Apache2::Const::OK;
}

1;

__END__

=encoding UTF-8

=head1 NAME

Farm::Status - A status page of the farm, made from Perl's hashes

=head1 SYNOPSIS

    PerlModule Farm::Status
    <Location "/farm">
        SetHandler modperl
        PerlResponseHandler Farm::Status
        Require ip 192.0.2.0/24
    </Location>

=head1 DESCRIPTION

A page with a row for each server, as this server knows it now. It shows how a handler reads the table: copy it, and
make the page that your farm needs. The page of C<backhand-handler>, which needs no Perl, has more.

C<?refresh=5> makes the browser ask again every 5 seconds; 1 to 9999 are possible. Methods other than GET and HEAD get
405. All texts of other servers are escaped. The page says much about your farm, so let only those see it who may.

The states are C<alive>, C<down> (the server's application fails its checks), C<dead> (silent for more than 20 seconds),
C<left> (it has announced that it leaves), and C<drained> and C<maintenance> (by an order).

=head1 FUNCTIONS

=head2 handler($r)

mod_perl's handler.

=head2 page(\@servers)

The page, for what load_serverstats() returns.

=head2 state_of(\%server)

The state of one server.

=head2 escaped($text)

The text for HTML. Everything but printable ASCII is shown as C<\x> and its number.

=head2 milliseconds($microseconds)

The number for people; C<-> when it is not known.

=head2 max($x, $y)

The larger one.

=head1 LICENSE

The terms of Perl itself, or the Apache License, Version 2.0.

=cut
