/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "explain/formats.h"
#include "candidacy/chain.h"
#include "figures/figures.h"
#include "status/frame.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <math.h>

/* The most columns of a table of readings. */
#define COLUMNS_MAX 16

const char *backhand_explain_redirect(const ServerSlot *slot)
{
    return slot->redirect == BACKHAND_REDIRECT_IP ? "ip" : slot->redirect == BACKHAND_REDIRECT_NAME ? "name" : NULL;
}

/* --- the form ---------------------------------------------------------------------------------------------- */

static void field(request_rec *r, const char *name, const char *label, const char *value)
{
    ap_rvputs(r, "<label>", label, " <input name=\"", name, "\" value=\"", ap_escape_html(r->pool, value ? value : ""),
              "\" /></label>\n", NULL);
}

static int print_header(void *ctx, const char *name, const char *value)
{
    request_rec *r = ctx;
    field(r, "header", "Header", apr_pstrcat(r->pool, name, ": ", value, NULL));
    return 1;
}

static void print_form(request_rec *r, const backhand_explain_arguments *about)
{
    ap_rputs("<form class=\"ask\" action=\"?\">\n", r);
    field(r, "explain", "Path", about->uri ? about->uri : "/");
    field(r, "method", "Method", about->method);
    field(r, "client", "Client's address", about->client);
    apr_table_do(print_header, r, about->headers, NULL);
    field(r, "header", "Further header, as in Cookie: PHPSESSID=abc", NULL);
    ap_rputs("<button>Explain</button>\n</form>\n", r);
}

/* --- the decision ------------------------------------------------------------------------------------------ */

static void print_action(request_rec *r, const backhand_decision *d)
{
    const char *name = backhand_html_escape(r, d->hostname), *contact = backhand_html_escape(r, d->contact);

    if (d->location) {
        ap_rprintf(r, "The client is redirected to <code>%s</code>, server %s, by status %d",
                   backhand_html_escape(r, d->location), name, d->status);
    }
    else if (d->status) {
        ap_rprintf(r, "The client gets status %d", d->status);
    }
    else if (d->contact) {
        ap_rprintf(r, "The request is handed to %s, <code>%s</code> (entry %d)", name, contact, d->id);
    }
    else {
        ap_rputs("This server serves the request", r);
    }
}

static void print_decision(request_rec *r, const backhand_decision *d)
{
    const char *place = backhand_config_dir(d->sub)->place;

    if (d->sub->status != HTTP_OK) {
        ap_rprintf(r,
                   "<p class=\"bad\">httpd itself answers this request by status %d before a chain is asked. What "
                   "follows would hold without that.</p>\n",
                   d->sub->status);
    }
    ap_rputs("<p class=\"verdict\"><strong>", r);
    print_action(r, d);
    ap_rvputs(r, "</strong>: ", d->exempt ? d->exempt : backhand_reason_meaning(d->reason), ".", NULL);
    if (!d->exempt) {
        ap_rvputs(r, " <code>BACKHAND_REASON</code> is <code>", backhand_reason_text(d->reason), "</code>.", NULL);
    }
    if (place) {
        ap_rvputs(r, " The innermost place with a chain is <code>", backhand_html_escape(r, place), "</code>.", NULL);
    }
    ap_rputs("</p>\n", r);
}

/* --- functions --------------------------------------------------------------------------------------------- */

static const char *name_of(request_rec *r, int id)
{
    char hostname[BACKHAND_HOSTNAME_SIZE];
    backhand_identity_get(id, hostname, NULL);
    return backhand_html_escape(r, hostname);
}

static void print_list(request_rec *r, const char *label, const backhand_explained_list *list)
{
    ap_rvputs(r, "<dt>", label, "</dt><dd>", NULL);
    for (int i = 0; i < list->n; i++) {
        const char *redirect = backhand_explain_redirect(&list->list[i]);
        ap_rprintf(r, "%s%d %s", i ? ", " : "", list->list[i].id, name_of(r, list->list[i].id));
        if (redirect) {
            ap_rvputs(r, " (redirect by ", redirect, ")", NULL);
        }
    }
    if (list->n == 0) {
        ap_rputs("no server", r);
    }
    if (list->more) {
        ap_rprintf(r, ", and %d more", list->more);
    }
    if (list->unused) {
        ap_rprintf(r, ", and %d entries that no server has", list->unused);
    }
    ap_rputs("</dd>\n", r);
}

