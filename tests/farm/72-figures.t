#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Figures on responses pass only between servers and never reach a client. Implausible figures are not believed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually wait_for);
use Farm::Fake;
use Farm::Raw;
use Test::More;

my $good   = 'inflight=3&service=11800&parallel=3700&latency=12100&errors=25&stall=2500&usec=0';
my $marked = 'Backhand-Proxied: v=1&client=192.0.2.77:40312&scheme=http&port=80';

# Says a header of that name itself, and a status.
my $liar = <<'EOT';
print "Status: $ENV{QUERY_STRING}\n" if $ENV{QUERY_STRING};
print "Backhand-Figures: mine\nContent-Type: text/plain\nX-Other: 1\n\nsaid\n";
EOT

# Target, options of Farm::Raw, status. What each is to be asked for.
my @requests = (
    ['a file',            '/app/who',            {}, 200],
    ['HEAD',              '/app/who',            { method  => 'HEAD' },                   200],
    ['a part',            '/app/who',            { headers => ['Range: bytes=0-0'] },     206],
    ['parts',             '/app/lines',          { headers => ['Range: bytes=0-2,8-9'] }, 206],
    ['no such part',      '/app/who',            { headers => ['Range: bytes=77-'] },     416],
    ['304',               '/app/who',            { headers => ['If-None-Match: *'] },     304],
    ['412',               '/app/who',            { headers => ['If-Match: "x"'] },        412],
    ['404',               '/app/nowhere',        {},                                                             404],
    ['an error document', '/app/errors/nowhere', {},                                                             404],
    ['403',               '/app/forbidden',      {},                                                             403],
    ['405',               '/app/who',            { method => 'DELETE' },                                         405],
    ['OPTIONS',           '/app/who',            { method => 'OPTIONS' },                                        200],
    ['HTTP/1.0',          '/app/who',            { version => '1.0' },                                           200],
    ['a POST',            '/app/echo', { method => 'POST', headers => ['Content-Length: 3'], content => 'x=1' }, 200],
    [
        '100-continue',                                                                                   '/app/echo',
        { method => 'POST', headers => ['Content-Length: 3', 'Expect: 100-continue'], content => 'x=1' }, 200
    ],
    ['a redirect',                     '/app/errors',   {}, 301],
    ['a program that says the header', '/app/liar',     {}, 200],
    ['one that fails',                 '/app/liar?503', {}, 503],
    ['one with its own 404',           '/app/liar?404', {}, 404],
    ['one that dies',                  '/app/dies',     {}, 500],
);

sub figures_in {
    my ($head) = @_;
    return $head =~ /^(Backhand-Figures:[^\r\n]*)/mig;
}

sub equip {
    my ($server, $conf) = @_;
    $server->write_file('htdocs/app/lines',           "0123456789\n" x 3);
    $server->write_file('htdocs/app/errors/notfound', "not found\n") if mkdir $server->root . '/htdocs/app/errors';
    chmod 0755, $server->write_file('cgi/liar', "#!/usr/bin/perl\n$liar");
    chmod 0755, $server->write_file('cgi/dies', "#!/usr/bin/perl\nexit 1\n");
    my $root = $server->root;
    $server->reconfigure("$conf\nScriptAlias /app/liar $root/cgi/liar\nScriptAlias /app/dies $root/cgi/dies\n"
          . "<Location /app/errors>\nErrorDocument 404 /app/errors/notfound\n</Location>\n"
          . "<Location /app/forbidden>\nRequire ip 127.0.0.240\n</Location>\n");
    return $server;
}

