#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The status page, ?explain and ?chains in Chromium: wide, on a tablet and a telephone, dark, live, sorted, without
# JavaScript, with 300 servers, with orders, and under their policy. Takes a minute, so only among the long tests.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use Farm::Browser;
use Farm::Fake;
use JSON::PP ();
use Test::More;

plan skip_all => 'a long test'                if !$ENV{BACKHAND_TEST_LONG};
plan skip_all => 'needs the package chromium' if system('command -v chromium >/dev/null 2>&1') != 0;

my $farm = Farm->new;
my $conf = <<'EOT';
AcceptStats 127.1.0.0/16
BackhandMaxServers 400
<Location /manage>
    SetHandler backhand-handler
    BackhandManage On
</Location>
<Location /app>
    Backhand byAge
    Backhand byBusyChildren
</Location>
<LocationMatch "^/(a|long)/pattern/that/no/telephone/has/room/for/on/one/line/.*$">
    Backhand byAge 10
</LocationMatch>
EOT
my ($a, $b) = map { $farm->add(conf => $conf) } 1 .. 2;
$farm->start;
ok $farm->together, 'they see each other';
my $site    = 'http://' . $a->address . '/backhand';
my $profile = "$farm->{root}/browser";
mkdir $profile or die "$profile: $!";
my ($browser, $why) = Farm::Browser->start($profile, '--host-resolver-rules=MAP page.test ' . $a->{host});

if (!$browser) {
    $farm->remove;
    plan skip_all => "chromium does not run here: $why";
}

sub screen {
    my ($width, $colours) = @_;
    my %size = (width => $width, height => 900, deviceScaleFactor => 1, mobile => JSON::PP::false());
    $browser->call('Emulation.setDeviceMetricsOverride', \%size);
    $browser->call('Emulation.setEmulatedMedia',
        { features => [{ name => 'prefers-color-scheme', value => $colours || 'light' }] });
    return;
}

# How wide the page is, with everything unfolded, and the servers whose state and load are on the screen.
sub width {
    return $browser->js(
        q{document.querySelectorAll('details').forEach(function (d) { d.open = true }),
        document.scrollingElement.scrollWidth}
    );
}

sub visible {
    return $browser->js(<<'EOT_JS');
Array.from(document.querySelectorAll('.servers tbody tr')).filter(function (line) {
    return ['State', 'Load'].every(function (label) {
        var box = line.querySelector('[data-label="' + label + '"]').getBoundingClientRect();
        return box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= window.innerWidth;
    });
}).length
EOT_JS
}

# The smallest contrast of a text to what is behind it.
sub contrast {
    return $browser->js(<<'EOT_JS');
(function () {
    function parts(colour) { return colour.match(/[\d.]+/g).map(Number); }
    function light(colour) {
        var c = parts(colour).slice(0, 3).map(function (v) {
            v /= 255;
            return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
        });
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    }
    function behind(node) {
        for (; node; node = node.parentElement) {
            var back = getComputedStyle(node).backgroundColor, p = parts(back);
            if (p.length < 4 || p[3] > 0) { return back; }
        }
        return 'rgb(255, 255, 255)';
    }
    return Math.min.apply(null, Array.from(document.querySelectorAll('body *')).filter(function (node) {
        return Array.from(node.childNodes).some(function (n) { return n.nodeType === 3 && n.data.trim(); });
    }).map(function (node) {
        var x = light(getComputedStyle(node).color), y = light(behind(node));
        return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    }));
})()
EOT_JS
}

# Each violation of the policy is kept by the page itself.
my $listen = q{window.broken = []; document.addEventListener('securitypolicyviolation',
    function (e) { window.broken.push(e.violatedDirective + ' ' + e.blockedURI) })};
$browser->call('Page.enable');
$browser->call('Page.addScriptToEvaluateOnNewDocument', { source => $listen });

screen(1400);
$browser->visit($site);
cmp_ok width(), '<=', 1400, 'at 1,400 pixels nothing needs scrolling sideways';
is visible(), 2, 'both servers show';
cmp_ok contrast(), '>=', 4.5, 'every text can be read';
screen(390);
$browser->visit($site);
cmp_ok width(), '<=', 390, 'nor on a telephone';
is visible(), 2, 'where the state and the load of both servers show';
screen(1400, 'dark');
$browser->visit($site);
is $browser->js('getComputedStyle(document.body).backgroundColor'), 'rgb(15, 19, 24)', 'it can be dark';
cmp_ok contrast(), '>=', 4.5, 'and read then';

