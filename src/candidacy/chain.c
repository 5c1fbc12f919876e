/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/chain.h"
#include "base/throttle.h"
#include "candidacy/builtins.h"
#include "candidacy/explanation.h"
#include "candidacy/share.h"
#include "table/duty.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

#define COMPLAINT_SIZE  200
#define COMPLAINT_PAUSE (60 * APR_USEC_PER_SEC)

/* --- building ---------------------------------------------------------------------------------------------- */

int backhand_chain_is_empty(const backhand_chain *chain)
{
    return !chain->parent && !chain->own && !chain->off;
}

int backhand_chain_has_functions(const backhand_chain *chain)
{
    while (chain && (!chain->own || chain->own->nelts == 0)) {
        chain = chain->parent;
    }
    return chain != NULL;
}

void backhand_chain_append(backhand_chain *chain, const backhand_function *function, apr_pool_t *p)
{
    if (!chain->own) {
        chain->own = apr_array_make(p, 4, sizeof(backhand_function));
    }
    APR_ARRAY_PUSH(chain->own, backhand_function) = *function;
}

void backhand_chain_forget(backhand_chain *chain)
{
    chain->parent = NULL;
    chain->own = NULL;
    chain->off = 1;
}

void backhand_chain_merge(backhand_chain *merged, const backhand_chain *outer, const backhand_chain *inner,
                          apr_pool_t *p)
{
    *merged = *inner;
    /* httpd merges nested <Location> and <Files> sections among themselves before it puts them into the rest, so
     * `inner` may have parents that other requests share. */
    while (merged->parent) {
        backhand_chain *copy = apr_pmemdup(p, merged->parent, sizeof(*copy));
        merged->parent = copy;
        merged = copy;
    }
    if (!merged->off) {
        merged->parent = outer;
    }
}

/* --- running ----------------------------------------------------------------------------------------------- */

typedef struct run {
    const backhand_table *table;
    struct request_rec *request;
    backhand_candidates *out;
    backhand_complain_fn complain;
    void *ctx;
} run;

/* Tells of a fault, unless this process has complained about the function within the last minute. */
static void tell(const run *now, const backhand_function *f, const char *what)
{
    backhand_explanation *explanation = now->out->explanation;

    if (explanation) {
        backhand_explanation_complain(explanation, what);
    }
    if (now->complain && !(explanation && explanation->rehearsal) &&
        (!f->warned || backhand_throttle(f->warned, backhand_table_now(now->table), COMPLAINT_PAUSE))) {
        now->complain(now->ctx, f, what);
    }
}

static void complain_length(const run *now, const backhand_function *f, int returned, int stored)
{
    char what[COMPLAINT_SIZE];
    int max = backhand_table_max(now->table);
    if (stored < 0 || stored > max) {
        snprintf(what, sizeof(what), "left a list of %d servers, where 0 to %d are possible; its list is not followed",
                 stored, max);
    }
    else if (returned < 0 || returned > max) {
        snprintf(what, sizeof(what), "returned a length of %d, where 0 to %d are possible; its list is not followed",
                 returned, max);
    }
    else {
        snprintf(what, sizeof(what), "returned a length of %d and stored %d; the stored one counts", returned, stored);
    }
    tell(now, f, what);
}

/* What was wrong with the entries of a list. */
typedef struct faults {
    int invalid, twice, redirects, example;
} faults;

static void complain_entries(const run *now, const backhand_function *f, const faults *found)
{
    char what[COMPLAINT_SIZE];
    if (found->invalid) {
        snprintf(what, sizeof(what), "left %d ids that do not exist, as %d, where 0 to %d do; they are dropped",
                 found->invalid, found->example, backhand_table_max(now->table) - 1);
    }
    else if (found->twice) {
        snprintf(what, sizeof(what), "left %d servers twice, as id %d; the first of each counts", found->twice,
                 found->example);
    }
    else {
        snprintf(what, sizeof(what), "left %d redirects of unknown kind, as %d; these servers are handed the request",
                 found->redirects, found->example);
    }
    tell(now, f, what);
}

/* Keeps the entries that exist, each once. */
static void clean_entries(const run *now, faults *found)
{
    uint64_t seen[BACKHAND_SERVERS_MAX / 64] = {0};
    ServerSlot *list = now->out->list;
    int kept = 0;

    for (int i = 0; i < now->out->n; i++) {
        ServerSlot slot = list[i];
        if (slot.id < 0 || slot.id >= backhand_table_max(now->table)) {
            found->example = found->invalid++ ? found->example : slot.id;
            continue;
        }
        if (seen[slot.id / 64] & (UINT64_C(1) << (slot.id % 64))) {
            if (!found->invalid) {
                found->example = found->twice ? found->example : slot.id;
            }
            found->twice++;
            continue;
        }
        seen[slot.id / 64] |= UINT64_C(1) << (slot.id % 64);
        if (slot.redirect < BACKHAND_HANDOFF || slot.redirect > BACKHAND_REDIRECT_NAME) {
            if (!found->invalid && !found->twice) {
                found->example = found->redirects ? found->example : slot.redirect;
            }
            found->redirects++;
            slot.redirect = BACKHAND_HANDOFF;
        }
        list[kept++] = slot;
    }
    now->out->n = kept;
}