foreach my $mpm (Farm->mpms) {
    subtest $mpm => sub {
        my $farm  = Farm->new(mpm => $mpm);
        my $away  = "Backhand byAge 60\nBackhand removeSelf\n";
        my $front = equip($farm->add,
            "<Location /app>\n$away</Location>\n<Location /app/forbidden>\nBackhand off\n</Location>\n");
        my $back = equip($farm->add, '');
        $farm->announce_log(qr/AH01215|AH01220|AH02811|AH01276|End of script output|AH01797|AH01630/);
        $farm->announce_log(qr/sent a request marked as handed off, but is no accepted sender/);
        $farm->start;
        ok $farm->together, 'two servers see each other';

        my $raw   = Farm::Raw->new(through => $front, direct => $back, host => 'a.test', framing => qr/never/);
        my $taken = 0;
        foreach my $case (@requests) {
            my ($what, $target, $options, $status) = @{$case};
            my $head = $raw->through($target, %{$options})->{head};
            my ($got) = $head =~ m{^HTTP/1\.1 ([2-5]\d\d) }m;
            is $got, $status, "$what: $status";
            is_deeply [figures_in($head)], [], "$what: no figures for the client";
            my @direct = figures_in($raw->direct($target, %{$options})->{head});
            is_deeply \@direct, $target =~ /liar/ ? ['Backhand-Figures: mine'] : [],
              "$what: asked directly, the server says none of its own";
            my @strange = figures_in(
                $raw->direct($target, %{$options}, headers => [@{ $options->{headers} || [] }, $marked])->{head});
            is_deeply \@strange, \@direct, "$what: nor to a stranger who says to be a server";
            @strange = figures_in(
                $raw->direct(
                    $target, %{$options},
                    from    => '127.0.0.9',
                    headers => [@{ $options->{headers} || [] }, $marked]
                )->{head}
            );
            is scalar @strange, 1, "$what: but once to a server";
            like $strange[0],
              qr/\A\S+: inflight=\d+&service=\d+&parallel=\d+&latency=\d+&errors=\d+&stall=\d{4,}&usec=\d+\z/,
              "$what: in its form";
        }
        my $status = $front->status;
        is $status->{'Figures-Taken'}, $status->{'Handed-Off'}, 'each answer of a server brought figures';
        cmp_ok $status->{'Figures-Taken'}, '>=', @requests - 2, 'and there were many';
        is $status->{'Figures-Ignored'},       0, 'none was ignored';
        is $back->status->{'Figures-Taken'},   0, 'the other one asked nobody';
        is $back->status->{'Figures-Ignored'}, 0, 'so it had nothing to ignore';
        cmp_ok $front->row($back->contact)->{'Figures-Ago'}, '<', Farm::scaled(5), 'their age is shown';

        # Over one kept connection, after other requests.
        my $client = $front->connect;
        is_deeply [map { scalar $client->request('GET', '/app/who')->header('Backhand-Figures') } 1 .. 5],
          [(undef) x 5],
          'none on a kept connection';
        like $raw->through('/app/who')->{head}, qr/^Content-Length: 1\r$/m, 'the rest of the head is there';
        $farm->done;
    };
}

# --- a server that says nonsense
# -----------------------------------------------------------------------------------------

