#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# The example policies, without httpd: a stand-in for the table of servers and for the request. What each of them
# promises, the bounds that its manual states, and what it makes of wrong words.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../eg/lib";
use List::Util qw(max min shuffle sum uniq);
use POSIX      qw(mktime);
use Test::More;

my @table;

BEGIN {
    $INC{'Apache/Backhand.pm'} = __FILE__;    ## no critic (RequireLocalizedPunctuationVars)
}

{

    package Apache::Backhand;                 ## no critic (ProhibitMultiplePackages)
    use Exporter qw(import);
    our @EXPORT_OK;
    BEGIN { @EXPORT_OK = qw(load_serverstats) }
    sub load_serverstats { return \@table }

    package Table;                            ## no critic (ProhibitMultiplePackages)
    sub get { my ($self, $key) = @_; return $self->{ lc $key } }

    package Request;                                             ## no critic (ProhibitMultiplePackages)
    sub new          { my ($class, %has) = @_; return bless {%has}, $class }
    sub uri          { return $_[0]{uri} // '/' }
    sub args         { return $_[0]{args} }
    sub method       { return $_[0]{method} // 'GET' }           ## no critic (ProhibitBuiltinHomonyms)
    sub useragent_ip { return $_[0]{ip}     // '203.0.113.9' }

    sub headers_in {
        return bless { map { lc() => $_[0]{headers}{$_} } keys %{ $_[0]{headers} || {} } }, 'Table';
    }

    sub notes {
        return bless { map { lc() => $_[0]{notes}{$_} } keys %{ $_[0]{notes} || {} } }, 'Table';
    }
    sub subprocess_env { return $_[0]{env}{ $_[1] } }
}

use Farm::Policy::Cache    ();
use Farm::Policy::Canary   ();
use Farm::Policy::Country  ();
use Farm::Policy::Hours    ();
use Farm::Policy::Machines ();
use Farm::Policy::Servers  qw(matcher);
use Farm::Policy::Writer   ();
use Farm::Policy           ();

# A table of so many servers, each a hash of what differs from an ordinary one.
sub servers {
    my @servers = @_;
    my $n       = 0;
    @table = map {
        $n++;
        {
            hostname => "www$n.example.com",
            contact  => "http://192.0.2.$n:80",
            ncpu     => 4,
            inflight => 0,
            nservers => 8,
            aservers => 8,
            cpu      => 900,
            arriba   => 100,
            %{$_}
        }
    } @servers;
    return [0 .. $#table];
}

sub died {
    my ($code) = @_;
    return eval { $code->(); 1 } ? 'lived' : $@;
}

subtest 'patterns' => sub {
    servers({ hostname => 'DB1.example.com', contact => 'https://[2001:db8::7]:8443' }, {});
    my @cases = (
        ['db*',             1],
        ['db?.example.com', 1],
        ['db',              0],
        ['DB1.EXAMPLE.COM', 1],
        ['2001:db8::7',     1],
        ['2001:db8:*',      1],
        ['192.0.2.*',       0],
        ['*',               1],
        ['.*',              0],
        ['db1xexample.com', 0],
        ['[2001:db8::7]',   0]
    );
    for (@cases) {
        my ($pattern, $is) = @{$_};
        is Farm::Policy::Servers::is_one($table[0], matcher($pattern)) ? 1 : 0, $is, $pattern;
    }
    ok Farm::Policy::Servers::is_one($table[1], matcher('x', '192.0.2.2')), 'an address of IPv4, without its port';
    ok !Farm::Policy::Servers::is_one({ hostname => '', contact => '' }, matcher('?*')), 'an empty entry is no one';
};

subtest 'by URI to the big machines' => sub {
    my $by  = \&Farm::Policy::Machines::by_path;
    my $ids = servers({ ncpu => 4 }, { ncpu => 32, inflight => 10 }, { ncpu => 4, inflight => 2 }, { ncpu => 24 });
    my ($heavy, $light) = map { Request->new(uri => $_) } '/reports/7', '/';
    is "@{ $by->($heavy, $ids, '/reports', '/export/') }", '3 1 0 2', 'heavy: the big ones, the least busy one first';
    is "@{ $by->($light, $ids, '/reports') }",             '0 2 3 1', 'others: the small ones';
    my %heavy = (
        '/reports'      => 1,
        '/reports/'     => 1,
        '/reports.html' => 0,
        '/reportsx'     => 0,
        '/export'       => 1,
        '/a/reports'    => 0,
        '/export/x'     => 1
    );
    for my $uri (sort keys %heavy) {
        my $first = $by->(Request->new(uri => $uri), $ids, '/reports', '/export/')->[0];
        is $first == 3 ? 1 : 0, $heavy{$uri}, $uri;
    }
    is $by->(Request->new(uri => '/x'), $ids, '/')->[0], 3, 'all paths';
    $ids = servers({ inflight => 3 }, { inflight => 1 });
    is "@{ $by->($light, $ids, '/reports') }", '1 0', 'all alike: the least busy one';
    $ids = servers({ ncpu => 0 }, { ncpu => 0 });
    is scalar @{ $by->($heavy, $ids, '/reports') }, 2, 'servers that have not told their CPUs';
    like died(sub { $by->($heavy, $ids) }), qr/wants the beginnings of heavy paths/, 'no word';
    like died(sub { $by->($heavy, $ids, 'x') }), qr/`x` does not begin with a slash/, 'a wrong one';
};

subtest 'writes to one server' => sub {
    my $by    = \&Farm::Policy::Writer::by_method;
    my $ids   = servers({}, { hostname => 'db1.example.com' }, { hostname => 'db2.example.com' });
    my @words = ('db1.example.com', 'db2.example.com');
    is "@{ $by->(Request->new(method => $_), [2, 0, 1], @words) }", '1 2', "$_ writes"
      for qw(POST PUT PATCH DELETE MKCOL);
    is "@{ $by->(Request->new(method => $_), [2, 0, 1], @words) }", '2 0 1', "$_ reads" for qw(GET HEAD OPTIONS);
    my $post = Request->new(method => 'POST');
    is "@{ $by->($post, [0, 2], @words) }",      '2',   'the first one is missing';
    is "@{ $by->($post, [0], @words) }",         '',    'all are missing: the list is empty';
    is "@{ $by->($post, $ids, '192.0.2.3') }",   '2',   'by address';
    is "@{ $by->($post, $ids, 'db*', 'db2*') }", '1 2', 'nobody comes twice';
    like died(sub { $by->($post, $ids) }), qr/wants the name or address/, 'no word';
};

subtest 'canary' => sub {
    my $by    = \&Farm::Policy::Canary::by_cookie;
    my $ids   = servers({}, {}, { hostname => 'canary1.example.com' }, {});
    my $visit = sub {
        my ($percent, $cookie, @ids) = @_;
        my $r = Request->new($cookie ? (headers => { Cookie => $cookie }) : ());
        return $by->($r, @ids ? \@ids : $ids, "$percent%", 'SID', 'canary*');
    };
    for my $percent (0, 1, 5, 50, 99.99, 100) {
        my $got = grep { $visit->($percent, "a=b; SID=visitor$_; c=d")->[0] == 2 } 1 .. 10_000;
        # Four standard deviations; the visitors are always the same.
        my $slack = 4 * sqrt(10_000 * $percent / 100 * (1 - $percent / 100));
        ok abs($got - $percent * 100) <= $slack, "$percent %: $got of 10,000";
    }
    my @moved = grep { $visit->(5, "SID=v$_")->[0] == 2 && $visit->(20, "SID=v$_")->[0] != 2 } 1 .. 2000;
    is scalar @moved, 0, 'a larger share takes nobody back';
    my @whose = map { join ' ', @{ $visit->(50, "SID=x$_") } } (1 .. 50) x 2;
    is "@whose[0 .. 49]",    "@whose[50 .. 99]", 'a visitor stays';
    is scalar(uniq(@whose)), 2,                  'there are two lists';
    is_deeply [sort { $a cmp $b } uniq(@whose)], ['0 1 3', '2 0 1 3'], 'the new version first, or not at all';
    is "@{ $visit->(0, 'canary=always; SID=1') }", '2 0 1 3', 'a tester';
    is "@{ $visit->(100, 'SID=1;canary=never') }", '0 1 3',   'and one who does not want';
    is "@{ $visit->(0, 'xcanary=always') }",       '0 1 3',   'another cookie';
    is "@{ $visit->(0, undef, 2) }",               '2',       'only the new version is there';
    is "@{ $visit->(100, undef, 0, 1) }",          '0 1',     'only the old one';
    is "@{ $visit->(100, undef) }",                '2 0 1 3', 'no cookies: by address';

    for (['5', 'SID', 'x'], ['101%', 'SID', 'x'], ['-1%', 'SID', 'x'], ['5%%', 'SID', 'x']) {
        my @words = @{$_};
        like died(sub { $by->(Request->new, $ids, @words) }), qr/`\Q$words[0]\E` is no percentage/, "@words";
    }
    like died(sub { $by->(Request->new, $ids, '5%', 'SID') }), qr/wants a percentage/, 'no servers';
};

subtest 'by time of day' => sub {
    my $by    = \&Farm::Policy::Hours::by_hour;
    my $ids   = servers({}, { hostname => 'batch1' }, { hostname => 'day1' });
    my @words = ('22:00-6:30=batch*,nobody', '8-18=day*', '23-24=day*');
    is ref $Farm::Policy::Hours::clock, 'CODE', 'there is a clock';
    my %at = (
        '21:59' => '0 1 2',
        '22:00' => '1 0 2',
        '23:30' => '1 0 2',
        '0:00'  => '1 0 2',
        '6:29'  => '1 0 2',
        '6:30'  => '0 1 2',
        '8:00'  => '2 0 1',
        '17:59' => '2 0 1',
        '18:00' => '0 1 2'
    );
    for my $time (sort keys %at) {
        my ($hour, $minute) = split /:/, $time;
        local $Farm::Policy::Hours::clock = sub { return mktime(0, $minute, $hour, 5, 5, 126, 0, 0, -1) };
        is "@{ $by->(Request->new, $ids, @words) }", $at{$time}, $time;
    }
    is "@{ $by->(Request->new, [0], '0-24=x') }", '0', 'none of the servers is there';
    for my $word ('8-8=x', '8-25=x', '8:60-9=x', '8-9', '8-9=', 'x-9=y', '24:01-3=x', '=x') {
        like died(sub { $by->(Request->new, $ids, $word) }), qr/`\Q$word\E` is no word such as/, $word;
    }
    like died(sub { $by->(Request->new, $ids) }), qr/wants hours and servers/, 'no word';
};

subtest 'country' => sub {
    my $by    = \&Farm::Policy::Country::by_country;
    my $ids   = servers({ hostname => 'us1' }, { hostname => 'eu1' }, { hostname => 'eu2' }, { hostname => 'ap1' });
    my @words = ('DE,fr=eu*', 'US=us*', '*=ap*');
    my $zone  = sub { my ($words, @has) = @_; return join ' ', @{ $by->(Request->new(@has), $ids, @{$words}) } };
    is $zone->(\@words, env   => { GEOIP_COUNTRY_CODE => 'DE' }), '1 2 0 3', 'from the environment';
    is $zone->(\@words, env   => { MM_COUNTRY_CODE    => 'FR' }), '1 2 0 3', 'mod_maxminddb';
    is $zone->(\@words, notes => { GEOIP_COUNTRY_CODE => 'us' }), '0 1 2 3', 'from the notes';
    is $zone->(\@words), '3 0 1 2', 'unknown: the zone of all others';
    is $zone->(\@words,    env     => { GEOIP_COUNTRY_CODE => $_ }),   '3 0 1 2', "`$_`" for 'NZ', '--', '', 'DEU', '*';
    is $zone->(['DE=eu*'], env     => { GEOIP_COUNTRY_CODE => 'NZ' }), '0 1 2 3', 'no zone: as it was';
    is $zone->(['DE=eu*'], headers => { 'CF-IPCountry'     => 'DE' }), '0 1 2 3', 'a header that nobody named is a lie';
    is $zone->(
        ['header=CF-IPCountry', 'DE=eu*'],
        headers => { 'cf-ipcountry'     => 'DE' },
        env     => { GEOIP_COUNTRY_CODE => 'US' }
      ),
      '1 2 0 3', 'a header that was named';
    is $zone->(['header=CF-IPCountry', 'DE=eu*'], env => { GEOIP_COUNTRY_CODE => 'DE' }), '1 2 0 3', 'or is not there';
    like died(sub { $by->(Request->new, $ids, @{$_}) }), qr/by_country/, "@{$_}: wrong"
      for [], ['header=X'], ['DEU=x'], ['DE'], ['DE='], ['D,E=x'];
};

subtest 'consistent hashing' => sub {
    my $by   = \&Farm::Policy::Cache::by_uri;
    my @uris = map { "/images/$_.png" } 1 .. 10_000;
    for my $n (1, 2, 3, 5, 8, 16) {
        my $ids  = servers(({}) x $n);
        my %home = map { $_ => $by->(Request->new(uri => $_), [shuffle @{$ids}])->[0] } @uris;
        my %count;
        $count{$_}++ for values %home;
        my ($most, $least) = (max(values %count), min(values %count));
        my $mean = @uris / $n;
        is scalar keys %count, $n, "$n servers: each has some";
        cmp_ok $most, '<', 1.2 * $mean, "the most loaded one has less than 1.2 times the mean ($most of $mean)"
          if $n > 1;
        cmp_ok $least, '>', 0.8 * $mean, "and the least loaded one more than 0.8 times ($least)" if $n > 1;
        next if $n == 1;
        my $gone = $n / 2 | 0;
        my @left = grep { $_ != $gone } @{$ids};
        my (%heirs, $moved);

        for my $uri (@uris) {
            my $now = $by->(Request->new(uri => $uri), \@left)->[0];
            $moved++       if $home{$uri} != $gone && $now != $home{$uri};
            $heirs{$now}++ if $home{$uri} == $gone;
        }
        is $moved,             undef,  'one leaves: the URIs of the others stay';
        is scalar keys %heirs, $n - 1, 'its own go to all others';
    }
    my $ids     = servers(({}) x 5);
    my $order   = join ' ', @{ $by->(Request->new(uri => '/a', args => 'x=1'), $ids) };
    my @by_slot = map { $_->{contact} } @table[split / /, $order];
    @table = @table[3, 0, 4, 1, 2];
    is_deeply [map { $table[$_]{contact} } @{ $by->(Request->new(uri => '/a', args => 'x=1'), $ids) }], \@by_slot,
      'ids do not matter: all servers agree';
    my %first = map { $by->(Request->new(uri => '/a', args => "x=$_"), $ids)->[0] => 1 } 1 .. 100;
    is scalar keys %first, 5, 'the query counts';
    %first = map { $by->(Request->new(uri => '/a', args => "x=$_"), $ids, 'path')->[0] => 1 } 1 .. 100;
    is scalar keys %first,                                        1, 'unless `path` says no';
    is scalar @{ $by->(Request->new(uri => "/\x{263a}"), $ids) }, 5, 'any characters';
    like died(sub { $by->(Request->new, $ids, $_) }), qr/is not `path`/, "the word $_" for 'x', 'paths';
    my %stays = map { Farm::Policy::by_visitor(Request->new(ip => '203.0.113.7'), $ids)->[0] => 1 } 1 .. 20;
    is scalar keys %stays, 1, 'by_visitor stays';
};

subtest 'every list' => sub {
    my %policies = (
        Cache    => [\&Farm::Policy::Cache::by_uri],
        Canary   => [\&Farm::Policy::Canary::by_cookie,   '50%', 'SID', 'www2*'],
        Country  => [\&Farm::Policy::Country::by_country, 'DE=www1*'],
        Hours    => [\&Farm::Policy::Hours::by_hour,      '0-24=www3*'],
        Machines => [\&Farm::Policy::Machines::by_path,   '/x'],
        Writer   => [\&Farm::Policy::Writer::by_method,   'www2*'],
    );
    for my $name (sort keys %policies) {
        my ($by, @words) = @{ $policies{$name} };
        for my $n (0 .. 9) {
            my $ids   = servers(({}) x $n);
            my @given = @{$ids};
            my @warnings;
            local $SIG{__WARN__} = sub { push @warnings, @_ };
            for my $r (map { Request->new(uri => '/x', method => $_, ip => "203.0.113.$n") } qw(GET POST)) {
                my $list    = $by->($r, $ids, @words);
                my @strange = grep { !defined || $_ < 0 || $_ >= $n } @{$list};
                is scalar @strange + @{$list} - uniq(@{$list}), 0, "$name of $n servers: only ids, none twice";
            }
            is "@{$ids}",   "@given", 'the given list is as it was';
            is "@warnings", '',       'no warning';
        }
    }
};

done_testing;
