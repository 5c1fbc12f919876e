# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# `apachectl configtest` refuses wrong lines, and names the directive, the value and a right one; right lines pass.
package main;

use strict;
use warnings;

use Cwd        qw(abs_path);
use File::Temp ();
use FindBin    ();
use lib "$FindBin::Bin/lib";
use Farm ();
use Test::More;

my $build   = $ENV{BACKHAND_BUILD_DIR} || abs_path("$FindBin::Bin/../../build");
my $modules = "$build/modules";
my $httpd   = '/usr/lib/apache2/modules';
my $program = $ENV{BACKHAND_HTTPD} || '/usr/sbin/apache2';
my $root    = File::Temp::tempdir('backhand-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $port    = 7300;
mkdir "$root/run" or die "$root/run: $!";

-f "$modules/mod_backhand.so" or die "no $modules/mod_backhand.so: ./run build makes it\n";

my $backhand = "LoadModule backhand_module $modules/mod_backhand.so\n";
my $proxy    = "LoadModule proxy_module $httpd/mod_proxy.so\n";
my $http     = "LoadModule proxy_http_module $httpd/mod_proxy_http.so\n";

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', $path or die "$path: $!";
    print {$file} $text;
    close $file or die "$path: $!";
    return;
}

# Runs httpd's check of a configuration. Options: mpm, load (the LoadModule lines of ours and mod_proxy's), listen.
sub check {
    my ($text, %option) = @_;
    my $mpm    = $option{mpm}    || 'event';
    my $load   = $option{load}   || $proxy . $http . $backhand;
    my $name   = $option{name}   || 'ServerName a.test';
    my $listen = $option{listen} || "Listen 127.0.0.1:$port";
    write_file("$root/httpd.conf", <<"END");
ServerRoot $root
DefaultRuntimeDir $root/run
PidFile $root/pid
ErrorLog $root/error_log
$name
LoadModule mpm_${mpm}_module $httpd/mod_mpm_$mpm.so
LoadModule authz_core_module $httpd/mod_authz_core.so
$load
$listen
$text
END
    my $said = `$program -t -f $root/httpd.conf 2>&1`;
    return ($? >> 8, $said);
}

sub verdict {
    my ($good, $name, $details) = @_;
    ok($good, $name) or diag $details;
    return;
}

sub fails_with {
    my ($name, $text, @parts) = @_;
    my ($code, $said) = check($text);
    my @missing = grep { ref $_ ? $said !~ $_ : index($said, $_) < 0 } @parts;
    verdict($code != 0 && !@missing, "wrong: $name", "exit $code, not said: @missing\n$said");
    return;
}

sub passes {
    my ($name, $text, %option) = @_;
    my ($code, $said) = check($text, %option);
    verdict($code == 0 && $said !~ /backhand:/, "right: $name", "exit $code\n$said");
    return;
}

# --- both load orders, both MPMs ------------------------------------------------------------------------------------

my $farm = <<'END';
MulticastStats 127.0.0.1 239.255.0.1:4445,1
AcceptStats 127.0.0.0/8
Backhand byAge
Backhand byLoad 0.5
END
for my $mpm (Farm->mpms) {
    passes "$mpm, mod_backhand after mod_proxy",            $farm, mpm => $mpm, load => $proxy . $http . $backhand;
    passes "$mpm, mod_backhand before mod_proxy",           $farm, mpm => $mpm, load => $backhand . $proxy . $http;
    passes "$mpm, mod_backhand loaded, nothing configured", '',    mpm => $mpm, load => $backhand;
}

# --- variables ------------------------------------------------------------------------------------------------------

