/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "undo.h"
#include "undo_parts.h"

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
        undo_handlers_begin(r->pool, what->per_dir, what->rcfg->handlers_per_dir, MP_HANDLER_NUM_PER_DIR);
        undo_handlers_begin(r->pool, what->per_srv, what->rcfg->handlers_per_srv, MP_HANDLER_NUM_PER_SRV);
        what->parses_headers = MpReqPARSE_HEADERS(what->rcfg) != 0;
        what->has_pnotes = what->rcfg->pnotes.pnotes != NULL;
    }
    what->has_con_pnotes = con && con->pnotes.pnotes;
    undo_filters_note(what, r->input_filters);
    undo_filters_note(what, r->connection->input_filters);
    undo_filters_note(what, r->connection->output_filters);
    what->headers_out = r->headers_out = undo_table_begin(r->pool, r->headers_out);
    what->err_headers_out = r->err_headers_out = undo_table_begin(r->pool, r->err_headers_out);
    what->methods = r->allowed_methods = undo_methods_begin(r->pool, r->allowed_methods);
    undo_responses_begin(what);
    undo_sink_begin(what);
}

const char *undo_end(pTHX_ undo *what)
{
    request_rec *r = what->r;
    const char *names = NULL;
    int redirected = r->next != what->before.next;
    undo_filters_end(aTHX_ what, &names);
    undo_table_end(what, &r->headers_out, what->before.headers_out, what->headers_out, &names, "headers_out");
    undo_table_end(what, &r->err_headers_out, what->before.err_headers_out, what->err_headers_out, &names,
                   "err_headers_out");
    undo_methods_end(what, &names);
    undo_responses_end(what, &names);
    if (what->rcfg) {
        if (undo_handlers_end(aTHX_ what, what->per_dir, what->rcfg->handlers_per_dir, MP_HANDLER_NUM_PER_DIR) |
            undo_handlers_end(aTHX_ what, what->per_srv, what->rcfg->handlers_per_srv, MP_HANDLER_NUM_PER_SRV)) {
            undo_add_name(what, &names, "handlers");
        }
        if (what->parses_headers) {
            MpReqPARSE_HEADERS_On(what->rcfg);
        }
    }
    undo_pnotes_end(aTHX_ what, &names);
    if (!what->answered) {
        r->eos_sent = what->before.eos_sent;
        r->sent_bodyct = what->before.sent_bodyct;
        r->bytes_sent = what->before.bytes_sent;
        undo_members_end(what, &names);
    }
    r->connection->keepalives = what->keepalives;
    /* A connection that httpd will close stays so, because httpd may have found it in an unknown state. */
    if (r->connection->keepalive != what->keepalive && (redirected || r->connection->keepalive != AP_CONN_CLOSE)) {
        if (!redirected) {
            undo_add_name(what, &names, "connection->keepalive");
        }
        r->connection->keepalive = what->keepalive;
    }
    return names;
}
