/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Candidacy functions for the farm tests: one that shows what it was given, and all kinds of bad ones. */

#include <http_protocol.h>
#include <httpd.h>

#include <apr_strings.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
POLICY(reads_body);
POLICY(scribbles);
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

/* Reads as many bytes of the body as its argument says and leaves the list as it is. */
POLICY(reads_body)
{
    char buffer[1000];
    long left = arg ? strtol(arg, NULL, 10) : 0, got = 1;

    (void)servers;
    if (ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK) == OK && ap_should_client_block(r)) {
        for (; left > 0 && got > 0; left -= got) {
            got = ap_get_client_block(r, buffer, left < (long)sizeof(buffer) ? (size_t)left : sizeof(buffer));
        }
    }
    return *n;
}

/* --- one that does all it can within the list and the table ------------------------------------------------ */

static uint64_t random_number(void)
{
    static _Thread_local uint64_t state;
    if (!state) {
        state = (uint64_t)getpid() * 0x9e3779b97f4a7c15 ^ (uint64_t)pthread_self() ^ (uint64_t)apr_time_now();
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int one_of(const int *numbers, int count)
{
    return numbers[random_number() % (uint64_t)count];
}

static int random_id(void)
{
    const int ids[] = {INT_MIN, -1, MAXSERVERS, MAXSERVERS + 1, 4096, 99999, INT_MAX};
    return random_number() % 2 ? (int)(random_number() % (uint64_t)MAXSERVERS) : one_of(ids, 7);
}

static int random_length(void)
{
    const int lengths[] = {INT_MIN, -1, MAXSERVERS, MAXSERVERS + 1, 2 * MAXSERVERS, 100000, INT_MAX};
    return random_number() % 2 ? (int)(random_number() % (uint64_t)(MAXSERVERS + 1)) : one_of(lengths, 7);
}

static int64_t random_figure(void)
{
    const int64_t figures[] = {INT64_MIN, INT64_MAX, -1, 0, 1, INT32_MAX, (int64_t)INT32_MAX + 1};
    return random_number() % 2 ? (int64_t)random_number() : figures[random_number() % 7];
}

/* Writes every number of an entry; and the strings that functions are shown, which are not its server's address. */
static void scribble_entry(serverstat *entry, const char *contact)
{
    int64_t *numbers = (int64_t *)entry;
    for (size_t i = 0; i < offsetof(serverstat, hostname) / sizeof(int64_t); i++) {
        backhand_number_set(&numbers[i], random_figure());
    }
    if (contact) {
        apr_cpystrn(entry->contact, contact, sizeof(entry->contact));
        apr_cpystrn(entry->hostname, "decoy.test", sizeof(entry->hostname));
    }
}

/* `[redirects] [contact]`: any ids, redirects and length, and anything in the table. Without the word no redirect is
 * one that exists. */
POLICY(scribbles)
{
    const int redirects[] = {INT_MIN, -1, 0, 3, 42, INT_MAX, BACKHAND_REDIRECT_IP, BACKHAND_REDIRECT_NAME};
    char *rest, *text = apr_pstrdup(r->pool, arg ? arg : "");
    char *word = apr_strtok(text, " ", &rest);
    int kinds = word && !strcmp(word, "redirects") ? 8 : 6;

    if (kinds == 8) {
        word = apr_strtok(NULL, " ", &rest);
    }
    for (int i = 0; i < MAXSERVERS; i++) {
        servers[i] = (ServerSlot){random_id(), one_of(redirects, kinds)};
        scribble_entry(&serverstats[i], word);
    }
    backhand_number_set(&mod_backhand_personal_arriba, random_figure());
    *n = random_length();
    return random_number() % 2 ? *n : random_length();
}
