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

=encoding UTF-8

=head1 NAME

Apache::Backhand - Bridge between mod_backhand and mod_perl

=head1 SYNOPSIS

In F<httpd.conf>:

    LoadModule perl_module      modules/mod_perl.so
    LoadModule proxy_module      modules/mod_proxy.so
    LoadModule proxy_http_module modules/mod_proxy_http.so
    LoadModule backhand_module  modules/mod_backhand.so

    PerlSwitches -I/path/to/perl5 -I/path/to/my/lib
    PerlModule   Apache::Backhand My::Policy

    <Location "/app/">
        Backhand byAge
        BackhandFromSO modules/byPerl.so byPerl My::Policy::quickest
    </Location>

In F<My/Policy.pm>:

    package My::Policy;
    use strict;
    use warnings;
    use Apache::Backhand qw(load_serverstats);

    sub quickest {
        my ($r, $s) = @_;
        my @servers = @{$s};
        my $serverstats = load_serverstats();
        @servers = sort { $serverstats->[$a]{tatime} <=> $serverstats->[$b]{tatime} } @servers;
        return \@servers;
    }
    1;

=head1 DESCRIPTION

mod_backhand lets the servers of a farm hand requests to one another. Each server announces its figures to the others
several times a second; every server keeps a table of what all of them last said. For a request in a place with a chain
of I<candidacy functions>, these turn the list of all servers into an ordered list of candidates, and the first
candidate serves the request.

Apache::Backhand ties this to mod_perl in two ways. The module gives Perl the table, for reading and writing. And
C<byPerl>, a candidacy function in a shared object that is built with this module, calls functions written in Perl,
I<policies>, as links of that chain.

Apache::Backhand works inside httpd only. See L</ERRORS> for what it says elsewhere.

=head1 FUNCTIONS

Nothing is exported unless asked for; C<:all> asks for everything.

=over 4

=item load_serverstats()

Returns a reference to an array of C<MAXSERVERS> references to hashes, one a server; see L</THE TABLE>. Element 0 is
this server. The same reference comes back each time, so it is cheap enough for every call of a policy.

=item load_personal_arriba()

Returns a reference to a scalar which is the speed score of this machine, shared by all processes of this server. It
may be read and written. 0 means that it has not been measured yet.

=item MAXSERVERS

How many servers the table has room for: what C<BackhandMaxServers> says in F<httpd.conf>.

=item MAXSESSIONSPERSERVER

How many idle connections to one other server a child process keeps: 10.

=item SERVER_TIMEOUT

A server that was heard from within so many seconds never loses its place in the table: 20.

=back

=head1 THE TABLE

    foreach my $server (@{$serverstats}) {
        print $server->{mtime}, "\n";
        $server->{load} += 1;
    }

(The manual of the first Apache::Backhand had C<foreach my $server ($serverstats)> here; what was meant is the array,
C<@{$serverstats}>.)

Each value I<is> a word of the shared table, for reading and writing: load the structure once, and it shows at any time
what the table holds at that time. A server's place in the array, its I<id>, is what policies are given and return.

=head2 Keys

=over 4

=item mtime

When the server was last heard from, by this server's clock, in seconds since 1970. 0: never, or it has said that it
leaves.

=item arriba

Its speed score; the larger, the faster. 0: not measured yet.

=item aservers

Workers (child processes or threads) that are ready for a request.

=item nservers

Workers that run.

=item load

Its load average over one minute, times 1000.

=item load_hwm

The smallest power of two, times 1000, that is not below the largest load seen in the farm, where the load of a slower
machine counts for more. It falls again when such loads are long past.

=item cpu

The idle share of its CPUs, times 1000: 0 to 1000.

=item ncpu

CPUs.

=item tmem

Memory, in bytes.

=item amem

Memory that is available, in bytes.

=item numbacked

Requests that other servers have handed to it since it started.

=item tatime

How long it takes to serve a request that was handed to it, in milliseconds; an average in which the newest count most.

