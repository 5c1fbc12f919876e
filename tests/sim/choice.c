/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Candidacy functions as a third party writes them, which call nothing of httpd: bhsim can load them, too. */

#include <httpd.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "mod_backhand.h"

BACKHAND_API int by_path(request_rec *r, ServerSlot *servers, int *n, char *arg);
BACKHAND_API int beyond(request_rec *r, ServerSlot *servers, int *n, char *arg);

/* The server whose name begins with what the request's path or, without that, its header `To` says. */
int by_path(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const char *to = apr_table_get(r->headers_in, "to");
    const char *name = apr_pstrcat(r->pool, r->args || !to ? r->uri + 1 : to, ".", NULL);
    int kept = 0;

    for (int i = 0; i < *n; i++) {
        if (!strncmp(serverstats[servers[i].id].hostname, name, strlen(name))) {
            servers[kept++] = servers[i];
        }
    }
    return *n = kept;
}

int beyond(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    servers[0].id = MAXSERVERS;
    return *n;
}
