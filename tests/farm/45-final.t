#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# A request with a mark goes to no other server, whoever sent it. No mark makes a light server serve a request that it
# must not serve.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Farm qw(eventually);
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;

# Connections to FROM arrive at TO, on this port, from an address that nobody accepts, as behind a router that
# translates addresses. Returns the process's id.
sub translate {
    my ($from, $to, $port) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => $from, LocalPort => $port, Listen => 20, ReuseAddr => 1)
      or die "$from: $@";
    my $parent = $$;
    my $pid    = fork;
    defined $pid or die "fork: $!";
    return $pid if $pid;
    $SIG{TERM} = 'DEFAULT';
    my $all = IO::Select->new($listener);
    my %other;

    while (getppid == $parent) {
        for my $socket ($all->can_read(0.5)) {
            if ($socket == $listener) {
                my $in  = $listener->accept                                                                    or next;
                my $out = IO::Socket::INET->new(PeerAddr => $to, PeerPort => $port, LocalAddr => '127.0.0.99') or next;
                @other{ $in, $out } = ($out, $in);
                $all->add($in, $out);
                next;
            }
            my $other = $other{$socket} or next;
            my $n     = sysread $socket, my $bytes, 65_536;
            next if $n && syswrite $other, $bytes;
            $all->remove($socket, $other);
            delete @other{ $socket, $other };
            close $_ for $socket, $other;
        }
    }
    POSIX::_exit(0);
}

for my $mpm (Farm->mpms) {
    subtest "$mpm: behind address translation" => sub {
        my $farm = Farm->new(mpm => $mpm);
        my ($port, $udp) = ($farm->port, $farm->udp);
        my @pids = map { translate("127.0.0.3$_", "127.0.0.$_", $port) } 1, 2;
        my ($a, $b) = map { $farm->add(announce => 0, contact => "http://127.0.0.3$_:$port", conf => <<"EOT") } 1, 2;
BackhandFarm @{[$farm->name]}
BackhandInterval 250ms
BackhandContact http://127.0.0.3$_:$port
MulticastStats 127.0.0.$_ 239.255.0.1:$udp,1
AcceptStats 127.0.0.0/26
<Location /app>
    Backhand byAge 60
    Backhand removeSelf
</Location>
EOT
        $farm->start;
        ok $farm->together, 'they see each other';
        is $a->get('/app/who')->body,                                'b',         'one hand-off, to the other server';
        is $a->post('/app/echo', 'x' x 5000)->echoed->{SERVER_ADDR}, '127.0.0.2', 'a POST, too';
        is $b->logged('/app/who')->{reason},                         'served-here:marked', 'which says why it keeps it';
        for (1 .. 5) { $a->get('/app/who') }
        my $seen = sub {
            return scalar grep { m{/app/} } map { $_->access_lines } $a, $b;
        };
        eventually { $seen->() >= 14 } 5, 'each of seven requests is seen twice';
        is $seen->(), 14, 'and no more';
        my @said = grep { /is no accepted sender/ } $b->log_lines;
        is scalar @said, 1, 'the log says it once';
        like $said[0], qr/127\.0\.0\.99 sent .* add "AcceptStats 127\.0\.0\.99"/, 'with the line that is missing';
        for (@pids) { kill 'TERM', $_; waitpid $_, 0; }
        $farm->announce_log(qr/is no accepted sender/);
        $farm->check;
    };
}

my $script = "#!/usr/bin/perl\nprint qq(Content-Type: text/plain\\n\\nran \$ENV{REMOTE_ADDR});\n# SOURCE\n";

# A light server a, its heavy one b, and another server c of the farm, which is asked only when the chain says so.
sub light_and_heavy {
    my ($mpm, $word, %options) = @_;
    my $farm = Farm->new(mpm => $mpm);
    my $run  = "<Directory \${HTDOCS}>\nOptions +ExecCGI\nAddHandler cgi-script .pl\n</Directory>\n";
    my $heavy =
      $farm->add(name => 'b', host => '127.0.0.2', announce => 0, head => $run, conf => "AcceptStats 127.0.0.0/28\n");
    my $light = $farm->add(
        name    => 'a',
        host    => '127.0.0.1',
        contact => $heavy->contact,
        modules => ['include'],
        conf    => ($options{conf} || '') . <<"EOT");
<Location /app>
    BackhandSelfRedirect $word
    Backhand byAge 60
    @{[$options{chain} || 'Backhand addSelf']}
</Location>
<Location /ssi>
    Options +Includes
    SetOutputFilter INCLUDES
    AddType text/html .html
</Location>
ErrorDocument 404 /app/x.pl
EOT
    my $other = $farm->add(name => 'c', host => '127.0.0.3', head => $run);
    for my $server ($heavy, $light, $other) {
        $server->{head} =~ s/\$\{HTDOCS\}/$server->root . '\/htdocs'/e;
        $server->write_config;
        chmod 0755, $server->write_file('htdocs/app/x.pl', $script);
    }
    mkdir $light->root . '/htdocs/ssi';
    $light->write_file('htdocs/ssi/page.html', 'page <!--#include virtual="/app/x.pl" -->');
    $farm->announce_log(qr/is no accepted sender/, qr/cannot be reached/, qr/unable to include/);
    $farm->start;
    eventually { $light->get('/app/x.pl')->body =~ /\Aran/ } 10, 'the heavy server runs the program';
    return ($farm, $light, $heavy, $other);
}

my $mark   = 'v=1&client=10.1.1.1:99&scheme=http&port=80';
my @forged = ($mark, '', 'x', "$mark&again=0&x=y", $mark =~ s/v=1/v=7/r, "$mark&sig=00");

