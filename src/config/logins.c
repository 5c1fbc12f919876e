/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Finds logins that hold at one server only, in places whose requests a chain hands off. It looks at the configuration
 * as written, like mod_info: httpd knows only at a request which sections apply. */

#include "config/config.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include <strings.h>

APLOG_USE_MODULE(backhand);

/* The log tells of no more than these: nobody would read them. */
#define NOTES_MAX 20
/* Beyond this number of such directives the configuration is not examined. */
#define DIRECTIVES_MAX 2000

/* In the order in which httpd merges sections. A pattern may be of a directory or a location. */
typedef enum kind { SERVER, DIRECTORY, LOCATION, PATTERN } kind;

/* Where a directive holds. */
typedef struct place {
    const ap_directive_t *d;    /* the directive itself */
    const ap_directive_t *host; /* its <VirtualHost>; NULL: the main server */
    kind kind;
    const char *path; /* without a slash at its end; empty: all */
} place;

typedef struct findings {
    apr_pool_t *p;
    apr_array_header_t *logins; /* place: AuthType Digest and the like */
    apr_array_header_t *chains; /* place: candidacy functions */
    apr_array_header_t *offs;   /* place: Backhand off */
    apr_array_header_t *trusts; /* place: BackhandTrustUser */
    apr_array_header_t *roots;  /* place: DocumentRoot */
    int directives;
} findings;

static const char *first_word(const char *args, apr_pool_t *p)
{
    return ap_getword_conf(p, &args);
}

static const char *path_of(const char *text, apr_pool_t *p)
{
    apr_size_t length = strlen(text);
    while (length && (text[length - 1] == '/' || text[length - 1] == '>')) {
        length--;
    }
    return apr_pstrmemdup(p, text, length);
}

static void set_section(place *at, const ap_directive_t *section, apr_pool_t *p)
{
    const char *word;

    if (strncasecmp(section->directive, "<VirtualHost", 12) == 0) {
        at->host = section;
        return;
    }
    if (at->kind != SERVER || (strncasecmp(section->directive, "<Location", 9) != 0 &&
                               strncasecmp(section->directive, "<Directory", 10) != 0)) {
        return;
    }
    word = first_word(section->args, p);
    at->kind = strcasecmp(section->directive, "<Location") == 0    ? LOCATION
               : strcasecmp(section->directive, "<Directory") == 0 ? DIRECTORY
                                                                   : PATTERN;
    at->kind = strcmp(word, "~") == 0 || strpbrk(word, "*?[") ? PATTERN : at->kind;
    at->path = path_of(word, p);
}

static void note(apr_array_header_t *list, const ap_directive_t *d, apr_pool_t *p)
{
    place *at = &APR_ARRAY_PUSH(list, place);

    memset(at, 0, sizeof(*at));
    at->d = d;
    at->path = "";
    for (const ap_directive_t *section = d->parent; section; section = section->parent) {
        set_section(at, section, p);
    }
}

