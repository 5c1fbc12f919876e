/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/* The candidacy function `byPerl Package::function [words]`: hands the list to a function written in Perl. */

#define PERL_NO_GET_CONTEXT
#include "policy.h"
#include "clones.h"
#include "interpreters.h"
#include "respite.h"
#include "thread.h"
#include "undo.h"

#include <http_log.h>

/** Largest number of words after the function's name. */
#define MAX_WORDS 64
/** One process repeats a complaint about a function after this many seconds at the earliest. */
#define QUIET_SECONDS 60
/** Longest wait for an interpreter when BackhandPolicyTimeout is 0. */
#define UNLIMITED_WAIT APR_USEC_PER_SEC
/** Number of complaints that one process remembers, and number of places for each hash. */
#define REMEMBERED 512
#define PLACES     16

BACKHAND_API int byPerl(request_rec *r, ServerSlot *servers, int *n, char *arg);
BACKHAND_API const char *byPerl_check(apr_pool_t *p, server_rec *s, const char *arg);

/** Kinds of complaints besides those of policy_outcome. */
enum { NEWS_CHANGED = 100, NEWS_BUSY, NEWS_HOLDS };

static const char names_no_function[] =
    "names no Perl function: BackhandFromSO .../byPerl.so byPerl Package::function [arguments]";

/* --- complaints -------------------------------------------------------------------------------------------- */

/* The place of a complaint in the process's memory: its own, else an empty or the oldest one among the places for its
 * hash. */
static uint64_t *place_of(uint64_t hash)
{
    static uint64_t memory[REMEMBERED];
    uint64_t *oldest = &memory[hash % REMEMBERED];
    uint64_t i;
    for (i = 0; i < PLACES; i++) {
        uint64_t *place = &memory[(hash + i) % REMEMBERED];
        uint64_t said = __atomic_load_n(place, __ATOMIC_RELAXED);
        if (said >> 32 == hash) {
            return place;
        }
        if ((said & 0xffffffff) < (__atomic_load_n(oldest, __ATOMIC_RELAXED) & 0xffffffff)) {
            oldest = place;
        }
    }
    return oldest;
}

/* True for the first complaint of this kind about a function for QUIET_SECONDS. The upper half of a place is the
 * complaint's hash, the lower half its time in seconds. */
static int is_news(const char *name, int kind)
{
    uint64_t now = (uint64_t)apr_time_sec(apr_time_now()), hash = policy_hash(name, kind), before;
    uint64_t *place;
    hash = (hash ^ hash >> 32) & 0xffffffff;
    place = place_of(hash);
    before = __atomic_load_n(place, __ATOMIC_RELAXED);
    if (before >> 32 == hash && now - (before & 0xffffffff) < QUIET_SECONDS) {
        return 0;
    }
    return __atomic_compare_exchange_n(place, &before, hash << 32 | (now & 0xffffffff), 0, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

#define MS(interval) ((long)((interval) / 1000))

static const char *at(const policy_call *call)
{
    const char *where = call->limit.where;
    return *where ? apr_pstrcat(call->request->pool, ", at ", where, NULL) : "";
}

static void complain_of_excess(const policy_call *call, const char *stays)
{
    request_rec *r = call->request;
    const policy_limit *limit = &call->limit;
    if (limit->over == POLICY_DEEP) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "backhand: byPerl: %s was stopped, %s: its calls went too deep%s",
                      call->name, stays, at(call));
    }
    else if (limit->longest > limit->timeout) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "backhand: byPerl: %s took %ld ms, %ld ms of them in one operation that cannot be stopped, %s: "
                      "BackhandPolicyTimeout is %ld ms; do nothing there that waits%s",
                      call->name, MS(limit->took), MS(limit->longest), stays, MS(limit->timeout), at(call));
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "backhand: byPerl: %s was stopped after %ld ms, %s: BackhandPolicyTimeout is %ld ms%s",
                      call->name, MS(limit->took), stays, MS(limit->timeout), at(call));
    }
}

/* For whoever asks why the decision fell as it did. */
static void explain(const policy_call *call)
{
    static const char *const happened[] = {
        [POLICY_OK] = "its list had entries that were dropped",
        [POLICY_UNDEFINED] = "the function is not defined, so the list stays as it was",
        [POLICY_DIED] = "the function died, so the list stays as it was: ",
        [POLICY_EXITED] = "the function called exit, so the list stays as it was",
        [POLICY_WRONG] = "the list stays as it was, because the function returned ",
        [POLICY_STOPPED] = "the function took too long or went too deep, so the list stays as it was",
        [POLICY_PASSED_OVER] = "no interpreter was free in time, so the list stays as it was",
    };
    int has_text = call->outcome == POLICY_DIED || call->outcome == POLICY_WRONG;

    backhand_note(call->request,
                  apr_pstrcat(call->request->pool, happened[call->outcome], has_text ? call->text : "", NULL));
}

