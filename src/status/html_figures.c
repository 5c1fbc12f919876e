/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* A new figure of the list shows without a change here. */

#include "status/html.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <string.h>

const backhand_figure *backhand_html_figure(const char *key)
{
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        if (*backhand_figures[i].label && strcmp(backhand_figures[i].label, key) == 0) {
            return &backhand_figures[i];
        }
    }
    return NULL;
}

static int ends_with(const char *text, const char *end)
{
    size_t m = strlen(text), n = strlen(end);
    return m >= n && strcmp(text + m - n, end) == 0;
}

/* The unit follows from the list's label and range. */
static const char *value_text(request_rec *r, const backhand_figure *figure, int64_t number)
{
    if (figure->scale == 1000 && figure->field.max == 1000) {
        return apr_psprintf(r->pool, "%.1f %%", (double)number / 10);
    }
    if (figure->scale == 1000 && ends_with(figure->label, "-Ms")) {
        return backhand_html_usec(r, number);
    }
    if (figure->scale > 1) {
        return number == 0 ? "0" : apr_psprintf(r->pool, "%.2f", (double)number / figure->scale);
    }
    if (strncmp(figure->label, "Memory-", strlen("Memory-")) == 0) {
        return backhand_html_bytes(r, number);
    }
    return backhand_html_count(r, number);
}

/* Lets a long heading break where its words meet. */
static const char *heading_of(request_rec *r, const backhand_figure *figure)
{
    const char *text = figure->label, *end;
    const char *out = "";

    if (figure->scale == 1000 && ends_with(text, "-Ms")) {
        text = apr_pstrndup(r->pool, text, strlen(text) - strlen("-Ms"));
    }
    while ((end = strchr(text, '-'))) {
        out = apr_pstrcat(r->pool, out, apr_pstrndup(r->pool, text, (apr_size_t)(end - text)), " ", NULL);
        text = end + 1;
    }
    return apr_pstrcat(r->pool, out, text, NULL);
}

/* The list's meaning says which number policies get. */
static const char *title_of(request_rec *r, const backhand_figure *figure)
{
    return apr_psprintf(r->pool, "in policies %s: %s", figure->field.name, figure->meaning);
}

static void print_line(const backhand_html *page, const backhand_row *row, int first, int last)
{
    request_rec *r = page->r;
    const serverstat *stat = &row->announcement.stat;

    ap_rvputs(r, "<tr class=\"", backhand_row_state_name(row->state), row->id == 0 ? " self" : "", "\" data-key=\"",
              backhand_html_escape(r, stat->contact), "\"><th scope=\"row\">", backhand_html_escape(r, stat->hostname),
              "</th>", NULL);
    for (int i = first; i < last; i++) {
        if (*backhand_figures[i].label) {
            backhand_html_begin(page, heading_of(r, &backhand_figures[i]), "n");
            ap_rputs(value_text(r, &backhand_figures[i], backhand_figure_get(stat, &backhand_figures[i])), r);
            backhand_html_end(page);
        }
    }
}

/* Figures that this server knows of the others and that the list lacks. */
static void print_own_figures(const backhand_html *page, const backhand_row *row)
{
    request_rec *r = page->r;
    backhand_html_begin(page, "Hop", "n");
    ap_rputs(backhand_html_usec(r, row->hop), r);
    backhand_html_end(page);
    backhand_html_begin(page, "On a response", "n");
    ap_rputs(row->reported < 0 ? "-" : backhand_html_span(r, row->reported), r);
    backhand_html_end(page);
}

static void print_group(const backhand_html *page, const char *caption, int first, int last, int own)
{
    request_rec *r = page->r;

    ap_rvputs(r, "<table class=\"figures cards\">\n<caption>", caption, "</caption>\n<thead><tr>", NULL);
    backhand_html_heading(page, BACKHAND_HTML_BY_NAME, "Server", "by name");
    for (int i = first; i < last; i++) {
        if (*backhand_figures[i].label) {
            backhand_html_heading(page, backhand_figures[i].label, heading_of(r, &backhand_figures[i]),
                                  title_of(r, &backhand_figures[i]));
        }
    }
    if (own) {
        ap_rputs("<th scope=\"col\" title=\"time that a hand-off from here adds to the time of serving there\">Hop</th>"
                 "<th scope=\"col\" title=\"time since this server last got its figures with a response\">On a response"
                 "</th>",
                 r);
    }
    ap_rputs("</tr></thead>\n<tbody>\n", r);
    for (int i = page->from; i < page->until; i++) {
        print_line(page, page->places[i].row, first, last);
        if (own) {
            print_own_figures(page, page->places[i].row);
        }
        ap_rputs("</tr>\n", r);
    }
    ap_rputs("</tbody>\n</table>\n", r);
}

/* The page asks for itself again and again: what few look at would be most of a large one. */
static void print_link(const backhand_html *page)
{
    backhand_html with = *page;

    with.wants_figures = 1;
    ap_rvputs(page->r, "<p><a data-live=\"\" href=\"", backhand_html_address(&with, NULL, NULL, page->from),
              "\">All figures that these servers tell of themselves</a></p>\n", NULL);
}

void backhand_html_figures(const backhand_html *page)
{
    if (page->until - page->from > BACKHAND_HTML_FEW && !page->wants_figures) {
        print_link(page);
        return;
    }
    ap_rprintf(page->r,
               "<details id=\"figures\"%s>\n<summary>All figures that the servers tell of themselves</summary>\n",
               page->wants_figures ? " open=\"open\"" : "");
    print_group(page, "Machine and httpd", 0, BACKHAND_FIGURE_inflight, 0);
    print_group(page, "Work, by the newest word of each", BACKHAND_FIGURE_inflight, BACKHAND_FIGURES, 1);
    ap_rputs("</details>\n", page->r);
}
