#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A person with a browser and an application in PHP as Debian packages it, on a farm: logs in and works, the server with
# the session is killed, logs in once more and works on, also when that server is back. And what SameSite makes of a
# POST from another site. Takes half a minute, so only among the long tests.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Browser;
use Farm::Session;
use File::Copy qw(copy);
use Test::More;

my $application = '/usr/share/phpliteadmin/phpliteadmin.php';
my ($php)       = grep { -x } '/usr/bin/php-cgi';
my $password    = 'open sesame';

plan skip_all => 'a long test' if !$ENV{BACKHAND_TEST_LONG};
plan skip_all => 'needs the packages chromium, php-cgi and phpliteadmin'
  if !-r $application || !$php || system('command -v chromium >/dev/null 2>&1') != 0;

my $conf = <<"EOT";
AddType text/html .html
AddHandler php .php
Action php /php/php-cgi
ScriptAlias /php/ /usr/bin/
<Directory /usr/bin>
    Require all granted
</Directory>
<Location /pinned>
    BackhandSessionCookie PIN
    Backhand byAge
    Backhand removeSelf
    Backhand bySession PIN=
    Backhand byRandom
</Location>
<Location /app/echo/lax>
    BackhandSessionCookie LAX
    Backhand byAge
    Backhand removeSelf
    Backhand bySession LAX=
    Backhand byRandom
</Location>
<Location /app/echo/none>
    BackhandSessionCookie NONE samesite=none secure
    Backhand byAge
    Backhand removeSelf
    Backhand bySession NONE=
    Backhand byRandom
</Location>
EOT

# The sessions are a server's own, the databases are on a disk that all share.
my $farm   = Farm->new(modules => ['actions']);
my $shared = "$farm->{root}/databases";
mkdir $shared or die "$shared: $!";
chmod 0777, $shared;

sub equip {
    my ($server) = @_;
    my $root     = $server->root;
    my $sessions = "$root/sessions";
    for my $folder ("$root/htdocs/pinned", $sessions) {
        mkdir $folder or die "$folder: $!";
    }
    chmod 0777, $sessions;
    copy($application, "$root/htdocs/pinned/index.php") or die "copy: $!";
    $server->write_file('htdocs/pinned/phpliteadmin.config.php',
        "<?php \$password = '$password'; \$directory = '$shared';\n");
    $server->write_file('php.ini', "session.save_path = $sessions\n");
    $server->reconfigure("SetEnv PHPRC $root\n$conf");
    return $server;
}

# The browser asks a, which serves nothing of it.
my ($a, $b, $c) = map { equip($farm->add) } 1 .. 3;
my %by_id = map { Farm::Session::id_of($_) => $_ } $a, $b, $c;
my $site  = 'http://' . $a->address;
my $page  = "$site/pinned/index.php";
$farm->start;
ok $farm->together, 'they see each other';

my $profile = "$farm->{root}/browser";
mkdir $profile or die "$profile: $!";
my ($browser, $why) = Farm::Browser->start($profile);
if (!$browser) {
    $farm->remove;
    plan skip_all => "chromium does not run here: $why";
}

sub wants_login { return $browser->has('input[name=password]') }

sub log_in {
    $browser->js(q{document.querySelector('input[name=remember]').checked = false});
    $browser->fill('input[name=password]', $password);
    $browser->click('input[type=submit]');
    return !wants_login();
}

# Runs a statement in the application, whose form has a token of the session. Returns the page.
sub run_sql {
    my ($sql) = @_;
    $browser->visit("$page?view=sql");
    return 'login' if wants_login();
    $browser->js("var e = document.querySelector('.CodeMirror'); if (e) { e.CodeMirror.setValue(\"$sql\") }");
    $browser->fill('#queryval', $sql);
    $browser->click('form:has(#queryval) input[type=submit]');
    return $browser->text;
}

sub owner { return $by_id{ $browser->cookie($page, 'PIN') || q() } }

# Tests that the application goes on without a login, on that server.
sub works_on {
    my ($server, $what) = @_;
    my @pages = map { run_sql('SELECT x FROM t') } 1 .. 5;
    is scalar(grep { /hello/ } @pages), 5,       "$what: it works on" or diag $pages[0];
    is owner(),                         $server, 'on the same server';
    return;
}

$browser->visit($page);
ok wants_login(), 'the application asks for the password';
my $first = owner();
ok $first,   'with a cookie of a server' or diag $browser->text;
ok log_in(), 'logged in'                 or diag $browser->text;
$browser->fill('input[name=new_dbname]', 'farm.sqlite');
$browser->click('form input[type=submit].btn') if $browser->has('input[name=new_dbname]');
$browser->visit($page);
run_sql(q{CREATE TABLE t (x); INSERT INTO t VALUES ('hello')});
works_on($first, 'after the login');

$first->kill_all;
$farm->announce_log(qr/backhand: server \S+ .*asked last/);
$browser->visit($page);
ok wants_login(), 'the server is killed: the next page asks for the password';
my $second = owner();
isnt $second, $first, 'with the cookie of another server';
ok log_in(), 'logged in once more';
works_on($second, 'and');

$first->start;
ok $farm->together, 'the first server is back';
works_on($second, 'when it is back');

# The other site has a page of its own. Its address is another one, its server is one of ours.
for my $kind (qw(none lax)) {
    $c->write_file("htdocs/from-$kind.html",
            qq{<form method="post" action="$site/app/echo/$kind"><input name="x" value="y">}
          . q{<input type="submit" class="go"></form>});
    $browser->visit("$site/app/echo/$kind");
    my $name = uc $kind;
    my $pin  = $browser->cookie("$site/app/echo/$kind", $name);
    ok $pin && $by_id{$pin}, "$kind: the browser takes the cookie";
    $browser->visit('http://' . $c->address . "/from-$kind.html");
    $browser->click('.go');
    my %echoed = map { /\A([^=]+)=(.*)\z/s ? ($1 => $2) : () } split /\n/, $browser->text;
    is $echoed{REQUEST_METHOD}, 'POST', 'a POST from another site';

    if ($kind eq 'none') {
        like $echoed{HTTP_COOKIE}, qr/\bNONE=$pin\b/, 'keeps its session';
        is $echoed{SERVER_ADDR}, $by_id{$pin}{host}, 'on its server';
    }
    else {
        unlike $echoed{HTTP_COOKIE} || q(), qr/\bLAX=/, 'has no session';
    }
}
$browser->stop;
$farm->done;