=item hostname

Its name. Read-only; empty when the entry was never used.

=item contact

Where requests for it are sent, such as C<http://192.0.2.1:80> or C<http://[2001:db8::1]:80>. Read-only; empty when the
entry was never used.

=item inflight

Requests that are being served there now, without those that wait there for another server. Read-only.

=item service

How long a request takes there while there is no crowd: the mean of recent ones, in microseconds. Read-only; 0: not measured
yet.

=item parallel

How many requests it serves at once without getting slower, times 1000: with more of them in flight, each takes that much
longer. A server takes about C<service * max(1, (inflight + 1) * 1000 / parallel)> microseconds for the next one.
Read-only; 0: not measured yet.

=item latency

How long recent requests took there that came in a crowd like the present one: the median, in microseconds. Read-only; 0:
not measured yet.

=item errors

The share of recent responses with a status of 500 or more, times 1000: 0 to 1000. A server that fails fast has the fewest
requests in flight. Read-only.

=item served

Requests that it served itself since it started. Read-only.

=item typical

How long a request takes there, for comparisons between servers: C<exp> of the mean of the logarithms, in microseconds. A few
very long requests weigh little in it. Read-only; 0: not measured yet.

=item samples

How many requests say so; 0: hardly any yet. Read-only.

=item spread

The standard deviation of the logarithms, times 1000. C<typical> is known to about C<spread / 1000 / sqrt(samples)> in the
logarithm. Read-only.

=item calm

1: these requests met no crowd; 0: what the crowd made of them had to be taken out. Read-only.

=item stall

How many times longer than usual requests take now, because none of them ends, times 1000; 1000: they end as usual. Read-only.

=back

An entry that no server has is all zeros and empty strings.

=head2 Writing

An assignment to one of the first twelve keys is one atomic store into shared memory. All processes of this server, and
candidacy functions written in C, see it at once, other servers never. It lasts until that server's next announcement
(for entry 0, until this server measures itself again), a fraction of a second as a rule. What reads and writes, as C<+=>
does, can lose what another process writes in between.

The value is made a number as Perl does (C<undef> and C<NaN> are 0), fractions are cut off, and what is out of range
becomes the nearest number in the range. All ranges start at 0. C<cpu> ends at 1000;
C<arriba>, C<aservers>, C<nservers>, C<load>, C<load_hwm>, C<ncpu> and C<tatime> at 2,147,483,647; the others beyond all
that can be meant.

Array and hashes keep their shape. An attempt to delete a value, add a key, assign to or empty a hash as a whole, change
the array's length or its elements, or write to a read-only value dies, and leaves everything as it was.

=head2 When it is there

The table exists once httpd has read its configuration and found a directive of mod_backhand there. Before, the functions
die. So load it in a C<PerlChildInitHandler>, in a policy, or in a handler:

    # httpd.conf: PerlChildInitHandler My::Policy::child_init
    our $serverstats;
    sub child_init {
        $serverstats = Apache::Backhand::load_serverstats();
        return Apache2::Const::OK;
    }

Under a threaded MPM, mod_perl serves requests in clones of the interpreter that this handler runs in. Each interpreter
has a structure of its own over the one table, and a variable that was set before the clone was made is right in the
clone. mod_perl itself makes some clones before the handler runs; when C<byPerl> is used somewhere in the configuration,
it sees to it that these are made anew, so that variables like the above are known in all of them. Without C<byPerl>, call
load_serverstats() where you need it.

References to the structure do not outlive a restart, nor do any other Perl variables.

=head1 POLICIES

    BackhandFromSO file.so byPerl Package::function words...
    BackhandFromSO file.so byPerl Package->method words...

F<file.so> is the path of F<byPerl.so>, or the folder it is in. The directive may stand wherever C<Backhand> may: outside
all containers, and in VirtualHost, Directory, Location, Files and If.

The function is called for each request there, as

    function($r, \@ids, 'words', ...)

