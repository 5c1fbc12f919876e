/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "explain/formats.h"
#include "candidacy/chain.h"
#include "figures/figures.h"
#include "status/rows.h"

#include <http_protocol.h>

#include <inttypes.h>
#include <math.h>

static void comma(request_rec *r, int i)
{
    if (i > 0) {
        ap_rputs(",", r);
    }
}

static void print_request(request_rec *r, const backhand_explain_arguments *about, const backhand_decision *d)
{
    ap_rputs("\"request\":{", r);
    backhand_json_member(r, "uri", about->uri);
    ap_rputs(",", r);
    backhand_json_member(r, "method", about->method);
    ap_rputs(",", r);
    backhand_json_member(r, "client", about->client ? about->client : r->useragent_ip);
    ap_rputs(",", r);
    backhand_json_number(r, "lookup", d->sub->status);
    ap_rputs(",", r);
    backhand_json_member(r, "place", backhand_config_dir(d->sub)->place);
    ap_rputs("}", r);
}

static void print_decision(request_rec *r, const backhand_decision *d)
{
    ap_rputs(",\n\"decision\":{", r);
    backhand_json_member(r, "action", d->action);
    ap_rputs(",", r);
    backhand_json_member(r, "reason", d->exempt ? NULL : backhand_reason_text(d->reason));
    ap_rputs(",", r);
    backhand_json_member(r, "meaning", d->exempt ? d->exempt : backhand_reason_meaning(d->reason));
    ap_rputs(",", r);
    backhand_json_number(r, "id", d->id);
    ap_rputs(",", r);
    backhand_json_member(r, "hostname", d->hostname);
    ap_rputs(",", r);
    backhand_json_member(r, "contact", d->contact);
    if (d->status) {
        ap_rputs(",", r);
        backhand_json_number(r, "status", d->status);
    }
    if (d->location) {
        ap_rputs(",", r);
        backhand_json_member(r, "location", d->location);
    }
    ap_rputs("}", r);
}

static void print_list(request_rec *r, const char *key, const backhand_explained_list *list)
{
    int redirects = 0;

    ap_rprintf(r, ",\"%s\":{\"ids\":[", key);
    for (int i = 0; i < list->n; i++) {
        ap_rprintf(r, "%s%d", i ? "," : "", list->list[i].id);
        redirects += backhand_explain_redirect(&list->list[i]) != NULL;
    }
    ap_rputs("]", r);
    if (redirects) {
        int n = 0;
        ap_rputs(",\"redirects\":{", r);
        for (int i = 0; i < list->n; i++) {
            const char *redirect = backhand_explain_redirect(&list->list[i]);
            if (redirect) {
                comma(r, n++);
                ap_rprintf(r, "\"%d\":\"%s\"", list->list[i].id, redirect);
            }
        }
        ap_rputs("}", r);
    }
    ap_rprintf(r, ",\"more\":%d,\"unused\":%d}", list->more, list->unused);
}

static void print_readings(request_rec *r, const apr_array_header_t *readings)
{
    int last = -1;

    ap_rputs(",\"read\":[", r);
    for (int i = 0; readings && i < readings->nelts; i++) {
        const backhand_reading *reading = &APR_ARRAY_IDX(readings, i, backhand_reading);
        if (reading->id != last) {
            ap_rprintf(r, "%s{\"id\":%d", last >= 0 ? "}," : "", reading->id);
            last = reading->id;
        }
        ap_rputs(",", r);
        backhand_json_number(r, reading->figure, reading->value);
    }
    ap_rputs(last >= 0 ? "}]" : "]", r);
}

static void print_function(request_rec *r, const backhand_explained_function *f)
{
    ap_rprintf(r, "{\"run\":%d,", f->run);
    backhand_json_member(r, "function", f->function->name);
    ap_rputs(",", r);
    backhand_json_member(r, "argument", f->function->arg);
    ap_rputs(",", r);
    backhand_json_member(r, "where", f->function->where);
    ap_rprintf(r, ",\"usec\":%.3f", f->usec);
    print_list(r, "before", &f->before);
    print_list(r, "after", &f->after);
    print_readings(r, f->readings);
    ap_rputs(",\"notes\":[", r);
    for (int i = 0; f->notes && i < f->notes->nelts; i++) {
        comma(r, i);
        backhand_json_text(r, APR_ARRAY_IDX(f->notes, i, const char *));
    }
    ap_rputs("],", r);
    backhand_json_member(r, "complaint", f->complaint);
    ap_rputs("}", r);
}

static void print_functions(request_rec *r, const backhand_explanation *e)
{
    ap_rputs(",\n\"functions\":[", r);
    for (int i = 0; i < e->functions->nelts; i++) {
        ap_rputs(i ? ",\n" : "\n", r);
        print_function(r, &APR_ARRAY_IDX(e->functions, i, backhand_explained_function));
    }
    ap_rprintf(r, "],\n\"more\":%d", e->more);
}

/* In seconds; null when it is not known. */
static void span(request_rec *r, const char *key, apr_interval_time_t usec)
{
    backhand_json_number(r, key, usec < 0 ? NAN : (double)usec / APR_USEC_PER_SEC);
}

static void print_server(request_rec *r, const backhand_decision *d, const backhand_row *row)
{
    ap_rprintf(r, "{\"id\":%d,", row->id);
    backhand_json_member(r, "hostname", row->announcement.stat.hostname);
    ap_rputs(",", r);
    backhand_json_member(r, "contact", row->announcement.stat.contact);
    ap_rputs(",", r);
    backhand_json_member(r, "state", backhand_row_state_name(row->state));
    ap_rputs(",", r);
    span(r, "age", row->age);
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        const backhand_figure *figure = &backhand_figures[i];
        ap_rprintf(r, ",\"%s\":%" PRId64, figure->field.name, backhand_figure_get(&row->announcement.stat, figure));
    }
    ap_rputs(",", r);
    span(r, "hop", row->hop);
    ap_rputs(",", r);
    backhand_json_member(r, "not_considered", backhand_decision_absent(d, row, r->pool));
    ap_rputs("}", r);
}

static void print_servers(request_rec *r, const backhand_decision *d, const backhand_table *table)
{
    int used = table ? backhand_table_used(table) : 0, n = 0;
    backhand_row row;

    ap_rputs(",\n\"servers\":[", r);
    for (int id = 0; id < used && n < BACKHAND_EXPLAINED_SERVERS; id++) {
        if (backhand_row_read(&row, table, id, backhand_table_now(table))) {
            ap_rputs(n++ ? ",\n" : "\n", r);
            print_server(r, d, &row);
        }
    }
    ap_rputs("]", r);
}

void backhand_explain_json(request_rec *r, const backhand_explain_arguments *about, const backhand_decision *d)
{
    ap_rputs("{", r);
    if (!d) {
        backhand_json_member(r, "error", about->error);
    }
    else {
        print_request(r, about, d);
        print_decision(r, d);
        print_functions(r, &d->explanation);
        print_servers(r, d, backhand_config_get(r->server)->table);
    }
    ap_rputs("}\n", r);
}
