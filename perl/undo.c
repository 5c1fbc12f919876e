/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "undo.h"
#include "limit.h"

#include <http_core.h>
#include <util_filter.h>

/** A member of a request, and the name by which Perl knows it, or the method that changes it. */
typedef struct member {
    const char *name;
    size_t offset, size;
} member;

#define MEMBER(field) offsetof(request_rec, field), sizeof(((request_rec *)0)->field)

/* Fields that reading the body changes are not among them, nor fields that only remember an answer. */
static const member members[] = {
    {"internal_redirect", MEMBER(next)},
    {"the_request", MEMBER(the_request)},
    {"assbackwards", MEMBER(assbackwards)},
    {"proxyreq", MEMBER(proxyreq)},
    {"header_only", MEMBER(header_only)},
    {"protocol", MEMBER(proto_num)},
    {"protocol", MEMBER(protocol)},
    {"hostname", MEMBER(hostname)},
    {"status_line", MEMBER(status_line)},
    {"status", MEMBER(status)},
    {"method", MEMBER(method_number)},
    {"method", MEMBER(method)},
    {"allowed", MEMBER(allowed)},
    {"allowed", MEMBER(allowed_xmethods)},
    {"mtime", MEMBER(mtime)},
    {"range", MEMBER(range)},
    {"set_content_length", MEMBER(clength)},
    {"chunked", MEMBER(chunked)},
    {"headers_in", MEMBER(headers_in)},
    {"subprocess_env", MEMBER(subprocess_env)},
    {"notes", MEMBER(notes)},
    {"content_type", MEMBER(content_type)},
    {"handler", MEMBER(handler)},
    {"content_encoding", MEMBER(content_encoding)},
    {"content_languages", MEMBER(content_languages)},
    {"set_etag", MEMBER(vlist_validator)},
    {"user", MEMBER(user)},
    {"ap_auth_type", MEMBER(ap_auth_type)},
    {"unparsed_uri", MEMBER(unparsed_uri)},
    {"uri", MEMBER(uri)},
    {"filename", MEMBER(filename)},
    {"filename", MEMBER(canonical_filename)},
    {"path_info", MEMBER(path_info)},
    {"args", MEMBER(args)},
    {"path_info", MEMBER(used_path_info)},
    {"add_config", MEMBER(per_dir_config)},
    {"add_config", MEMBER(log)},
    {"server", MEMBER(server)},
    {"no_cache", MEMBER(no_cache)},
    {"no_local_copy", MEMBER(no_local_copy)},
    {"parsed_uri", MEMBER(parsed_uri)},
    {"finfo", MEMBER(finfo)},
    {"trailers_out", MEMBER(trailers_out)},
};

static void add_name(const undo *what, const char **names, const char *name)
{
    size_t length = strlen(name);
    const char *last = *names ? *names + strlen(*names) - length : NULL;
    if (!*names || last < *names || strcmp(last, name) != 0) {
        *names = *names ? apr_pstrcat(what->r->pool, *names, ", ", name, NULL) : name;
    }
}

static void members_end(undo *what, const char **names)
{
    size_t i;
    if (memcmp(what->r, &what->before, sizeof(what->before)) == 0) {
        return;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char *now = (char *)what->r + members[i].offset;
        const char *then = (const char *)&what->before + members[i].offset;
        if (memcmp(now, then, members[i].size) != 0) {
            memcpy(now, then, members[i].size);
            add_name(what, names, members[i].name);
        }
    }
}

/* --- tables and lists -------------------------------------------------------------------------------------- */

static apr_table_t *table_begin(apr_pool_t *p, apr_table_t *table)
{
    return apr_is_empty_table(table) ? table : apr_table_copy(p, table);
}

static int table_differs(const apr_table_t *one, const apr_table_t *other)
{
    const apr_array_header_t *a = apr_table_elts(one), *b = apr_table_elts(other);
    const apr_table_entry_t *x = (const apr_table_entry_t *)a->elts, *y = (const apr_table_entry_t *)b->elts;
    int i;
    for (i = 0; i < a->nelts && i < b->nelts; i++) {
        if (strcmp(x[i].key, y[i].key) != 0 || strcmp(x[i].val, y[i].val) != 0) {
            return 1;
        }
    }
    return a->nelts != b->nelts;
}

