/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html.h"
#include "table/link.h"
#include "table/zones.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <inttypes.h>
#include <stdlib.h>

/* How often page.js asks again, by the number of servers on the page, s. */
#define POLL_FEW  2
#define POLL_MANY 5

static const char no_table[] =
    "<p class=\"bad\">There is no table of servers: no directive of mod_backhand but this page stands in the "
    "configuration. Add <code>MulticastStats</code> and <code>AcceptStats</code> to make this server part of a farm, "
    "and restart httpd.</p>\n";

static void item(request_rec *r, const char *label, const char *text)
{
    ap_rvputs(r, "<dt>", label, "</dt><dd>", backhand_html_escape(r, text), "</dd>\n", NULL);
}

/* The other zones, by their representatives. */
static void print_zones(request_rec *r, const backhand_table *table)
{
    backhand_zone_sum zones[BACKHAND_ZONES_MAX];
    int n = table ? backhand_zones_read(zones, table) : 0;

    for (int i = 0; i < n; i++) {
        item(r, apr_pstrcat(r->pool, "Zone ", zones[i].zone, NULL),
             apr_psprintf(r->pool,
                          "%" PRId64 " of %" PRId64 " servers known here; of all, %" PRId64 " workers ready, %" PRId64
                          " busy",
                          zones[i].representatives, zones[i].servers, zones[i].ready, zones[i].busy));
    }
}

static void print_box(const backhand_html *page)
{
    request_rec *r = page->r;
    const backhand_config *conf = page->conf;
    backhand_link link;

    ap_rputs("<dl>\n", r);
    item(r, "Farm", conf->farm);
    if (conf->zone) {
        item(r, "Zone", conf->zone);
    }
    print_zones(r, conf->table);
    item(r, "Announced as", conf->hostname);
    item(r, "Contact", page->box.contact[0] ? page->box.contact : "not known yet");
    item(r, "Interval", apr_psprintf(r->pool, "%" PRId64 " ms", (int64_t)apr_time_as_msec(conf->interval)));
    if (conf->table && backhand_link_read(&link, conf->table)) {
        item(r, "NATS", link.connected ? apr_pstrcat(r->pool, "connected to ", link.broker, NULL) : "not connected");
    }
    item(r, "Machine", page->box.machine);
    item(r, "httpd", ap_get_server_description());
    item(r, "Built", ap_get_server_built());
    item(r, "mod_backhand", BACKHAND_VERSION);
    item(r, "You are", page->box.viewer);
    ap_rputs("</dl>\n", r);
}

/* --- which servers are shown ------------------------------------------------------------------------------- */

int backhand_status_searches(request_rec *r, const backhand_config *conf)
{
    backhand_filter filter;
    backhand_status_filter(&filter, r);
    return conf->table && (backhand_table_used(conf->table) > BACKHAND_HTML_SERVERS || backhand_filter_is_set(&filter));
}

static int64_t figure_value(const backhand_row *row, const backhand_figure *figure)
{
    return backhand_figure_get(&row->announcement.stat, figure);
}

/* Gives each place the value of `?sort=`. @return 0: there is no such column */
static int set_values(const backhand_html *page, backhand_place *places, const char *key)
{
    const backhand_figure *figure = backhand_html_figure(key);
    for (int i = 0; i < page->n; i++) {
        if (figure) {
            places[i].value = figure_value(places[i].row, figure);
        }
        else if (strcmp(key, BACKHAND_HTML_BY_TROUBLE) == 0) {
            places[i].value = backhand_row_trouble(places[i].row);
        }
        else if (!backhand_html_column(page, key, places[i].row, &places[i].value)) {
            return 0;
        }
    }
    return 1;
}