static void complain(const policy_call *call)
{
    request_rec *r = call->request;
    const char *stays = "the list of servers stays as it was";
    if (!is_news(call->name, (int)call->outcome)) {
        return;
    }
    switch (call->outcome) {
    case POLICY_UNDEFINED:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "backhand: byPerl: %s is not defined, %s: load its package with PerlModule", call->name, stays);
        break;
    case POLICY_DIED:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "backhand: byPerl: %s died, %s: %s", call->name, stays, call->text);
        break;
    case POLICY_EXITED:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "backhand: byPerl: %s called exit, %s: let it return a reference to an array of ids", call->name,
                      stays);
        break;
    case POLICY_WRONG:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "backhand: byPerl: %s returned %s, %s: let it return a reference to an array of ids", call->name,
                      call->text, stays);
        break;
    case POLICY_STOPPED:
        complain_of_excess(call, stays);
        break;
    case POLICY_PASSED_OVER:
        break;
    case POLICY_OK:
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, r,
            "backhand: byPerl: %s returned a list with %d entries that are no id from 0 to %d and %d that came "
            "twice%s; they were dropped",
            call->name, call->strangers, call->room - 1, call->duplicates,
            call->unseen ? ", and further ones after twice as many as there are servers" : "");
        break;
    }
}

/* --- the function ------------------------------------------------------------------------------------------ */

/* Splits the directive's words. Returns the function's name; NULL: there is none. */
static const char *read_words(policy_call *call, apr_pool_t *p, const char *arg)
{
    const char *name = arg ? ap_getword_white(p, &arg) : "";
    if (!*name) {
        return NULL;
    }
    if (*arg) {
        call->words = apr_palloc(p, MAX_WORDS * sizeof(*call->words));
    }
    while (*arg && call->n_words < MAX_WORDS) {
        call->words[call->n_words++] = ap_getword_white(p, &arg);
    }
    return name;
}

/* Calls the policy in the borrowed interpreter, and restores the parts of the request that it may not change. */
static void run_within(pTHX_ policy_call *call)
{
    undo before;
    const char *changed;
    undo_begin(&before, call->request, call->timeout);
    policy_run(aTHX_ call);
    changed = undo_end(aTHX_ & before);
    if (changed && is_news(call->name, NEWS_CHANGED)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, call->request,
                      "backhand: byPerl: %s changed what a policy may not, and it was put back: %s", call->name,
                      changed);
    }
}

static void complain_of_waiting(const policy_call *call, apr_interval_time_t most)
{
    static long passed_over;
    long times = __atomic_add_fetch(&passed_over, 1, __ATOMIC_RELAXED);
    if (is_news(call->name, NEWS_BUSY)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, call->request,
                      "backhand: byPerl: %s was passed over, the list of servers stays as it was: none of the %d "
                      "interpreters for policies was free within %ld ms (%ld times in this child process); shorten "
                      "what policies do, or raise BackhandPolicyInterpreters",
                      call->name, backhand_policy_interpreters(), MS(most), times);
    }
}

static void run(policy_call *call)
{
    request_rec *r = call->request;
    apr_interval_time_t most = call->timeout ? call->timeout : UNLIMITED_WAIT;
    interpreter_loan loan;
    switch (interpreter_borrow(&loan, r, most)) {
    case INTERPRETER_READY:
        run_within(loan.interp->perl, call);
        if (interpreter_give_back(&loan, r) && is_news(call->name, NEWS_HOLDS)) {
            ap_log_rerror(
                APLOG_MARK, APLOG_ERR, 0, r,
                "backhand: byPerl: %s left something behind, as a cleanup of a pool, that holds one of the %d "
                "interpreters for policies until its request is over",
                call->name, backhand_policy_interpreters());
        }
        break;
    case INTERPRETER_BUSY:
        call->outcome = POLICY_PASSED_OVER;
        complain_of_waiting(call, most);
        break;
    case INTERPRETER_NONE:
        call->outcome = POLICY_DIED;
        apr_cpystrn(call->text, "mod_perl has no interpreter for this server", sizeof(call->text));
        break;
    }
}