and the method as C<< Package->method($r, \@ids, 'words', ...) >>. C<$r> is the request, an L<Apache2::RequestRec>, with the
methods of L<Apache2::RequestUtil>, L<Apache2::RequestIO>, L<Apache2::Connection>, L<Apache2::ServerRec>, L<Apache2::Log>
and L<APR::Table>: a policy needs no C<use> line for them. C<@ids> are the candidates so far, by id, best first. The words
of the directive are split at blanks.

It returns a reference to an array of ids: those it was given, in another order, fewer, or more. It may change and return
the very array that it got. An empty array means that there is no candidate; the request is then served here.
A candidate that an earlier function of the chain wanted to be reached by a redirect stays so.

The package is loaded by C<PerlModule> or C<PerlRequire>, or stands in a C<< <Perl> >> section. Examples are in the folder F<eg> of
the distribution: by least work for its workers, by capacity, and by visitor.

=head2 What costs

The list is converted to Perl and back, so let C<byAge> shorten it first: the chain starts from all C<MAXSERVERS>
entries, dead and empty ones too. Measured for a table of 256 entries, of which 4 or 16 are live servers, in microseconds
for the whole chain, medians of 3000 requests each:

    chain                                    4 live   16 live
    byAge alone                                   1         1
    byPerl, list returned as it came             17        17
    byAge, byPerl, list returned as it came       6         7
    byPerl, list sorted by a figure              71        82
    byAge, byPerl, list sorted by a figure       10        17

(2026-11-23; Perl 5.36, httpd 2.4 with the event MPM, a virtual machine with two AMD EPYC CPUs of 2.6 GHz, busy with other
work.) C<./run bench> in mod_backhand's sources measures it on your machine. On the server's own
requests C<%{BACKHAND_USEC}e> in a log format tells what its chain took.

The first look at an entry builds its hash, once an interpreter.

Under a threaded MPM a policy needs an interpreter of mod_perl's pool, and waits while all are busy with other requests:
C<PerlInterpMax> should be as large as the threads of a child that run Perl at once. It goes back to the pool before the
request is handed off.

=head2 Mistakes

None of these harms a request; each is a line in the error log, at level C<error>, that names the function, and not
again within a minute by the same process.

=over 4

=item The directive names no function, or one that does not exist

is said at server start as well, unless the configuration has C<PerlPostConfigRequire>, whose files are read later. The
list stays as it was.

=item The function dies, or calls exit

The list stays as it was. C<CORE::exit> cannot be caught; see L</Limits>.

=item It takes too long, or its calls go too deep

It is stopped, and the list stays as it was; see L</Limits>.

=item It returns something else than a reference to an array

The list stays as it was. An object that can be used as an array is one.

=item It changes what it may not

That is put back; see L</What it may change>.

=item No interpreter is free

Under the event and worker MPMs each child process keeps C<BackhandPolicyInterpreters> interpreters for policies, 2 unless
the configuration says otherwise. When none is free for as long as a policy may take, the list stays as it was.

=item The array holds what is no id: no whole number, or none from 0 to MAXSERVERS - 1; or an id twice

These entries are dropped. After twice MAXSERVERS entries no further ones are looked at.

=back

What a policy leaves in C<$@>, C<$_> or C<$!>, or as the selected file handle, is put back. What it prints goes to httpd's own
standard output, and never into a response. C<< $r->print >> dies, since there is no response yet.

=head2 What it may change

A policy may read everything, and write to C<< $r->notes >>, C<< $r->subprocess_env >>, C<< $r->headers_in >> and the log.
The answer belongs to the server that is chosen. So status, headers and body of the response, the place that the request
leads to (uri, filename, handler, method and so on), the user, handlers, filters and C<pnotes> are afterwards what they were, and
the log names what was put back.

C<lookup_uri> and its like are allowed; C<run> of what they return fails with status 500, and an C<internal_redirect> is undone.
C<< $r->print >>, C<rflush>, C<sendfile> die.

