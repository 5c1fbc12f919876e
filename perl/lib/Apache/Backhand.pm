# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
package Apache::Backhand;

use strict;
use warnings;
use Exporter qw(import);
use XSLoader;

our $VERSION   = '2.0.0';
our @EXPORT_OK = qw(load_serverstats load_personal_arriba MAXSERVERS MAXSESSIONSPERSERVER SERVER_TIMEOUT body
  note drain undrain maintenance weight forget);
our %EXPORT_TAGS = (all => [@EXPORT_OK]);

XSLoader::load(__PACKAGE__, $VERSION);

1;

__END__

=encoding UTF-8

=head1 NAME

Apache::Backhand - Bridge between mod_backhand and mod_perl

=head1 SYNOPSIS

In F<httpd.conf>:

    LoadModule perl_module       modules/mod_perl.so
    LoadModule proxy_module      modules/mod_proxy.so
    LoadModule proxy_http_module modules/mod_proxy_http.so
    LoadModule backhand_module   modules/mod_backhand.so

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
several times a second. Every server keeps a table of the last figures of all servers. A place may have a chain of
I<candidacy functions>. For a request there, the chain turns the list of all servers into an ordered list of
candidates, and the first candidate serves the request.

Apache::Backhand ties this to mod_perl in two ways. The module gives Perl the table, for reading and writing. And
C<byPerl>, a candidacy function in a shared object that is built with this module, calls Perl functions, called
I<policies>, as links of that chain.

Elsewhere, as in a cron job or a monitoring script, a perl can attach the table of a server that runs on the same
machine, and read it; see L</OUTSIDE HTTPD>.

=head1 FUNCTIONS

The module exports nothing by default; C<:all> exports everything. All functions but attach() work inside httpd only.

=over 4

=item load_serverstats()

Returns a reference to an array of C<MAXSERVERS> references to hashes, one for each server; see L</THE TABLE>. Element
0 is this server. Each call returns the same reference, so it is cheap enough for every call of a policy.

=item load_personal_arriba()

Returns a reference to a scalar: the speed score of this machine, shared by all processes of this server. You may read
and write it. 0 means that it has not been measured yet.

=item body($r)

