/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html.h"

#include "config/waits.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <inttypes.h>

/* The bound of the whole server; see docs/handoff.md. */
static const char *bound_text(const backhand_html *page, backhand_wait kind)
{
    return apr_psprintf(page->r->pool, " <small>of %" PRId64 "</small>", backhand_waits_bound(page->conf, kind, 0));
}

static const char *tally_text(const backhand_html *page, const backhand_tally *tally)
{
    const char *text = backhand_html_count(page->r, tally->value);
    if (strcmp(tally->key, "Waiting") == 0) {
        text = apr_pstrcat(page->r->pool, text, bound_text(page, BACKHAND_WAIT_ANSWER), NULL);
    }
    else if (strcmp(tally->key, "Tunnels") == 0) {
        text = apr_pstrcat(page->r->pool, text, bound_text(page, BACKHAND_WAIT_TUNNEL), NULL);
    }
    return text;
}

/* Counts that stand out unless they are 0. */
static int is_bad(const backhand_tally *tally)
{
    static const char *const keys[] = {"Failed-Over", "Sessions-Lost",   "Sessions-Refused",
                                       "Untrusted",   "Figures-Ignored", "Orders-Ignored"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (tally->value > 0 && strcmp(tally->key, keys[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void print_own(const backhand_html *page, const backhand_tally *tallies, int n)
{
    backhand_html_block(page, "Counted here since the table was made");
    for (int i = 0; i < n; i++) {
        if (!tallies[i].dropped) {
            backhand_html_item(page, tallies[i].label, tally_text(page, &tallies[i]), is_bad(&tallies[i]) ? "bad" : "");
        }
    }
    backhand_html_end_block(page);
}

static void print_drops(const backhand_html *page, const backhand_tally *tallies, int n, int zero)
{
    for (int i = 0; i < n; i++) {
        if (tallies[i].dropped && (tallies[i].value == 0) == zero) {
            backhand_html_item(page, tallies[i].label, backhand_html_count(page->r, tallies[i].value),
                               zero ? "" : "bad");
        }
    }
}

static int dropped(const backhand_tally *tallies, int n)
{
    int found = 0;
    for (int i = 0; i < n; i++) {
        found += tallies[i].dropped && tallies[i].value > 0;
    }
    return found;
}

static void print_all_drops(const backhand_html *page, const backhand_tally *tallies, int n)
{
    request_rec *r = page->r;
    int found = dropped(tallies, n);

    ap_rputs("<div class=\"block\">\n", r);
    if (found > 0) {
        backhand_html_block(page, "Announcements dropped, by reason");
        print_drops(page, tallies, n, 0);
        backhand_html_end_block(page);
    }
    ap_rvputs(r, "<details id=\"drops\"><summary>", found > 0 ? "Reasons with no drop" : "No announcement was dropped",
              "</summary>\n", NULL);
    backhand_html_block(page, "Announcements dropped, by reason");
    print_drops(page, tallies, n, 1);
    backhand_html_end_block(page);
    ap_rputs("</details>\n</div>\n", r);
}

void backhand_html_counts(const backhand_html *page)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, page->conf->table);

    print_own(page, tallies, n);
    print_all_drops(page, tallies, n);
}
