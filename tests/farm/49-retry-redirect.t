#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# BackhandRetryStatus for sites with a front controller: the application of this server fails after httpd has redirected
# the request internally, and another server answers it.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Farm       qw(eventually);
use File::Path qw(make_path);
use Test::More;

# mod_security2's libraries leave memory at the end; nobody looks for that here.
$ENV{ASAN_OPTIONS} = join q(:), grep { defined } $ENV{ASAN_OPTIONS}, q(detect_leaks=0);

my $conf = <<'EOT';
BackhandRetryStatus 502 503 504
<Location /app>
    Backhand byAge 60
</Location>
<Directory ROOT/htdocs/app>
    AllowOverride All
    Options +ExecCGI +FollowSymLinks
</Directory>
EOT
my $works = qq(<FilesMatch "[.]php\$">\nSetHandler cgi-script\n</FilesMatch>\n);
# No PHP-FPM listens there.
my $dead = qq(<FilesMatch "[.]php\$">\nSetHandler "proxy:unix:ROOT/no.sock|fcgi://localhost/"\n</FilesMatch>\n);

# Each .htaccess leads to index.php of its folder; as WordPress writes it, and in httpd's other ways.
my $rules = "RewriteEngine On\nRewriteBase /app/FOLDER/\nRewriteRule ^index[.]php\$ - [L]\n"
  . "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /app/FOLDER/index.php [L]\n";
my %htaccess = (
    rules    => $rules,
    fallback => "FallbackResource /app/fallback/index.php\n",
    index    => "DirectoryIndex index.php\n",
    error    => "ErrorDocument 404 /app/error/index.php\n",
    twice    => "RewriteEngine On\nRewriteRule ^first/(.*) /app/rules/\$1 [L]\n",
    page     => $rules . "ErrorDocument 503 /page\n",
    text     => $rules . "ErrorDocument 503 \"sorry of NAME\"\n",
    action   => "Action through /app/action/index.php virtual\n<Files *.page>\nSetHandler through\n</Files>\n",
);

sub equip {
    my ($server, $php)  = @_;
    my ($root,   $name) = ($server->root, $server->name);
    open my $echo, '<', "$root/cgi/echo" or die "echo: $!";
    my $program = join q(), readline $echo;
    close $echo;
    for my $folder (keys %htaccess) {
        make_path("$root/htdocs/app/$folder");
        $server->write_file("htdocs/app/$folder/.htaccess",
            $htaccess{$folder} =~ s/FOLDER/$folder/gr =~ s/NAME/$name/gr);
        chmod 0755, $server->write_file("htdocs/app/$folder/index.php", $program);
    }
    $server->write_file('htdocs/app/action/one.page', 'page');
    $server->write_file('htdocs/page',                "page of $name");
    $server->reconfigure("$conf$php" =~ s/ROOT/$root/gr);
    return $server;
}

for my $mpm (Farm->mpms) {
    my $farm = Farm->new(mpm => $mpm, modules => [qw(rewrite proxy_fcgi actions)]);
    my ($a, $b) = (equip($farm->add, $works), equip($farm->add, $dead));
    $farm->start;
    ok $farm->together, "$mpm: they see each other";
    my %path = (
        '/app/rules/some/where?a=1'       => 'rules of mod_rewrite',
        '/app/fallback/some/where?a=1'    => 'FallbackResource',
        '/app/index/?a=1'                 => 'DirectoryIndex',
        '/app/error/some/where?a=1'       => 'ErrorDocument 404',
        '/app/twice/first/some/where?a=1' => 'two redirects',
        '/app/action/one.page?a=1'        => 'Action'
    );
    for my $path (sort keys %path) {
        my $client = $b->connect;
        for my $n (1 .. 3) {
            my $response = $client->request('GET', $path);
            my $given    = $path{$path} eq 'ErrorDocument 404' ? 404 : 200;
            is $response->status,                $given, "$path{$path}: the other server answers" or last;
            is $response->echoed->{REQUEST_URI}, $path,  'what the client asked';
            my $logged = $b->logged($path);
            is_deeply [@{$logged}{qw(reason server tries)}], ['handed-off:next', $a->contact, 1], 'and the log says so';
        }
    }
    eventually { $a->row($b->contact)->{Errors} > 0.1 } 5, 'each counts as an error of this server';

    my $body = 'x' x 5000;
    for my $bhunked (0, 1) {
        my $response = $b->request('PUT', '/app/rules/put', body => $body, chunked => $bhunked);
        is $response->status,             200,            'a PUT too';
        is $response->echoed->{BODY_MD5}, md5_hex($body), 'its body whole';
    }
    is $b->post('/app/rules/post', $body)->status, 503, 'a POST is not given to another server';
    is $b->get('/app/rules/index.php')->status,    200, 'a request that is not redirected is';

    # Nobody answers better.
    $a->reconfigure("$conf$dead" =~ s/ROOT/@{[$a->root]}/gr);
    ok $a->graceful,    'the application of the other server is dead too';
    ok $farm->together, 'they see each other';
    my $response = $b->get('/app/rules/none');
    is $response->status, 503, 'the client gets the error';
    like $response->body, qr/Service Unavailable/, 'with the page of httpd';
    is_deeply [$response->header('Content-Type') =~ /\A([^;]+)/], ['text/html'], 'its type';
    is $b->get('/app/text/none')->body, 'sorry of b', 'or a text of this server';
    $response = $b->get('/app/page/none');
    is_deeply [$response->status, $response->body], [503, 'page of b'], 'or its page';
    $response = $b->request('PUT', '/app/rules/none', body => $body);
    is $response->status, 503, 'a PUT gets it too';
    my $logged = $b->logged('/app/rules/none');
    is_deeply [@{$logged}{qw(reason server tries)}], ['served-here:chosen', $b->contact, 1], 'which the log says';
    $farm->announce_log(qr/answered with a status of BackhandRetryStatus/, qr/proxy(?:_fcgi)?:error/);
    $farm->check;
}

subtest 'a body that another module has read' => sub {
    my $feeds = "SecRuleEngine On\nSecRequestBodyAccess On\nSecTmpDir /tmp\nSecDataDir /tmp\n";
    my $farm  = Farm->new(modules => [qw(rewrite proxy_fcgi actions unique_id security2)]);
    my ($a, $b) = (equip($farm->add, $feeds . $works), equip($farm->add, $feeds . $dead));
    $farm->start;
    ok $farm->together, 'they see each other';
    my $body = 'x' x 5000;
    is $b->request('PUT', '/app/rules/put', body => $body)->status, 503, 'is not given to another server';
    is $b->get('/app/rules/some/where')->status,                    200, 'a request without a body is';
    my $direct = $b->request('PUT', '/app/rules/index.php', body => $body);
    is $direct->echoed->{BODY_MD5}, md5_hex($body), 'so is one that was not redirected';
    $farm->announce_log(qr/proxy(?:_fcgi)?:error/, qr/ModSecurity/);
    $farm->check;
};
done_testing;