# A server in each state that a fake one can say.
my @others = map {
    Farm::Fake->new(
        farm => $farm,
        host => "127.1.9.$_->[0]",
        says => { host => "$_->[1].test", boot => sprintf('%x', 4000 + $_->[0]), @{ $_->[2] } }
    )
} [1, 'resting', [duty => 1]], [2, 'mended', [duty => 2, withheld => 75]], [3, 'broken', [down => 15, why => 503]];
my $refresh = sub { $_->announce for @others };
eventually { $refresh->(); $a->status->{Servers} == 5 } 10, 'servers that are drained, under maintenance and down';

# Buttons and fields that are not on the screen as a whole.
sub cut_off {
    return $browser->js(<<'EOT_JS');
Array.from(document.querySelectorAll('button, input:not([type=hidden])')).filter(function (node) {
    var box = node.getBoundingClientRect();
    return box.width === 0 || box.left < 0 || box.right > window.innerWidth;
}).length
EOT_JS
}

my $manage = 'http://' . $a->address . '/manage';
for my $url ($manage, "$manage?explain=/app/x&header=Cookie:+A%3Db", "$manage?chains", "$manage?explain=wrong") {
    my ($page) = $url =~ m{(manage.*)};
    for my $colours (qw(light dark)) {
        for my $width (1400, 820, 390) {
            $refresh->();
            screen($width, $colours);
            $browser->visit($url);
            cmp_ok width(), '<=', $width, "$page: $width pixels, $colours: fits";
            is cut_off(), 0, 'with all buttons';
            cmp_ok contrast(), '>=', 4.5, 'and can be read';
            is $browser->js('window.broken.length'), 0, 'within its policy';
        }
    }
}

# Orders, without a reload, while a person types into another server's form. Chromium sends `Sec-Fetch-Site` only to
# addresses that it trusts, as 127.0.0.1, so it orders by a name, too.
sub in_row {
    my ($server, $selector, $then) = @_;
    my $contact = $server->contact;
    return $browser->js(qq{document.querySelector('tr[data-key="$contact"] $selector')$then}) // q();
}

screen(1400);
for my $host ($a->address, 'page.test:' . $farm->port) {
    $browser->visit("http://$host/manage");
    $browser->js('window.same = 3');
    in_row($_, '.orders',       '.open = true') for $a, $b;
    in_row($b, '[name=weight]', '.focus()');
    in_row($b, '[name=weight]', '.value = 55');
    in_row($a, '[value=drain]', '.click()');
    eventually { in_row($a, '.badge', '.textContent') eq 'drained' } 15, "$host: drained by a click";
    is in_row($a, '[data-key=undrain]', '.textContent'), 'undrain',                'it can be undrained';
    is in_row($b, '[name=weight]',      '.value'),       55,                       'another form stays as it was';
    is in_row($b, '[name=weight]',      ' === document.activeElement ? 1 : 0'), 1, 'with the cursor';
    is in_row($_, '.orders',            '.open ? 1 : 0'), 1, 'and what was open is open' for $a, $b;
    is $browser->js('window.same'), 3, 'on the same page';
    eventually { $b->get('/backhand?explain=/app/x')->body =~ /Not considered: a[.]test, drained;/ } 10,
      'the other server does not consider it, and says why';
    in_row($a, '[data-key=undrain]', '.click()');
    eventually { in_row($a, '.badge', '.textContent') eq 'alive' } 15, 'and undrained';
    in_row($b, '[value=drain]', '.click()');
    eventually { in_row($b, 'output', '.textContent') =~ /BackhandSecretFile/ } 15,
      'why an order is not given stands in its form';
    my $heard = in_row($b, '[data-label=Heard]', '.textContent');
    eventually { in_row($b, '[data-label=Heard]', '.textContent') ne $heard } 15, 'newer figures come';
    like in_row($b, 'output', '.textContent'), qr/BackhandSecretFile/, 'and leave it there';
    is $browser->js('window.same'),          3, 'all on the same page';
    is $browser->js('window.broken.length'), 0, 'within its policy';
}
$refresh->();
$browser->visit("$manage?explain=/app/x");
like $browser->text,
  qr/Not considered: (?=.*resting[.]test, drained)(?=.*mended[.]test, maintenance)(?=.*broken[.]test, down: .*503)/,
  '?explain names the others';
$browser->fill('[name=explain]', '/app/two?b=<i>');
$browser->click('.ask button');
is $browser->js(q{document.querySelector('h1').textContent}), 'Decision on GET /app/two?b=<i>', 'it has a form';

