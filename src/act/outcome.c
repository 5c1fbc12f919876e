/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/outcome.h"

#include <apr_strings.h>

static void set(request_rec *r, const char *name, const char *value)
{
    apr_table_setn(r->subprocess_env, name, value);
    apr_table_setn(r->notes, name, value);
}

void backhand_outcome_set(request_rec *r, const char *server, backhand_reason reason, int tries, apr_time_t usec)
{
    for (; r; r = r->next) {
        set(r, "BACKHAND_SERVER", server);
        set(r, "BACKHAND_REASON", backhand_reason_text(reason));
        set(r, "BACKHAND_TRIES", apr_itoa(r->pool, tries));
        set(r, "BACKHAND_USEC", apr_off_t_toa(r->pool, usec));
    }
}
