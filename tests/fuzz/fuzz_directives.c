/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Arguments of every directive. The input is the text of a configuration, a directive a line. */

#include "fuzz.h"

#include "httpd_stand_in.h"

#include "announce/wire/message.h"
#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "config/chains.h"
#include "candidacy/name_format.h"
#include "candidacy/session.h"
#include "candidacy/session_id.h"
#include "base/words.h"

#include <apr_strings.h>

#include <arpa/inet.h>
#include <strings.h>

/* httpd's own lines may be longer; a value is no other for it. */
#define LINE_MAX_BYTES 1000
#define LINES_MAX      16
#define SECOND         APR_USEC_PER_SEC

static void check_contact(const char *written)
{
    char text[BACKHAND_CONTACT_SIZE];
    backhand_contact contact, again;
    CHECK(!backhand_contact_parse(&contact, written, 0));
    backhand_contact_format(text, &contact);
    CHECK(!backhand_contact_parse(&again, text, 0));
    CHECK(backhand_contact_equal(&again, &contact));
}

static int is_numeric(const char *address)
{
    unsigned char bytes[16];
    char *text = strdup(address);
    int right;
    CHECK(text);
    /* A link-local one may name its interface. */
    text[strcspn(text, "%")] = '\0';
    right = inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
    free(text);
    return right;
}

static void check_destination(const backhand_destination *d)
{
    int service = d->name && *d->name == '_';
    CHECK(d->text && *d->text);
    CHECK(d->ttl >= 0 && d->ttl <= 255);
    CHECK(service ? d->port == 0 : d->port >= 1 && d->port <= 65535);
    CHECK(!d->name != !d->address);
    CHECK(!d->address || is_numeric(d->address));
    CHECK(!d->name || (*d->name && strlen(d->name) <= 253));
    CHECK(d->from_port >= 0 && d->from_port <= 65535);
    CHECK(!d->from || is_numeric(d->from));
    CHECK(d->from || !d->from_port);
}

/* The built-in of that very name; NULL: none. */
static const backhand_builtin *builtin_of(const backhand_builtin *all, const char *name)
{
    while (all->name && strcmp(all->name, name) != 0) {
        all++;
    }
    return all->name ? all : NULL;
}

static void check_function(const backhand_function *f)
{
    const backhand_builtin *builtin = builtin_of(backhand_builtins(), f->name);
    builtin = builtin ? builtin : builtin_of(backhand_request_builtins(), f->name);
    CHECK(builtin && f->call == builtin->call && !f->foreign && f->where && f->warned);
    CHECK(!builtin->check_arg(f->arg));
}

static void check_times(const backhand_config *conf)
{
    CHECK(conf->interval >= SECOND / 20 && conf->interval <= 60 * SECOND);
    CHECK(conf->connect_timeout >= SECOND / 1000 && conf->connect_timeout <= 3600 * SECOND);
    CHECK(conf->response_timeout >= 0 && conf->response_timeout <= 24 * 3600 * SECOND);
    CHECK(conf->response_timeout == 0 || conf->response_timeout >= SECOND / 1000);
    CHECK(conf->retry >= 0 && conf->retry <= 3600 * SECOND);
    CHECK(conf->policy_timeout >= 0 && conf->policy_timeout <= 3600 * SECOND);
    CHECK(conf->skew >= SECOND && conf->skew <= 3600 * SECOND);
}

static void check_share(const backhand_share *share)
{
    CHECK(share->count >= -1 && share->count <= 1000000);
    CHECK(share->percent >= 0 && share->percent <= 100);
}

/* A header's line is made of it. */
static void check_cookie(const backhand_cookie *cookie)
{
    CHECK(!backhand_session_check_name(cookie->name));
    CHECK(strncmp(cookie->attributes, "; Path=/", 8) == 0);
    CHECK(cookie->secure || !strstr(cookie->attributes, "SameSite=None"));
    for (const char *c = cookie->attributes; *c; c++) {
        CHECK(*c >= ' ' && *c < 0x7f);
    }
}