# Markup and code in all that comes from elsewhere.
my $code    = q{"><script>window.hurt=1</script><img/src=x/onerror=window.hurt=1>'};
my $encoded = $code =~ s/(\W)/sprintf '%%%02x', ord $1/ger;
$farm->announce_log(qr{backhand: announcement from 127[.]1[.]9[.]9 dropped});
my $evil = Farm::Fake->new(farm => $farm, host => '127.1.9.9', says => { boot => '77' });
for my $says ({ host => $code }, { host => $encoded }, { contact => $evil->contact . $code }) {
    $evil->announce(%{$says});
}
for my $args (
    'x',                            "explain=/app/$encoded",
    "explain=$encoded",             "explain=/app&header=X-A:$encoded",
    "explain=/app&client=$encoded", "explain=/app&method=$encoded",
    "chains&$encoded",              "sort=$encoded&from=$encoded"
  )
{
    $browser->visit("$manage?$args");
    is $browser->js('window.hurt || 0'), 0, 'no code of an argument runs: ' . substr $args, 0, 22;
    is $browser->js('window.broken.length'),                        0, 'nor tries to';
    is $browser->js(q{document.querySelectorAll('img, i').length}), 0, 'nor becomes markup';
}
$browser->visit("$manage?explain=/app/$encoded");
is $browser->js(q{document.querySelector('[name=explain]').value}), "/app/$code", 'the form has it as it was';

# Live: the page stays the same document.
$browser->visit($site);
$browser->js('window.same = 1');
eventually { $browser->text =~ /Live, every 2 s/ } 5, 'it is live';
$b->stop;
eventually { $browser->js(q{document.querySelector('tr.left') ? 1 : 0}) } 15,
  'a server that leaves shows without a reload';
is $browser->js('window.same'),          1, 'on the same page';
is $browser->js('window.broken.length'), 0, 'nothing was against the policy';

# Names that hold markup never reach the table; the page's own policy stops code that would.
$browser->js(
    q{(function () { var s = document.createElement('script'); s.textContent = 'window.hurt = 1';
    document.body.appendChild(s) })()}
);
is $browser->js('window.hurt || 0'), 0, 'code in the page does not run';
cmp_ok $browser->js('window.broken.length'), '>', 0, 'because of the policy';

# Sorted, without a reload. Then with many servers.
my @fakes = map {
    Farm::Fake->new(
        farm => $farm,
        host => sprintf('127.1.%d.%d', $_ >> 7, 1 + ($_ & 127)),
        says => { host => "web$_.test", boot => sprintf('%x', 4096 + $_), load => $_ }
    )
} 1 .. 300;
my $announce = sub { $_->announce for @fakes };
eventually { $announce->(); $a->status->{Servers} >= 302 } 20, 'there are 302 servers';
$browser->visit($site);
is $browser->js(q{document.querySelectorAll('.servers tbody tr').length}), 100, 'a page shows 100 of them';
cmp_ok width(), '<=', 1400, 'and is no wider';
$browser->js(q{window.same = 2; document.querySelector('.servers thead a[href="?sort=-load"]').click()});
eventually {
    $browser->js(q{document.querySelector('.servers [aria-sort="descending"]') ? 1 : 0})
}
15, 'a click sorts';
is $browser->js('window.same'),     2,             'on the same page';
is $browser->js('location.search'), '?sort=-load', 'and the address says so';
$browser->visit("$site?from=300");
is $browser->js(q{document.querySelectorAll('.servers tbody tr').length}), 5, 'the rest is on another page';

# Without JavaScript.
$browser->call('Emulation.setScriptExecutionDisabled', { value => JSON::PP::true() });
$browser->call('Page.navigate',                        { url   => $site });
eventually { $browser->text =~ /Load the page again/ } 10, 'without JavaScript it says that it stands still';
eventually { (visible() // 0) == 100 } 10, 'and shows all servers of a page';
$browser->call('Page.navigate', { url => 'http://page.test:' . $farm->port . '/manage?sort=-state' });
eventually { in_row($a, '[value=drain]', '.textContent') eq 'drain' } 10, 'it has forms';
in_row($a, '[value=drain]', '.click()');
eventually { $a->row($a->contact)->{State} eq 'drained' } 10, 'that give orders, by plain HTTP too';
eventually { $browser->js(q{performance.getEntriesByType('navigation')[0].redirectCount}) == 1 } 10, 'and lead back';
is $browser->js('location.search'), '?sort=-state', 'to the page as it was sorted';
$browser->stop;
$farm->done;
