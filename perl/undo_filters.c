/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "undo_parts.h"
#include "limit.h"

#include <util_filter.h>

/* --- handlers ---------------------------------------------------------------------------------------------- */

void undo_handlers_begin(apr_pool_t *p, MpAV **then, MpAV **now, int n)
{
    int i;
    for (i = 0; i < n; i++) {
        then[i] = now[i];
        now[i] = now[i] ? apr_array_copy(p, now[i]) : NULL;
    }
}

/* The interpreter stores an anonymous function under a number that is valid in this interpreter only. */
static void forget_anonymous(pTHX_ const undo *what, const modperl_handler_t *handler)
{
    policy_limit limit = {0};
    modperl_modglobal_key_t *key;
    HE *found;
    if (!handler || !MpHandlerANON(handler) || !handler->mgv_obj) {
        return;
    }
    key = modperl_modglobal_lookup(aTHX_ "ANONSUB");
    found = MP_MODGLOBAL_FETCH(key);
    if (found && SvTYPE(HeVAL(found)) == SVt_PVHV) {
        /* Values that the function refers to may have destructors. */
        policy_limit_begin(aTHX_ & limit, what->timeout);
        (void)hv_delete((HV *)HeVAL(found), handler->mgv_obj->name, handler->mgv_obj->len, G_DISCARD);
        policy_limit_end(aTHX_ & limit);
    }
}

static int has_handler(const MpAV *list, const modperl_handler_t *handler)
{
    int i;
    for (i = 0; list && i < list->nelts; i++) {
        if (APR_ARRAY_IDX(list, i, modperl_handler_t *) == handler) {
            return 1;
        }
    }
    return 0;
}

/* Returns whether something was changed. */
int undo_handlers_end(pTHX_ const undo *what, MpAV *const *then, MpAV **now, int n)
{
    int i, j, changed = 0;
    for (i = 0; i < n; i++) {
        const MpAV *list = now[i];
        for (j = 0; list && j < list->nelts; j++) {
            if (!has_handler(then[i], APR_ARRAY_IDX(list, j, modperl_handler_t *))) {
                forget_anonymous(aTHX_ what, APR_ARRAY_IDX(list, j, modperl_handler_t *));
                changed = 1;
            }
        }
        changed |= (list ? list->nelts : -1) != (then[i] ? then[i]->nelts : -1);
        now[i] = then[i];
    }
    return changed;
}

/* --- filters ----------------------------------------------------------------------------------------------- */

static int is_of_perl(const ap_filter_t *f)
{
    return f->frec->filter_func.out_func == modperl_output_filter_handler ||
           f->frec->filter_func.in_func == modperl_input_filter_handler;
}

void undo_filters_note(undo *what, ap_filter_t *f)
{
    for (; f; f = f->next) {
        if (is_of_perl(f)) {
            if (!what->perl_filters) {
                what->perl_filters = apr_array_make(what->r->pool, 4, sizeof(ap_filter_t *));
            }
            APR_ARRAY_PUSH(what->perl_filters, ap_filter_t *) = f;
        }
    }
}

static int was_there(const undo *what, const ap_filter_t *f)
{
    int i;
    for (i = 0; what->perl_filters && i < what->perl_filters->nelts; i++) {
        if (APR_ARRAY_IDX(what->perl_filters, i, ap_filter_t *) == f) {
            return 1;
        }
    }
    return 0;
}

/* Unlinks mod_perl's filters that are new in a list. */
static int filters_drop(pTHX_ const undo *what, ap_filter_t **list)
{
    int dropped = 0;
    while (*list) {
        ap_filter_t *f = *list;
        if (is_of_perl(f) && !was_there(what, f)) {
            const modperl_filter_ctx_t *ctx = f->ctx;
            forget_anonymous(aTHX_ what, ctx ? ctx->handler : NULL);
            *list = f->next;
            dropped = 1;
        }
        else {
            list = &f->next;
        }
    }
    return dropped;
}

/* An internal redirect takes over the filters of the request before it; these are given back to that request. */
static void filters_reclaim(ap_filter_t *f, request_rec *r)
{
    for (; f; f = f->next) {
        const request_rec *at = f->r;
        while (at && at != r) {
            at = at->prev;
        }
        if (at) {
            f->r = r;
        }
    }
}

void undo_filters_end(pTHX_ undo *what, const char **names)
{
    request_rec *r = what->r;
    conn_rec *c = r->connection;
    int dropped = filters_drop(aTHX_ what, &r->output_filters) | filters_drop(aTHX_ what, &r->proto_output_filters) |
                  filters_drop(aTHX_ what, &r->input_filters) | filters_drop(aTHX_ what, &r->proto_input_filters) |
                  filters_drop(aTHX_ what, &c->output_filters) | filters_drop(aTHX_ what, &c->input_filters);
    filters_reclaim(r->input_filters, r);
    filters_reclaim(r->proto_input_filters, r);
    r->output_filters = what->before.output_filters;
    r->proto_output_filters = what->before.proto_output_filters;
    if (dropped) {
        undo_add_name(what, names, "filters");
    }
    if (what->written && r->next == what->before.next) {
        undo_add_name(what, names, "the response");
    }
}

static int has_error(const apr_bucket_brigade *bb)
{
    apr_bucket *b;
    for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        if (AP_BUCKET_IS_ERROR(b)) {
            return 1;
        }
    }
    return 0;
}

/* Discards output of a policy. httpd's own answer to a body that it cannot read passes. */
static apr_status_t swallow(ap_filter_t *f, apr_bucket_brigade *bb)
{
    undo *what = f->ctx;
    if (has_error(bb)) {
        what->answered = 1;
        what->r->output_filters = what->before.output_filters;
        what->r->proto_output_filters = what->before.proto_output_filters;
        return ap_pass_brigade(what->r->output_filters, bb);
    }
    what->written = 1;
    return apr_brigade_cleanup(bb);
}

void undo_sink_begin(undo *what)
{
    static ap_filter_rec_t rec = {.name = "backhand_policy", .ftype = AP_FTYPE_NETWORK};
    rec.filter_func.out_func = swallow;
    what->sink = (ap_filter_t){.frec = &rec, .ctx = what, .r = what->r, .c = what->r->connection};
    what->r->output_filters = what->r->proto_output_filters = &what->sink;
}

/* --- notes ------------------------------------------------------------------------------------------------- */

/* Returns whether there were any. */
static int pnotes_drop(pTHX_ const undo *what, modperl_pnotes_t *pnotes)
{
    policy_limit limit = {0};
    int some;
    if (!pnotes->pnotes) {
        return 0;
    }
    some = HvUSEDKEYS(pnotes->pnotes) > 0;
    policy_limit_begin(aTHX_ & limit, what->timeout);
    modperl_pnotes_kill(pnotes);
    policy_limit_end(aTHX_ & limit);
    return some;
}

/* pnotes of a policy belong to its interpreter, but another interpreter will serve the request. */
void undo_pnotes_end(pTHX_ const undo *what, const char **names)
{
    modperl_config_con_t *con = modperl_config_con_get(what->r->connection);
    int dropped = what->rcfg && !what->has_pnotes && pnotes_drop(aTHX_ what, &what->rcfg->pnotes);
    dropped |= con && !what->has_con_pnotes && pnotes_drop(aTHX_ what, &con->pnotes);
    if (dropped) {
        undo_add_name(what, names, "pnotes");
    }
}
