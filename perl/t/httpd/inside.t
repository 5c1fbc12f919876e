#!/usr/bin/perl
# Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE.
# The requests of t/73-httpd.t, which starts Apache::Test's server with them.
use strict;
use warnings;

use Apache::Test        qw(:withtestmore);
use Apache::TestRequest qw(GET GET_BODY);
use Test::More;

plan tests => 8;

is GET('/index.html')->code,  200,  'the server answers';
is GET_BODY('/call/T::size'), '16', 'load_serverstats';
like GET_BODY('/call/T::self'), qr{\A\S+ http://127\.0\.0\.1:\d+ [1-9]\d*\z}, 'this server';
is GET_BODY('/call/T::write'), '4711', 'the table takes numbers';
like GET_BODY('/call/T::refused'),  qr/\AApache::Backhand: hostname is read-only at /, 'and no names';
like GET_BODY('/call/T::attached'), qr/\A\S+ alive\z/,                                 'attach, inside httpd';
is GET_BODY('/policy'), 'asked 1 with one two', 'byPerl calls a policy';
like GET_BODY('/farm'), qr{<td>http://127\.0\.0\.1:\d+</td><td>alive</td>}, 'Farm::Status';