static int columns_of(const char *columns[COLUMNS_MAX], const apr_array_header_t *readings)
{
    int n = 0;

    for (int i = 0; i < readings->nelts; i++) {
        const char *figure = APR_ARRAY_IDX(readings, i, backhand_reading).figure;
        int at = 0;
        while (at < n && strcmp(columns[at], figure) != 0) {
            at++;
        }
        if (at == n && n < COLUMNS_MAX) {
            columns[n++] = figure;
        }
    }
    return n;
}

static void number_cell(request_rec *r, double value)
{
    if (!isfinite(value)) {
        ap_rputs("<td class=\"n\">-</td>", r);
    }
    else if (value == floor(value) && fabs(value) < 1e15) {
        ap_rprintf(r, "<td class=\"n\">%.0f</td>", value);
    }
    else {
        ap_rprintf(r, "<td class=\"n\">%.3f</td>", value);
    }
}

/* Prints the row of the readings from `i` on. @return the first reading of another server */
static int print_readings_of(request_rec *r, const apr_array_header_t *readings, int i, const char *const *columns,
                             int n)
{
    int id = APR_ARRAY_IDX(readings, i, backhand_reading).id;
    int end = i;

    while (end < readings->nelts && APR_ARRAY_IDX(readings, end, backhand_reading).id == id) {
        end++;
    }
    ap_rprintf(r, "<tr><th scope=\"row\">%d %s</th>", id, name_of(r, id));
    for (int column = 0; column < n; column++) {
        double value = NAN;
        for (int at = i; at < end; at++) {
            const backhand_reading *reading = &APR_ARRAY_IDX(readings, at, backhand_reading);
            value = strcmp(reading->figure, columns[column]) == 0 ? reading->value : value;
        }
        number_cell(r, value);
    }
    ap_rputs("</tr>\n", r);
    return end;
}

static void print_readings(request_rec *r, const apr_array_header_t *readings)
{
    const char *columns[COLUMNS_MAX];
    int n = columns_of(columns, readings);

    ap_rputs(
        "<div class=\"wide\"><table>\n<caption>What it went by</caption>\n<thead><tr><th scope=\"col\">Server</th>", r);
    for (int i = 0; i < n; i++) {
        ap_rvputs(r, "<th scope=\"col\">", columns[i], "</th>", NULL);
    }
    ap_rputs("</tr></thead>\n<tbody>\n", r);
    for (int i = 0; i < readings->nelts;) {
        i = print_readings_of(r, readings, i, columns, n);
    }
    ap_rputs("</tbody>\n</table></div>\n", r);
}

static void print_function(request_rec *r, const backhand_explained_function *f, int number)
{
    const backhand_function *function = f->function;

    ap_rprintf(r, "<h2>%d. %s %s</h2>\n<dl>\n", number, backhand_html_escape(r, function->name),
               backhand_html_escape(r, function->arg));
    ap_rprintf(r, "<dt>Configured</dt><dd>%s</dd>\n<dt>Took</dt><dd>%.1f µs</dd>\n",
               backhand_html_escape(r, function->where), f->usec);
    print_list(r, "Before", &f->before);
    print_list(r, "After", &f->after);
    for (int i = 0; f->notes && i < f->notes->nelts; i++) {
        ap_rvputs(r, "<dt>Note</dt><dd>", backhand_html_escape(r, APR_ARRAY_IDX(f->notes, i, const char *)), "</dd>\n",
                  NULL);
    }
    if (f->complaint) {
        ap_rvputs(r, "<dt class=\"bad\">Fault</dt><dd class=\"bad\">It ", f->complaint, ".</dd>\n", NULL);
    }
    ap_rputs("</dl>\n", r);
    if (f->readings) {
        print_readings(r, f->readings);
    }
}

