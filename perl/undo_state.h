/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file undo_state.h
 * @brief The parts of a request that undo.h saves.
 */
#ifndef BACKHAND_UNDO_STATE_H
#define BACKHAND_UNDO_STATE_H

#include "mod_perl_api.h"

/** A request as it was before the policy, on the stack of the thread that runs it. All of it is private. */
typedef struct undo {
    request_rec *r;
    apr_interval_time_t timeout;
    ap_conn_keepalive_e keepalive;
    int keepalives;
    modperl_config_req_t *rcfg;
    MpAV *per_dir[MP_HANDLER_NUM_PER_DIR], *per_srv[MP_HANDLER_NUM_PER_SRV];
    int parses_headers, has_pnotes, has_con_pnotes;
    apr_array_header_t *perl_filters; /**< the filters of mod_perl before the policy; NULL: none */
    apr_table_t *headers_out, *err_headers_out;
    ap_method_list_t *methods;
    char **custom_responses;
    ap_filter_t sink;
    int written;        /**< the sink has discarded output */
    int answered;       /**< httpd has answered the request, because its body cannot be read */
    request_rec before; /**< a copy */
} undo;

#endif
