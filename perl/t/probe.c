/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/* Candidacy functions before and after a policy in the tests: the first gives it a list, the second shows the list that
 * it left. */

#include <httpd.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

#include "mod_backhand.h"

int probe_given(request_rec *r, ServerSlot *servers, int *n, char *arg);
int probe_shown(request_rec *r, ServerSlot *servers, int *n, char *arg);

/* `3:1 0`: the list is server 3, by redirect 1, then server 0. */
int probe_given(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    char *state, *word;
    char *words = apr_pstrdup(r->pool, arg ? arg : "");
    *n = 0;
    for (word = apr_strtok(words, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        char *colon = strchr(word, ':');
        servers[*n].id = atoi(word);
        servers[(*n)++].redirect = colon ? atoi(colon + 1) : 0;
    }
    return *n;
}

/* Sends the list in the header X-List, and load and inflight of the server that `arg` names in X-Numbers; then serves
 * the request here. */
int probe_shown(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const char *list = "";
    int i, id = arg ? atoi(arg) : 0;
    for (i = 0; i < *n; i++) {
        list = apr_psprintf(r->pool, "%s%s%d:%d", list, *list ? " " : "", servers[i].id, servers[i].redirect);
    }
    apr_table_setn(r->err_headers_out, "X-List", list);
    apr_table_setn(r->err_headers_out, "X-Numbers",
                   apr_psprintf(r->pool, "%" APR_INT64_T_FMT " %" APR_INT64_T_FMT,
                                backhand_number_get(&serverstats[id].load),
                                backhand_number_get(&serverstats[id].inflight)));
    servers[0].id = 0;
    servers[0].redirect = 0;
    return *n = 1;
}
