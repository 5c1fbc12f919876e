#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# Responses of every kind, through another server as directly from it: heads of any length, pauses, what logs say of
# them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(scaled wait_for);
use Farm::Certs;
use Farm::Raw;
use Test::More;
use Time::HiRes qw(time);

# Timeout is shorter than the pauses.
my $conf = <<'EOT';
Timeout 2
<Location /app>
    <IfDefine FRONT>
        Backhand byAge
        Backhand removeSelf
    </IfDefine>
</Location>
LuaMapHandler ^/app/lua ${SCRIPT} handle
LogFormat "%r|b=%b B=%B O=%O I=%I X=%X k=%k s=%>s" bytes
CustomLog ${RUN}/bytes.log bytes
# Silent after 3 s: on a busy machine a server must not seem so unless it is.
BackhandInterval 1s
EOT

# What a handler does is in its query: name=value pairs.
my $script = <<'EOT';
function handle(r)
    local does = {}
    for name, value in (r.args or ''):gmatch('([%w-]+)=([^&]*)') do
        does[name] = value
    end
    local log = io.open('LOG', 'a')
    log:write(r.the_request .. '\n')
    log:close()
    r.content_type = does.type or 'text/plain'
    if does.long then
        r.headers_out['X-First'] = '1'
        r.headers_out['X-Long'] = string.rep('x', does.long - 1) .. '.'
        r.headers_out['Location'] = '/' .. string.rep('y', does.long - 1)
        r.headers_out['X-Last'] = '2'
    end
    if does.many then
        for n = 1, does.many do
            r.headers_out['X-Many-' .. n] = string.rep('z', 4000)
        end
    end
    if does.odd then
        r.headers_out['x-oDD-CaSe'] = 'a'
        r.headers_out['X-Empty'] = ''
        r.headers_out['X-Trailing'] = 'value  \t'
        r.headers_out['X-Colons'] = ': a: b:'
    end
    if does.status then
        r.status = tonumber(does.status)
    end
    r:puts('first\n')
    if does.pause then
        r:flush()
        r.usleep(does.pause * 1000000)
    end
    r:puts('last\n')
    return apache2.OK
end
EOT

# With `tls` the other server's contact is https; with `http2` both offer HTTP/2.
sub start_farm {
    my ($mpm, %options) = @_;
    my @modules = ('lua', $options{tls} ? 'ssl' : (), $options{http2} ? 'http2' : ());
    my $farm    = Farm->new(mpm => $mpm, workers => 12, modules => \@modules);
    my $shared  = "$farm->{root}/shared";
    Farm::Raw::write_tree("$shared/script.lua", $script =~ s/LOG/$shared\/runs/r);
    Farm::Raw::write_tree("$shared/runs",       q());
    chmod 0777, $shared;
    chmod 0666, "$shared/runs";
    my %also = (a => q(), b => q());
    my $port = $options{tls} && Farm::free_port();

    if ($port) {
        my $ca   = Farm::Certs->new("$farm->{root}/ca");
        my $cert = $ca->issue('b.test');
        $also{a} = "SSLProxyEngine On\nSSLProxyVerify require\nSSLProxyCACertificateFile @{[$ca->path]}\n";
        $also{b} =
            "Listen 127.0.0.2:$port\n<VirtualHost 127.0.0.2:$port>\nServerName b.test\nSSLEngine On\n"
          . "SSLCertificateFile $cert\n</VirtualHost>\n";
    }
    for my $name (qw(a b)) {
        my $defines = "Define RUN $farm->{root}/$name\nDefine SCRIPT $shared/script.lua\n"
          . ($name eq 'a' ? "Define FRONT\n" : q());
        my %contact = $port && $name eq 'b' ? (contact => "https://127.0.0.2:$port") : ();
        $farm->add(
            head => $defines,
            conf => $conf . ($options{http2} ? "Protocols h2c http/1.1\n" : q()) . $also{$name},
            %contact
        );
    }
    $farm->start;
    return ($farm, "$shared/runs");
}

sub runs {
    my ($file) = @_;
    open my $handle, '<', $file or die "$file: $!";
    my @lines = readline $handle;
    close $handle;
    return scalar @lines;
}

# What the log of bytes says of the newest request for that path.
sub bytes_of {
    my ($server, $path) = @_;
    return wait_for {
        my @found = grep { index($_, " $path ") >= 0 } $server->lines('bytes.log');
        $found[-1] && $found[-1] =~ s/\A[^|]*[|]//r;
    }
    5;
}

sub test_heads {
    my ($raw, $runs) = @_;
    for my $length (4000, 7990, 8180, 8192, 9000, 16_384, 20_000, 200_000) {
        for my $method (qw(GET POST HEAD)) {
            my $before = runs($runs);
            $raw->same(
                "/app/lua/long?long=$length", 200, "$method: header lines of $length bytes",
                method => $method,
                head   => qr/^X-Long: x+[.]\r$/m,
                $method eq 'POST' ? (headers => ['Content-Length: 5'], content => 'hello') : ()
            );
            is runs($runs) - $before, 2, 'each ran once';
        }
    }
    $raw->same('/app/lua/long?long=9000&status=302', 302, 'a long Location');
    $raw->same('/app/lua/many?many=100',             200, 'many headers');
    $raw->same(
        '/app/lua/odd?odd=1', 200,
        'odd names and values',
        head => qr/^X-Empty: ?\r\n(?:.*\n)*X-Trailing: value  \t\r\n/m
    );
    my $before = runs($runs);
    for my $method (qw(GET POST)) {
        my $head = $raw->through(
            '/app/lua/many?many=300',
            method => $method,
            $method eq 'POST' ? (headers => ['Content-Length: 0']) : ()
        )->{head};
        like substr($head, 0, 30), qr{\AHTTP/1\.1 502 }, "$method: a head of more than 1 MiB cannot be passed on";
    }
    is runs($runs) - $before, 2, 'and each ran once';
    return;
}

