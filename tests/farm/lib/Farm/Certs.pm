# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Farm::Certs;

# Certificate authorities and certificates for tests, made with the openssl command.
#
#     my $ca = Farm::Certs->new("$farm->{root}/ca");
#     my $pem = $ca->issue('a.test');                        # certificate and key in one file
#     my $old = $ca->issue('b.test', expired => 1);
#     $ca->path;                                             # the authority's own certificate

use strict;
use warnings;

use Carp qw(croak);

my $config = <<'EOT';
[ca]
default_ca = this
[this]
database = DIR/index
serial = DIR/serial
new_certs_dir = DIR
certificate = DIR/ca.crt
private_key = DIR/ca.key
default_md = sha256
default_days = 2
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
EOT

sub openssl {
    my (@arguments) = @_;
    open my $pipe, '-|', 'sh', '-c', 'exec openssl "$@" 2>&1', 'sh', @arguments or croak "openssl: $!";
    my $said = do { local $/ = undef; readline $pipe };
    close $pipe or croak "openssl @arguments: $said";
    return $said;
}

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', $path or croak "$path: $!";
    print {$file} $text;
    close $file or croak "$path: $!";
    return $path;
}

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or croak "$path: $!";
    local $/ = undef;
    return scalar readline $file;
}

my @new_key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);

# An authority of its own; the folder must not exist.
sub new {
    my ($class, $dir) = @_;
    mkdir $dir or croak "mkdir $dir: $!";
    my $self = bless { dir => $dir }, $class;
    (my $text = $config) =~ s/DIR/$dir/g;
    write_file("$dir/config", $text);
    write_file("$dir/index",  '');
    write_file("$dir/serial", "01\n");
    openssl(
        'req',         '-config', "$dir/config",      '-x509',   @new_key,      '-days',
        2,             '-subj',   '/CN=an authority', '-keyout', "$dir/ca.key", '-out',
        "$dir/ca.crt", '-batch'
    );
    return $self;
}

sub path { return "$_[0]{dir}/ca.crt" }

# A certificate for a name; expired => 1: it was valid in 2020. Returns the path of a file with it and its key.
sub issue {
    my ($self, $name, %options) = @_;
    my $dir  = $self->{dir};
    my $base = "$dir/$name" . ($options{expired} ? '-expired' : '');
    openssl('req', '-config', "$dir/config", @new_key, '-subj', "/CN=$name", '-addext', "subjectAltName=DNS:$name",
        '-keyout', "$base.key", '-out', "$base.csr", '-batch');
    openssl('ca', '-config', "$dir/config", '-batch', '-notext', '-in', "$base.csr", '-out', "$base.crt",
        $options{expired} ? (-startdate => '20200101000000Z', -enddate => '20200102000000Z') : ());
    write_file("$base.pem", read_file("$base.crt") . read_file("$base.key"));
    return "$base.pem";
}

1;
