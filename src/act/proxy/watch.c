/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/watch.h"

#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

typedef struct watch {
    int has_read;                /* a part of the body, or its end, has passed the filter */
    apr_array_header_t *feeders; /* of ap_filter_t *: filters that were there before the content filters; NULL: none */
} watch;

static ap_filter_rec_t *watch_filter;

static watch *watch_of(const request_rec *r)
{
    for (const ap_filter_t *f = r->input_filters; f; f = f->next) {
        if (f->frec == watch_filter) {
            return f->ctx;
        }
    }
    return NULL;
}

static apr_status_t watch_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                                apr_off_t readbytes)
{
    watch *w = f->ctx;
    apr_status_t rv = ap_get_brigade(f->next, bb, mode, block, readbytes);

    if (rv == APR_SUCCESS && mode == AP_MODE_READBYTES && !APR_BRIGADE_EMPTY(bb)) {
        w->has_read = 1;
    }
    return rv;
}

int backhand_watch_announced(request_rec *r)
{
    const char *text;
    apr_off_t length;

    if (apr_table_get(r->headers_in, "Transfer-Encoding")) {
        return 1;
    }
    text = apr_table_get(r->headers_in, "Content-Length");
    return text && (!ap_parse_strict_length(&length, text) || length > 0);
}

/* Inserts the watch before any module reads. */
static int put_in(request_rec *r)
{
    const backhand_config *conf = backhand_config_get(r->server);

    if (!r->main && !r->prev && conf->table && conf->proxy && backhand_watch_announced(r)) {
        watch *w = apr_pcalloc(r->pool, sizeof(*w));
        ap_add_input_filter_handle(watch_filter, w, r, r->connection);
    }
    return DECLINED;
}

static void note_feeders(request_rec *r)
{
    watch *w = r->main || r->prev ? NULL : watch_of(r);

    if (!w || !w->has_read) {
        return;
    }
    w->feeders = apr_array_make(r->pool, 2, sizeof(ap_filter_t *));
    for (ap_filter_t *f = r->input_filters; f->frec != watch_filter; f = f->next) {
        APR_ARRAY_PUSH(w->feeders, ap_filter_t *) = f;
    }
}

void backhand_watch_register(void)
{
    static const char *const feeders[] = {"mod_security2.c", NULL};

    /* As near to the network as a request's filter can be without being a protocol filter. */
    watch_filter =
        ap_register_input_filter("BACKHAND_WATCH", watch_input, NULL, (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
    ap_hook_post_read_request(put_in, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_filter(note_feeders, feeders, NULL, APR_HOOK_FIRST);
}

int backhand_watch_has_read(const request_rec *r)
{
    const watch *w = watch_of(r);
    return w && w->has_read;
}

int backhand_watch_feeds(const request_rec *r, const ap_filter_t *f)
{
    const watch *w = watch_of(r);

    /* mod_request's KEPT_BODY feeds as well, though httpd adds it last. */
    if (f->frec == watch_filter || strcasecmp(f->frec->name, "KEPT_BODY") == 0) {
        return 1;
    }
    for (int i = 0; w && w->feeders && i < w->feeders->nelts; i++) {
        if (APR_ARRAY_IDX(w->feeders, i, ap_filter_t *) == f) {
            return 1;
        }
    }
    return 0;
}
