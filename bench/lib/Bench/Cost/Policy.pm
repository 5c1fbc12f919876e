# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
package Bench::Cost::Policy;

# byPerl beside a call by hand, and a value of the table beside a variable with magic: by bench/micro/mod_bench_policy.c
# inside httpd.

use strict;
use warnings;

use Carp qw(croak);

use Farm qw(build_dir);

my $functions = <<'END';
package Bench;
use strict;
use warnings;
use Apache::Backhand qw(load_serverstats);
sub unchanged { return $_[1] }
sub by_figure {
    my ($r, $ids) = @_;
    my $stats = load_serverstats();
    return [sort { $stats->[$a]{tatime} <=> $stats->[$b]{tatime} } @$ids];
}
my $value = 0;
sub number {
    my $from = $_[0];
    for (1 .. 100) {
        $value = $$from; $value = $$from; $value = $$from; $value = $$from; $value = $$from;
        $value = $$from; $value = $$from; $value = $$from; $value = $$from; $value = $$from;
    }
}
sub tied { return number(\load_serverstats()->[0]{load}) }
1;
END

# { name => [nanoseconds, nanoseconds of the floor, …] }
sub measure {
    my ($ms)   = @_;
    my $farm   = Farm->new(mpm => 'event', workers => 8);
    my $server = $farm->add(
        perl => 1,
        head => 'LoadModule bench_policy_module ' . build_dir() . '/meson/bench/mod_bench_policy.so'
    );
    my $file   = $server->write_file('bench.pl', $functions);
    my $byperl = build_dir() . '/modules/byPerl.so';
    $server->reconfigure(<<"END");
PerlInterpStart 1
PerlInterpMax 1
PerlInterpMaxRequests 1000000000
PerlModule Apache::Backhand
PerlRequire $file
BenchByPerl $byperl
<Location /app>
    BackhandFromSO $byperl byPerl Bench::unchanged
</Location>
<Location /policy>
    SetHandler bench-policy
</Location>
END
    $farm->start;
    my $response = $server->get("/policy?ms=$ms", timeout => 10 + $ms / 100);
    croak 'bench-policy answers ' . $response->status . "\n" . join "\n", $server->log_lines
      if $response->status != 200;
    my %figures = map { my ($name, @numbers) = split; $name => \@numbers } split /\n/, $response->body;
    $farm->remove;
    return \%figures;
}

1;
