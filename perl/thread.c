/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "thread.h"

#ifdef USE_PERL_SWITCH_LOCALE_CONTEXT
#include <locale.h>
#endif

static const char arranged_key[] = "backhand: threads let go of interpreters";

void thread_let_go(const modperl_interp_pool_t *mip)
{
    /* The macro reads the new interpreter only, not the old one, which may be gone. */
    PERL_SET_CONTEXT(mip->parent->perl);
#ifdef USE_PERL_SWITCH_LOCALE_CONTEXT
    uselocale(LC_GLOBAL_LOCALE);
#endif
}

static void let_go_unless_held(conn_rec *c, server_rec *s)
{
    const modperl_config_con_t *con = modperl_config_con_get(c);
    MP_dSCFG(s);
    if (scfg && scfg->mip && scfg->mip->parent && !(con && con->interp) &&
        PERL_GET_CONTEXT != scfg->mip->parent->perl) {
        thread_let_go(scfg->mip);
    }
}

static int connection_begins(conn_rec *c, void *socket)
{
    (void)socket;
    let_go_unless_held(c, c->base_server);
    return DECLINED;
}

/* mod_perl registers its cleanup of the request later, so it has run by now. */
static apr_status_t request_ends(void *data)
{
    const request_rec *r = data;
    let_go_unless_held(r->connection, r->server);
    return APR_SUCCESS;
}

static int request_begins(request_rec *r)
{
    if (!r->main) {
        let_go_unless_held(r->connection, r->server);
        apr_pool_cleanup_register(r->pool, r, request_ends, apr_pool_cleanup_null);
    }
    return DECLINED;
}

int thread_wants_hooks(server_rec *s, const char *key)
{
    apr_pool_t *pconf = s->process->pconf;
    void *arranged = NULL;
    apr_pool_userdata_get(&arranged, key, pconf);
    if (arranged || !modperl_threaded_mpm()) {
        return 0;
    }
    apr_pool_userdata_setn(key, key, NULL, pconf);
    return 1;
}

void thread_arrange(server_rec *s)
{
    if (thread_wants_hooks(s, arranged_key)) {
        ap_hook_pre_connection(connection_begins, NULL, NULL, APR_HOOK_MIDDLE);
        ap_hook_create_request(request_begins, NULL, NULL, APR_HOOK_MIDDLE);
    }
}