my $environment = <<'END';
BackhandContact http://${BACKHAND_TEST_IP}:80
BackhandHostname ${BACKHAND_TEST_NAME}
BackhandFarm ${BACKHAND_TEST_FARM}
MulticastStats ${BACKHAND_TEST_GROUP}:4445
AcceptStats ${BACKHAND_TEST_NETWORK}
BackhandModeratorPIDFile ${BACKHAND_TEST_NAME}.pid
END
{
    local @ENV{ map { "BACKHAND_TEST_$_" } qw(IP NAME FARM GROUP NETWORK) } =
      qw(192.0.2.1 www1.test shop 239.255.0.1 192.0.2.0/24);
    passes 'values from the environment', $environment;
}
passes 'values from Define', "Define BACKHAND_TEST_IP 192.0.2.1\nBackhandContact \${BACKHAND_TEST_IP}:80";
for my $line (split /\n/, $environment) {
    my ($directive, $value, $name) = $line =~ /\A(\w+) (.*\{(\w+)\}.*)\z/;
    fails_with "$directive with a variable that is not defined", $line,
      "$directive $value: the variable $name is not defined; set it in httpd's environment, or by Define";
}

# --- one value ------------------------------------------------------------------------------------------------------

my %values = (
    UnixSocketDir            => { right => [qw(backhand /run/backhand ../x), '"a b"'], wrong => [], says => '' },
    BackhandModeratorPIDFile => { right => [qw(backhand.pid /run/x ../x),    '"a b"'], wrong => [], says => '' },
    BackhandConnectionPools  =>
      { right => [qw(On Off on off)], wrong => [qw(Yes 1 x Only)], says => 'takes On or Off (default On)' },
    BackhandMaxServers => {
        right => [qw(2 256 4096)],
        wrong => [qw(1 0 -1 4097 16x x 99999999999999999999 2.5)],
        says  => 'takes a number of servers from 2 to 4096 (default 256)',
    },
    BackhandInterval => {
        right => [qw(50ms 250ms 1 1s 60s 60 1min 1mi)],
        wrong => [qw(49ms 0 61s 2min 1h 10x s ms -1 1.5s 1sx 250MS 99999999999999999999s), '" 5s"'],
        says  => 'takes a time from 50ms to 60s, as in 250ms or 5s; a number alone is seconds (default 250ms)',
    },
    BackhandContact => {
        right =>
          [qw(192.0.2.1 192.0.2.1:81 http://192.0.2.1 https://192.0.2.1:8443 [2001:db8::1]:80 http://[2001:db8::1])],
        wrong => [qw(192.0.2.1:0 192.0.2.1:65536 192.0.2.300 ftp://192.0.2.1 http://192.0.2.1/x www.example.com)],
        says  => '; write [scheme://]address[:port], as in http://192.0.2.1:80 or [2001:db8::1]:80 '
          . '(default an address of this machine)',
    },
    BackhandFarm => {
        right => ['a',     'A-Z_0.9', 'x' x 63],
        wrong => ['"a b"', 'x' x 64,  'a/b', 'a:b'],
        says  => 'takes a name of 1 to 63 characters of A-Z a-z 0-9 . _ - (default default)',
    },
    BackhandZone => {
        right => ['eu',    'A-Z_09', 'x' x 31],
        wrong => ['"a b"', 'x' x 32, 'a/b', 'eu.west'],
        says  => 'takes a name of 1 to 31 characters of A-Z a-z 0-9 _ - (default no zone)',
    },
    BackhandHostname => {
        right => ['www.example.com', 'x' x 255],
        wrong => ['"a b"', 'a@b', 'x' x 256],
        says  => q{takes this server's name, 1 to 255 of A-Z a-z 0-9 . _ - : (default the main ServerName)},
    },
    BackhandMaxHandoffs => {
        right => [qw(0 10 50% 0% 100% 1000000)],
        wrong => [qw(-1 101% 1.5 % x% 1000001 50%%)],
        says => 'takes a number of requests from 0 to 1000000, or a share of the workers from 0% to 100% (default 50%)',
    },
    BackhandMaxSessionHandoffs => {
        right => [qw(0 10 75% 0% 100% 1000000)],
        wrong => [qw(-1 101% 1.5 % x% 1000001 50%%)],
        says => 'takes a number of requests from 0 to 1000000, or a share of the workers from 0% to 100% (default 75%)',
    },
    BackhandRetryBody => {
        right => [qw(0 65536 16777216)],
        wrong => [qw(16777217 64K -1 x)],
        says  => 'takes a number of bytes from 0 to 16777216 (default 65536)',
    },
    BackhandConnectTimeout => {
        right => [qw(1ms 500ms 1 1h)],
        wrong => [qw(0 0ms 61min 2h x -1)],
        says  => 'takes a time from 1ms to 1h',
    },
    BackhandResponseTimeout => {
        right => [qw(0 1ms 300 24h)],
        wrong => [qw(25h x -1)],
        says  => 'takes a time from 1ms to 24h, or 0 for that of ProxyTimeout, as in 250ms or 5s; '
          . 'a number alone is seconds (default 0)',
    },
    BackhandPolicyTimeout => {
        right => [qw(0 1ms 100ms 1 1h)],
        wrong => [qw(61min 2h x -1)],
        says  => 'takes a time from 1ms to 1h, or 0 for no limit',
    },
    BackhandPolicyInterpreters => {
        right => [qw(1 2 64)],
        wrong => [qw(0 65 -1 x 1.5)],
        says  => 'takes a number of interpreters from 1 to 64 (default 2)',
    },
    BackhandTries => {
        right => [qw(0 3 100)],
        wrong => [qw(101 -1 x)],
        says  => 'takes a number of other servers from 0 to 100 (default 3)',
    },
    BackhandRetry => {
        right => [qw(0 5s 1h 3600)],
        wrong => [qw(3601 2h x -1)],
        says  => 'takes a time from 0 to 1h',
    },
    AcceptStats => {
        right => ['192.0.2.1',   '192.0.2.0/24', '192.0.2.1 198.51.100.0/24 2001:db8::/32', '2001:db8::1'],
        wrong => ['192.0.2.300', '192.0.2.0/33', 'x'],
        says  => qr/./,
    },
    MulticastStats => {
        right =>
          ['239.255.0.1:4445', '239.255.0.1:4445,3', '192.0.2.1 239.255.0.1:4445,1', '192.0.2.1:81 192.0.2.255:4445'],
        wrong => [
            '239.255.0.1', '239.255.0.1:0', '239.255.0.1:70000', '239.255.0.1:4445,256',
            'x y',         '192.0.2.1:x 239.255.0.1:4445'
        ],
        says => qr/./,
    },
);
for my $directive (sort keys %values) {
    my $case  = $values{$directive};
    my $extra = $directive eq 'MulticastStats' ? "AcceptStats 127.0.0.0/8 192.0.2.0/24\n" : '';
    passes "$directive $_", "$extra$directive $_" for @{ $case->{right} };
    for my $value (@{ $case->{wrong} }) {
        my $shown = $value =~ s/"//gr;
        fails_with "$directive $value", "$directive $value", "$directive $shown:", $case->{says};
    }
    fails_with "$directive without a value", "$directive $_", $directive, 'argument' for '', '""';
    for my $section ('<VirtualHost *>', '<Directory />', '<Location />', '<Files x>', q{<If "true">}) {
        my ($name) = $section =~ /^<(\w+)/;
        fails_with "$directive in $section", "$section\n$directive $case->{right}[0]\n</$name>",
          "$directive: belongs to the whole server: put it outside of <$name>";
    }
}

# --- chains ---------------------------------------------------------------------------------------------------------

my $from  = "BackhandFromSO $modules/byHostname.so byHostname";
my @right = (
    'Backhand byAge',
    'Backhand byAge 5',
    'Backhand byage "7"',
    'Backhand off',
    'Backhand backhand_off',
    'Backhand removeSelf',
    'Backhand addSelf',
    'Backhand byRandom',
    'Backhand byLogWindow',
    'Backhand byLoad',
    'Backhand byLoad 0.25',
    'Backhand byLoad 3',
    'Backhand byCPU',
    'Backhand byBusyChildren',
    'Backhand byBusyChildren 2',
    'Backhand byCost',
    'Backhand byWeight',
    'Backhand addPrediction',
    'Backhand on',
    'Backhand ON 1.5',
    'Backhand byExpectedTime',
    'Backhand byExpectedTime 0.25',
    'Backhand byPrequal',
    'Backhand bySession',
    'Backhand bySession sid=',
    'Backhand bysession __Host-x',
    'Backhand HTTPRedirectToIP',
    'Backhand HTTPRedirectToName',
    'Backhand HTTPRedirectToName %-2S.%1H.x%%41',
    'BackhandSelfRedirect On',
    'BackhandSelfRedirect off',
    'BackhandSelfRedirect Only',
    'BackhandSessionCookie PIN',
    'BackhandSessionCookie off',
    'BackhandSessionCookie PIN path=/app domain=example.com max-age=1h samesite=none secure',
    'BackhandBufferBody 0',
    'BackhandBufferBody 16777216',
    'BackhandSessionRedirect www-%S',
    'BackhandSessionRedirect off',
    $from,
    "$from ^www",
    "$from ^www more words",
    "BackhandFromSO $modules/ byHostname ^www",
    "BackhandFromSO $modules byHostname",
    "BackhandFromSO linked/ byHostname ^www",
    'BackhandFromSO linked/byHostname.so byHostname ^www',
    "$from a\n$from b",
);
symlink $modules, "$root/linked" or die "$root/linked: $!";
my @containers =
  ('', '<VirtualHost *>', '<Directory />', '<Location />', '<LocationMatch x>', '<Files x>', '<If "true">');
for my $line (@right) {
    passes $line, $line;
}
for my $container (grep { $_ } @containers) {
    my ($name) = $container =~ /^<(\w+)/;
    passes "all of them in $container", join "\n", $container, @right, "</$name>";
}

my @wrong = (
    [
        'Backhand byMagic',
        'Backhand byMagic: there is no such function; there are on, off, removeSelf, addSelf, byAge, ',
        ', bySession;', 'BackhandFromSO'
    ],
    ['Backhand',                   'Backhand "": there is no such function'],
    ['Backhand byPerl My::policy', 'Backhand byPerl:',     'BackhandFromSO modules/byPerl.so byPerl Package::function'],
    ['Backhand byHostname ^www',   'Backhand byHostname:', 'BackhandFromSO modules/byHostname.so byHostname regex'],
    ['Backhand off now',           'Backhand off now: takes no argument'],
    [
        'Backhand byAge x',
        'Backhand byAge x: takes the age in seconds as a whole number from 0 to 2147483647 (default 20)'
    ],
    ['Backhand byAge 5 6', 'Backhand byAge 5 6: takes the age'],
    ['Backhand byAge -1',  'Backhand byAge -1: takes the age'],
    [
        'Backhand byLoad much',
        'Backhand byLoad much: takes the bias for this server as a load of 0 or more, as in 0.5 (default 0)'
    ],
    ['Backhand byLoad -0.5', 'Backhand byLoad -0.5: takes the bias'],
    ['Backhand byZone 50%',  q{Backhand byZone 50%: takes the percentage by which this server's zone may be slower}],
    [
        'Backhand byBusyChildren 0.5',
        'Backhand byBusyChildren 0.5: takes the bias for this server as a whole number of workers'
    ],
    ['Backhand byRandom 3',  'Backhand byRandom 3: takes no argument'],
    ['Backhand byCPU 3',     'Backhand byCPU 3: takes no argument'],
    ['Backhand byCost 3',    'Backhand byCost 3: takes no argument'],
    ['Backhand byPrequal 3', 'Backhand byPrequal 3: takes no argument'],
    [
        'Backhand byExpectedTime soon',
        'Backhand byExpectedTime soon: takes the bias for this server in milliseconds '
          . 'as a number of 0 or more, as in 0.5 (default 0)'
    ],
    ['Backhand byExpectedTime -1',  'Backhand byExpectedTime -1: takes the bias'],
    ['Backhand on now',             'Backhand on now: takes the bias for this server in milliseconds'],
    ['Backhand byWeight 3',         'Backhand byWeight 3: takes no argument'],
    ['Backhand addPrediction 3',    'Backhand addPrediction 3: takes no argument'],
    ['Backhand HTTPRedirectToIP x', 'Backhand HTTPRedirectToIP x: takes no argument'],
    map({ [
                "Backhand HTTPRedirectToName $_",
                "Backhand HTTPRedirectToName $_: takes a format of A-Z a-z 0-9 . _ - and %S",
                '(default %S)'
        ] } qw(%s %0S %128S %-S %S/x http://%S %S:80 %2%),
        '%S %H'),
    map({ [
                "Backhand bySession $_",
                "Backhand bySession $_: takes the text before the session id",
                '(default PHPSESSID=)'
        ] } qw(= a=b= a; a/b),
        'a b'),
    map({ [
                "BackhandSessionCookie $_",
                "BackhandSessionCookie $_: takes a name that a cookie can have",
                '; or off (default off)'
    ] } qw(a= a;b a/b)),
    ['BackhandSessionCookie "a b"',             'BackhandSessionCookie "a b": takes a name that a cookie can have'],
    ['BackhandSessionCookie PIN samesite=none', 'BackhandSessionCookie PIN samesite=none: samesite=none needs secure'],
    ['BackhandSessionCookie PIN path=app', 'BackhandSessionCookie PIN path=app: path= takes a path that begins with /'],
    [
        'BackhandSessionCookie PIN httponly',
        'BackhandSessionCookie PIN httponly: takes path=, domain=, max-age=, samesite= and secure'
    ],
    ['BackhandSessionCookie PIN secure secure secure secure secure secure', 'has too many words'],
    ['BackhandSessionCookie',                                               'BackhandSessionCookie "": takes a name'],
    map({ ["BackhandBufferBody $_", "BackhandBufferBody $_: takes a number of bytes from 0 to 16777216 (default 0)"] }
        qw(-1 16777217 64K x)),
    [
        'BackhandSessionRedirect http://%S',
        'BackhandSessionRedirect http://%S: takes a format of',
        '; or off (default off)'
    ],
    ['BackhandSelfRedirect yes', 'BackhandSelfRedirect yes: takes Off, On or Only (default Off)'],
    ['BackhandFromSO',           'BackhandFromSO "": takes a shared object, the name of a function in it'],
    [
        "BackhandFromSO $modules/byHostname.so",
        "BackhandFromSO $modules/byHostname.so: takes a shared object, the name of a function"
    ],
    [
        'BackhandFromSO gone.so f x',
        'BackhandFromSO gone.so f: cannot load the shared object:',
        "$root/gone.so", 'No such file', 'ServerRoot'
    ],
    ["BackhandFromSO $modules/ f", "BackhandFromSO $modules/ f: cannot load the shared object:", "$modules/f.so"],
    [
        "BackhandFromSO $modules/byHostname.so byhostname",
        "$modules/byHostname.so has no function byhostname",
        'undefined symbol'
    ],
    [
        'BackhandFromSO httpd.conf f', 'BackhandFromSO httpd.conf f: cannot load the shared object:',
        'invalid ELF header'
    ],
);
for my $case (@wrong) {
    my ($line, @parts) = @{$case};
    fails_with $line, $line, @parts;
}
fails_with "a wrong line in $_", "$_\nBackhand byMagic\n</" . (/^<(\w+)/)[0] . '>', 'Backhand byMagic: there is no such'
  for grep { $_ } @containers;
fails_with 'Backhand in <Limit>', "<Location />\n<Limit GET>\nBackhand byAge\n</Limit>\n</Location>",
  'Backhand cannot occur within <Limit>', 'it belongs to the server';
for my $line ('BackhandSelfRedirect On', 'BackhandSessionCookie PIN', 'BackhandSessionRedirect %S') {
    my ($directive) = $line =~ /(\w+)/;
    fails_with "$directive in <Limit>", "<Location />\n<Limit GET>\n$line\n</Limit>\n</Location>",
      "$directive cannot occur within <Limit>", 'it belongs to the server';
}
fails_with 'Backhand in <Proxy>', "<Proxy *>\nBackhand byAge\n</Proxy>", 'Backhand cannot occur within <Proxy',
  'it belongs to the server';

# --- the whole ------------------------------------------------------------------------------------------------------

sub needs {
    my ($name, $load, $text, @lines) = @_;
    my ($code, $said) = check($text, load => $load);
    my @missing =
      grep { index($said, $_) < 0 } 'backhand: mod_proxy and mod_proxy_http are needed to hand off requests', @lines;
    verdict($code != 0 && !@missing, $name, "exit $code, not said: @missing\n$said");
    return;
}
my $load_proxy = 'LoadModule proxy_module modules/mod_proxy.so';
my $load_http  = 'LoadModule proxy_http_module modules/mod_proxy_http.so';
needs 'a chain without mod_proxy',      $backhand,          'Backhand byAge', $load_proxy, $load_http;
needs 'a chain without mod_proxy_http', $proxy . $backhand, "<Location /x>\nBackhand byAge\n</Location>", $load_http;
needs 'no chain, but Only',             $backhand,          'BackhandSelfRedirect Only', $load_proxy, $load_http;
passes 'no chain, no mod_proxy: a server that only announces',
  "MulticastStats 127.0.0.1 239.255.0.1:4445\nAcceptStats 127.0.0.1", load => $backhand;
passes 'only off, no mod_proxy', 'Backhand off', load => $backhand;

sub warns {
    my ($name, $text, $part, %option) = @_;
    my ($code, $said) = check($text, %option);
    verdict($code == 0 && index($said, $part) >= 0, $name, "exit $code, not said: $part\n$said");
    return;
}
my $to = '239.255.0.1:4445';
warns 'MulticastStats without AcceptStats', "MulticastStats $to",
  'MulticastStats is set and AcceptStats is not: no announcement will be accepted';

# The warning about a contact that AcceptStats does not cover shows which contact was found.
sub contact {
    my ($name, $contact, $text, @listen) = @_;
    warns "contact: $name", "AcceptStats 203.0.113.1\n$text", "does not cover this server's own contact $contact:",
      @listen ? (listen => join "\n", map { "Listen $_" } @listen) : ();
    return;
}
contact 'BackhandContact as given',     'https://192.0.2.9:99',  'BackhandContact https://192.0.2.9:99';
contact 'its port by its scheme',       'https://192.0.2.9:443', 'BackhandContact https://192.0.2.9';
contact 'its port by the first Listen', 'http://192.0.2.9:8080', 'BackhandContact 192.0.2.9',     qw(8080 8081);
contact 'its scheme by the Listen',     'https://192.0.2.9:443', 'BackhandContact 192.0.2.9:443', qw(80 443);
contact 'before that of MulticastStats', 'http://192.0.2.9:99',
  "BackhandContact 192.0.2.9:99\nMulticastStats 192.0.2.7 $to";
contact 'of MulticastStats', 'http://192.0.2.7:81', "MulticastStats $to\nMulticastStats 192.0.2.7:81 $to",
  '192.0.2.1:80';
contact 'of MulticastStats, without a port', 'http://127.0.0.7:7300', "MulticastStats 127.0.0.7 $to";
contact 'the first public Listen', 'http://192.0.2.2:82', "MulticastStats $to",
  qw(80 [::]:81 127.0.0.1:81 [::1]:81 192.0.2.2:82 192.0.2.3:80);
contact 'a plain Listen before TLS', 'http://192.0.2.2:80', "MulticastStats $to", '192.0.2.2:443',
  '192.0.2.2:8443 https', '192.0.2.2:80';
contact 'TLS if there is nothing else', 'https://192.0.2.2:8443',  "MulticastStats $to", '192.0.2.2:8443 https';
contact 'IPv6',                         'http://[2001:db8::2]:80', "MulticastStats $to", '[2001:db8::2]:80';
passes 'a contact that AcceptStats covers', "AcceptStats 192.0.2.0/24\nBackhandContact 192.0.2.9\nMulticastStats $to";
passes 'no contact known: the moderator finds it', "AcceptStats 192.0.2.0/24\nMulticastStats $to";

done_testing;