for my $mpm (Farm->mpms) {
    for my $word (qw(On Only)) {
        subtest "$mpm: a light server, $word" => sub {
            my ($farm, $light, $heavy, $other) = light_and_heavy($mpm, $word, chain => 'Backhand byAge');
            my %all = map { $_ => 1 } map { $light->get('/app/x.pl', from => '127.0.0.77')->body } 1 .. 10;
            is_deeply [keys %all], ['ran 127.0.0.77'], 'the program runs';
            my $at_c = () = $other->access_lines;
            for my $n (0 .. $#forged) {
                my ($forged, $path) = ($forged[$n], "/app/x.pl?$n");
                is $light->get($path, from => '127.0.0.77', headers => ['Backhand-Proxied' => $forged])->body,
                  'ran 127.0.0.77',
                  "with a stranger's mark '$forged', too";
                like $light->logged($path)->{line}, qr/server=\Q@{[$heavy->contact]}\E reason=handed-off:chosen/,
                  'by the heavy server';
            }
            is scalar(() = $other->access_lines), $at_c, 'another server hears of none of these';
            my $answer = $light->get('/app/x.pl?again', headers => ['Backhand-Proxied' => "$mark&again=1"]);
            is $answer->status, 508, 'one that pretends to be on its way back is refused';
            unlike $answer->body, qr/SOURCE/, 'without the source';
            is $light->logged('/app/x.pl?again')->{reason}, 'refused:loop', 'the log says why';
            if ($word eq 'Only') {
                is $light->get('/app/x.pl', from => '127.0.0.9', headers => ['Backhand-Proxied' => $mark])->body,
                  'ran 10.1.1.1',
                  'a mark that is believed';
                for my $path ('/none', '/ssi/page.html') {
                    unlike $light->get($path)->body, qr/SOURCE|ran/, "$path: nor by a way inside";
                }
            }
            $farm->announce_log(qr/a request came back/);
            $_->stop for $heavy, $other;
            for my $headers ([], ['Backhand-Proxied' => $mark]) {
                my $path   = '/app/x.pl?away' . @{$headers};
                my $answer = $light->get($path, headers => $headers);
                my $logged = $light->logged($path);
                if ($word eq 'On') {
                    like $answer->body, qr/SOURCE/, 'when nobody else is there, On lets this server serve';
                    next;
                }
                is_deeply [$answer->status, $answer->header('retry-after')], [503, 5],
                  'when nobody else is there: 503, and when to come again';
                unlike $answer->body, qr/SOURCE/, 'without the source';
                is $logged->{reason}, 'refused:away', 'the log says why';
            }
            is $light->get('/who')->body, 'a', 'other places are served';
            $farm->check;
        };
    }
}

subtest 'Only: not for want of candidates, nor of hand-offs' => sub {
    my ($farm, $light) = light_and_heavy('event', 'Only', chain => 'Backhand removeSelf');
    is $light->get('/app/x.pl')->body, 'ran 127.0.0.99', 'no candidate: the contact serves' for 1 .. 3;
    $farm->check;
    ($farm, $light) = light_and_heavy('event', 'Only');
    $light->reconfigure("BackhandMaxHandoffs 0\n$light->{conf}");
    ok $light->graceful, 'no hand-off is allowed any more';
    eventually { $light->get('/app/x.pl')->status == 503 } 10, 'it answers 503';
    eventually { $light->logged('/app/x.pl')->{reason} eq 'refused:away' } 5, 'the log says why';
    is $light->get('/app/x.pl', from => '127.0.0.9', headers => ['Backhand-Proxied' => $mark])->status, 503,
      'for another server, too';
    $farm->check;
};

subtest 'Only without a chain' => sub {
    my ($farm, $light, $heavy) = light_and_heavy('event', 'Only',
        chain => "\n</Location>\n<Location /bare>\n"
          . "BackhandSelfRedirect Only\n</Location>\n<Location /bare/off>\nBackhand off");
    for my $server ($light, $heavy) {
        mkdir $server->root . "/htdocs/$_" for 'bare', 'bare/off';
        chmod 0755, $server->write_file("htdocs/$_/x.pl", $script) for 'bare', 'bare/off';
    }
    is $light->get('/bare/x.pl')->body, 'ran 127.0.0.99', 'the contact serves';
    like $light->get('/bare/off/x.pl')->body, qr/SOURCE/, 'but for Backhand off';
    $heavy->stop;
    is $light->get('/bare/x.pl')->status, 503, 'or nobody';
    $farm->check;
};

# The contact is this server itself, by mistake.
for my $word (qw(On Only)) {
    for my $covered (0, 1) {
        subtest "$word: a contact that leads back" . ($covered ? ', and is believed' : '') => sub {
            my $farm  = Farm->new;
            my $light = $farm->add(announce => 0, conf => <<"EOT");
BackhandContact http://127.0.0.1:@{[$farm->port]}
AcceptStats 127.0.0.@{[$covered ? 1 : 9]}
<Location /app>
    BackhandSelfRedirect $word
    Backhand addSelf
</Location>
EOT
            $light->write_file('htdocs/app/x.pl', $script);
            $farm->announce_log(
                qr/AcceptStats/,
                qr/is no accepted sender/,
                qr/a request came back that this server's contact/
            );
            $farm->start;
            eventually { ($light->row($light->contact) || {})->{'Workers-Ready'} } 10, 'it knows itself';
            my $answer = $light->get('/app/x.pl');
            my $served = $word eq 'On' && $covered;
            is $answer->status, $served ? 200 : 508, $served ? 'served after one way round' : 'refused at once';
            my @lines;
            eventually {
                (@lines = grep { m{/app/x} } $light->access_lines) == 2
            }
            5, 'after one way round';
            $farm->check;
        };
    }
}

done_testing;
