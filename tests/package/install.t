#!/usr/bin/perl
# Licensed to the public under the Apache License, Version 2.0; see the file LICENSE.
# The Debian packages of build/packages/ work as soon as they are installed, and leave nothing when they are purged.
# This changes the machine: run it on a fresh one, as root, after `./run package`. BACKHAND_INSTALL=1 says that this is
# meant.
use strict;
use warnings;

use FindBin;
use HTTP::Tiny;
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'it installs packages: BACKHAND_INSTALL=1 on a fresh machine' if !$ENV{BACKHAND_INSTALL};
$ENV{DEBIAN_FRONTEND} = 'noninteractive';

my @debs = glob "$FindBin::Bin/../../build/packages/*.deb";
is scalar @debs, 3, 'there are three packages' or BAIL_OUT('./run package first');

# What a command says, and a test that it succeeds.
sub ok_run {
    my ($what, @command) = @_;
    my $said = qx{@{[join ' ', map { quotemeta } @command]} 2>&1};
    is $?, 0, $what or diag $said;
    return $said;
}

sub content {
    my ($path) = @_;
    my $response = HTTP::Tiny->new(timeout => 5)->get("http://127.0.0.1$path");
    return $response->{success} ? $response->{content} : "$response->{status} $response->{reason}";
}

sub lines_of {
    my ($name) = @_;
    open my $file, '<', $name or die "$name: $!";
    return readline $file;
}

sub write_file {
    my ($name, $text) = @_;
    open my $file, '>', $name or die "$name: $!";
    print {$file} $text;
    close $file or die "$name: $!";
    return;
}

sub start {
    ok_run('httpd starts', 'apachectl', 'start');
    for (1 .. 100) {
        return if content('/backhand?auto') =~ /^Server-0-/m;
        sleep 0.1;
    }
    return fail 'the page shows this server';
}

# The folder for run-time files is httpd's alone.
sub has_folder {
    my ($what) = @_;
    my ($mode, $owner) = (stat '/run/apache2/backhand')[2, 4];
    is sprintf('%o %s', ($mode // 0) & oct 7777, scalar getpwuid($owner // 0)), '750 www-data', $what;
    return;
}

ok_run('the packages are installed, and a web server with them', 'apt-get', '-qq', 'install', '-y', @debs);
# mod_perl enables itself, unless it was there before httpd.
ok_run('the modules are enabled', 'a2enmod', 'backhand', 'perl');
like ok_run('the configuration is right', 'apachectl', 'configtest'), qr/Syntax OK/, 'and httpd says so';
start();
like content('/backhand?auto'), qr{^Server-0-Contact: http://}m, 'this server has its own slot';

# The lines that stand commented, with their #, and a chain.
my $conf = join q(), lines_of('/etc/apache2/mods-available/backhand.conf');
$conf =~ s/^#(?=MulticastStats|AcceptStats|<Location|    Backhand|<\/Location)//gm;
$conf =~ s{239\.255\.0\.1}{127.0.0.1};
$conf =~ s{192\.0\.2\.0/24}{127.0.0.0/8};
write_file('/etc/apache2/mods-available/backhand.conf', $conf);
write_file('/etc/apache2/conf-available/a-policy.conf', <<'EOT');
<Perl>
package Farm;
use Apache::Backhand qw(load_serverstats);
sub first { my ($r, $ids) = @_; return [sort { $a <=> $b } @$ids] }
1;
</Perl>
<Location "/perl">
    BackhandFromSO /usr/lib/mod-backhand byPerl Farm::first
</Location>
EOT
mkdir "/var/www/html/$_" for qw(app perl);
write_file("/var/www/html/$_/who", "here\n") for qw(app perl);
ok_run('a file that sorts before others uses the directives', 'a2enconf',  'a-policy');
ok_run('with a chain and a policy in Perl it is right',       'apachectl', 'configtest');
ok_run('it stops',                                            'apachectl', 'stop');
for (1 .. 100) { last if !-e '/var/run/apache2/apache2.pid'; sleep 0.1 }
start();
is content("/$_/who"), "here\n", "/$_ is served" for qw(app perl);
like content('/backhand'), qr{</html>\s*\z}, 'the page is whole';
is eval { scalar @{ decode_json(content('/backhand?json'))->{servers} } }, 1, '?json has this server';
like content('/backhand?metrics'), qr/^# TYPE backhand_/m, '?metrics has its metrics';
is eval { decode_json(content('/backhand?json&explain=/app/who'))->{decision}{action} }, 'serve-here',
  '?explain says what the chain does';
my @log = lines_of('/var/log/apache2/backhand.log');
is scalar(grep { m{/(?:app|perl)/who .* 200 served-here:} } @log), 2, 'the log says why, once a request' or diag @log;
my $doc = '/usr/share/doc/libapache2-mod-backhand';
ok_run('backhandctl shows the server', 'backhandctl', 'status');
has_folder('httpd made the folder for run-time files');
is system("bash -c '. /usr/share/bash-completion/completions/backhandctl && complete -p backhandctl' >/dev/null"), 0,
  'bash completes its commands';
ok -e "$doc/examples/$_", "examples/$_ is there"
  for qw(prometheus/prometheus.yml light-heavy/light.conf containers/compose.yaml);
ok_run('the simulator runs', 'bhsim', '--quiet', "$doc/examples/bhsim/one-slow.scenario");
ok_run('it stops', 'apachectl', 'stop');
for (1 .. 100) { last if !-e '/var/run/apache2/apache2.pid'; sleep 0.1 }

# After a reboot /run is empty.
if (!-x '/usr/bin/systemd-tmpfiles') {
    ok_run('tmpfiles without systemd', 'apt-get', '-qq', 'install', '-y', 'systemd-standalone-tmpfiles');
}
ok_run('/run is empty',    'rm',               '-rf',      '/run/apache2');
ok_run('tmpfiles fill it', 'systemd-tmpfiles', '--create', 'libapache2-mod-backhand.conf');
has_folder('... with the folder for run-time files');
start();
has_folder('httpd leaves it as it is');
ok_run('backhandctl shows the server again', 'backhandctl', 'status');

ok_run('the policy goes', 'a2disconf', 'a-policy');
unlink '/etc/apache2/conf-available/a-policy.conf';
my @names = qw(libapache2-mod-backhand libapache2-mod-backhand-dev libapache-backhand-perl);
ok_run('the packages are purged', 'apt-get', '-qq', 'purge', '-y', @names);
my @own  = map  { "-path /var/lib/$_ -prune -o" } qw(dpkg apt);
my @left = grep { /backhand/i } qx{find /etc /usr /run /var/lib /var/log @own -print};
is_deeply \@left, [], 'they leave nothing';

done_testing;
