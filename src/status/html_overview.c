/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* How people find servers in a farm that does not fit on one page. All of it works without JavaScript. */

#include "status/html.h"

#include <http_protocol.h>

#include <apr_strings.h>

/* As a value in the query of an address. */
static const char *encoded(const backhand_html *page, const char *text)
{
    return ap_escape_html(page->r->pool, ap_escape_urlencoded(page->r->pool, text));
}

/* The states of the filter as `?state=` has them; "": any. A filter of unknown words finds nothing, and keeps to it. */
static const char *states_of(const backhand_html *page)
{
    apr_pool_t *p = page->r->pool;
    const char *text = page->filter.trouble ? "," BACKHAND_FILTER_TROUBLE : "";

    for (int state = 0; state < BACKHAND_ROW_STATES; state++) {
        if (page->filter.state[state]) {
            text = apr_pstrcat(p, text, ",", backhand_row_state_name((backhand_row_state)state), NULL);
        }
    }
    return page->filter.by_state ? (*text ? text + 1 : "none") : "";
}

static const char *sort_of(const backhand_html *page)
{
    return page->asked ? apr_pstrcat(page->r->pool, page->direction < 0 ? "-" : "", page->sort, NULL) : "";
}

const char *backhand_html_address(const backhand_html *page, const char *sort, const char *state, int from)
{
    apr_pool_t *p = page->r->pool;
    const char *text = "";

    sort = sort ? sort : sort_of(page);
    state = state ? state : states_of(page);
    if (*sort) {
        text = apr_pstrcat(p, "&amp;sort=", sort, NULL);
    }
    if (*page->filter.name) {
        text = apr_pstrcat(p, text, "&amp;name=", encoded(page, page->filter.name), NULL);
    }
    if (*page->filter.zone) {
        text = apr_pstrcat(p, text, "&amp;zone=", encoded(page, page->filter.zone), NULL);
    }
    if (*state) {
        text = apr_pstrcat(p, text, "&amp;state=", state, NULL);
    }
    if (page->wants_figures) {
        text = apr_pstrcat(p, text, "&amp;figures=1", NULL);
    }
    if (from > 0) {
        text = apr_psprintf(p, "%s&amp;from=%d", text, from);
    }
    return apr_pstrcat(p, "?", *text ? text + strlen("&amp;") : "", NULL);
}

/* --- search ------------------------------------------------------------------------------------------------ */

static void option(const backhand_html *page, const char *value, const char *text, int chosen)
{
    ap_rvputs(page->r, "<option value=\"", value, "\"", chosen ? " selected=\"selected\"" : "", ">", text, "</option>",
              NULL);
}

/* A choice of several states, which the address may have, stays as it is. */
static void print_states(const backhand_html *page)
{
    const char *now = states_of(page);

    ap_rputs("<label>State <select name=\"state\">", page->r);
    option(page, "", "any", !*now);
    option(page, BACKHAND_FILTER_TROUBLE, "in trouble", strcmp(now, BACKHAND_FILTER_TROUBLE) == 0);
    for (int state = 0; state < BACKHAND_ROW_STATES; state++) {
        const char *name = backhand_row_state_name((backhand_row_state)state);
        option(page, name, name, strcmp(now, name) == 0);
    }
    if (strchr(now, ',') || strcmp(now, "none") == 0) {
        option(page, now, now, 1);
    }
    ap_rputs("</select></label>\n", page->r);
}

static void print_form(const backhand_html *page)
{
    request_rec *r = page->r;

    ap_rvputs(r, "<form class=\"ask\" action=\"?\">\n<label>Part of a name or contact <input name=\"name\" value=\"",
              backhand_html_escape(r, page->filter.name), "\" /></label>\n", NULL);
    ap_rvputs(r, "<label>Zone <input name=\"zone\" value=\"", backhand_html_escape(r, page->filter.zone),
              "\" /></label>\n", NULL);
    print_states(page);
    if (page->asked) {
        ap_rvputs(r, "<input type=\"hidden\" name=\"sort\" value=\"", sort_of(page), "\" />", NULL);
    }
    if (page->wants_figures) {
        ap_rputs("<input type=\"hidden\" name=\"figures\" value=\"1\" />", r);
    }
    ap_rputs("<button>Show</button>\n</form>\n", r);
}

void backhand_html_overview(const backhand_html *page)
{
    request_rec *r = page->r;
    int found = backhand_filter_is_set(&page->filter);

    if (page->all <= BACKHAND_HTML_SERVERS && !found) {
        return;
    }
    ap_rprintf(r, "<p class=\"sums\"><b>%d servers</b>: ", page->all);
    backhand_html_states(page);
    ap_rprintf(r,
               "<span class=\"count\">%d <a data-live=\"\" href=\"%s\">in trouble</a></span></p>\n<p class=\"sums\">",
               page->troubled, backhand_html_address(page, NULL, BACKHAND_FILTER_TROUBLE, 0));
    if (found) {
        ap_rprintf(r, "<b>%d found</b>, <a href=\"?\">show all</a>: ", page->n);
    }
    backhand_html_sums(page);
    ap_rputs("</p>\n", r);
    print_form(page);
}

/* --- pages ------------------------------------------------------------------------------------------------- */

static void link_to(const backhand_html *page, int from, const char *text)
{
    ap_rvputs(page->r, " <a data-live=\"\" href=\"", backhand_html_address(page, NULL, NULL, from), "\">", text, "</a>",
              NULL);
}

void backhand_html_range(const backhand_html *page)
{
    if (page->n <= BACKHAND_HTML_SERVERS) {
        return;
    }
    ap_rprintf(page->r, "<p class=\"range\">Servers %d to %d of %d%s.", page->from + 1, page->until, page->n,
               page->asked ? "" : ", those in trouble first");
    if (page->from > 0) {
        link_to(page, page->from > BACKHAND_HTML_SERVERS ? page->from - BACKHAND_HTML_SERVERS : 0, "previous");
    }
    if (page->until < page->n) {
        link_to(page, page->until, "next");
    }
    ap_rputs("</p>\n", page->r);
}