static void check_config(const backhand_config *conf)
{
    check_times(conf);
    CHECK(conf->max_servers >= BACKHAND_SERVERS_MIN && conf->max_servers <= BACKHAND_SERVERS_MAX);
    check_share(&conf->max_handoffs);
    check_share(&conf->max_session_handoffs);
    CHECK(conf->retry_body >= 0 && conf->retry_body <= 16 * 1024 * 1024);
    CHECK(conf->policy_interpreters >= 1 && conf->policy_interpreters <= 64);
    CHECK(conf->tries >= 0 && conf->tries <= 100);
    CHECK(backhand_word_is_farm(conf->farm));
    CHECK(conf->zone_summary >= 0 && conf->zone_summary <= 16);
    CHECK(!conf->zone || backhand_word_is_zone(conf->zone));
    CHECK(!conf->hostname || backhand_hostname_valid(conf->hostname));
    CHECK(conf->pools == 0 || conf->pools == 1);
    if (conf->contact_text) {
        check_contact(conf->contact_text);
    }
    if (conf->check) {
        CHECK(!conf->check->argv != !conf->check->url.path && conf->check->fall > 0 && conf->check->rise > 0);
        CHECK(conf->check->interval >= SECOND / 20 && conf->check->timeout >= SECOND / 20);
    }
    for (int i = 0; i < conf->destinations->nelts; i++) {
        check_destination(&APR_ARRAY_IDX(conf->destinations, i, backhand_destination));
    }
    for (int i = 0; i < conf->functions->nelts; i++) {
        check_function(&APR_ARRAY_IDX(conf->functions, i, backhand_function));
    }
    /* Any answer will do. */
    backhand_accept_covers_text(conf->accept, "192.0.2.1");
    backhand_accept_covers_text(conf->accept, "2001:db8::1");
}

static void check_dir(const backhand_dir_config *dir, const backhand_config *conf)
{
    CHECK(dir->buffer_body >= 0 && dir->buffer_body <= 16 * 1024 * 1024);
    CHECK(dir->self_redirect >= 0 && dir->self_redirect <= BACKHAND_SELF_ONLY);
    CHECK(!dir->session_redirect || !backhand_name_check(dir->session_redirect));
    if (dir->session_cookie) {
        check_cookie(dir->session_cookie);
    }
    CHECK(!dir->chain.own || dir->chain.own->nelts <= conf->functions->nelts);
}

/* It names the directive, unless httpd itself adds that. */
static void check_error(const char *error, const command_rec *command)
{
    CHECK(*error);
    CHECK(strncmp(error, command->name, strlen(command->name)) == 0 || !strchr(error, ':'));
}

/* What directives set so far. */
typedef struct settings {
    server_rec *server;
    backhand_dir_config *dir;
} settings;

static settings start_anew(apr_pool_t *pool)
{
    settings fresh = {stand_in_server(pool), NULL};
    fresh.dir = backhand_dir_config_create(pool, NULL);
    return fresh;
}

/* httpd ends at the first error, and what the directives before it have set is never looked at. */
static void read_line(settings *now, const char *line, apr_pool_t *pool)
{
    const command_rec *command;
    const char *error =
        strlen(line) > LINE_MAX_BYTES ? NULL : stand_in_read(now->server, now->dir, line, &command, pool);
    if (error) {
        check_error(error, command);
        *now = start_anew(pool);
    }
    check_config(backhand_config_get(now->server));
    check_dir(now->dir, backhand_config_get(now->server));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    char *lines[LINES_MAX];
    settings now;

    pool = pool ? pool : fuzz_pool_create();
    now = start_anew(pool);
    fuzz_lines(lines, LINES_MAX, data, size);
    for (int i = 0; i < LINES_MAX; i++) {
        read_line(&now, lines[i], pool);
    }
    fuzz_lines_free(lines, LINES_MAX);
    apr_pool_clear(pool);
    return 0;
}
