/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "explain/decision.h"
#include "act/redirect.h"
#include "act/rules.h"
#include "announce/check/health.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>

#include <inttypes.h>
#include <string.h>

/* A sub-request takes these over from the page's request; the explained request would have its own. */
typedef struct client {
    char *line;
    apr_table_t *headers;
    apr_sockaddr_t *address;
    char *ip;
} client;

static void swap(request_rec *r, client *other)
{
    client own = {r->the_request, r->headers_in, r->useragent_addr, r->useragent_ip};

    r->the_request = other->line;
    r->headers_in = other->headers;
    r->useragent_addr = other->address;
    r->useragent_ip = other->ip;
    *other = own;
}

static request_rec *look_up(request_rec *r, const backhand_explain_arguments *about)
{
    client asked = {apr_pstrcat(r->pool, about->method, " ", about->uri, " HTTP/1.1", NULL), about->headers,
                    r->useragent_addr, r->useragent_ip};
    apr_sockaddr_t *address;
    request_rec *sub;

    if (about->client &&
        apr_sockaddr_info_get(&address, about->client, strchr(about->client, ':') ? APR_INET6 : APR_INET, 1, 0,
                              r->pool) == APR_SUCCESS) {
        asked.address = address;
        asked.ip = apr_pstrdup(r->pool, about->client);
    }
    swap(r, &asked);
    sub = ap_sub_req_method_uri(about->method, about->uri, r, NULL);
    swap(r, &asked);
    /* The port of the Host header, for redirects. */
    sub->parsed_uri.port = r->parsed_uri.port;
    sub->parsed_uri.port_str = r->parsed_uri.port_str;
    return sub;
}

static void run_chain(backhand_decision *d, const backhand_config *conf, backhand_walk_rules *rules)
{
    backhand_chain_run(backhand_config_chain(d->sub), conf->table, d->sub, &d->candidates, NULL, NULL);
    backhand_rules_limit_wait(rules, d->sub, conf, &d->candidates);
}

static void set_server(backhand_decision *d, const backhand_step *step, apr_pool_t *p)
{
    d->id = step->id;
    d->hostname = apr_pstrdup(p, step->announcement.stat.hostname);
    d->contact = apr_pstrdup(p, step->announcement.stat.contact);
}

static void set_redirect(backhand_decision *d, const backhand_step *step)
{
    const char *format = step->reason == BACKHAND_REDIRECTED_SESSION ? backhand_config_dir(d->sub)->session_redirect
                                                                     : d->candidates.name_format;

    d->action = "redirect";
    d->status = backhand_redirect(d->sub, step->redirect, format, &step->announcement);
    d->location = apr_table_get(d->sub->headers_out, "Location");
}

static void judge(backhand_decision *d, const backhand_walk *walk, const backhand_step *step)
{
    backhand_walk later = *walk;
    backhand_step end = {.id = 0};

    d->reason = step->reason;
    switch (step->kind) {
    case BACKHAND_STEP_ASK:
        backhand_walk_step(&later, BACKHAND_RESULT_ANSWERED, &end);
        d->action = "hand-off";
        d->reason = end.reason;
        break;
    case BACKHAND_STEP_REDIRECT:
        set_redirect(d, step);
        break;
    case BACKHAND_STEP_FAIL:
        d->action = "fail";
        d->status = step->status;
        return;
    default:
        d->action = "serve-here";
        return;
    }
    set_server(d, step, d->explanation.pool);
}

/* The walk asks to run the chain again when the owner of the session is lost. */
static void walk(backhand_decision *d, const backhand_config *conf, backhand_walk_rules *rules)
{
    uint64_t *asked =
        apr_pcalloc(d->explanation.pool, BACKHAND_WALK_WORDS((apr_size_t)conf->max_servers) * sizeof(*asked));
    backhand_step step = {.id = 0};
    backhand_walk state;

    backhand_walk_begin(&state, conf->table, rules, &d->candidates, asked);
    backhand_walk_step(&state, BACKHAND_RESULT_NONE, &step);
    while (step.kind == BACKHAND_STEP_CHAIN) {
        d->candidates.barred = step.id;
        run_chain(d, conf, rules);
        backhand_walk_step(&state, BACKHAND_RESULT_CHAIN, &step);
    }
    judge(d, &state, &step);
}

void backhand_decision_make(backhand_decision *out, request_rec *r, const backhand_explain_arguments *about)
{
    const backhand_config *conf = backhand_config_get(r->server);
    backhand_walk_rules rules;

    memset(out, 0, sizeof(*out));
    out->action = "serve-here";
    out->sub = look_up(r, about);
    backhand_explanation_begin(&out->explanation, out->sub, 1, r->pool);
    out->exempt = conf->table && conf->proxy ? backhand_rules_exempt(out->sub) : "this server has no table of servers";
    if (out->exempt) {
        return;
    }
    out->candidates.list = apr_palloc(r->pool, (apr_size_t)conf->max_servers * sizeof(ServerSlot));
    out->candidates.retry = conf->retry;
    out->candidates.explanation = &out->explanation;
    backhand_rules_fill(&rules, out->sub, conf);
    if (!rules.own && !rules.left_alone && backhand_chain_has_functions(backhand_config_chain(out->sub))) {
        run_chain(out, conf, &rules);
    }
    walk(out, conf, &rules);
}

static int is_in(const backhand_explained_list *list, int id)
{
    for (int i = 0; i < list->n; i++) {
        if (list->list[i].id == id) {
            return 1;
        }
    }
    return 0;
}

const char *backhand_decision_absent(const backhand_decision *d, const backhand_row *row, apr_pool_t *p)
{
    const apr_array_header_t *functions = d->explanation.functions;
    const serverstat *stat = &row->announcement.stat;
    const backhand_explained_list *first;
    char text[BACKHAND_HEALTH_TEXT];

    if (functions->nelts == 0) {
        return NULL;
    }
    first = &APR_ARRAY_IDX(functions, 0, backhand_explained_function).before;
    if (first->more || is_in(first, row->id)) {
        return NULL;
    }
    if (row->state == BACKHAND_ROW_DOWN) {
        return apr_pstrcat(p, "down: ", backhand_health_text(stat->why, text), NULL);
    }
    if (row->state == BACKHAND_ROW_ALIVE && stat->withheld > 0) {
        return apr_psprintf(p, "withheld: its weight is %" PRId64 " %%", 100 - stat->withheld);
    }
    return backhand_row_state_name(row->state);
}
