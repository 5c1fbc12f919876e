/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/trailers.h"

#include <util_filter.h>

static int add_trailer(void *data, const char *name, const char *value)
{
    apr_bucket_brigade *bb = data;
    return apr_brigade_putstrs(bb, NULL, NULL, name, ": ", value, CRLF, NULL) == APR_SUCCESS;
}

void backhand_trailers_add(const request_rec *r, apr_bucket_brigade *bb)
{
    static const char end[] = "0" CRLF CRLF;
    apr_bucket *last = APR_BRIGADE_LAST(bb);
    const char *data;
    apr_size_t length;

    if (apr_is_empty_table(r->trailers_in)) {
        return;
    }
    while (last != APR_BRIGADE_SENTINEL(bb) && APR_BUCKET_IS_METADATA(last)) {
        last = APR_BUCKET_PREV(last);
    }
    if (last == APR_BRIGADE_SENTINEL(bb) || apr_bucket_read(last, &data, &length, APR_BLOCK_READ) != APR_SUCCESS ||
        length != sizeof(end) - 1 || memcmp(data, end, length) != 0) {
        return;
    }
    apr_bucket *rest = APR_BUCKET_NEXT(last);
    apr_bucket_brigade *meta = rest == APR_BRIGADE_SENTINEL(bb) ? NULL : apr_brigade_split(bb, rest);
    apr_bucket_delete(last);
    apr_brigade_puts(bb, NULL, NULL, "0" CRLF);
    apr_table_do(add_trailer, bb, r->trailers_in, NULL);
    apr_brigade_puts(bb, NULL, NULL, CRLF);
    if (meta) {
        APR_BRIGADE_CONCAT(bb, meta);
    }
}
