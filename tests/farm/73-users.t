#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# BackhandTrustUser: a user logs in once, by Digest, a form or Basic, and all servers of the farm accept the user. A
# mark names a user only if it is signed, new and for this request, and where the place allows it.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(hmac_sha256_hex sha1_base64);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(configtest eventually scaled wait_for);
use Test::More;
use Time::HiRes qw(time);

my @key = map { $_ x 8 } qw(0a1b2c3d 11223344);

# Only the front server, a, has joe's password.
my $conf = <<'EOT';
BackhandSecretFile secret
BackhandTrustUser On
# On a busy machine a server must not seem silent unless it is.
BackhandInterval 1s
LogFormat "%u %{UNIQUE_ID}e %U" users
CustomLog ${OWN}/users.log users
<IfDefine FRONT>
    <Location /app>
        Backhand byAge 60
        Backhand removeSelf
    </Location>
</IfDefine>
<Location /app>
    AuthName farm
    AuthUserFile ${OWN}/basic
    AuthBasicProvider file
    AuthDigestProvider file
    AuthDigestDomain /app
</Location>
<Location /app/echo/basic>
    AuthType Basic
    Require valid-user
</Location>
<Location /app/echo/off>
    AuthType Basic
    Require valid-user
    BackhandTrustUser Off
</Location>
<Location /app/echo/digest>
    AuthType Digest
    AuthUserFile ${OWN}/digest
    <RequireAll>
        Require valid-user
        Require user joe ann
    </RequireAll>
</Location>
<Location /app/echo/digest/off>
    BackhandTrustUser Off
</Location>
<Location /app/echo/form>
    AuthType Form
    AuthFormProvider file
    Require valid-user
    Session On
    SessionMaxAge 600
    SessionCookieName session path=/
</Location>
<Location /app/echo/either>
    AuthType Basic
    Satisfy Any
    Order Deny,Allow
    Deny from all
    Require valid-user
</Location>
# Authorization is each server's own.
<IfDefine FRONT>
    <Location /app/echo/ann>
        AuthType Basic
        Require user ann joe
    </Location>
    <Location /app/echo/free>
        AuthType Basic
        Require valid-user
    </Location>
    # A module looks at the header, and nobody checks it.
    <Location /app/echo/looked>
        AuthType Basic
        PerlAccessHandler "sub { $_[0]->get_basic_auth_pw; 0 }"
        Require all granted
    </Location>
</IfDefine>
<IfDefine !FRONT>
    <Location /app/echo/ann>
        AuthType Basic
        Require user ann
    </Location>
    <Location /app/echo/looked>
        AuthType Basic
        Require valid-user
    </Location>
</IfDefine>
PerlModule Apache2::Access Apache2::RequestRec Apache2::RequestIO Apache2::RequestUtil
<Location /app/perl>
    AuthType Basic
    Require valid-user
    SetHandler modperl
    PerlResponseHandler "sub { my $r = shift; $r->print(join ' ', $r->user, $r->ap_auth_type); 0 }"
</Location>
<Location /app/dir>
    AuthType Digest
    AuthUserFile ${OWN}/digest
    Require valid-user
    ErrorDocument 404 /app/dir/missing.txt
    Options +Includes
    AddOutputFilter INCLUDES .shtml
</Location>
DirectoryIndex index.txt
<Location /secret>
    AuthName "another realm"
    AuthType Basic
    AuthUserFile ${OWN}/basic
    Require valid-user
</Location>
EOT

my @modules = (
    qw(auth_basic auth_digest auth_form authn_core authn_file authz_user access_compat request session session_cookie),
    qw(unique_id include)
);