/* `work` is what the policy wrote to: the table itself when it was empty, else a copy. */
static void table_end(const undo *what, apr_table_t **now, apr_table_t *then, apr_table_t *work, const char **names,
                      const char *name)
{
    if (work == then ? !apr_is_empty_table(work) : table_differs(work, then)) {
        add_name(what, names, name);
    }
    if (work == then) {
        apr_table_clear(work);
    }
    *now = then;
}

static void methods_end(undo *what, const char **names)
{
    request_rec *r = what->r;
    ap_method_list_t *then = what->before.allowed_methods;
    ap_method_list_t *work = what->methods;
    int i, differs = work->method_mask != (work == then ? 0 : then->method_mask) ||
                     work->method_list->nelts != (work == then ? 0 : then->method_list->nelts);
    for (i = 0; !differs && work != then && i < then->method_list->nelts; i++) {
        differs = strcmp(APR_ARRAY_IDX(work->method_list, i, char *), APR_ARRAY_IDX(then->method_list, i, char *)) != 0;
    }
    if (work == then) {
        ap_clear_method_list(work);
    }
    r->allowed_methods = then;
    if (differs) {
        add_name(what, names, "allow_methods");
    }
}

static ap_method_list_t *methods_begin(apr_pool_t *p, ap_method_list_t *methods)
{
    ap_method_list_t *work;
    if (!methods->method_mask && !methods->method_list->nelts) {
        return methods;
    }
    work = ap_make_method_list(p, methods->method_list->nelts);
    ap_copy_method_list(work, methods);
    return work;
}

/* --- handlers ---------------------------------------------------------------------------------------------- */

static void handlers_begin(apr_pool_t *p, MpAV **then, MpAV **now, int n)
{
    int i;
    for (i = 0; i < n; i++) {
        then[i] = now[i];
        now[i] = now[i] ? apr_array_copy(p, now[i]) : NULL;
    }
}

/* The interpreter keeps an anonymous function by a number of its own; no other interpreter knows that. */
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
        /* Values that the function keeps may have destructors. */
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
static int handlers_end(pTHX_ const undo *what, MpAV *const *then, MpAV **now, int n)
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

static void filters_note(undo *what, ap_filter_t *f)
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

/* An internal redirect takes over the filters of the request that it comes from. */
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

