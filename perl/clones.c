/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "clones.h"
#include "thread.h"

static const char arranged_key[] = "backhand: clones after PerlChildInitHandler";

/* Runs after mod_perl's hook, before the child has threads. */
static void replace_clones(apr_pool_t *p, server_rec *s)
{
    MP_dSCFG(s);
    modperl_tipool_t *pool = scfg->mip ? scfg->mip->tipool : NULL;
    (void)p;
    if (!pool || pool->in_use || !scfg->handlers_process[MP_CHILD_INIT_HANDLER]) {
        return;
    }
    /* The old clones are dropped without being destroyed. Destroying them would run their END blocks and destructors in
     * this child, and copy memory that is shared with the parent. */
    pool->idle = NULL;
    pool->size = 0;
    modperl_tipool_init(pool);
}

void clones_hook(server_rec *s, const char *key, ap_HOOK_child_init_t *hook)
{
    if (thread_wants_hooks(s, key)) {
        ap_hook_child_init(hook, NULL, NULL, APR_HOOK_REALLY_LAST);
    }
}

void clones_arrange(server_rec *s)
{
    clones_hook(s, arranged_key, replace_clones);
}