sub test_pauses {
    my ($raw, $runs) = @_;
    my $before = runs($runs);
    my $began  = time;
    my $path   = '/app/lua/pause?pause=3';
    my ($direct, $through, $old) = Farm::in_parallel(3,
        sub { $_[0] == 0 ? $raw->direct($path) : $raw->through($path, $_[0] == 2 ? (version => '1.0') : ()) });
    cmp_ok time - $began, '>', 2.9, 'there was a pause longer than Timeout';
    is $_->{body}, "first\nlast\n", 'the response is whole' for $direct, $through, $old;
    is Farm::Raw::comparable($through->{head}, framing => 1), Farm::Raw::comparable($direct->{head}, framing => 1),
      'and as directly';
    is runs($runs) - $before, 3, 'each ran once';
    return;
}

sub test_uploads {
    my ($raw, $runs) = @_;
    for my $length (300_000, 3_000_000) {
        my $before = runs($runs);
        for my $method (qw(POST PUT)) {
            $raw->same(
                '/app/lua/unread?status=403', 403, "$method: an answer to $length bytes that nobody reads",
                method  => $method,
                headers => ["Content-Length: $length"],
                content => 'x' x $length
            );
        }
        is runs($runs) - $before, 4, 'each ran once';
    }
    return;
}

# The front logs of a request that went through what the other server logs of one that came to it directly.
sub test_bytes {
    my ($raw, $front, $back) = @_;
    for my $case (
        ['GET',  'long?long=9000'],
        ['HEAD', 'long?long=9000'],
        ['GET',  'odd?odd=1'],
        ['POST', 'odd?odd=2'],
        ['GET',  'pause?pause=0.1'],
        ['GET',  'none?status=404'],
        ['GET',  'none?status=304']
      )
    {
        my ($method, $path) = @{$case};
        my @lines;
        for my $way (qw(direct through)) {
            my $marked = "/app/lua/$path&$way" . ($way eq 'direct' ? '.' : q());
            $raw->$way(
                $marked,
                method => $method,
                $method eq 'POST' ? (headers => ['Content-Length: 5'], content => 'hello') : ()
            );
            push @lines, bytes_of($way eq 'direct' ? $back : $front, $marked);
        }
        is $lines[1], $lines[0], "$method $path: the log says what it says directly: $lines[0]";
    }
    return;
}

for my $mpm (grep { $_ ne 'worker' } Farm->mpms) {
    subtest "$mpm: heads, pauses, bytes" => sub {
        my ($farm,  $runs) = start_farm($mpm);
        my ($front, $back) = $farm->servers;
        ok $farm->together, 'they see each other';
        my $raw =
          Farm::Raw->new(through => $front, direct => $back, host => 'site.test', framing => qr/pause|odd|none/);
        test_heads($raw, $runs);
        test_pauses($raw, $runs);
        test_uploads($raw, $runs);
        test_bytes($raw, $front, $back);
        is $front->row($back->contact)->{'Refused-Ago'}, undef, 'and nobody is blamed';
        $farm->announce_log(qr/sent a response that cannot be passed on; .* asked as before/);
        $farm->check;
    };
}

subtest 'a contact that is https, and clients that may speak HTTP/2' => sub {
    my ($farm,  $runs) = start_farm('event', tls => 1, http2 => 1);
    my ($front, $back) = $farm->servers;
    ok $farm->together, 'they see each other';
    my $raw    = Farm::Raw->new(through => $front, direct => $back, host => 'site.test', framing => qr/pause|odd|none/);
    my $before = runs($runs);
    for my $length (9000, 200_000) {
        for my $method (qw(GET POST)) {
            $raw->same(
                "/app/lua/long?long=$length", 200, "$method: header lines of $length bytes",
                method => $method,
                head   => qr/^Upgrade: h2c\r$/m,
                $method eq 'POST' ? (headers => ['Content-Length: 5'], content => 'hello') : ()
            );
        }
    }
    is runs($runs) - $before, 8, 'each ran once';
    $raw->same('/app/lua/odd?odd=1', 200, 'kept alive', keep => 1, head => qr/^Connection: Upgrade/m);
    test_pauses($raw, $runs);
    test_uploads($raw, $runs);
    test_bytes($raw, $front, $back);
    for my $path ('long?long=9000', 'odd?odd=3', 'pause?pause=0.2', 'none?status=404') {
        my @lines;
        # How many frames there were, and whether the client had closed by then, is a matter of time.
        for my $server ($back, $front) {
            my $whole = "/app/lua/$path&h2@{[$server->name]}";
            my $said  = qx{curl -s -i --http2-prior-knowledge 'http://@{[$server->address]}$whole'};
            push @lines, join "\n", $said, bytes_of($server, $whole) =~ /(b=\S+ B=\S+).*(s=\d+)/;
            s/^date: .*\n//m for @lines;
        }
        is $lines[1], $lines[0], "$path by HTTP/2, and what the log says";
    }
    is $front->row($back->contact)->{'Refused-Ago'}, undef, 'and nobody is blamed';
    $farm->announce_log(qr/AH01882|AH01873/);
    $farm->check;
};

done_testing;
