/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file html.h
 * @brief The parts of the page for people. The server writes the whole page at each request; page.js only asks for it
 * again and puts what has changed in place.
 */
#ifndef BACKHAND_STATUS_HTML_H
#define BACKHAND_STATUS_HTML_H

#include "status/filter.h"
#include "status/formats.h"
#include "status/frame.h"
#include "status/order.h"

/** Servers on one page; `?from=` shows those behind them. */
#define BACKHAND_HTML_SERVERS 100
/** Up to so many on a page it is short. */
#define BACKHAND_HTML_FEW 50
/** The keys of `?sort=` that the page has by itself: by name in a farm of one page, and servers in trouble first. */
#define BACKHAND_HTML_BY_NAME    "name"
#define BACKHAND_HTML_BY_TROUBLE "trouble"

/** The table as it was when the request for the page came. */
typedef struct backhand_html {
    request_rec *r;
    const backhand_config *conf;
    backhand_status_box box;
    backhand_filter filter;
    const backhand_place *places; /**< servers that pass the filter, in the order of the page; then those gone */
    int n;                        /**< without those that are gone */
    int gone;
    int from;                        /**< the first place that is shown */
    int until;                       /**< behind the last one */
    const char *sort;                /**< the key that the page is sorted by */
    int direction;                   /**< 1: the smallest first; -1: the largest first; 0: by name */
    int asked;                       /**< 1: `?sort=` asks for this order; 0: the page chose it */
    int wants_figures;               /**< 1: `?figures=` asks for all figures, however many servers the page shows */
    int all;                         /**< servers, whatever the filter, without those that are gone */
    int troubled;                    /**< of these, in trouble */
    int counts[BACKHAND_ROW_STATES]; /**< of these, by state */
} backhand_html;

/** A figure's key, if `?sort=` may name it. @return NULL: none is named so */
const backhand_figure *backhand_html_figure(const char *key);

/** The value of a column of the table of servers, for sorting. @return 0: there is no column of that key */
int backhand_html_column(const backhand_html *page, const char *key, const backhand_row *row, int64_t *value);

/* --- cells ------------------------------------------------------------------------------------------------- */

/** A heading that sorts by `key`: the largest first, and the smallest at a second click. */
void backhand_html_heading(const backhand_html *page, const char *key, const char *heading, const char *title);
/**
 * An address of this page with other arguments: it keeps the filter, unless `state` replaces it.
 * @param sort   for `?sort=`, with its sign; NULL: the present order
 * @param state  for `?state=`; NULL: the present ones
 * @param from   for `?from=`
 * @return escaped for HTML
 */
const char *backhand_html_address(const backhand_html *page, const char *sort, const char *state, int from);
/** Begins a cell of a number. The label stands before it where the screen is narrow. */
void backhand_html_begin(const backhand_html *page, const char *label, const char *classes);
void backhand_html_end(const backhand_html *page);
/** `3 d 4 h`, `2 min 5 s`, `0.4 s`. */
const char *backhand_html_span(request_rec *r, apr_interval_time_t span);
/** `512 MB`, `1.5 GB`. */
const char *backhand_html_bytes(request_rec *r, int64_t bytes);
/** `7 us`, `1.2 ms`, `150 ms`, `13.1 s`, in HTML; `-` for 0 and less. */
const char *backhand_html_usec(request_rec *r, int64_t usec);
/** A number with groups of three digits. */
const char *backhand_html_count(request_rec *r, int64_t number);

/** A table of names and numbers with a caption, from here to backhand_html_end_block(). */
void backhand_html_block(const backhand_html *page, const char *caption);
/** A line of it. `classes`: "bad" for what needs somebody to look at. Both texts are HTML. */
void backhand_html_item(const backhand_html *page, const char *label, const char *text, const char *classes);
void backhand_html_end_block(const backhand_html *page);
/** Quantiles of a histogram as three cells, of the median, 90 and 99 percent. */
void backhand_html_quantiles(const backhand_html *page, const backhand_histogram *histogram, const int64_t *bounds);

/* --- parts, in the page's order ----------------------------------------------------------------------------- */

/** Writes the head of a list of several pages: how many servers there are, sums, and a form to search with. */
void backhand_html_overview(const backhand_html *page);
/** Where the shown servers stand among all, with links to those before and behind. */
void backhand_html_range(const backhand_html *page);
/** The sums of the columns of the table of servers, over the servers that pass the filter. */
void backhand_html_sums(const backhand_html *page);
/** The table of servers, with the line of totals. */
void backhand_html_servers(const backhand_html *page);
/** A server's state in words. */
void backhand_html_state(const backhand_html *page, const backhand_row *row);
/** Servers that are gone. */
void backhand_html_gone(const backhand_html *page);
/** How many servers are in which state. */
void backhand_html_states(const backhand_html *page);
/** How hand-offs from here to each server ended. */
void backhand_html_handoffs(const backhand_html *page);
/** Why requests went where, and how long they took. */
void backhand_html_reasons(const backhand_html *page);
void backhand_html_times(const backhand_html *page);
/** The counts of this server. */
void backhand_html_counts(const backhand_html *page);
/** All figures that servers tell of themselves; on a page of many servers only a link to them, unless they are asked
 * for. */
void backhand_html_figures(const backhand_html *page);

#endif
