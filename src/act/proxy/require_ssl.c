/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/require_ssl.h"
#include "act/received/restore.h"

#include <ap_provider.h>
#include <mod_auth.h>

#define NAME "ssl"

/* mod_ssl's provider, static because providers have no context. Written once, before there are threads. */
static const authz_provider *of_mod_ssl;

static authz_status check(request_rec *r, const char *line, const void *parsed)
{
    int https = backhand_restored_https(r);

    if (https < 0) {
        return of_mod_ssl->check_authorization(r, line, parsed);
    }
    return https ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static const char *parse(cmd_parms *cmd, const char *line, const void **parsed)
{
    return of_mod_ssl->parse_require_line ? of_mod_ssl->parse_require_line(cmd, line, parsed) : NULL;
}

static const authz_provider provider = {check, parse};

void backhand_require_ssl_register(apr_pool_t *pconf)
{
    const authz_provider *found = ap_lookup_provider(AUTHZ_PROVIDER_GROUP, NAME, AUTHZ_PROVIDER_VERSION);
    if (found && found != &provider) {
        of_mod_ssl = found;
        /* ap_register_auth_provider() would count one provider more than there are. */
        ap_register_provider(pconf, AUTHZ_PROVIDER_GROUP, NAME, AUTHZ_PROVIDER_VERSION, &provider);
    }
}
