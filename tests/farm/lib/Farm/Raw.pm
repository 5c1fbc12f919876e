# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Raw;

# Sends the very same bytes to two servers and compares all bytes of what comes back.
#   through   server that hands requests on
#   direct    server that answers them
#   host      value of the Host header
#   framing   pattern of the targets that programs answer: whether httpd finds out how much they say before it sends the
#             headers, and with it how the end of the body is told, is a matter of time

use strict;
use warnings;

use File::Path qw(make_path);
use Test::More ();

sub new {
    my ($class, %options) = @_;
    return bless {%options}, $class;
}

# A file in a folder that need not exist.
sub write_tree {
    my ($path, $text) = @_;
    my ($folder) = $path =~ m{\A(.*)/};
    make_path($folder);
    open my $file, '>', $path or die "$path: $!";
    print {$file} $text;
    close $file or die "$path: $!";
    # Both servers must report the same age.
    utime 1_600_000_000, 1_600_000_000, $path;
    return $path;
}

# The bytes of a request: method, headers (lines), content, version, host (undef: none), keep (no Connection: close; for
# what has a length), from (source address).
sub bytes {
    my ($self, $target, %options) = @_;
    my $host    = exists $options{host} ? $options{host} : $self->{host};
    my $version = $options{version} || '1.1';
    my @lines   = (($options{method} || 'GET') . " $target HTTP/$version");
    push @lines, "Host: $host" if defined $host;
    push @lines, @{ $options{headers} || [] };
    push @lines, 'Connection: close' if !$options{keep};
    my $content = defined $options{content} ? $options{content} : '';
    return join("\r\n", @lines, '', '') . $content;
}

# The answer as it came: head (status line and headers, interim responses before it) and body without its framing.
sub ask {
    my ($self, $server, $target, %options) = @_;
    my $client = $server->connect($options{from} ? (from => $options{from}) : ());
    $client->send($self->bytes($target, %options));
    $client->{deadline} = time + Farm::scaled(15);
    if ($options{keep}) {
        my $head = $client->up_to("\r\n\r\n");
        my ($length) = $head =~ /^Content-Length: (\d+)\r?$/m;
        return { head => "$head\r\n", body => $client->bytes($length) };
    }
    1 while $client->fill;
    my $text = $client->{buffer};
    my $head = '';
    while ($text =~ s{\A(HTTP/1\.1 1\d\d .*?\r\n\r\n)}{}s) {
        $head .= $1;
    }
    my ($last, $body) = split /\r\n\r\n/, $text, 2;
    $head .= "$last\r\n" if defined $last;
    $body = ''               if !defined $body;
    $body = dechunked($body) if $head =~ /^Transfer-Encoding: chunked\r$/mi;
    return { head => $head, body => $body };
}

sub dechunked {
    my ($text) = @_;
    my $body = '';
    while ($text =~ s/\A([0-9a-fA-F]+)[^\r]*\r\n//) {
        my $n = hex $1;
        last if !$n;
        $body .= substr $text, 0, $n, '';
        $text =~ s/\A\r\n// or return "broken chunks: $body";
    }
    return $text eq "\r\n" ? $body : "broken end of chunks: $body$text";
}

sub through { my ($self, @args) = @_; return $self->ask($self->{through}, @args) }
sub direct  { my ($self, @args) = @_; return $self->ask($self->{direct},  @args) }

sub direct_header {
    my ($self, $target, $name) = @_;
    my ($value) = $self->direct($target)->{head} =~ /^\Q$name\E: ([^\r]*)\r$/m;
    return $value;
}

# What may differ: the time, with `here` which of the two had nothing more to ask, with `framing` how the body's end is
# told.
sub comparable {
    my ($head, %options) = @_;
    $head =~ s/^(Date): [^\r]*\r$/$1: now\r/mg;
    $head =~ s/^(?:Content-Length|Transfer-Encoding): [^\r]*\r\n//mg if $options{framing};
    $head =~ s/^X-Server: [ab]\r\n//mg                               if $options{here};
    return $head;
}

# Tests that both servers answer the same, byte for byte and in the same order, except for the framing of chunks. `any`
# with an undefined $status accepts every status.
sub same {
    my ($self, $target, $status, $what, %options) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $options{framing} ||= $target =~ $self->{framing};
    my $direct  = $self->direct($target, %options);
    my $through = $self->through($target, %options);
    my ($want, $got) = map { comparable($_->{head}, %options) . "\r\n$_->{body}" } $direct, $through;
    for my $pattern (@{ $options{ignore} || [] }) {
        s/$pattern//g for $want, $got;
    }
    my $fine   = $want eq $got;
    my $why    = $fine ? '' : "differs\n--- direct\n" . shown($want) . "\n--- through\n" . shown($got);
    my ($said) = $direct->{head} =~ m{^HTTP/1\.1 ([2-9]\d\d)}m;
    $why .= "direct status $said, not $status" if !$options{any} && ($said || 0) != $status;
    $why .= "head: $direct->{head}"            if $options{head} && $direct->{head} !~ $options{head};
    $why .= 'body: ' . shown($direct->{body})  if $options{body} && $direct->{body} !~ $options{body};
    return Test::More::ok($why eq '', $what) || Test::More::diag($why);
}

sub shown {
    my ($text) = @_;
    $text =~ s/\r//g;
    $text =~ s/([^\n\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;
    return length $text > 3000 ? substr($text, 0, 3000) . '…' : $text;
}

1;
