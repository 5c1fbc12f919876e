#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The configurations of docs/with.md are right, and with --long they do what that page says, with the packages of
# Debian: two servers with the page's own text, of which the first hands everything to the second.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(sha1_base64);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually repo_dir scaled wait_for);
use Farm::Certs;
use Farm::Oidc;
use POSIX ();
use Test::More;

# These modules are not ours, and some leave memory.
$ENV{ASAN_OPTIONS} = join q(:), grep { defined } $ENV{ASAN_OPTIONS}, q(detect_leaks=0);

my $modules = Farm::modules_dir();
my ($php)   = glob "$modules/libphp*.so";
my ($fpm)   = glob '/usr/sbin/php-fpm[0-9]*';

# What each section needs: modules of httpd, and further ones by file and name.
my %needs = (
    'PHP-FPM' => { modules => ['proxy_fcgi'],                          program => $fpm // '/usr/sbin/php-fpm' },
    'mod_php' => { other   => { php => $php // "$modules/libphp.so" }, mpm     => 'prefork' },
    'Applications behind ProxyPass' => {},
    'WebSockets'                    => {},
    'mod_wsgi'                      => { other => { wsgi => "$modules/mod_wsgi.so" } },
    'mod_security2' => { modules => ['unique_id'], other => { security2 => "$modules/mod_security2.so" } },
    'mod_evasive'   => { other   => { evasive20 => "$modules/mod_evasive20.so" } },
    'A balancer in front: mod_remoteip' => { modules => ['remoteip'] },
    'The PROXY protocol'                => { modules => ['remoteip'] },
    'Basic and Digest'                  => { modules => [qw(auth_digest authn_core authn_file authz_user)] },
    'Login forms'                       => {
        modules => [qw(auth_form authn_core authn_file authz_user request session session_cookie session_crypto)]
    },
    'OpenID Connect' => {
        modules => [qw(authn_core authz_user)],
        other   => { auth_openidc => "$modules/mod_auth_openidc.so" }
    },
    'WebDAV on a shared disk' => { modules => [qw(dav dav_fs)] },
    'mod_cache'               => { modules => [qw(cache cache_disk)] },
    'mod_md'                  => { modules => [qw(ssl socache_shmcb md)] },
    'Status pages'            => { modules => ['status'] },
);

# The page's blocks: heading => text.
sub sections {
    open my $page, '<', repo_dir() . '/docs/with.md' or die "docs/with.md: $!";
    local $/ = undef;
    my (undef, @parts) = split /^## (.+)\n/m, readline $page;
    my %block;
    while (my ($name, $text) = splice @parts, 0, 2) {
        ($block{$name}) = $text =~ /^```apacheconf\n(.*?)^```$/ms;
    }
    return \%block;
}

my $block = sections();
is_deeply [sort keys %{$block}], [sort keys %needs], 'each section has its test';

# What of this section is missing here; empty: nothing.
sub missing {
    my ($name) = @_;
    return grep { !-e } values %{ $needs{$name}{other} || {} }, $needs{$name}{program} // ();
}

sub load_others {
    my ($name) = @_;
    my $other = $needs{$name}{other} || {};
    return join q(), map { "LoadModule ${_}_module $other->{$_}\n" } sort keys %{$other};
}

my %key = (secret => '0a1b2c3d' x 8 . "\n");

# The text with the places of a machine replaced by those of a server, or of the whole farm.
sub localize {
    my ($text, $own, $shared, %more) = @_;
    my %place = (
        '/etc/apache2/backhand-secret' => "$own/secret",
        '/etc/apache2/users'           => "$own/users",
        '/run/php/php-fpm.sock'        => "$own/fpm.sock",
        '/var/cache/apache2/farm'      => "$own/cache",
        '/srv'                         => $shared,
        %more
    );
    my $from = join q(|), map { quotemeta } sort { length $b <=> length $a } keys %place;
    return $text =~ s/($from)/$place{$1}/gr;
}

# Both servers, in folders prepared by the test, started.
sub start_farm {
    my ($name, %options) = @_;
    my $needs = $needs{$name};
    my $mpm   = $needs->{mpm}           || 'event';
    my $more  = delete $options{places} || {};
    my $ready = delete $options{ready};
    my $extra = delete $options{extra} // '';
    my $farm =
      Farm->new(mpm => $mpm, workers => $mpm eq 'prefork' ? 24 : 16, modules => $needs->{modules} || [], %options);
    my $shared = "$farm->{root}/shared";
    mkdir $shared;

    for my $n (0, 1) {
        my $own  = "$farm->{root}/" . (qw(a b))[$n];
        my $text = localize($block->{$name}, $own, $shared, map { $_ => $more->{$_}[$n] } keys %{$more});
        $text =~ s/^( *)Backhand on$/$1Backhand byAge 60\n$1Backhand removeSelf/mg if $n == 0;
        my $server = $farm->add(conf => load_others($name) . "BackhandInterval 1s\n$text\n$extra");
        chmod 0600, $server->write_file('secret', $key{secret});
    }
    $ready->($farm, $shared) if $ready;
    $farm->start;
    ok $farm->together(grep { $_->{load} } $farm->servers), 'they see each other';
    return ($farm, $farm->servers);
}

sub curl {
    my ($server, $path, @options) = @_;
    my @command = (
        qw(curl -sS -i --noproxy *),
        '--max-time',
        int scaled(30),
        qw(--interface 127.0.0.99),
        @options, 'http://' . $server->address . $path
    );
    open my $pipe, '-|', @command or die "curl: $!";
    local $/ = undef;
    my $said = readline $pipe;
    close $pipe;
    return $said;
}

# Server, user and type of the login that a program sees.
sub login_in {
    my ($said) = @_;
    my %env = $said =~ /^(\w+)=(.*)$/mg;
    return join ' ', map { $env{$_} // q(-) } qw(SERVER_ADDR REMOTE_USER AUTH_TYPE);
}

my $whom = 'echo implode(" ", [$_SERVER["SERVER_ADDR"], $_SERVER["REMOTE_ADDR"], $_SERVER["REQUEST_URI"], '
  . 'strlen(file_get_contents("php://input"))]);';
my %test;

sub php_is_right {
    my ($a) = @_;
    is $a->get('/app/whom.php?x')->body,               '127.0.0.2 127.0.0.99 /app/whom.php?x 0',    'a page';
    is $a->post('/app/whom.php', 'x' x 100_000)->body, '127.0.0.2 127.0.0.99 /app/whom.php 100000', 'a form';
    my $client   = $a->connect;
    my $first    = $client->request('GET', '/app/whom.php');
    my ($cookie) = ($first->header('set-cookie') // '') =~ /\A(farm=[^;]+)/;
    ok $cookie, 'a client is pinned';
    like $client->request('GET', '/app/whom.php', headers => [Cookie => $cookie])->body, qr/\A127\.0\.0\.2 /,
      'and stays';
    return;
}

$test{'PHP-FPM'} = sub {
    my ($name) = @_;
    my $pid;
    my ($farm, $a) = start_farm(
        $name,
        ready => sub {
            my ($own) = @_;
            my $user  = $> ? '' : "user = www-data\ngroup = www-data\nlisten.owner = www-data\n";
            my $conf  = "[global]\nerror_log = $own->{root}/fpm.log\ndaemonize = no\n";
            for my $server ($own->servers) {
                my $root = $server->root;
                $server->write_file('htdocs/app/whom.php', "<?php $whom");
                $conf .= "[$server->{name}]\n${user}listen = $root/fpm.sock\npm = static\npm.max_children = 2\n";
            }
            $own->servers && Farm::Certs::write_file("$own->{root}/fpm.conf", $conf);
            $pid = fork // die "fork: $!";
            if (!$pid) {
                open STDERR, '>', '/dev/null';
                exec $fpm, '--nodaemonize', '-n', '-y', "$own->{root}/fpm.conf" or POSIX::_exit(2);
            }
            ok wait_for { -S $own->{root} . '/b/fpm.sock' }, 'PHP-FPM runs';
        }
    );
    php_is_right($a);
    $farm->check;
    kill 'TERM', $pid;
    waitpid $pid, 0;
};

$test{'mod_php'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_farm(
        $name,
        env   => { TMPDIR => '/tmp' },
        ready => sub { $_->write_file('htdocs/app/whom.php', "<?php $whom") for $_[0]->servers }
    );
    php_is_right($a);
    $farm->check;
};

# The application of the second server; that of the first one is down.
sub start_application {
    my ($name) = @_;
    my $port = Farm::free_port();
    my ($farm, $a, $b) = start_farm($name, places => { '127.0.0.1:3000' => ["127.0.0.19:$port", "127.0.0.3:$port"] });
    my $c = $farm->add(load => 0, port => $port, conf => "ScriptAliasMatch ^/(shop|chat) $farm->{root}/c/cgi/echo\n");
    $c->start;
    return ($farm, $a);
}

$test{'Applications behind ProxyPass'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_application($name);
    my $told = $a->post('/shop/x?y', 'z' x 5000)->echoed;
    is $told->{HTTP_X_FORWARDED_FOR},               '127.0.0.99',     'the application sees the client';
    is "$told->{REQUEST_URI} $told->{BODY_LENGTH}", '/shop/x?y 5000', 'and its request';
    is_deeply [grep { /BACKHAND|PROXIED/ } keys %{$told}], [], 'and no trace of the hand-off';
    $farm->check;
};

# Tunnels have tests of their own.
$test{'WebSockets'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_application($name);
    is $a->get('/chat/x')->echoed->{HTTP_X_FORWARDED_FOR}, '127.0.0.99', 'other requests go there, too';
    $farm->check;
};

$test{'mod_wsgi'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_farm(
        $name,
        ready => sub {
            my (undef, $shared) = @_;
            mkdir "$shared/app";
            Farm::Certs::write_file("$shared/app/app.wsgi", <<'EOT');
def application(environ, start_response):
    body = environ['wsgi.input'].read()
    text = ' '.join([environ['SERVER_ADDR'], environ['REMOTE_ADDR'], environ['wsgi.url_scheme'], str(len(body))])
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [text.encode()]
EOT
        },
        extra => "WSGIChunkedRequest On\nWSGISocketPrefix run/wsgi\n"
    );
    is $a->get('/wsgi')->body,                 '127.0.0.2 127.0.0.99 http 0',      'a page';
    is $a->post('/wsgi', 'x' x 100_000)->body, '127.0.0.2 127.0.0.99 http 100000', 'a form';
    is $a->request('POST', '/wsgi', body => 'x' x 1000, chunked => 1)->body, '127.0.0.2 127.0.0.99 http 1000',
      'in chunks';
    $farm->check;
};

$test{'mod_security2'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_farm($name, extra => "SecDataDir \${OWN}\n", head => "Define OWN /tmp\n");
    my @form = (headers => ['Content-Type' => 'application/x-www-form-urlencoded']);
    is $a->post('/app/echo', 'a=' . 'x' x 50_000, @form)->echoed->{BODY_LENGTH}, 50_002, 'a body arrives whole';
    is $a->post('/app/echo', 'a=<script>',        @form)->status,                403,    'a bad one is refused';
    is $a->logged('/app/echo')->{status}, 403, 'by the first server';
    $farm->announce_log(qr/ModSecurity/);
    $farm->check;
};

$test{'mod_evasive'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_farm(
        $name,
        children => 1,
        extra    => "DOSLogDir /nonexistent\nDOSPageInterval 60\nDOSWhitelist 127.0.0.99\n"
    );
    my $rude  = $a->connect(from => '127.0.0.77');
    my $asked = 1;
    $asked++ while $asked < 20 && $rude->request('GET', '/app/who')->status == 200;
    cmp_ok $asked, '<', 20, 'a rude client is blocked';
    is join(q(), map { $a->get('/app/who', from => "127.0.0.$_")->body } 78, 79), 'bb', 'and nobody else';
    $farm->announce_log(qr/client denied by server configuration|Couldn't open logfile|\bmod_evasive/i);
    $farm->check;
};

$test{'A balancer in front: mod_remoteip'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_farm($name, places => { '198.51.100.0/24' => ['127.0.0.50', '127.0.0.50'] });
    my $told = $a->get('/app/echo', from => '127.0.0.50', headers => ['X-Forwarded-For' => '203.0.113.9'])->echoed;
    is "$told->{SERVER_ADDR} $told->{REMOTE_ADDR}", '127.0.0.2 203.0.113.9', 'the other server knows the client';
    ok !exists $told->{HTTP_X_FORWARDED_FOR}, 'the header is taken off';
    $farm->check;
};

$test{'The PROXY protocol'} = sub {
    my ($name) = @_;
    my $farm_and_test = '127.0.0.0/28 127.0.0.99';
    my ($farm, $a) = start_farm($name, places => { '192.0.2.0/24' => [$farm_and_test, $farm_and_test] });
    my $client = $a->connect(from => '127.0.0.50');
    $client->send("PROXY TCP4 203.0.113.9 198.51.100.1 4711 80\r\n");
    for my $n (1, 2) {
        my $told = $client->request('GET', '/app/echo')->echoed;
        is "$told->{SERVER_ADDR} $told->{REMOTE_ADDR} $told->{REMOTE_PORT}", '127.0.0.2 203.0.113.9 4711', "request $n";
    }
    $farm->check;
};

$test{'Basic and Digest'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_farm($name,
        ready => sub { $_->write_file('users', 'joe:The site:' . md5_hex('joe:The site:pw') . "\n") for $_[0]->servers }
    );
    is login_in(curl($a, '/app/echo', qw(--digest -u joe:pw))), '127.0.0.2 joe Digest', 'Digest';
    like curl($a, '/app/echo', qw(--digest -u joe:no)), qr{\AHTTP/1\.1 401 .*^HTTP/1\.1 401 }ms, 'a wrong password';
    $farm->announce_log(qr/AH01792|AH01794|AH01790/);
    $farm->check;
};

$test{'Login forms'} = sub {
    my ($name) = @_;
    my ($farm, $a, $b) = start_farm(
        $name,
        ready => sub {
            for my $server ($_[0]->servers) {
                $server->write_file('users',             'joe:{SHA}' . sha1_base64('pw') . "=\n");
                $server->write_file('htdocs/login.html', 'log in');
            }
        }
    );
    like curl($a, '/app/echo'), qr{\AHTTP/1\.1 302 .*^Location: \S*/login\.html\r$}ms, 'nobody is logged in';
    my $login = curl($a, '/do-login', '-d', 'httpd_username=joe&httpd_password=pw');
    like $login, qr{\AHTTP/1\.1 302 .*^Location: \S*/app/\r$}ms, 'a login';
    my ($cookie) = $login =~ /^Set-Cookie: (session=[^;]+)/m;
    is login_in(curl($a, '/app/echo', '-b', $cookie)), '127.0.0.2 joe Form', 'holds at the other server';
    is login_in(curl($b, '/app/echo', '-b', $cookie)), '127.0.0.2 joe Form', 'and for one who comes in there';
    $farm->announce_log(qr/AH01807|AH01842|AH0181\d/);
    $farm->check;
};

$test{'OpenID Connect'} = sub {
    my ($name)   = @_;
    my $provider = '127.0.0.3:' . Farm::free_port();
    my $secret   = 'a-secret-of-the-client-that-is-not-short';
    my ($farm, $a, $b) = start_farm(
        $name,
        places => { 'id.example.com' => [($provider) x 2], 'the provider gave it' => [($secret) x 2] },
        extra  => "OIDCSSLValidateServer Off\nOIDCIDTokenSignedResponseAlg HS256\n",
        ready  => sub { Farm::Oidc::add($_[0], $provider, $secret) }
    );
    my $jar   = "$farm->{root}/jar";
    my @login = (qw(-k -L --max-redirs 8), '-b', $jar, '-c', $jar);
    my $said  = curl($a, '/app/echo', @login);
    is join(' ', $said =~ m{^HTTP/1\.1 (\d+)}mg), '302 302 302 200', 'a login';
    like login_in($said), qr/\A127\.0\.0\.2 joe\@\S* openid-connect\z/, 'the other server knows the user';
    # All servers have the name of the site; the session is of that name.
    open my $file, '<', $jar or die "$jar: $!";
    my @cookies = map { /\t(mod_auth_openidc_session\S*)\t(\S+)\s*\z/ ? "$1=$2" : () } readline $file;
    close $file;
    my @site = ('-b', join('; ', @cookies), '-H', 'Host: ' . $a->address);
    like login_in(curl($b, '/app/echo', @site)), qr/\A127\.0\.0\.2 joe\@/,
      'the session holds for one who comes in there';
    $farm->announce_log(qr/\[auth_openidc:(?:error|warn)\]/, qr/\[ssl:warn\]/);
    $farm->check;
};

$test{'WebDAV on a shared disk'} = sub {
    my ($name) = @_;
    my ($farm, $a, $b) = start_farm(
        $name,
        ready => sub {
            my (undef, $shared) = @_;
            for my $folder ("$shared/dav", "$shared/dav-locks") {
                mkdir $folder;
                chmod 0777, $folder;
            }
        },
        # A client that says so gets its answer from the server that it asks.
        extra => qq(<If "-n req('X-Here')">\nBackhand off\n</If>\n)
    );
    my @here = ('X-Here' => 1);
    is $a->request('PUT', '/dav/file', body => 'one')->status, 201, 'a file';
    my $lock =
        '<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
      . '<locktype><write/></locktype></lockinfo>';
    my ($token) = ($a->request('LOCK', '/dav/file', body => $lock)->header('lock-token') // '') =~ /<(.*)>/;
    ok $token, 'a lock';
    is $b->request('PUT', '/dav/file', body => 'two')->status, 423, 'holds at the other server';
    is $b->request('PUT', '/dav/file', body => 'two', headers => [If => "(<$token>)"])->status, 204,
      'for those without it';
    is $a->get('/dav/file')->body,                                                    'two', 'the file has changed';
    is $a->request('PUT', '/dav/file?here', body => 'x', headers => [@here])->status, 423, 'it holds at the first one';
    is $a->logged('/dav/file?here')->{reason}, q{-}, 'which serves that request itself';
    is $a->request('UNLOCK', '/dav/file', headers => [@here, 'Lock-Token' => "<$token>"])->status, 204,
      'and may end it';
    is $b->request('PUT', '/dav/file', body => 'four')->status, 204, 'for both';
    ($token) =
      ($a->request('LOCK', '/dav/file', body => $lock, headers => [@here])->header('lock-token') // '') =~ /<(.*)>/;
    ok $token, 'a lock of the first server';
    is $b->request('PUT', '/dav/file', body => 'five')->status, 423, 'holds at the second one';
    $farm->announce_log(qr/AH00(?:585|594)|The locktoken|locked/i);
    $farm->check;
};

# Before the chain is asked, or after.
sub try_cache {
    my ($name, $quick) = @_;
    my ($farm, $a)     = start_farm(
        $name,
        places  => { 'CacheQuickHandler off' => [("CacheQuickHandler $quick") x 2] },
        modules => [qw(cache cache_disk headers)],
        extra   => qq(Header set Cache-Control "max-age=600"\n),
        ready   => sub {
            for my $server ($_[0]->servers) {
                mkdir $server->root . '/cache';
                chmod 0777, $server->root . '/cache';
            }
        }
    );
    like $a->get('/app/who')->header('x-cache'), qr/\AMISS from b\.test\z/, 'made by the other server';
    eventually { $a->get('/app/who')->header('x-cache') =~ /\AHIT from b\.test\z/ } 5, 'which then has it in its cache';
    is $a->get('/app/who')->body,                 'b', 'the same';
    is join(q(), glob "$farm->{root}/a/cache/*"), '',  'the first one caches nothing of it';
    $farm->check;
    return;
}

$test{'mod_cache'} = sub {
    my ($name) = @_;
    try_cache($name, $_) for qw(off on);
};

$test{'mod_md'} = sub {
    my ($name) = @_;
    my ($farm, $a, $b) = start_farm($name, extra => "MDRenewMode manual\n<Location />\nBackhand off\n</Location>\n");
    my $folder = "$farm->{root}/shared/md/challenges/www.example.com";
    mkdir $folder;
    Farm::Certs::write_file("$folder/acme-http-01.txt", 'token.thumbprint');
    system 'chown', '-R', 'www-data', "$farm->{root}/shared/md" if !$>;
    for my $server ($a, $b) {
        is $server->get('/.well-known/acme-challenge/token', headers => [Host => 'www.example.com'])->body,
          'token.thumbprint', "$server->{name} answers the challenge";
    }
    $farm->announce_log(qr/\[md:warn\]|\[ssl:warn\]|AH10045|AH10085/);
    $farm->check;
};

$test{'Status pages'} = sub {
    my ($name) = @_;
    my ($farm, $a) = start_farm($name);
    like $a->get('/server-status?auto')->body, qr/\A127\.0\.0\.1\b/, 'each its own';
    is $a->get('/app/who')->body, 'b', 'all else is handed off';
    $farm->check;
};

is_deeply [sort keys %test], [sort keys %needs], 'and is run, not only read';

for my $name (sort keys %needs) {
    my @missing = missing($name);
    if (@missing) {
        note "$name: there is no @missing";
        next;
    }
    subtest $name => sub {
        my $dir  = Farm->new;
        my $root = $dir->{root};
        my $own  = "$root/a";
        mkdir "$root/srv";
        mkdir "$root/srv/$_" for qw(md dav dav-locks);
        my $server = $dir->add(
            mpm     => $needs{$name}{mpm}     || 'event',
            modules => $needs{$name}{modules} || [],
            conf    => load_others($name) . localize($block->{$name}, $own, "$root/srv")
        );
        chmod 0600, $server->write_file('secret', $key{secret});
        my ($status, $said) = $server->configtest;
        is $status, 0, 'is a configuration' or diag $said;
        $dir->remove;
        $test{$name}->($name) if $ENV{BACKHAND_TEST_LONG} && $test{$name};
    };
}

done_testing;