static void print_functions(request_rec *r, const backhand_explanation *e)
{
    int run = 1;

    for (int i = 0; i < e->functions->nelts; i++) {
        const backhand_explained_function *f = &APR_ARRAY_IDX(e->functions, i, backhand_explained_function);
        if (f->run != run) {
            ap_rputs("<p>The owner of the session is lost, so the chain runs again without it.</p>\n", r);
            run = f->run;
        }
        print_function(r, f, i + 1);
    }
    if (e->more) {
        ap_rprintf(r, "<p>And %d more functions.</p>\n", e->more);
    }
}

/* --- servers ----------------------------------------------------------------------------------------------- */

static void print_server(request_rec *r, const backhand_row *row)
{
    ap_rprintf(r, "<tr><th scope=\"row\">%d %s</th><td>%s</td>", row->id,
               backhand_html_escape(r, row->announcement.stat.hostname), backhand_row_state_name(row->state));
    number_cell(r, row->age >= 0 ? (double)row->age / APR_USEC_PER_SEC : NAN);
    number_cell(r, row->hop >= 0 ? (double)row->hop / 1000 : NAN);
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        const backhand_figure *figure = &backhand_figures[i];
        if (*figure->label) {
            number_cell(r, (double)backhand_figure_get(&row->announcement.stat, figure) / figure->scale);
        }
    }
    ap_rputs("</tr>\n", r);
}

static void print_servers(request_rec *r, const backhand_table *table)
{
    int used = backhand_table_used(table), n = 0;
    backhand_row row;

    ap_rputs("<div class=\"wide\"><table>\n<caption>Live figures, as policies read them</caption>\n<thead><tr><th "
             "scope=\"col\">Server</th><th scope=\"col\">State</th><th scope=\"col\">Age</th><th "
             "scope=\"col\">Hop-Ms</th>",
             r);
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        if (*backhand_figures[i].label) {
            ap_rvputs(r, "<th scope=\"col\">", backhand_figures[i].label, "</th>", NULL);
        }
    }
    ap_rputs("</tr></thead>\n<tbody>\n", r);
    for (int id = 0; id < used && n < BACKHAND_EXPLAINED_SERVERS; id++) {
        if (backhand_row_read(&row, table, id, backhand_table_now(table))) {
            print_server(r, &row);
            n++;
        }
    }
    ap_rputs("</tbody>\n</table></div>\n", r);
}

/* Servers that no function of the chain was asked about. */
static void print_absent(request_rec *r, const backhand_decision *d, const backhand_table *table)
{
    int used = backhand_table_used(table), n = 0;
    backhand_row row;

    for (int id = 0; id < used && n < BACKHAND_EXPLAINED_SERVERS; id++) {
        const char *why = backhand_row_read(&row, table, id, backhand_table_now(table))
                              ? backhand_decision_absent(d, &row, r->pool)
                              : NULL;
        if (why) {
            ap_rvputs(r, n++ ? "; " : "<p class=\"absent\">Not considered: ",
                      backhand_html_escape(r, row.announcement.stat.hostname), ", ", backhand_html_escape(r, why),
                      NULL);
        }
    }
    ap_rputs(n ? ".</p>\n" : "", r);
}

void backhand_explain_html(request_rec *r, const backhand_explain_arguments *about, const backhand_decision *d)
{
    const backhand_table *table = backhand_config_get(r->server)->table;
    const char *heading = about->uri ? apr_pstrcat(r->pool, "Decision on ", about->method, " ", about->uri, NULL)
                                     : "Decision on a request";

    backhand_frame_begin(r, heading, heading, 0);
    print_form(r, about);
    if (d) {
        print_decision(r, d);
        if (table) {
            print_absent(r, d, table);
        }
        print_functions(r, &d->explanation);
        if (table) {
            print_servers(r, table);
        }
    }
    else {
        ap_rvputs(r, "<p class=\"bad\">", about->error, "</p>\n", NULL);
    }
    backhand_frame_end(r);
}
