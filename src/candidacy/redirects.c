/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"

/* Sets how the candidates are reached. Never redirects to this server itself. */
static int reach_by(ServerSlot *servers, int n, int redirect)
{
    for (int i = 0; i < n; i++) {
        if (servers[i].id != 0) {
            servers[i].redirect = redirect;
        }
    }
    return n;
}

int backhand_redirect_to_ip(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)arg;
    return reach_by(servers, *n, BACKHAND_REDIRECT_IP);
}

int backhand_redirect_to_name(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    backhand_candidates *run = backhand_chain_current();
    (void)r;
    if (run) {
        /* Every candidate that has a name gets it from here, so one format is enough. */
        run->name_format = arg;
    }
    return reach_by(servers, *n, BACKHAND_REDIRECT_NAME);
}
