#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# In an httpd that Apache::Test starts, in a folder of its own: the table, a policy, an attached table. Under root the
# server and its requests run as nobody.
use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use Built qw(first_line libs object top);
use Test::More;

my ($mod_backhand, $by_perl) = map { object($_) } qw(mod_backhand.so byPerl.so);
my $apxs    = first_line('command -v apxs || command -v apxs2');
my $modules = defined $apxs ? first_line("$apxs -q LIBEXECDIR") : undef;
my ($httpd) = defined $apxs ? grep { -x } map { first_line("$apxs -q SBINDIR") . "/$_" } qw(apache2 httpd) : ();
plan skip_all => 'the server that Apache::Test starts has no sanitizers'    if $ENV{BACKHAND_SANITIZED};
plan skip_all => 'Apache::Test is not installed'                            if !eval { require Apache::TestRunPerl };
plan skip_all => 'apxs is not installed'                                    if !defined $apxs;
plan skip_all => "httpd is not where $apxs says"                            if !defined $httpd;
plan skip_all => "mod_perl is not in $modules"                              if !-f "$modules/mod_perl.so";
plan skip_all => "mod_backhand is not in $modules"                          if !defined $mod_backhand;
plan skip_all => 'setpriv is not installed, and root cannot run the server' if !$> && !first_line('command -v setpriv');
plan
  skip_all => 'root gives up its rights for the server, and nobody cannot read this folder'
  if !$> && system qw(setpriv --reuid 65534 --regid 65534 --clear-groups -- test -r),
  $mod_backhand;

my $folder = tempdir('backhand-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
make_path("$folder/t/conf", "$folder/t/htdocs", "$folder/t/run");

sub write_file {
    my ($name, $text) = @_;
    open my $file, '>', "$folder/$name" or die "$name: $!";
    print {$file} $text;
    close $file or die "$name: $!";
    return;
}

# Modules that a system's httpd.conf loads.
my @load = grep { -f "$modules/mod_$_.so" } qw(authz_core mime alias dir proxy proxy_http perl);
unshift @load, 'mpm_event' if -f "$modules/mod_mpm_event.so";
write_file(
    'base.conf', join q(),
    "LoadModule backhand_module $mod_backhand\n",
    map { "LoadModule ${_}_module $modules/mod_$_.so\n" } @load
);

# As that of Apache::Test, but for the address where it listens.
write_file('t/conf/httpd.conf.in', <<'EOT');
Listen 127.0.0.1:@Port@
ServerRoot "@ServerRoot@"
DocumentRoot "@DocumentRoot@"
PidFile @t_pid_file@
ErrorLog @t_logs@/error_log
DefaultRuntimeDir @t_logs@
LogLevel info
EOT
write_file('t/conf/extra.conf.in', <<"EOT");
BackhandMaxServers 16
BackhandContact http://127.0.0.1:\@port\@
MulticastStats 127.0.0.1:\@port\@
AcceptStats 127.0.0.1/32
UnixSocketDir $folder/t/run/backhand
PerlSetVar Folder $folder/t/run/backhand
PerlModule Apache::Backhand Farm::Status T
<Location /call>
    SetHandler modperl
    PerlResponseHandler T
</Location>
<Location /policy>
    Backhand byAge
    BackhandFromSO $by_perl byPerl T::policy one two
    SetHandler modperl
    PerlResponseHandler T::asked
</Location>
<Location /farm>
    SetHandler modperl
    PerlResponseHandler Farm::Status
</Location>
EOT
# mod_perl is told more after extra.conf, so nothing there may start it.
write_file('t/T.pm', <<'EOT');
package T;
use strict;
use warnings;
use Apache2::RequestIO ();
use Apache2::RequestRec ();
use Apache2::RequestUtil ();
use Apache::Backhand qw(load_serverstats);
sub size { return scalar @{ load_serverstats() } }
sub self { return "@{load_serverstats()->[0]}{qw(hostname contact nservers)}" }
sub write { return load_serverstats()->[5]{load} = 4711 }
sub refused { return eval { load_serverstats()->[0]{hostname} = 'x'; 'taken' } // $@ }
sub attached {
    my ($r) = @_;
    my $table = Apache::Backhand->attach($r->dir_config('Folder'));
    return $table->load_serverstats->[0]{hostname} . ' ' . $table->state(0);
}
sub policy { my ($r, $ids, @words) = @_; $r->notes->set(asked => @{$ids} . " with @words"); return $ids }
sub asked { my ($r) = @_; $r->print('asked ' . $r->notes->get('asked')); return 0 }
sub handler {
    my ($r) = @_;
    my ($name) = $r->uri =~ m{/call/T::(\w+)};
    $r->print(T->can($name)->($r));
    return 0;
}
1;
EOT
write_file('t/TEST', "use strict;\nuse warnings;\nuse Apache::TestRunPerl;\nApache::TestRunPerl->new->run(\@ARGV);\n");
open my $inside, '<', "$FindBin::Bin/httpd/inside.t" or die "inside.t: $!";
write_file('t/inside.t',          do { local $/ = undef; readline $inside });
write_file('t/htdocs/index.html', "here\n");

my @as;
if ($> == 0) {
    system('chown', '-R', 'nobody', $folder) == 0 or die "chown: $?";
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    @as = ('setpriv', '--reuid', $uid, '--regid', $gid, '--clear-groups');
}
chmod 0755, $folder;
chdir $folder or die "$folder: $!";
local $ENV{HOME}                              = $folder;
local $ENV{APACHE_TEST_NO_STICKY_PREFERENCES} = 1;
local $ENV{PERL5LIB}                          = join ':', libs(), top() . '/eg/lib', "$folder/t";
delete local @ENV{qw(HARNESS_ACTIVE HARNESS_OPTIONS HARNESS_VERBOSE)};
my @options = (
    '-httpd', $httpd,   '-apxs',       $apxs,       '-httpd_conf', "$folder/base.conf",
    '-port',  'select', '-servername', '127.0.0.1', '-verbose',    't/inside.t'
);
open my $run, '-|', @as, 'sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh', $^X, 't/TEST', @options
  or die "cannot start it: $!";
my @said = readline $run;
close $run;
is $?,                               0, 'the requests of httpd/inside.t';
is scalar(grep { /^ok \d+/ } @said), 8, 'all of them';

if (!Test::More->builder->is_passing) {
    diag @said;
    if (open my $log, '<', "$folder/t/logs/error_log") { diag readline $log }
}
chdir '/';
done_testing;
