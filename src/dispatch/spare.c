/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/spare.h"
#include "announce/scoreboard.h"
#include "dispatch/marked.h"

#include <ap_mpm.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

static ap_filter_rec_t *spare_filter;

static int has_event_loop(void)
{
    int async = 0;
    return ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async;
}

/* Few are left, running or to be started. */
static int is_short_of_workers(void)
{
    int daemons = 0, threads = 0;
    int64_t ready, running, limit;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    limit = (int64_t)daemons * (threads > 0 ? threads : 1);
    backhand_scoreboard_count(&ready, &running);
    return ready < 2 || (limit - running + ready) * 2 < limit;
}

/* Just before the headers are written: by now programs have their environment and do not see the variable. A connection
 * that httpd were told to close by other means would get a body without chunks, whose end cannot be told from a crash. */
static apr_status_t spare_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    if (is_short_of_workers()) {
        apr_table_setn(f->r->subprocess_env, "nokeepalive", "1");
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, bb);
}

static void insert(request_rec *r)
{
    if (!r->main && backhand_marked_is(r) && !has_event_loop()) {
        ap_add_output_filter_handle(spare_filter, NULL, r, r->connection);
    }
}

void backhand_spare_register(void)
{
    spare_filter =
        ap_register_output_filter("BACKHAND_SPARE", spare_output, NULL, (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
    ap_hook_insert_filter(insert, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(insert, NULL, NULL, APR_HOOK_MIDDLE);
}