static int has_redirects(const ServerSlot *servers, int n)
{
    int i;
    for (i = 0; i < n; i++) {
        if (servers[i].redirect != BACKHAND_HANDOFF) {
            return 1;
        }
    }
    return 0;
}

/* An id that was in the list before keeps its redirect. */
static void store(const policy_call *call, ServerSlot *servers, int *n)
{
    int *redirects = NULL;
    int i;
    if (has_redirects(servers, *n)) {
        redirects = apr_pcalloc(call->request->pool, (apr_size_t)call->room * sizeof(int));
        for (i = 0; i < *n; i++) {
            redirects[servers[i].id] = servers[i].redirect;
        }
    }
    for (i = 0; i < call->n; i++) {
        servers[i].id = call->ids[i];
        servers[i].redirect = redirects ? redirects[call->ids[i]] : BACKHAND_HANDOFF;
    }
    *n = call->n;
}

/* A policy that blocks repeatedly is not called for a while, see respite.h. */
static void note_blocking(const policy_call *call)
{
    const policy_limit *limit = &call->limit;
    if (limit->timeout && limit->longest > limit->timeout && respite_note(call->name, limit->timeout)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, call->request,
            "backhand: byPerl: %s took %ld ms, %ld ms of them in one operation that cannot be stopped, for the "
            "second time in a while; it is not called for %ld s, and the list of servers stays as it was%s",
            call->name, MS(limit->took), MS(limit->longest), (MS(RESPITE_TIMES * limit->timeout) + 999) / 1000,
            at(call));
    }
}

int byPerl(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    policy_call *call = apr_pcalloc(r->pool, sizeof(*call));
    int *given;
    int i;

    call->request = r;
    call->room = MAXSERVERS;
    call->timeout = backhand_policy_timeout();
    call->name = read_words(call, r->pool, arg);
    if (!call->name) {
        if (is_news("", 0)) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "backhand: byPerl %s", names_no_function);
        }
        return *n;
    }
    if (respite_lasts(call->name)) {
        backhand_note(r, "the function is not called for a while, because it waited for too long more than once");
        return *n;
    }
    given = apr_palloc(r->pool, (apr_size_t)(*n + 1) * sizeof(int));
    for (i = 0; i < *n; i++) {
        given[i] = servers[i].id;
    }
    call->given = given;
    call->n_given = *n;
    call->ids = apr_palloc(r->pool, (apr_size_t)call->room * sizeof(int));
    call->seen = apr_pcalloc(r->pool, (apr_size_t)call->room);
    run(call);
    note_blocking(call);
    if (call->outcome != POLICY_OK || call->strangers || call->duplicates || call->unseen) {
        explain(call);
        complain(call);
    }
    if (call->outcome == POLICY_OK) {
        store(call, servers, n);
    }
    return *n;
}

/* --- the check --------------------------------------------------------------------------------------------- */

/* Looks in the interpreter from which the server's request interpreters will be cloned. */
static int is_defined(server_rec *s, const char *name)
{
    int found;
    MP_dINTERPa(NULL, NULL, s);
    policy_prepare(aTHX);
    found = policy_defined(aTHX_ name);
    MP_INTERP_PUTBACK(interp, aTHX);
    return found;
}

static int is_defined_somewhere(server_rec *main_server, const char *name)
{
    server_rec *s;
    for (s = main_server; s; s = s->next) {
        MP_dSCFG(s);
        /* PerlPostConfigRequire loads its files later and may define the function. */
        if (scfg->mip && (is_defined(s, name) || scfg->PerlPostConfigRequire->nelts)) {
            return 1;
        }
    }
    return 0;
}

const char *byPerl_check(apr_pool_t *p, server_rec *s, const char *arg)
{
    modperl_config_srv_t *scfg = modperl_config_srv_get(s);
    policy_call words = {0};
    const char *name = read_words(&words, p, arg);
    void *context = PERL_GET_CONTEXT;
    int found;
    if (!name) {
        return names_no_function;
    }
    if (!scfg || !scfg->mip) {
        return "mod_perl has not started: load it (LoadModule perl_module) before this directive";
    }
    clones_arrange(s);
    interpreters_arrange(s);
    thread_arrange(s);
    respite_arrange(s);
    found = is_defined_somewhere(s, name);
    PERL_SET_CONTEXT(context);
    return found ? NULL : apr_psprintf(p, "%s is not defined: load its package with PerlModule", name);
}
