/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/loaded.h"

#include <http_log.h>

APLOG_USE_MODULE(backhand);

const char *const backhand_proxy_modules[] = {"mod_proxy.c", NULL};

int backhand_proxy_check_loaded(const server_rec *s)
{
    const backhand_config *conf = backhand_config_get(s);
    int proxy = ap_find_linked_module("mod_proxy.c") != NULL;
    int http = ap_find_linked_module("mod_proxy_http.c") != NULL;
    if ((conf->functions->nelts == 0 && !conf->self_only) || (proxy && http)) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                 "backhand: mod_proxy and mod_proxy_http are needed to hand off requests; add %s%s%s",
                 proxy ? "" : "\"LoadModule proxy_module modules/mod_proxy.so\"", proxy || http ? "" : " and ",
                 http ? "" : "\"LoadModule proxy_http_module modules/mod_proxy_http.so\"");
    return HTTP_INTERNAL_SERVER_ERROR;
}