Under the event and worker MPMs global variables of a policy belong to one of the interpreters for policies. Handlers do not
see them, and the next call may come to another one.

=head2 Limits

A policy may take C<BackhandPolicyTimeout> for one request, 100 ms unless the configuration says otherwise, and have
50,000 calls and blocks inside one another. Then each further Perl operation dies until the call is left, whatever
C<eval>, C<$SIG{__DIE__}>, C<tie>, C<sort> or overloaded operator is under way. The destructors of what the policy made get
20 ms of CPU more, all together, so that they give back what they hold. Other code in the same interpreter, handlers for instance, is not concerned.

What Perl does as one operation in C is stopped only at its end: C<sleep>, C<select>, reading from a socket, a query to
a database, a regular expression. How long it took is in the log. A policy that takes too long in this way again within
600 times BackhandPolicyTimeout, a minute, is not called for 300 times that time, 30 seconds, and the log says so.

The first call in an interpreter is not longer than others: load modules by C<PerlModule>. A C<require> that was
stopped, or died with the policy, is tried again by the next call.

No limit protects against these:

=over 4

=item C<CORE::exit>, C<POSIX::_exit>, C<kill>, C<exec>, C<fork>

The first four end the child process, with all requests in it; the last makes a second one that believes to be a child of httpd.

=item A kept C<$r>

It points to memory that is gone after the request, and so does what was got from it: connection, tables, pools.

=item Memory

Perl ends the process when there is none left.

=item What is left behind

Cleanups, destructors of what is kept in global variables, threads: they run later, without limits. A cleanup holds one of
the interpreters for policies until its request is over.

=item C<clear> on a pool of httpd's

The request itself is in C<< $r->pool >>.

=item Modules with C code that crash, C<chdir>, C<umask>, redefined functions

=back

=head1 ERRORS

=over 4

=item Apache::Backhand works only inside httpd, ...

It was loaded by a perl on the command line, say. Look at policies with C<httpd -t> instead of C<perl -c>.

=item Apache::Backhand needs mod_backhand, and httpd has not loaded it ...

There is no C<LoadModule backhand_module> in the configuration, or it comes after what loads Apache::Backhand. C<PerlModule> waits until
all of the configuration is read, a C<< <Perl> >> section does not.

=item Apache::Backhand: there is no table of servers yet ...

See L</When it is there>. In a running server it means that no directive of mod_backhand is in the configuration.

=item Apache::Backhand was built for version ... of mod_backhand's table, and httpd has loaded a mod_backhand of version ...

Build and install both from the same sources.

=item Apache::Backhand: contact is read-only

=item Apache::Backhand: load cannot be deleted from a server's hash

=item Apache::Backhand: a server's hash takes no further key ...

=item Apache::Backhand: a server's hash cannot be assigned to as a whole, nor emptied ...

=item Apache::Backhand: the array of servers keeps its length and its elements

=item Modification of a read-only value attempted

See L</Writing>.

=back

=head1 CAVEATS

Writing to the table misleads every policy of this server for a moment, and the status page. Use it to count what you have
just sent somewhere, say, and with care.

What a server last said is as old as its last announcement, and all servers read the same figures: if each sends all requests
to the one server that looks best, that server is the worst a moment later. Take one of a few good ones by chance; the
candidacy functions C<byRandom> and C<byLogWindow> before a policy do that.

A policy that reads the request's body takes it away from whoever serves the request. One that keeps C<$r> in a variable beyond
the call keeps a pointer to memory that is gone. One that sleeps, or waits for another machine, makes its client wait.

Under a threaded MPM signals, and so C<alarm>, belong to the process and not to a thread: do not use them in policies.

=head1 SEE ALSO

L<perlmod>, L<Apache2::RequestRec>, and the documentation of mod_backhand, where the other candidacy functions are.

=head1 LICENSE

Apache License, Version 2.0.

=cut