my @bad = (
    ['nothing',            ''],
    ['a negative number',  $good =~ s/service=\d+/service=-1/r],
    ['no number',          $good =~ s/latency=\d+/latency=NaN/r],
    ['infinity',           $good =~ s/latency=\d+/latency=inf/r],
    ['a fraction',         $good =~ s/parallel=\d+/parallel=1.5/r],
    ['more than there is', $good =~ s/inflight=\d+/inflight=99999999999999999999/r],
    ['more than all',      $good =~ s/errors=\d+/errors=1001/r],
    ['a missing figure',   $good =~ s/&errors=\d+//r],
    ['a figure twice',     "$good&service=1"],
    ['a stall of text',    $good =~ s/stall=\d+/stall=long/r],
    ['too much',           "$good&x=" . 'x' x 200],
    ['very much',          "$good&x=" . 'x' x 4000],
    ['prose',              'all is well'],
    ['bytes',              "\x01\xff&=" . $good],
    ['figures of two',     "$good, $good"],
    ['two headers',        "$good\r\nBackhand-Figures: $good"],
);

sub answering {
    my ($farm, %options) = @_;
    return Farm::Fake->new(
        farm  => $farm,
        says  => { ms => 60_000, inflight => 1, service => 500 },
        serve => sub {
            my ($socket) = @_;
            my $head = '';
            $head .= $_ while $head !~ /\r\n\r\n/ && defined($_ = readline $socket);
            my ($n)   = $head =~ m{\?(\d+)};
            my $extra = defined $n ? "Backhand-Figures: $bad[$n][1]\r\n" : "Backhand-Figures: $good\r\n";
            $extra = "BACKHAND-figures:$good\r\n" if $head =~ m{\?case};
            $extra = ''                           if $head =~ m{\?none};
            $extra =~ s/&stall=\d+// if $head =~ m{\?before};
            my $early =
              $head =~ m{\?early} ? "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nBackhand-Figures: $good\r\n\r\n" : '';
            print {$socket}
              "${early}HTTP/1.1 200 OK\r\n${extra}X-Fake: 1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfake\n";
            return;
        },
        %options
    );
}

subtest 'what makes no sense' => sub {
    my $farm  = Farm->new;
    my $front = $farm->add(conf => "<Location /app>\nBackhand byAge 60\nBackhand removeSelf\n</Location>\n");
    my $fake  = answering($farm, quiet => 1);
    $farm->start;
    $fake->start;
    $fake->announce;
    eventually { $front->row($fake->contact) } 5, 'the other server is known';
    my $ignored = 0;
    my $raw     = Farm::Raw->new(through => $front, direct => $front, host => 'a.test', framing => qr/never/);

    for my $n (0 .. $#bad) {
        my $answer = $raw->through("/app/x?$n");
        like $answer->{head}, qr{\AHTTP/1\.1 200 .*^X-Fake: 1\r$}ms, "$bad[$n][0]: the request is fine";
        is $answer->{body}, "fake\n", "$bad[$n][0]: all of it";
        is_deeply [figures_in($answer->{head})], [], "$bad[$n][0]: the client does not see it";
        is $front->status->{'Figures-Ignored'}, ++$ignored, "$bad[$n][0]: counted";
    }
    is $front->status->{'Figures-Taken'}, 0, 'none of them is believed';
    my $row = $front->row($fake->contact);
    is $row->{'Service-Ms'}, '0.500', 'what was announced counts';
    ok !exists $row->{'Figures-Ago'}, 'and nothing newer is known';

    is $raw->through('/app/x?none')->{body}, "fake\n", 'a server that says no figures';
    is $front->status->{'Figures-Ignored'},  $ignored, 'is nothing to count';
    is_deeply [figures_in($raw->through('/app/x?case')->{head})], [], 'upper and lower case are alike to the client';
    $row = $front->row($fake->contact);
    is join(' ', map { $row->{$_} } qw(Service-Ms At-Once Latency-Ms Errors Stall)), '11.800 3.700 12.100 0.025 2.500',
      'and to this server, which believes what makes sense';
    is $row->{'In-Flight'},                    1,        'beside what was announced';
    is $front->status->{'Figures-Taken'},      1,        'and counts it';
    is $raw->through('/app/x?before')->{body}, "fake\n", 'a server of the release before';
    is $front->status->{'Figures-Taken'},      2,        'is understood';
    is $front->row($fake->contact)->{Stall},   '1.000',  'and says nothing of a stall';
    like $raw->through('/app/x?early')->{head}, qr{\AHTTP/1\.1 103 .*^X-Fake: 1\r$}ms, 'after an interim response';
    is $front->status->{'Figures-Taken'}, 3, 'those of the last response are heard';

    # Until the server is heard again.
    $fake->{seq} = 100;
    $fake->announce;
    eventually { $front->row($fake->contact)->{'Service-Ms'} eq '0.500' } 5, 'the newest word counts';
    $fake->stop;
    $farm->done;
};

subtest 'an address that AcceptStats does not cover' => sub {
    my $farm = Farm->new;
    my $port = $farm->port;
    my $fake = answering($farm, quiet => 1, host => '127.0.0.200');
    my $self = $farm->add(
        contact => "http://127.0.0.200:$port",
        conf    => "<Location /app>\nBackhandSelfRedirect On\nBackhand addSelf\n</Location>\n"
    );
    $farm->announce_log(qr/AcceptStats does not cover this server's own contact/);
    $fake->start;
    $farm->start;
    ok $farm->together, 'the server is ready';
    is $self->get('/app/x')->body,                       "fake\n", 'this server is asked at its own contact';
    is $self->get('/app/x')->header('Backhand-Figures'), undef,    'the client sees no figures';
    is $self->status->{'Figures-Taken'},                 0,        'they are not believed';
    is $self->status->{'Figures-Ignored'},               2,        'but counted';
    $fake->stop;
    $farm->done;
};

done_testing;
