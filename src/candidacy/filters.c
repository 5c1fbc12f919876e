/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/explanation.h"

#include <string.h>

int backhand_remove_self(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    int at = 0;
    (void)r;
    (void)arg;
    while (at < *n && servers[at].id != 0) {
        at++;
    }
    if (at < *n) {
        --*n;
        memmove(&servers[at], &servers[at + 1], (size_t)(*n - at) * sizeof(*servers));
    }
    return *n;
}

int backhand_add_self(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)arg;
    for (int i = 0; i < *n; i++) {
        if (servers[i].id == 0) {
            return *n;
        }
    }
    servers[*n] = (ServerSlot){0, BACKHAND_HANDOFF};
    return *n += 1;
}

static void explain_age(const ServerSlot *servers, int n, const backhand_table *table, apr_time_t now)
{
    backhand_explanation *explanation = backhand_chain_explanation();

    for (int i = 0; explanation && i < n; i++) {
        int id = servers[i].id;
        int64_t heard = backhand_number_get(&backhand_table_stat(table, id)->mtime);
        if (heard) {
            backhand_explanation_read(explanation, id, "age",
                                      (double)backhand_table_age(table, id, heard, now) / APR_USEC_PER_SEC);
        }
    }
}

int backhand_by_age(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const backhand_table *table = backhand_table_current();
    apr_time_t now = backhand_table_now(table);
    int64_t seconds = SERVER_TIMEOUT;
    int kept = 0;
    (void)r;
    if (arg) {
        backhand_argument_whole(&seconds, arg);
    }
    explain_age(servers, *n, table, now);
    for (int i = 0; i < *n; i++) {
        if (!backhand_table_older_at(table, servers[i].id, seconds, now)) {
            servers[kept++] = servers[i];
        }
    }
    return *n = kept;
}

int backhand_by_log_window(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    int window = 0;
    (void)r;
    (void)servers;
    (void)arg;
    for (int rest = *n; rest > 1; rest /= 2) {
        window++;
    }
    if (*n > 0 && window == 0) {
        window = 1;
    }
    return *n = window;
}