static void filters_end(pTHX_ undo *what, const char **names)
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
        add_name(what, names, "filters");
    }
    if (what->written && r->next == what->before.next) {
        add_name(what, names, "the response");
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

/* Takes what a policy writes. httpd's own answer to a body that it cannot read passes. */
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

static void sink_begin(undo *what)
{
    static ap_filter_rec_t rec = {.name = "backhand_policy", .ftype = AP_FTYPE_NETWORK};
    rec.filter_func.out_func = swallow;
    what->sink = (ap_filter_t){.frec = &rec, .ctx = what, .r = what->r, .c = what->r->connection};
    what->r->output_filters = what->r->proto_output_filters = &what->sink;
}

/* --- all of it --------------------------------------------------------------------------------------------- */

#define CUSTOM_RESPONSES(r)                                                                                            \
    (((core_request_config *)ap_get_core_module_config((r)->request_config))->response_code_strings)

static void custom_responses_begin(undo *what)
{
    char **strings = CUSTOM_RESPONSES(what->r);
    what->custom_responses = strings;
    if (strings) {
        CUSTOM_RESPONSES(what->r) = apr_pmemdup(what->r->pool, strings, RESPONSE_CODES * sizeof(*strings));
    }
}

static void custom_responses_end(undo *what, const char **names)
{
    char **strings = CUSTOM_RESPONSES(what->r), **then = what->custom_responses;
    int changed = !strings != !then;
    if (strings && then) {
        changed = memcmp(strings, then, RESPONSE_CODES * sizeof(*strings)) != 0;
    }
    if (changed) {
        add_name(what, names, "custom_response");
    }
    CUSTOM_RESPONSES(what->r) = then;
}

void undo_begin(undo *what, request_rec *r, apr_interval_time_t timeout)
{
    const modperl_config_con_t *con = modperl_config_con_get(r->connection);
    memset(what, 0, offsetof(undo, before));
    what->r = r;
    what->timeout = timeout;
    memcpy(&what->before, r, sizeof(*r));
    what->keepalive = r->connection->keepalive;
    what->keepalives = r->connection->keepalives;
    what->rcfg = modperl_config_req_get(r);
    if (what->rcfg) {
        handlers_begin(r->pool, what->per_dir, what->rcfg->handlers_per_dir, MP_HANDLER_NUM_PER_DIR);
        handlers_begin(r->pool, what->per_srv, what->rcfg->handlers_per_srv, MP_HANDLER_NUM_PER_SRV);
        what->parses_headers = MpReqPARSE_HEADERS(what->rcfg) != 0;
        what->has_pnotes = what->rcfg->pnotes.pnotes != NULL;
    }
    what->has_con_pnotes = con && con->pnotes.pnotes;
    filters_note(what, r->input_filters);
    filters_note(what, r->connection->input_filters);
    filters_note(what, r->connection->output_filters);
    what->headers_out = r->headers_out = table_begin(r->pool, r->headers_out);
    what->err_headers_out = r->err_headers_out = table_begin(r->pool, r->err_headers_out);
    what->methods = r->allowed_methods = methods_begin(r->pool, r->allowed_methods);
    custom_responses_begin(what);
    sink_begin(what);
}

/* Returns whether there was something in them. */
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

/* Notes that a policy keeps with the request belong to its interpreter; another one will serve the request. */
static void pnotes_end(pTHX_ const undo *what, const char **names)
{
    modperl_config_con_t *con = modperl_config_con_get(what->r->connection);
    int dropped = what->rcfg && !what->has_pnotes && pnotes_drop(aTHX_ what, &what->rcfg->pnotes);
    dropped |= con && !what->has_con_pnotes && pnotes_drop(aTHX_ what, &con->pnotes);
    if (dropped) {
        add_name(what, names, "pnotes");
    }
}

const char *undo_end(pTHX_ undo *what)
{
    request_rec *r = what->r;
    const char *names = NULL;
    int redirected = r->next != what->before.next;
    filters_end(aTHX_ what, &names);
    table_end(what, &r->headers_out, what->before.headers_out, what->headers_out, &names, "headers_out");
    table_end(what, &r->err_headers_out, what->before.err_headers_out, what->err_headers_out, &names,
              "err_headers_out");
    methods_end(what, &names);
    custom_responses_end(what, &names);
    if (what->rcfg) {
        if (handlers_end(aTHX_ what, what->per_dir, what->rcfg->handlers_per_dir, MP_HANDLER_NUM_PER_DIR) |
            handlers_end(aTHX_ what, what->per_srv, what->rcfg->handlers_per_srv, MP_HANDLER_NUM_PER_SRV)) {
            add_name(what, &names, "handlers");
        }
        if (what->parses_headers) {
            MpReqPARSE_HEADERS_On(what->rcfg);
        }
    }
    pnotes_end(aTHX_ what, &names);
    if (!what->answered) {
        r->eos_sent = what->before.eos_sent;
        r->sent_bodyct = what->before.sent_bodyct;
        r->bytes_sent = what->before.bytes_sent;
        members_end(what, &names);
    }
    r->connection->keepalives = what->keepalives;
    /* A connection that is to be closed stays so: httpd may have found it in an unknown state. */
    if (r->connection->keepalive != what->keepalive && (redirected || r->connection->keepalive != AP_CONN_CLOSE)) {
        if (!redirected) {
            add_name(what, &names, "connection->keepalive");
        }
        r->connection->keepalive = what->keepalive;
    }
    return names;
}
