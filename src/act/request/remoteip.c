/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/request/remoteip.h"

#include <apr_cstr.h>
#include <httpd.h>
#include <http_config.h>

/* Header names in RemoteIPHeader and RemoteIPProxiesHeader: char *. Made with the configuration, then read-only. */
static apr_array_header_t *of_remoteip;

static void find_in(const ap_directive_t *d, apr_pool_t *p)
{
    for (; d; d = d->next) {
        if (d->first_child) {
            find_in(d->first_child, p);
        }
        else if (apr_cstr_casecmp(d->directive, "RemoteIPHeader") == 0 ||
                 apr_cstr_casecmp(d->directive, "RemoteIPProxiesHeader") == 0) {
            const char *args = d->args;
            APR_ARRAY_PUSH(of_remoteip, const char *) = ap_getword_conf(p, &args);
        }
    }
}

void backhand_remoteip_find(apr_pool_t *p)
{
    of_remoteip = apr_array_make(p, 1, sizeof(const char *));
    find_in(ap_conftree, p);
}

void backhand_remoteip_follow(apr_table_t *kept, const apr_table_t *now)
{
    for (int i = 0; of_remoteip && i < of_remoteip->nelts; i++) {
        const char *name = APR_ARRAY_IDX(of_remoteip, i, const char *);
        const char *value = apr_table_get(now, name);
        if (value) {
            apr_table_set(kept, name, value);
        }
        else {
            apr_table_unset(kept, name);
        }
    }
}