static int is_login(const char *type)
{
    static const char *const types[] = {"Digest", "Form", "openid-connect", "auth-openidc"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(type, types[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void look_at(findings *found, const ap_directive_t *d)
{
    const char *word = first_word(d->args ? d->args : "", found->p);
    apr_array_header_t *list = NULL;

    if (strcasecmp(d->directive, "AuthType") == 0 && is_login(word)) {
        list = found->logins;
    }
    else if (strcasecmp(d->directive, "BackhandTrustUser") == 0) {
        list = found->trusts;
    }
    else if (strcasecmp(d->directive, "Backhand") == 0) {
        list = strcasecmp(word, "off") == 0 || strcasecmp(word, "backhand_off") == 0 ? found->offs : found->chains;
    }
    else if (strcasecmp(d->directive, "BackhandFromSO") == 0) {
        list = found->chains;
    }
    else if (strcasecmp(d->directive, "DocumentRoot") == 0) {
        list = found->roots;
    }
    if (list) {
        note(list, d, found->p);
        found->directives++;
    }
}

static void walk(findings *found, const ap_directive_t *d)
{
    for (; d && found->directives < DIRECTIVES_MAX; d = d->next) {
        look_at(found, d);
        if (d->first_child) {
            walk(found, d->first_child);
        }
    }
}

/* True when `path` is the other path, or below it. */
static int is_within(const char *path, const char *other)
{
    apr_size_t length = strlen(other);
    return strncmp(path, other, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static int overlap(const char *a, const char *b)
{
    return is_within(a, b) || is_within(b, a);
}

/* True when a URL below `location` may lead into the directory. It follows no aliases. */
static int leads_into(const findings *found, const place *location, const place *directory)
{
    for (int i = 0; i < found->roots->nelts; i++) {
        const place *root = &APR_ARRAY_IDX(found->roots, i, place);
        const char *path = path_of(first_word(root->d->args, found->p), found->p);
        if (is_within(path, directory->path)) {
            return 1;
        }
        if (is_within(directory->path, path) && overlap(directory->path + strlen(path), location->path)) {
            return 1;
        }
    }
    return !*location->path || !*directory->path;
}

/* True when one request may be in both places. */
static int meet(const findings *found, const place *a, const place *b)
{
    if (a->host && b->host && a->host != b->host) {
        return 0;
    }
    if (a->kind == SERVER || b->kind == SERVER) {
        return 1;
    }
    if (a->kind == PATTERN || b->kind == PATTERN) {
        return (a->kind == LOCATION && !*a->path) || (b->kind == LOCATION && !*b->path);
    }
    if (a->kind == b->kind) {
        return overlap(a->path, b->path);
    }
    return a->kind == LOCATION ? leads_into(found, a, b) : leads_into(found, b, a);
}

/* In the order in which httpd merges sections, `a` comes after `b`. */
static int comes_after(const place *a, const place *b)
{
    if (a->d->parent == b->d->parent) {
        return a->d->line_num > b->d->line_num;
    }
    if (a->kind != b->kind) {
        return a->kind > b->kind;
    }
    if (strlen(a->path) != strlen(b->path)) {
        return strlen(a->path) > strlen(b->path);
    }
    return a->host && !b->host;
}

/* True when the directive at `at` holds for the whole place of the login. */
static int covers(const place *at, const place *login)
{
    int within =
        at->d->parent == login->d->parent ||
        ((at->kind == SERVER || (at->kind == login->kind && at->kind != PATTERN)) && is_within(login->path, at->path));
    return within && (!at->host || at->host == login->host);
}

/* `Backhand off` for the whole of the login's place, after the chain. */
static int is_off(const findings *found, const place *login, const place *chain)
{
    for (int i = 0; i < found->offs->nelts; i++) {
        const place *off = &APR_ARRAY_IDX(found->offs, i, place);
        if (covers(off, login) && comes_after(off, chain)) {
            return 1;
        }
    }
    return 0;
}

/* The last BackhandTrustUser for the whole of the login's place is On. */
static int is_trusted(const findings *found, const place *login)
{
    const place *last = NULL;
    for (int i = 0; i < found->trusts->nelts; i++) {
        const place *trust = &APR_ARRAY_IDX(found->trusts, i, place);
        if (covers(trust, login) && (!last || comes_after(trust, last))) {
            last = trust;
        }
    }
    return last && strcasecmp(first_word(last->d->args, found->p), "on") == 0;
}

static const place *chain_of(const findings *found, const place *login)
{
    for (int i = 0; i < found->chains->nelts; i++) {
        const place *chain = &APR_ARRAY_IDX(found->chains, i, place);
        if (meet(found, login, chain) && !is_off(found, login, chain)) {
            return chain;
        }
    }
    return NULL;
}

void backhand_config_note_logins(apr_pool_t *ptemp, server_rec *s)
{
    findings found = {ptemp,
                      apr_array_make(ptemp, 4, sizeof(place)),
                      apr_array_make(ptemp, 16, sizeof(place)),
                      apr_array_make(ptemp, 4, sizeof(place)),
                      apr_array_make(ptemp, 4, sizeof(place)),
                      apr_array_make(ptemp, 4, sizeof(place)),
                      0};
    int notes = 0;

    walk(&found, ap_conftree);
    for (int i = 0; i < found.logins->nelts && notes < NOTES_MAX; i++) {
        const place *login = &APR_ARRAY_IDX(found.logins, i, place);
        const place *chain = is_trusted(&found, login) ? NULL : chain_of(&found, login);
        if (chain) {
            const char *type = first_word(login->d->args, ptemp);
            notes++;
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                         "backhand: %s:%d: AuthType %s applies where the chain at %s:%d does: %s; write "
                         "\"BackhandTrustUser On\" or \"Backhand off\" there",
                         login->d->filename, login->d->line_num, type, chain->d->filename, chain->d->line_num,
                         strcasecmp(type, "Digest") == 0
                             ? "a login holds at one server only, so the other server refuses the request"
                             : "a login holds at another server only if all servers share their sessions");
        }
    }
}