static void call_foreign(const run *now, const backhand_function *f)
{
    ServerSlot before[BACKHAND_SERVERS_MAX];
    int max = backhand_table_max(now->table), n = now->out->n, stored = n, returned;
    faults found = {0, 0, 0, 0};

    memcpy(before, now->out->list, (size_t)n * sizeof(before[0]));
    returned = f->call(now->request, now->out->list, &stored, f->arg);
    if (stored < 0 || stored > max || returned < 0 || returned > max) {
        memcpy(now->out->list, before, (size_t)n * sizeof(before[0]));
        complain_length(now, f, returned, stored);
        return;
    }
    now->out->n = stored;
    clean_entries(now, &found);
    if (returned != stored) {
        complain_length(now, f, returned, stored);
    }
    else if (found.invalid || found.twice || found.redirects) {
        complain_entries(now, f, &found);
    }
}

void backhand_candidates_fill(backhand_candidates *candidates)
{
    if (candidates->unfilled) {
        for (int i = 0; i < candidates->n; i++) {
            candidates->list[i] = (ServerSlot){i, BACKHAND_HANDOFF};
        }
        candidates->unfilled = 0;
    }
}

/* Inline: it is a part of every decision, and has two callers. */
static inline void call(const run *now, const backhand_function *f)
{
    backhand_candidates *out = now->out;
    int before = out->n;

    out->why = BACKHAND_WHY_CHAIN;
    if (f->call != backhand_by_expected_time) {
        backhand_candidates_fill(out);
    }
    if (f->foreign) {
        call_foreign(now, f);
    }
    else {
        f->call(now->request, out->list, &out->n, f->arg);
    }
    out->first = out->first == 0 && f->call == backhand_remove_self ? 1 : -1;
    if (out->n > 0) {
        out->emptied = NULL;
    }
    else if (before > 0) {
        out->emptied = f->name;
    }
}

static void call_explained(const run *now, const backhand_function *f)
{
    backhand_candidates *out = now->out;

    backhand_explanation_enter(out->explanation, f, out->unfilled ? NULL : out->list, out->n,
                               backhand_table_used(now->table));
    call(now, f);
    backhand_explanation_leave(out->explanation, out->list, out->n);
}

/* Runs the functions, those of the outermost container first. @return the number of functions that ran */
static int run_chain(const run *now, const backhand_chain *chain)
{
    int count = chain->parent ? run_chain(now, chain->parent) : 0;
    if (!chain->own) {
        return count;
    }
    for (int i = 0; i < chain->own->nelts; i++) {
        if (now->out->explanation) {
            call_explained(now, &APR_ARRAY_IDX(chain->own, i, backhand_function));
        }
        else {
            call(now, &APR_ARRAY_IDX(chain->own, i, backhand_function));
        }
    }
    return count + chain->own->nelts;
}

/* True if some function finds the owners of sessions. */
static int finds_owners(const backhand_chain *chain)
{
    for (; chain; chain = chain->parent) {
        for (int i = 0; chain->own && i < chain->own->nelts; i++) {
            if (APR_ARRAY_IDX(chain->own, i, backhand_function).finds_owners) {
                return 1;
            }
        }
    }
    return 0;
}

/* Servers that shall get no new request are no candidates for any function, nor is this one if others are wanted. A
 * drained server may own the request's session. If the chain finds that out, the function that does so drops such
 * servers. */
static void fill_with_some(backhand_candidates *out, const backhand_table *table, const backhand_chain *chain)
{
    backhand_candidates_fill(out);
    if (out->others) {
        memmove(&out->list[0], &out->list[1], (size_t)(out->n - 1) * sizeof(out->list[0]));
        out->n--;
    }
    out->n = finds_owners(chain) ? backhand_share_open(table, out->list, out->n)
                                 : backhand_share_new(table, out->list, out->n, 0);
    out->first = -1;
}

/* Thread-local, because the parameters of a candidacy function have no place for it. */
static _Thread_local backhand_candidates *current;

backhand_candidates *backhand_chain_current(void)
{
    return current;
}

backhand_explanation *backhand_chain_explanation(void)
{
    return current ? current->explanation : NULL;
}

int backhand_chain_run(const backhand_chain *chain, const backhand_table *table, struct request_rec *r,
                       backhand_candidates *out, backhand_complain_fn complain, void *ctx)
{
    const run now = {table, r, out, complain, ctx};
    backhand_candidates *outer = current;
    int count;
    /* Noted before any function ranks: a server that takes over a slot later is not the one that was ranked. */
    out->generation = backhand_table_generation(table);
    out->emptied = NULL;
    out->predicting = 0;
    out->first = 0;
    out->owner = -1;
    out->lost.port = 0;
    out->name_format = NULL;
    out->n = backhand_table_max(table);
    out->unfilled = 1;
    out->why = BACKHAND_WHY_CHAIN;
    if (backhand_table_any_restricted(table) || out->others) {
        fill_with_some(out, table, chain);
    }
    if (out->explanation) {
        out->explanation->runs++;
    }
    current = out;
    count = run_chain(&now, chain);
    backhand_candidates_fill(out);
    if (out->n == 0 || out->list[0].id != out->owner) {
        out->owner = -1;
    }
    current = outer;
    return count;
}
