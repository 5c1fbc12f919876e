/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/nested.h"
#include "candidacy/builtins.h"

#include <http_log.h>

APLOG_USE_MODULE(backhand);

#define QUIET apr_time_from_sec(60)

int backhand_nested_create(request_rec *r)
{
    if (r->prev && backhand_chain_current()) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
    return OK;
}

int backhand_nested_handler(request_rec *r)
{
    static apr_time_t said;
    apr_time_t now, before;
    if (!backhand_chain_current()) {
        return DECLINED;
    }
    now = apr_time_now();
    before = __atomic_load_n(&said, __ATOMIC_RELAXED);
    if ((now - before >= QUIET || now < before) &&
        __atomic_compare_exchange_n(&said, &before, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, r,
            "backhand: a candidacy function has run a sub-request or an internal redirect to %s, which fails: "
            "a function may look up a place, but only the chosen server runs it",
            r->uri);
    }
    return HTTP_INTERNAL_SERVER_ERROR;
}
