/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "interpreters.h"
#include "clones.h"
#include "limit.h"
#include "mod_backhand.h"
#include "thread.h"

#include <limits.h>
#include <pthread.h>

/** A pool of interpreters for policies. Each of mod_perl's pools for the application has one beside it. */
typedef struct own_pool {
    const modperl_interp_pool_t *application; /**< mod_perl's pool, whose servers use this one */
    modperl_interp_pool_t mip;
    modperl_tipool_config_t limits;
} own_pool;

/* Made before the child has threads, then read-only. */
static own_pool *pools;
static int n_pools;

static const char arranged_key[] = "backhand: interpreters for policies";

/* --- making them ------------------------------------------------------------------------------------------- */

/* Sets a phase: methods of $r read it, and crash if none was ever set. */
static void set_phase(pTHX)
{
    modperl_callback_current_callback_set("byPerl");
}

static void *make_interpreter(modperl_tipool_t *tipool, void *data)
{
    modperl_interp_pool_t *mip = data;
    modperl_interp_t *interp = modperl_interp_new(mip, mip->parent->perl);
    (void)tipool;
    PERL_SET_CONTEXT(interp->perl);
    set_phase(interp->perl);
    PERL_SET_CONTEXT(mip->parent->perl);
    return interp;
}

/* With own_pool's limits mod_perl neither grows nor shrinks the pool. */
static modperl_tipool_vtbl_t functions = {make_interpreter, NULL, NULL, NULL, NULL};

static own_pool *pool_find(const modperl_interp_pool_t *application)
{
    int i;
    for (i = 0; i < n_pools; i++) {
        if (pools[i].application == application) {
            return &pools[i];
        }
    }
    return NULL;
}

static void pool_make(own_pool *own, modperl_interp_pool_t *application, apr_pool_t *p)
{
    own->application = application;
    own->limits.start = own->limits.max = own->limits.max_spare = backhand_policy_interpreters();
    own->limits.max_requests = INT_MAX;
    own->mip.server = application->server;
    own->mip.parent = application->parent;
    own->mip.tipool = modperl_tipool_new(p, &own->limits, &functions, &own->mip);
    modperl_tipool_init(own->mip.tipool);
}

/* Runs after mod_perl's hook, before the child has threads. Like mod_perl's pools, these are not destroyed at the
 * child's end. */
static void make_pools(apr_pool_t *p, server_rec *s)
{
    void *context = PERL_GET_CONTEXT;
    server_rec *at;
    int servers = 0;
    for (at = s; at; at = at->next) {
        servers++;
    }
    pools = apr_pcalloc(p, (apr_size_t)servers * sizeof(*pools));
    n_pools = 0;
    for (at = s; at; at = at->next) {
        MP_dSCFG(at);
        if (scfg && scfg->mip && scfg->mip->tipool && !pool_find(scfg->mip)) {
            pool_make(&pools[n_pools], scfg->mip, p);
            n_pools++;
        }
    }
    PERL_SET_CONTEXT(context);
}

void interpreters_arrange(server_rec *s)
{
    clones_hook(s, arranged_key, make_pools);
}

/* --- lending them ------------------------------------------------------------------------------------------ */

/* As modperl_tipool_pop(), with a limit on the wait. */
static modperl_interp_t *pool_pop(modperl_tipool_t *tipool, apr_interval_time_t most)
{
    apr_time_t until = policy_clock() + most;
    struct timespec deadline = {until / APR_USEC_PER_SEC, until % APR_USEC_PER_SEC * 1000};
    modperl_interp_t *interp = NULL;
    int late = 0;
    modperl_tipool_lock(tipool);
    while (!tipool->idle && !late) {
        late = pthread_cond_clockwait(&tipool->available, &tipool->tiplock, CLOCK_MONOTONIC, &deadline) != 0;
    }
    if (tipool->idle) {
        modperl_list_t *head = tipool->idle;
        tipool->idle = modperl_list_remove(tipool->idle, head);
        tipool->busy = modperl_list_append(tipool->busy, head);
        tipool->in_use++;
        interp = head->data;
    }
    modperl_tipool_unlock(tipool);
    return interp;
}

/* Makes it the interpreter of the connection, where mod_perl's functions look for it. */
static void lend_own(interpreter_loan *loan, modperl_config_con_t *con)
{
    modperl_interp_t *interp = loan->interp;
    interp->refcnt = 1;
    MpInterpIN_USE_On(interp);
    interp->ccfg = con;
    con->interp = interp;
    loan->con = con;
    PERL_SET_CONTEXT(interp->perl);
    modperl_thx_interp_set(interp->perl, interp);
}

