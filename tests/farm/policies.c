/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Candidacy functions for the farm tests: one that shows what it was given, and all kinds of bad ones. */

#include <httpd.h>

#include <apr_strings.h>
#include <limits.h>
#include <string.h>

#include "mod_backhand.h"

#define MAXSERVERS_IN_TEST 16

#define POLICY(name) BACKHAND_API int name(request_rec *r, ServerSlot *servers, int *n, char *arg)

POLICY(trace);
POLICY(empty);
POLICY(too_long);
POLICY(negative);
POLICY(bad_ids);
POLICY(forgets_n);
POLICY(in_order);
BACKHAND_API const char *trace_check(apr_pool_t *p, server_rec *s, const char *arg);

/* Adds `argument(number of candidates: the first ids)` to the response's X-Trace. */
POLICY(trace)
{
    char *text = apr_psprintf(r->pool, "%s(%d:", arg ? arg : "-", *n);
    for (int i = 0; i < *n && i < 4; i++) {
        text = apr_psprintf(r->pool, "%s %d", text, servers[i].id);
    }
    apr_table_merge(r->err_headers_out, "X-Trace", apr_pstrcat(r->pool, text, ")", NULL));
    return *n;
}

const char *trace_check(apr_pool_t *p, server_rec *s, const char *arg)
{
    (void)s;
    return arg && !strcmp(arg, "bad") ? apr_pstrcat(p, "is not what trace is for", NULL) : NULL;
}

POLICY(empty)
{
    (void)r;
    (void)servers;
    (void)arg;
    return *n = 0;
}

POLICY(too_long)
{
    (void)r;
    (void)arg;
    servers[0].id = -5;
    return *n = INT_MAX;
}

POLICY(negative)
{
    (void)r;
    (void)servers;
    (void)n;
    (void)arg;
    return -1;
}

POLICY(bad_ids)
{
    const int ids[] = {99999, 0, INT_MIN, 0, MAXSERVERS};
    (void)r;
    (void)arg;
    for (int i = 0; i < 5; i++) {
        servers[i] = (ServerSlot){ids[i], 42};
    }
    return *n = 5;
}

POLICY(forgets_n)
{
    (void)r;
    (void)servers;
    (void)n;
    (void)arg;
    return 0;
}

/* The servers whose names are in the argument, in its order. */
POLICY(in_order)
{
    ServerSlot found[MAXSERVERS_IN_TEST];
    char *rest, *text = apr_pstrdup(r->pool, arg ? arg : "");
    int length = 0;

    for (char *name = apr_strtok(text, " ", &rest); name; name = apr_strtok(NULL, " ", &rest)) {
        for (int i = 0; i < *n && length < MAXSERVERS_IN_TEST; i++) {
            char hostname[BACKHAND_HOSTNAME_SIZE];
            if (backhand_identity_get(servers[i].id, hostname, NULL) && strcmp(hostname, name) == 0) {
                found[length++] = servers[i];
            }
        }
    }
    for (int i = 0; i < length; i++) {
        servers[i] = found[i];
    }
    return *n = length;
}