# Makes a and b, without starting them.
sub make_farm {
    my (%options) = @_;
    my $secret    = delete $options{secret} // 'secret';
    my $farm      = Farm->new(perl => 1, modules => \@modules, %options);
    for my $name (qw(a b)) {
        my $server = $farm->add(
            conf => $conf =~ s/BackhandSecretFile secret$/BackhandSecretFile $secret/mr,
            head => "Define OWN $farm->{root}/$name\n" . ($name eq 'a' ? "Define FRONT\n" : '')
        );
        chmod 0600, $server->write_file('secret', "$key[0]\n");
        my @users = $name eq 'a' ? qw(joe ann) : 'nobody';
        $server->write_file('basic',  join q(), map { "$_:{SHA}" . sha1_base64("$_-pw") . "=\n" } @users);
        $server->write_file('digest', join q(), map { "$_:farm:" . md5_hex("$_:farm:$_-pw") . "\n" } @users);
        for my $folder (qw(app/dir secret)) {
            mkdir $server->root . "/htdocs/$folder";
        }
        $server->write_file('htdocs/app/dir/index.txt',   "index of $name\n");
        $server->write_file('htdocs/app/dir/missing.txt', "missing at $name\n");
        $server->write_file('htdocs/app/dir/page.shtml',
            qq(page of $name, <!--#include virtual="/secret/it.txt" -->\n));
        $server->write_file('htdocs/secret/it.txt', "SECRET\n");
    }
    return $farm;
}

sub start_farm {
    my $farm = make_farm(@_);
    $farm->start;
    ok $farm->together, 'they see each other';
    return ($farm, $farm->servers);
}

# What curl gets: status, head and body of the last response.
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
    my ($status, $head) = (0, '');
    while ($said =~ s{\AHTTP/1\.1 (\d+) (.*?)\r\n\r\n}{}s) {
        ($status, $head) = ($1, $2);
        $said =~ s{\A.*?(?=HTTP/1\.1 )}{}s if $said =~ m{HTTP/1\.1 \d};
    }
    return ($status, $head, $said);
}

sub status_of {
    return (curl(@_))[0];
}

sub body_of {
    return (curl(@_))[2];
}

# Status, server, user and how it was asked, of an answer of the program.
sub seen_in {
    my ($status, undef, $body) = @_;
    my %env = $body =~ /^(\w+)=(.*)$/mg;
    return join ' ', $status, map { $env{$_} // '-' } qw(SERVER_ADDR REMOTE_USER AUTH_TYPE);
}

sub seen {
    return seen_in(curl(@_));
}

my @basic  = qw(--basic -u joe:joe-pw);
my @digest = qw(--digest -u joe:joe-pw);
# What httpd says of logins that fail: it says each.
my $refused = qr/\bAH0(?:1374|1609|1614|1617|1618|1627|1629|1630|1631|1640|1774|1789|179\d|1807)\b|unable to include/;

for my $mpm (Farm->mpms) {
    subtest "$mpm: logins" => sub {
        my ($farm, $a, $b) = start_farm(mpm => $mpm);
        is seen($a, '/app/echo/basic', @basic),      '200 127.0.0.2 joe Basic',     'Basic: b has no password of joe';
        is status_of($b, '/app/echo/basic', @basic), 401,                           'and asks its own clients';
        is status_of($a, '/app/echo/basic', qw(--basic -u joe:wrong)), 401,         'a wrong password';
        is status_of($a, '/app/echo/off', @basic),                     401,         'BackhandTrustUser Off: b asks';
        is body_of($a, '/app/perl', @basic),                           'joe Basic', '$r->user';
        is seen($a, '/app/echo/either', @basic),                       '200 127.0.0.2 joe Basic', 'Satisfy Any';

        my @answer = curl($a, '/app/echo/digest', @digest);
        is seen_in(@answer), '200 127.0.0.2 joe Digest', 'Digest';
        like $answer[1], qr/^Authentication-Info: rspauth="[0-9a-f]{32}", cnonce="[^"]+", nc=00000001, qop=auth\r?$/m,
          'and what the front server has to say of it';
        is seen($a, '/app/echo/digest', @digest, '-d', 'x' x 5000), '200 127.0.0.2 joe Digest', 'with a body';
        is status_of($a, '/app/echo/digest/off', @digest),                   401, 'without trust no Digest succeeds';
        is status_of($a, '/app/echo/digest',     qw(--digest -u joe:wrong)), 401, 'a wrong password';

        my $jar = "$farm->{root}/jar";
        is status_of($a, '/app/echo/form'), 401, 'a form: nobody is logged in';
        @answer = curl($a, '/app/echo/form', '-d', 'httpd_username=joe&httpd_password=joe-pw', '-c', $jar);
        is seen_in(@answer), '200 127.0.0.2 joe Form',                       'logged in, and answered by b';
        is scalar(my @cookies = $answer[1] =~ /^Set-Cookie: session=/mg), 1, 'a session begins';
        like $answer[1], qr/^Set-Cookie: session=[^;]*farm-user=joe/m, "the front server's";
        is seen($a, '/app/echo/form', '-b', $jar), '200 127.0.0.2 joe Form',                      'the session holds';
        is status_of($a, '/app/echo/form', '-d', 'httpd_username=joe&httpd_password=wrong'), 401, 'a wrong password';

        is status_of($a, '/app/echo/ann', @basic), 401, 'authorization runs on b, too';
        is seen($a, '/app/echo/ann',  qw(--basic -u ann:ann-pw)), '200 127.0.0.2 ann Basic', 'and lets others in';
        is seen($a, '/app/echo/free', @basic), '200 127.0.0.2 joe Basic', 'the user is known where nothing is required';
        is status_of($a, '/app/echo/looked', qw(--basic -u admin:guessed)), 401,
          'a name that nobody checked is not told';

        is body_of($a, '/app/dir/',     @digest), "index of b\n",   'an index page of the same realm';
        is body_of($a, '/app/dir/none', @digest), "missing at b\n", 'an error document';
        my $page = body_of($a, '/app/dir/page.shtml', @digest);
        like $page,   qr/^page of b, /, 'a page that includes';
        unlike $page, qr/SECRET/,       'nothing of another realm';

        my @ids = map {
            my $server = $_;
            wait_for {
                my ($line) = grep { m{ /app/perl$} } $server->lines('users.log');
                $line
            }
        } $a, $b;
        like $ids[0], qr{^joe [-\w@]{20,} /app/perl$}, 'the user and UNIQUE_ID in the log';
        is $ids[1], $ids[0], 'are the same in both';
        $farm->announce_log($refused);
        $farm->check;
    };
}

# --- marks of others ---

sub stamp { return int(1000 * (time + ($_[0] // 0))) }

my $count = 0;

# As a server signs it; keys to change.
sub mark {
    my (%is) = @_;
    my %of = (
        time   => stamp(),
        method => 'GET',
        target => '/app/echo/basic',
        key    => $key[0],
        user   => '&user=joe&auth=Basic&nonce=' . ++$count,
        %is
    );
    my $mark = "v=1&client=10.1.1.1:99&scheme=http&port=80$of{user}&time=$of{time}";
    my $text = join "\n", $mark, @of{qw(contact method host target)};
    return "$mark&sig=" . hmac_sha256_hex("hand-off\n$text", pack 'H*', $of{key});
}

# The user that a server sees of a request with that mark; - for none, or the status of the answer.
sub ask {
    my ($server, $mark, %options) = @_;
    my @headers  = (defined $mark ? ('Backhand-Proxied' => $mark) : (), @{ delete $options{headers} || [] });
    my $target   = delete $options{target} || '/app/echo/basic';
    my $response = $server->get($target, from => '127.0.0.7', headers => \@headers, %options);
    return $response->status == 200 ? $response->echoed->{REMOTE_USER} // q(-) : $response->status;
}

subtest 'no other mark names a user' => sub {
    my $farm = make_farm();
    my ($a, $b) = $farm->servers;
    $b->start;
    my %here = (contact => $b->contact, host => $b->address);
    my $good = mark(%here);
    is ask($b, $good),                                    'joe', 'a good mark does';
    is ask($b, mark(%here)),                              'joe', 'and another';
    is ask($b, $good),                                    401,   'the same again does not';
    is ask($b, mark(%here, user => '&user=joe&nonce=x')), 'joe', 'no AuthType';
    my $stolen  = mark(%here);
    my %useless = (
        'no mark'             => [undef],
        'headers of a client' => [undef, headers => [map { ($_ => 'joe') } qw(Remote-User REMOTE_USER Backhand-User)]],
        'unsigned'            => ['v=1&client=10.1.1.1:99&scheme=http&port=80&user=joe&auth=Basic&nonce=1'],
        'another key'         => [mark(%here, key     => $key[1])],
        'another server'      => [mark(%here, contact => $a->contact)],
        'another method'      => [mark(%here, method  => 'POST')],
        'another host'        => [mark(%here, host    => 'other.test')],
        'another target'      => [$stolen, target => '/app/echo/basic?x'],
        'a minute old'        => [mark(%here, time => stamp(-60))],
        'a minute ahead'      => [mark(%here, time => stamp(60))],
        'before the start'    => [mark(%here, time => stamp(-29))],
        'another user'        => [$stolen =~ s/joe/ann/r],
        'a user more'         => ["$stolen&user=ann"],
        'a user at the end'   => [mark(%here, user => '') . '&user=joe'],
        'two users'           => [mark(%here, user => '&user=joe&user=ann')],
        'no user'             => [mark(%here, user => '&auth=Basic&nonce=1')],
        'twice'               => ["$stolen, $stolen"],
        'where trust is off'  => [mark(%here, target => '/app/echo/off'), target => '/app/echo/off'],
        'a place of others'   => [mark(%here, target => '/app/echo/ann'), target => '/app/echo/ann'],
        'not from a server'   => [mark(%here), from => '127.0.0.77'],
    );
    is ask($b, @{ $useless{$_} }),                401,   $_ for sort keys %useless;
    is ask($b, mark(%here, user => '&user=%0A')), 400,   'a mark that no server writes';
    is ask($b, $stolen),                          'joe', 'the one that they were made of is still good';
    my %free = (target => '/app/echo/free');
    is ask($b, mark(%here, %free, user => ''), %free),  q(-), 'a mark of the release before is read';
    is scalar(grep { /is not taken: / } $b->log_lines), 1,    'the log says so once';

    # What was captured stays worthless.
    $good = mark(%here);
    is ask($b, $good), 'joe', 'a mark';
    ok $b->graceful, 'after a graceful restart';
    is ask($b, $good),       401,   'it is still spent';
    is ask($b, mark(%here)), 'joe', 'a new one is good';
    ok $b->stop, 'b stops';
    $b->start;
    is ask($b, $good),       401,   'after a start it is spent, too';
    is ask($b, mark(%here)), 'joe', 'and a new one is good';
    $farm->announce_log(
        qr/backhand: 127\.0\.0\.\d+ sent a request (?:whose mark is ignored|marked as handed off)/,
        qr/is not taken: the mark (?:has come before|was made before this server was started)/,
        qr/with a Backhand-Proxied header that cannot be read/,
        $refused
    );
    $farm->check;
};

subtest 'optional: only signed marks name a user' => sub {
    my ($farm, $a, $b) = start_farm(secret => 'secret optional');
    my $mark = 'v=1&client=10.1.1.1:99&scheme=http&port=80&id=forged&user=joe&auth=Basic&nonce=1';
    is ask($b, $mark), 401, 'not an unsigned one';
    my $line = wait_for {
        my ($found) = grep { m{ /app/echo/basic$} } $b->lines('users.log');
        $found
    };
    unlike $line, qr/forged/, 'nor is its id taken';
    is ask($b, mark(contact => $b->contact, host => $b->address)), 'joe', 'a signed one';
    is seen($a, '/app/echo/digest', @digest), '200 127.0.0.2 joe Digest', 'the servers work together';
    $farm->announce_log(qr/BackhandSecretFile is optional/, $refused);
    $farm->check;
};

subtest 'configuration' => sub {
    my ($status, $said) = configtest(conf => "<Location />\nBackhandTrustUser On\n</Location>\n");
    isnt $status, 0, 'without a secret';
    like $said, qr/backhand: BackhandTrustUser On needs a BackhandSecretFile/, 'it says what is missing';
    is((configtest(conf => "BackhandTrustUser Off\n"))[0], 0, 'Off needs none');
    ($status, $said) = configtest(conf => "BackhandTrustUser Maybe\n");
    isnt $status, 0, 'another word';
    like $said, qr/BackhandTrustUser Maybe: takes On or Off/, 'is refused';
};

done_testing;
