/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/trace.h"
#include "candidacy/chain.h"
#include "config/config.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include <math.h>
#include <string.h>

APLOG_USE_MODULE(backhand);

/* The most servers of a list, and the most servers with readings, in a line. */
#define SERVERS_MAX 8

/* httpd itself logs an expression that cannot be evaluated. */
backhand_explanation *backhand_trace_begin(request_rec *r)
{
    const ap_expr_info_t *wanted = backhand_config_dir(r)->trace;
    backhand_explanation *e;
    const char *error = NULL;

    if (!wanted || !APLOG_R_IS_LEVEL(r, APLOG_INFO) || ap_expr_exec(r, wanted, &error) <= 0) {
        return NULL;
    }
    e = apr_palloc(r->pool, sizeof(*e));
    backhand_explanation_begin(e, r, 0, r->pool);
    return e;
}

static const char *name_of(apr_pool_t *p, int id)
{
    char hostname[BACKHAND_HOSTNAME_SIZE];
    backhand_identity_get(id, hostname, NULL);
    return apr_psprintf(p, "%d %s", id, hostname);
}

static const char *text_of_list(apr_pool_t *p, const backhand_explained_list *list)
{
    const char *text = list->n ? "" : "no server";
    int rest = list->more;

    for (int i = 0; i < list->n; i++) {
        if (i < SERVERS_MAX) {
            text = apr_pstrcat(p, text, i ? ", " : "", name_of(p, list->list[i].id),
                               list->list[i].redirect != BACKHAND_HANDOFF ? " (redirect)" : "", NULL);
        }
        else {
            rest++;
        }
    }
    if (rest) {
        text = apr_psprintf(p, "%s and %d more", text, rest);
    }
    return list->unused ? apr_psprintf(p, "%s and %d unused entries", text, list->unused) : text;
}

/* `; 1 b.test: load 0.25` for each server. */
static const char *text_of_readings(apr_pool_t *p, const apr_array_header_t *readings)
{
    const char *text = "";
    int last = -1, servers = 0;

    for (int i = 0; readings && i < readings->nelts; i++) {
        const backhand_reading *reading = &APR_ARRAY_IDX(readings, i, backhand_reading);
        if (reading->id != last) {
            if (servers++ == SERVERS_MAX) {
                return apr_pstrcat(p, text, "; and more", NULL);
            }
            last = reading->id;
            text = apr_pstrcat(p, text, "; ", name_of(p, last), ":", NULL);
        }
        text = isfinite(reading->value) ? apr_psprintf(p, "%s %s %.3f", text, reading->figure, reading->value)
                                        : apr_psprintf(p, "%s %s -", text, reading->figure);
    }
    return text;
}

static const char *text_of_notes(apr_pool_t *p, const apr_array_header_t *notes)
{
    const char *text = "";

    for (int i = 0; notes && i < notes->nelts; i++) {
        text = apr_pstrcat(p, text, "; \"", ap_escape_logitem(p, APR_ARRAY_IDX(notes, i, const char *)), "\"", NULL);
    }
    return text;
}

static void log_function(request_rec *r, const backhand_explained_function *f)
{
    const backhand_function *function = f->function;
    apr_pool_t *p = r->pool;

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "backhand: trace: %s%s%s (%s), %.1f us: %s -> %s%s%s", function->name,
                  function->arg ? " " : "", function->arg ? function->arg : "", function->where, f->usec,
                  text_of_list(p, &f->before), text_of_list(p, &f->after), text_of_notes(p, f->notes),
                  text_of_readings(p, f->readings));
}

void backhand_trace_run(request_rec *r, const backhand_explanation *e)
{
    for (int i = 0; e && i < e->functions->nelts; i++) {
        const backhand_explained_function *f = &APR_ARRAY_IDX(e->functions, i, backhand_explained_function);
        if (f->run == e->runs) {
            log_function(r, f);
        }
    }
}

static const char *note_of(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->notes, name);
    return value ? value : "-";
}

void backhand_trace_end(request_rec *r, const backhand_explanation *e)
{
    if (e) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "backhand: trace: %s %s of %s: %s %s, tries=%s usec=%s",
                      ap_escape_logitem(r->pool, r->method), ap_escape_logitem(r->pool, r->unparsed_uri),
                      r->useragent_ip, note_of(r, "BACKHAND_REASON"), note_of(r, "BACKHAND_SERVER"),
                      note_of(r, "BACKHAND_TRIES"), note_of(r, "BACKHAND_USEC"));
    }
}
