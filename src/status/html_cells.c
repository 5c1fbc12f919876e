/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <inttypes.h>

#define MINUTE INT64_C(60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

void backhand_html_heading(const backhand_html *page, const char *key, const char *heading, const char *title)
{
    int here = strcmp(page->sort, key) == 0, names = strcmp(key, BACKHAND_HTML_BY_NAME) == 0;
    int descending = here ? page->direction > 0 : !names;
    const char *sort = apr_pstrcat(page->r->pool, descending && !names ? "-" : "", key, NULL);

    ap_rvputs(page->r, "<th scope=\"col\"", NULL);
    if (here) {
        ap_rvputs(page->r, " aria-sort=\"", page->direction < 0 ? "descending" : "ascending", "\"", NULL);
    }
    ap_rvputs(page->r, "><a data-live=\"\" href=\"", backhand_html_address(page, sort, NULL, 0), "\" title=\"",
              backhand_html_escape(page->r, title), "\">", heading, "</a></th>", NULL);
}

void backhand_html_begin(const backhand_html *page, const char *label, const char *classes)
{
    ap_rvputs(page->r, "<td class=\"", classes, "\" data-label=\"", label, "\">", NULL);
}

void backhand_html_end(const backhand_html *page)
{
    ap_rputs("</td>", page->r);
}

const char *backhand_html_span(request_rec *r, apr_interval_time_t span)
{
    int64_t seconds = apr_time_sec(span);

    if (seconds < 10) {
        return apr_psprintf(r->pool, "%.1f s", (double)span / APR_USEC_PER_SEC);
    }
    if (seconds < MINUTE) {
        return apr_psprintf(r->pool, "%" PRId64 " s", seconds);
    }
    if (seconds < HOUR) {
        return apr_psprintf(r->pool, "%" PRId64 " min %" PRId64 " s", seconds / MINUTE, seconds % MINUTE);
    }
    if (seconds < DAY) {
        return apr_psprintf(r->pool, "%" PRId64 " h %" PRId64 " min", seconds / HOUR, seconds % HOUR / MINUTE);
    }
    return apr_psprintf(r->pool, "%" PRId64 " d %" PRId64 " h", seconds / DAY, seconds % DAY / HOUR);
}

const char *backhand_html_bytes(request_rec *r, int64_t bytes)
{
    double mb = (double)bytes / (1024 * 1024);
    return mb < 1024 ? apr_psprintf(r->pool, "%.0f MB", mb) : apr_psprintf(r->pool, "%.1f GB", mb / 1024);
}

const char *backhand_html_usec(request_rec *r, int64_t usec)
{
    if (usec <= 0) {
        return "-";
    }
    if (usec < 100) {
        return apr_psprintf(r->pool, "%" PRId64 " &#181;s", usec);
    }
    if (usec < apr_time_from_msec(100)) {
        return apr_psprintf(r->pool, "%.1f ms", (double)usec / 1000);
    }
    if (usec < apr_time_from_sec(10)) {
        return apr_psprintf(r->pool, "%" PRId64 " ms", usec / 1000);
    }
    return apr_psprintf(r->pool, "%.1f s", (double)usec / APR_USEC_PER_SEC);
}

const char *backhand_html_count(request_rec *r, int64_t number)
{
    char text[32];
    char *at = text + sizeof(text);
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    int digits = 0;

    *--at = '\0';
    do {
        if (digits > 0 && digits % 3 == 0) {
            *--at = ' ';
        }
        *--at = (char)('0' + rest % 10);
        rest /= 10;
        digits++;
    } while (rest > 0);
    if (number < 0) {
        *--at = '-';
    }
    return apr_pstrdup(r->pool, at);
}

void backhand_html_block(const backhand_html *page, const char *caption)
{
    ap_rvputs(page->r, "<table class=\"block\">\n<caption>", caption, "</caption>\n<tbody>\n", NULL);
}

void backhand_html_item(const backhand_html *page, const char *label, const char *text, const char *classes)
{
    ap_rvputs(page->r, "<tr class=\"", classes, "\"><th scope=\"row\">", label, "</th><td class=\"n\">", text,
              "</td></tr>\n", NULL);
}

void backhand_html_end_block(const backhand_html *page)
{
    ap_rputs("</tbody>\n</table>\n", page->r);
}

void backhand_html_quantiles(const backhand_html *page, const backhand_histogram *histogram, const int64_t *bounds)
{
    static const struct {
        double share;
        const char *label;
    } quantiles[] = {{0.5, "Median"}, {0.9, "90 %"}, {0.99, "99 %"}};

    for (size_t i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++) {
        double usec = backhand_histogram_quantile(histogram, bounds, quantiles[i].share);
        backhand_html_begin(page, quantiles[i].label, "n");
        ap_rputs(backhand_html_usec(page->r, (int64_t)(usec + 0.5)), page->r);
        backhand_html_end(page);
    }
}