/* --- the end of a request ---------------------------------------------------------------------------------- */

/* A dummy interpreter, in place while mod_perl looks for PerlCleanupHandlers. */
typedef struct token {
    request_rec *r;
    modperl_config_con_t *con;
    modperl_interp_t interp;
} token;

static int has_cleanups(const request_rec *r)
{
    const modperl_config_dir_t *dcfg = modperl_config_dir_get(r);
    modperl_config_req_t *rcfg = modperl_config_req_get(r);
    return !rcfg || MpReqSETUP_ENV(rcfg) || rcfg->handlers_per_dir[MP_CLEANUP_HANDLER] ||
           (dcfg && dcfg->handlers_per_dir[MP_CLEANUP_HANDLER]);
}

static apr_status_t token_place(void *data)
{
    token *t = data;
    modperl_config_con_t *con = modperl_config_con_get(t->r->connection);
    const request_rec *r;
    for (r = t->r; r; r = r->next) {
        if (has_cleanups(r)) {
            return APR_SUCCESS;
        }
    }
    if (con && !con->interp) {
        t->con = con;
        con->interp = &t->interp;
    }
    return APR_SUCCESS;
}

static apr_status_t token_remove(void *data)
{
    token *t = data;
    if (t->con) {
        t->con->interp = NULL;
        thread_let_go(t->interp.mip);
    }
    return APR_SUCCESS;
}

/* At the end of a request mod_perl takes one of the application's interpreters for PerlCleanupHandlers, and looks only
 * then whether there are any. If all interpreters are in use, the thread would wait for one. The dummy prevents that
 * for requests without such handlers. */
static void spare_the_end(request_rec *r, modperl_interp_pool_t *mip)
{
    token *t = apr_pcalloc(r->pool, sizeof(*t));
    t->r = r;
    t->interp.mip = mip;
    t->interp.perl = mip->parent->perl;
    /* Keeps mod_perl from returning the dummy to the pool. */
    t->interp.refcnt = 1;
    apr_pool_pre_cleanup_register(r->pool, t, token_place);
    apr_pool_cleanup_register(r->pool, t, token_remove, apr_pool_cleanup_null);
}

/* --- what others call -------------------------------------------------------------------------------------- */

interpreter_result interpreter_borrow(interpreter_loan *loan, request_rec *r, apr_interval_time_t most)
{
    modperl_config_con_t *con = modperl_config_con_get(r->connection);
    own_pool *own;
    MP_dSCFG(r->server);
    loan->con = NULL;
    loan->context = PERL_GET_CONTEXT;
    if (!scfg || !scfg->mip) {
        return INTERPRETER_NONE;
    }
    if (modperl_threaded_mpm()) {
        spare_the_end(r, scfg->mip);
    }
    if (!modperl_threaded_mpm() || (con && con->interp)) {
        loan->interp = modperl_interp_select(r, r->connection, r->server);
        set_phase(loan->interp->perl);
        return INTERPRETER_READY;
    }
    own = pool_find(scfg->mip);
    if (!own) {
        return INTERPRETER_NONE;
    }
    loan->interp = pool_pop(own->mip.tipool, most);
    if (!loan->interp) {
        return INTERPRETER_BUSY;
    }
    modperl_config_con_init(r->connection, con);
    lend_own(loan, con);
    return INTERPRETER_READY;
}

/* A cleanup that a policy registered runs right after this one. XS code in it takes the thread's interpreter. */
static apr_status_t choose_interpreter(void *perl)
{
    PERL_SET_CONTEXT(perl);
    return APR_SUCCESS;
}

int interpreter_give_back(interpreter_loan *loan, request_rec *r)
{
    /* mod_perl writes here when the last holder releases an interpreter. The value is never read. */
    static modperl_config_con_t nobody;
    modperl_interp_t *interp = loan->interp;
    int held = 0;
    if (loan->con) {
        loan->con->interp = NULL;
        interp->ccfg = &nobody;
        held = interp->refcnt > 1;
        if (held) {
            apr_pool_cleanup_register(r->pool, interp->perl, choose_interpreter, apr_pool_cleanup_null);
        }
    }
    modperl_interp_unselect(interp);
    if (loan->con) {
        thread_let_go(interp->mip);
    }
    else {
        PERL_SET_CONTEXT(loan->context);
    }
    return held;
}