/* Nobody looks for the troubled servers of a farm of one page. */
static void sort_places(backhand_html *page, backhand_place *places, const char *wish)
{
    const char *key = wish && *wish == '-' ? wish + 1 : wish;

    page->asked = key && *key && set_values(page, places, key);
    if (page->asked) {
        page->sort = key;
        page->direction = *wish == '-' ? -1 : 1;
    }
    else if (page->all > BACKHAND_HTML_SERVERS) {
        page->sort = BACKHAND_HTML_BY_TROUBLE;
        page->direction = -1;
        set_values(page, places, page->sort);
    }
    else {
        page->sort = BACKHAND_HTML_BY_NAME;
        page->direction = 0;
    }
    backhand_places_sort(places, page->n, page->direction);
}

/* Leaves only the places that pass the filter. */
static void keep_found(backhand_html *page, backhand_place *places)
{
    int all = page->all + page->gone, kept = 0, gone = 0;

    for (int i = 0; i < all; i++) {
        if (backhand_filter_passes(&page->filter, places[i].row)) {
            gone += i >= page->all;
            places[kept++] = places[i];
        }
    }
    page->n = kept - gone;
    page->gone = gone;
}

static void read_places(backhand_html *page)
{
    const char *from = backhand_status_argument(page->r, "from");
    backhand_place *places;

    page->all = backhand_places_read(&places, &page->gone, page->conf->table, page->r->pool);
    for (int i = 0; i < page->all; i++) {
        page->counts[places[i].row->state]++;
        page->troubled += backhand_row_trouble(places[i].row) >= BACKHAND_ROW_TROUBLED;
    }
    backhand_status_filter(&page->filter, page->r);
    page->wants_figures = backhand_status_argument(page->r, "figures") != NULL;
    keep_found(page, places);
    page->places = places;
    sort_places(page, places, backhand_status_argument(page->r, "sort"));
    page->from = from ? atoi(from) : 0;
    if (page->n <= BACKHAND_HTML_SERVERS || page->from < 0 || page->from >= page->n) {
        page->from = 0;
    }
    page->until = page->n - page->from > BACKHAND_HTML_SERVERS ? page->from + BACKHAND_HTML_SERVERS : page->n;
}

/* --- the page ---------------------------------------------------------------------------------------------- */

/* A page in the background shows in its tab that a server is not well. */
static void print_head(const backhand_html *page)
{
    apr_pool_t *p = page->r->pool;
    int dead = page->counts[BACKHAND_ROW_DEAD], down = page->counts[BACKHAND_ROW_DOWN];
    const char *heading = apr_pstrcat(p, "mod_backhand on ", page->box.machine, NULL);
    const char *title = dead + down > 0 ? apr_psprintf(p, "(%d dead, %d down) %s", dead, down, heading) : heading;

    backhand_frame_begin(page->r, title, heading, page->until - page->from > BACKHAND_HTML_FEW ? POLL_MANY : POLL_FEW);
}

static void print_farm(backhand_html *page)
{
    read_places(page);
    print_head(page);
    backhand_status_conditions(page->r, page->conf->table);
    backhand_html_overview(page);
    backhand_html_range(page);
    backhand_html_servers(page);
    backhand_html_range(page);
    backhand_html_gone(page);
    backhand_html_handoffs(page);
    ap_rputs("<div class=\"blocks\">\n", page->r);
    backhand_html_reasons(page);
    backhand_html_times(page);
    backhand_html_counts(page);
    ap_rputs("</div>\n", page->r);
    backhand_html_figures(page);
    ap_rputs("<details id=\"about\">\n<summary>This server</summary>\n", page->r);
    print_box(page);
    ap_rprintf(page->r, "<p>Entries of the table: %d of at most %d.</p>\n</details>\n",
               backhand_table_used(page->conf->table), backhand_table_max(page->conf->table));
}

void backhand_status_html(request_rec *r, const backhand_config *conf)
{
    backhand_html *page = apr_pcalloc(r->pool, sizeof(*page));

    page->r = r;
    page->conf = conf;
    backhand_status_box_fill(&page->box, r, conf);
    if (conf->table) {
        print_farm(page);
    }
    else {
        print_head(page);
        ap_rputs(no_table, r);
        print_box(page);
    }
    backhand_frame_end(r);
}
