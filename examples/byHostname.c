/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/*
 * byHostname: keeps the servers whose name matches a regular expression. A sample of a candidacy function in a shared
 * object of its own, which needs httpd's headers and mod_backhand.h only:
 *
 *     BackhandFromSO modules/byHostname.so byHostname ^(www|app)[0-9]+\.example\.com$
 *
 * The expression is httpd's kind (PCRE); case counts not. Without one, or with a wrong one, an error-log line at server
 * start says so and the function leaves the list alone.
 *
 * Build one like it with:  apxs -c -I /path/to/include byHostname.c
 */

#include <httpd.h>
#include <http_config.h>

#include <string.h>

#include "mod_backhand.h"

BACKHAND_API int byHostname(request_rec *r, ServerSlot *servers, int *n, char *arg);
BACKHAND_API const char *byHostname_check(apr_pool_t *p, server_rec *s, const char *arg);

/* Expressions are compiled once, at server start, when nobody else runs; from then on the list only is read, so that
 * the threads of a child need no lock. */
typedef struct expression {
    const char *text;
    ap_regex_t *compiled;
    struct expression *next;
} expression;

static expression *expressions;

static const expression *find(const char *text)
{
    const expression *e = expressions;
    while (e && strcmp(e->text, text) != 0) {
        e = e->next;
    }
    return e;
}

/* The expressions live as long as the configuration; this object may stay loaded for the next one. */
static apr_status_t forget(void *unused)
{
    (void)unused;
    expressions = NULL;
    return APR_SUCCESS;
}

const char *byHostname_check(apr_pool_t *p, server_rec *s, const char *arg)
{
    apr_pool_t *pconf = s->process->pconf;
    expression *e;
    ap_regex_t *compiled;

    (void)p;
    if (!arg || !*arg) {
        return "takes a regular expression for servers' names, as in ^www; every server stays a candidate";
    }
    if (find(arg)) {
        return NULL;
    }
    compiled = ap_pregcomp(pconf, arg, AP_REG_ICASE);
    if (!compiled) {
        return "is no regular expression; every server stays a candidate";
    }
    if (!expressions) {
        apr_pool_cleanup_register(pconf, NULL, forget, apr_pool_cleanup_null);
    }
    e = apr_pcalloc(pconf, sizeof(*e));
    e->text = arg;
    e->compiled = compiled;
    e->next = expressions;
    expressions = e;
    return NULL;
}

int byHostname(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const expression *e = arg ? find(arg) : NULL;
    char hostname[BACKHAND_HOSTNAME_SIZE];
    int kept = 0;

    (void)r;
    if (!e) {
        return *n;
    }
    for (int i = 0; i < *n; i++) {
        if (backhand_identity_get(servers[i].id, hostname, NULL) &&
            ap_regexec(e->compiled, hostname, 0, NULL, 0) == 0) {
            servers[kept++] = servers[i];
        }
    }
    return *n = kept;
}
