/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/nested.h"
#include "base/throttle.h"
#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "table/clock.h"

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
    static int64_t said;
    if (!backhand_chain_current()) {
        return DECLINED;
    }
    if (backhand_throttle(&said, backhand_clock_now(), QUIET)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, r,
            "backhand: a candidacy function has run a sub-request or an internal redirect to %s, which fails: "
            "a function may look up a place, but only the chosen server runs it",
            r->uri);
    }
    return HTTP_INTERNAL_SERVER_ERROR;
}