Returns the beginning of the request's body, as bytes: the part that C<BackhandBufferBody> has taken in, all of the
body if it is shorter. An empty string means that nothing was taken in, C<undef> that the request has no body. For
policies, which so choose a server by the body without waiting for the client:

    sub by_tenant {
        my ($r, $ids) = @_;
        my ($tenant) = (Apache::Backhand::body($r) // '') =~ /^tenant=(\d+)/ or return $ids;
        return [$ids->[$tenant % @$ids]];
    }

=item note($r, $text)

Adds a line to the explanation of the decision: the page C<?explain> and the lines of C<BackhandTrace> show it with
the policy that said it. Outside of a policy, and while nobody asks for an explanation, it does nothing, so a policy may
always call it:

    sub by_tenant {
        my ($r, $ids) = @_;
        my $tenant = $r->headers_in->{'X-Tenant'} or return $ids;
        Apache::Backhand::note($r, "tenant $tenant");
        return [$ids->[$tenant % @$ids]];
    }

C<$r> is the request that the policy got. 16 notes of a decision count, and the first 200 bytes of each; bytes that are
not printable ASCII are shown as escapes. An empty or undefined text is ignored.

=item drain($server)

=item undrain($server)

=item maintenance($server)

=item weight($server, $percent)

=item forget($server)

Give an order to a server; docs/steer.md says what each does. C<undrain> ends C<drain> and C<maintenance>, and a weight
of 100 ends a weight. C<$server> is a server's name, contact or id; C<www2> is enough for C<www2.example.com> where no
other server fits. C<undef>, or none, is this server, but a server cannot C<forget> itself. C<$percent> is a whole
number from 0 to 100.

They wait until the server obeys and then return true. That takes about a second for this server, and at most 12
seconds for another one. Otherwise they die with the reason: another server obeys only if both servers have a
C<BackhandSecretFile> with a common key. The error log of the server that obeys names the file and line.

    sub handler {    # before a deployment
        my ($r) = @_;
        my $done = eval { Apache::Backhand::drain('www2.example.com') };
        $r->print($done ? "www2 is drained\n" : "www2: $@");
        return Apache2::Const::OK;
    }

They are for handlers, which decide who may call them. A policy may not wait, so an order in a policy dies. So does one
in httpd's parent process before there is a table, and one outside httpd, where C<backhandctl> gives orders.

=item Apache::Backhand->attach($folder)

Attaches the table of a server that runs on this machine, for reading; see L</OUTSIDE HTTPD>.

=item MAXSERVERS

How many servers the table has room for, as set by C<BackhandMaxServers> in F<httpd.conf>.

=item MAXSESSIONSPERSERVER

How many idle connections to one other server a child process keeps at most: 10.

=item SERVER_TIMEOUT

20. A server that was heard from within this number of seconds never loses its place in the table.

=back

=head1 THE TABLE

    foreach my $server (@{$serverstats}) {
        print $server->{mtime}, "\n";
        $server->{load} += 1;
    }

(The manual of the first Apache::Backhand had a mistake here, C<foreach my $server ($serverstats)>. The loop must be
over the array, C<@{$serverstats}>.)

Each value I<is> a word of the shared table, for reading and writing. Load the structure once, and it always shows the
present contents of the table. A server's place in the array is its I<id>; policies get and return ids.

=head2 Keys

=over 4

=item mtime

When this server last heard from it, by this server's clock, in seconds since 1970. 0: never, or it has announced that
it leaves.

=item arriba

Its speed score; larger is faster. 0: not measured yet.

=item aservers

Workers (child processes or threads) that are ready for a request.

=item nservers

Workers that run.

=item load

Its 1-minute load average, times 1000.

=item load_hwm

The smallest power of two, times 1000, that is not below the largest load seen in the farm. The load of a slower
machine counts for more. The value falls again some time after such loads.

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

Average time to serve a request that was handed to it, in milliseconds. The newest requests count most.

=item hostname

Its name. Read-only; empty when the entry was never used.

=item contact

The address for requests to it, such as C<http://192.0.2.1:80> or C<http://[2001:db8::1]:80>. Read-only; empty when the
entry was never used.

=item zone

The zone that it is in, by C<BackhandZone>. Read-only; empty when it has none, or the entry was never used.

=item inflight

Requests that are being served there now, without the requests that wait there for another server. Read-only.

=item service

How long a request takes there without contention: the mean of recent requests, in microseconds. It falls while
the server has nothing to do, so that a server that was slow is tried again. Read-only; 0: not measured yet.

=item parallel

How many requests it serves at once without getting slower, times 1000. With more requests in flight, each takes
proportionally longer. A server takes about C<service * max(1, (inflight + 1) * 1000 / parallel)> microseconds for the
next request. Read-only; 0: not measured yet.

=item latency

The median time of recent requests there that came at a concurrency like the present one, in microseconds.
Read-only; 0: not measured yet.

=item errors

The share of recent responses with a status of 500 or more, times 1000: 0 to 1000. A server that fails fast has few
requests in flight, so look at this share too. Read-only.

=item served

Requests that it served itself since it started. Read-only.

=item typical

How long a request takes there, for comparisons between servers: C<exp> of the mean of the logarithms, in
microseconds. A few very long requests weigh little in it. Read-only; 0: not measured yet.

=item samples

The number of requests behind C<typical>; 0: hardly any yet. Read-only.

=item spread

The standard deviation of the logarithms, times 1000. C<typical> is known to about C<spread / 1000 / sqrt(samples)> in
the logarithm. Read-only.

=item calm

1: these requests met no contention; 0: its effect had to be removed from the figure. Read-only.

=item stall

How many times longer than usual requests take now, because none of them completes, times 1000; 1000: they complete as
usual. Read-only.

=item down

Seconds since the server's application failed its checks (C<BackhandCheck>); 0: it works, or is not checked. A policy
does not see such a server in its list, as long as another server is up. Read-only.

=item why

How its last failed check ended, a number of docs/wire.md; 0: it is up. Read-only.

=item duty

The duty that an order gave the server (docs/steer.md). 0: it gets requests as usual; 1: it is drained; 2: it is under
maintenance. A policy does not see servers that get no new requests in its list. Read-only.

=item withheld

Percent of its fair share of requests that an order withholds from the server: 100 less its weight. Read-only.

=back

An entry without a server holds zeros and empty strings.

=head2 Writing

An assignment to one of the first twelve keys is one atomic store into shared memory. All processes of this server,
and candidacy functions in C, see it at once; other servers never do. It lasts until that server's next announcement,
usually for a fraction of a second. For entry 0 it lasts until this server measures itself again. An operation that
reads and writes, such as C<+=>, can lose a value that another process writes in between.

The value becomes a number as in Perl (C<undef> and C<NaN> are 0), and fractions are cut off. A value out of range
becomes the nearest number in the range. All ranges start at 0. C<cpu> ends at 1000; C<arriba>, C<aservers>,
C<nservers>, C<load>, C<load_hwm>, C<ncpu> and C<tatime> end at 2,147,483,647. The other ranges end above every
meaningful value.

Array and hashes keep their shape. An attempt to delete a value, add a key, assign to or empty a whole hash, change
the array's length or its elements, or write to a read-only value dies and changes nothing.

=head2 When it is there

The table exists once httpd has read its configuration and found a directive of mod_backhand there. Before that, the
functions die. So load it in a C<PerlChildInitHandler>, in a policy, or in a handler:

    # httpd.conf: PerlChildInitHandler My::Policy::child_init
    our $serverstats;
    sub child_init {
        $serverstats = Apache::Backhand::load_serverstats();
        return Apache2::Const::OK;
    }

Under a threaded MPM, mod_perl serves requests in clones of the interpreter in which this handler runs. Each
interpreter has its own structure over the one table. A variable that was set before the clone was made works in the
clone. mod_perl makes some clones before the handler runs. If the configuration uses C<byPerl>, byPerl has these made
again, so that such variables exist in all clones. Without C<byPerl>, call load_serverstats() where you need it.

References to the structure do not survive a restart, nor do other Perl variables.

=head1 POLICIES

    BackhandFromSO file.so byPerl Package::function words...
    BackhandFromSO file.so byPerl Package->method words...

F<file.so> is the path of F<byPerl.so>, or its folder; C<make install> puts it into the folder of httpd's modules. The
directive may stand where C<Backhand> may: outside all containers, and in VirtualHost, Directory, Location, Files and
If.

byPerl calls the function for each request there, as

    function($r, \@ids, 'words', ...)

and the method as C<< Package->method($r, \@ids, 'words', ...) >>. C<$r> is the request, an L<Apache2::RequestRec>. It
has the methods of L<Apache2::RequestUtil>, L<Apache2::RequestIO>, L<Apache2::Connection>, L<Apache2::ServerRec>,
L<Apache2::Log> and L<APR::Table>; a policy needs no C<use> line for them. C<@ids> are the candidates so far, by id,
best first. The words of the directive are split at blanks.

The function returns a reference to an array of ids: the given ones, in another order, fewer, or more. It may change
and return the array that it got. An empty array means that there is no candidate; then this server serves the
request. If an earlier function of the chain chose a redirect for a candidate, the redirect stays.

Load the package by C<PerlModule> or C<PerlRequire>, or write it in a C<< <Perl> >> section. Examples are in the folder
F<eg> of the distribution, each with a manual of its own: by path, by method, a canary, by time of day, by country, by
URI, by visitor, by capacity, by least work for its workers.

=head2 What costs

byPerl converts the list to Perl and back, so let C<byAge> shorten it first: the chain starts from all C<MAXSERVERS>
entries, dead and empty ones too. The table below is for 256 entries, of which 4 or 16 are live servers. It shows
microseconds for the whole chain, medians of 3000 requests each:

    chain                                    4 live   16 live
    byAge alone                                   1         1
    byPerl, list returned as it came             17        17
    byAge, byPerl, list returned as it came       6         7
    byPerl, list sorted by a figure              71        82
    byAge, byPerl, list sorted by a figure       10        17

(2026-11-23; Perl 5.36, httpd 2.4 with the event MPM, a virtual machine with two AMD EPYC CPUs of 2.6 GHz, busy with
other work.) C<./run bench> in mod_backhand's sources measures it on your machine. C<%{BACKHAND_USEC}e> in a log
format shows the time of the chain for each request of your server.

The first look at an entry builds its hash, once for each interpreter.

Under a threaded MPM a policy runs in one of the interpreters for policies, whose number C<BackhandPolicyInterpreters>
sets. It waits while other policies use all of them, and gives it back before the request is handed off. If the request
already holds an interpreter of the application, its policies run in that one.

=head2 Mistakes

None of these mistakes harms a request. Each writes a line to the error log, at level C<error>, that names the
function. A process writes such a line at most once a minute.

=over 4

=item The directive names no function, or one that does not exist

The error log also says this at server start, unless the configuration has C<PerlPostConfigRequire>, whose files are
read later. The list stays as it was.

=item The function dies, or calls exit

The list stays as it was. C<CORE::exit> cannot be caught; see L</Limits>.

=item It takes too long, or its calls go too deep

It is stopped, and the list stays as it was; see L</Limits>.

=item It returns something else than a reference to an array

The list stays as it was. An object that can be used as an array is one.

=item It changes what it may not

byPerl restores it; see L</What it may change>.

=item No interpreter is free

Under the event and worker MPMs each child process keeps C<BackhandPolicyInterpreters> interpreters for policies, 2 by
default. If none becomes free within the time that a policy may take, the list stays as it was.

=item The array holds an entry that is no whole number from 0 to MAXSERVERS - 1, or an id twice

byPerl drops these entries. It reads at most twice MAXSERVERS entries.

=back

byPerl restores C<$@>, C<$_>, C<$!> and the selected file handle after the call. Output of C<print> goes to httpd's
own standard output, and never into a response. C<< $r->print >> dies, since there is no response yet.

=head2 What it may change

A policy may read everything, and write to C<< $r->notes >>, C<< $r->subprocess_env >>, C<< $r->headers_in >> and the
log. The answer belongs to the chosen server. So byPerl restores these after the call: status, headers and body of the
response, the place that the request leads to (uri, filename, handler, method and so on), the user, handlers, filters
and C<pnotes>. The log names what was restored.

C<lookup_uri> and the like are allowed. C<run> of their result fails with status 500, and an C<internal_redirect> is
undone. C<< $r->print >>, C<rflush> and C<sendfile> die.

Under the event and worker MPMs a policy's global variables belong to one of the interpreters for policies. Handlers
do not see them, and the next call may use another interpreter.

=head2 Limits

A policy may take C<BackhandPolicyTimeout> for one request, 100 ms by default, and have 50,000 nested calls and
blocks. After that each further Perl operation dies until the call has ended, whatever C<eval>, C<$SIG{__DIE__}>,
C<tie>, C<sort> or overloaded operator is running. The destructors of the policy's objects together get 20 ms more CPU
time, so that they can release what they hold. Other code in the same interpreter, such as handlers, is not affected.

Perl can stop an operation in C only at its end: C<sleep>, C<select>, reading from a socket, a query to a database, a
regular expression. The log says how long it took. If a policy takes too long in this way twice within 600 times
BackhandPolicyTimeout (a minute), it is not called for 300 times that limit (30 seconds), and the log says so.

The first call in an interpreter has the same limits, so load modules by C<PerlModule>. A C<require> that was stopped,
or died with the policy, is tried again by the next call.

No limit protects against these:

=over 4

=item C<CORE::exit>, C<POSIX::_exit>, C<kill>, C<exec>, C<fork>

The first four end the child process, with all requests in it; C<fork> makes a second process that behaves like a
child of httpd.

=item A kept C<$r>

It points to memory that is gone after the request. So do objects that come from it: connection, tables, pools.

=item Memory

Perl ends the process when no memory is left.

=item Code that runs later

Cleanups, destructors of objects in global variables, and threads run later, without limits. A cleanup holds one of the
interpreters for policies until its request is over.

=item C<clear> on a pool of httpd's

The request itself is in C<< $r->pool >>.

=item Modules with C code that crash, C<chdir>, C<umask>, redefined functions

=back

=head1 OUTSIDE HTTPD

    use Apache::Backhand;
    my $table   = Apache::Backhand->attach('/var/run/apache2/backhand');
    my $servers = $table->load_serverstats;
    foreach my $id (0 .. $#{$servers}) {
        my $state = $table->state($id) or next;
        print "$servers->[$id]{hostname} is $state, $servers->[$id]{inflight} requests in flight\n";
    }

C<attach> maps the table of the server whose C<UnixSocketDir> is the folder. httpd need not answer for that, and does
not notice it. The folder is F<backhand> in C<DefaultRuntimeDir> unless the configuration says otherwise. Only root,
or the user who started httpd, may read the table.

The object has these methods:

=over 4

=item $table->load_serverstats

A reference to an array of hashes with the keys of L</Keys>, which always show the present contents of the table. Each
call makes a new array, so keep it. Everything is read-only: an assignment to a value, and all that L</Writing>
forbids, dies and changes nothing. The array, and each hash of it, keeps the table attached.

=item $table->MAXSERVERS

How many servers the table has room for.

=item $table->state($id)

The state of a server as on the status page: C<alive>, C<dead> (silent), C<left>, C<down> (its application fails its
checks), C<drained> or C<maintenance> (by an order). C<undef>: the entry has no server, or there is no such entry.

=item $table->idle

Seconds since the server announced itself last, with fractions; C<undef>: not yet. If this is more than a few
intervals, httpd was killed, or is about to start its moderator again.

=item $table->is_current

True if the object still shows the table of that folder. httpd makes another table at each start, and at a restart
that changes C<BackhandMaxServers> or the number of processes. The old table then stays readable, and no longer
changes. So a program that runs for long does this from time to time:

    $table = Apache::Backhand->attach($folder) if !$table->is_current;

=back

Threads: an object, and what it returned, can be used in every thread that is made later. The threads share one
mapping, which ends with its last user.

Inside httpd C<attach> works in the same way, if the process may read the table; children of an httpd that root has
started may not, unless C<User> is root. Their own table is that of load_serverstats().

F<eg/check_backhand> is a plug-in for Nagios and its relatives that is made with this.

=head1 ERRORS

=over 4

=item Apache::Backhand: this works only inside httpd, ...

A perl outside httpd called a function for policies. Check policies with C<httpd -t> instead of C<perl -c>.

=item Apache::Backhand: there is no ...: httpd does not run with mod_backhand, or has another UnixSocketDir

=item Apache::Backhand: no permission to open ...: only root, or the user who started httpd, may

=item Apache::Backhand: ... is of another release of mod_backhand ...

=item Apache::Backhand: ... is no table of mod_backhand, or not a whole one ...

=item Apache::Backhand: ... is of an earlier start of this machine: start httpd

From C<attach>; the message is one line and says what to do.

=item Apache::Backhand: load is read-only, as all of an attached table

See L</OUTSIDE HTTPD>.

=item Apache::Backhand::drain: www2: ...

An order was not obeyed; the text says why.

=item Apache::Backhand: an attached table takes no orders ...

The orders are functions for httpd's own processes. Elsewhere use C<backhandctl>.

=item Apache::Backhand needs mod_backhand, and httpd has not loaded it ...

The configuration has no C<LoadModule backhand_module>, or has it after the lines that load Apache::Backhand.
C<PerlModule> waits until the whole configuration is read; a C<< <Perl> >> section does not.

=item Apache::Backhand: there is no table of servers yet ...

See L</When it is there>. In a running server the configuration has no directive of mod_backhand.

=item Apache::Backhand was built for version ... of mod_backhand's table, and httpd has loaded ... version ...

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

Writing to the table misleads every policy of this server for a moment, and the status page. Use it with care, for
example to count requests that you have just sent to a server.

A server's figures are as old as its last announcement, and all servers read the same figures. If each server sends
all requests to the one server that looks best, that server is the worst a moment later. So choose at random among a
few good servers. The candidacy functions C<byRandom> and C<byLogWindow> before a policy do that.

A policy that reads the request's body waits for the client. A policy that keeps C<$r> in a variable beyond the call
keeps a pointer to memory that is gone. A policy that sleeps, or waits for another machine, makes its client wait.

Under a threaded MPM signals, and so C<alarm>, belong to the process and not to a thread. Do not use them in policies.

=head1 SEE ALSO

L<perlmod>, L<Apache2::RequestRec>, and the documentation of mod_backhand, where the other candidacy functions are.

=head1 AUTHORS

The authors of mod_backhand. The first Apache::Backhand, for httpd 1.3, was J. David Lowe's.

=head1 LICENSE

Apache::Backhand is free software. You can redistribute it and modify it under the terms of Perl itself or of the
Apache License, Version 2.0.

=cut
