/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/frame.h"

#include <http_protocol.h>

#include <apr_lib.h>
#include <apr_strings.h>

static const char head[] = "<!DOCTYPE html>\n"
                           "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
                           "<link rel=\"icon\" href=\"data:,\" />\n"
                           "<link rel=\"stylesheet\" href=\"?page.css\" />\n";

static const char foot[] =
    "</main>\n<footer><p><a href=\"?\">Status</a>, <a href=\"?explain=/\">why a request goes where it goes</a>, "
    "<a href=\"?chains\">all chains</a>. The status for programs: <a href=\"?json\">?json</a>, "
    "<a href=\"?metrics\">?metrics</a>, <a href=\"?auto\">?auto</a></p></footer>\n</body>\n</html>\n";

/* Nothing that a page shows may run or load anything. The style sheet and the script come from this server. The
 * referrer policy lets browsers name the origin of the page's own forms; `no-referrer` would hide it. */
void backhand_frame_headers(request_rec *r, int has_forms)
{
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   apr_pstrcat(r->pool,
                               "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                               "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action ",
                               has_forms ? "'self'" : "'none'", NULL));
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "same-origin");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
}

const char *backhand_html_escape(request_rec *r, const char *text)
{
    char *plain = apr_palloc(r->pool, 4 * strlen(text ? text : "") + 1), *to = plain;

    for (; text && *text; text++) {
        if (apr_isprint(*text) && apr_isascii(*text)) {
            *to++ = *text;
        }
        else {
            to += apr_snprintf(to, 5, "\\x%02x", (unsigned char)*text);
        }
    }
    *to = '\0';
    return ap_escape_html(r->pool, plain);
}

void backhand_frame_begin(request_rec *r, const char *title, const char *heading, int poll)
{
    char now[APR_RFC822_DATE_LEN];

    ap_rputs(head, r);
    if (poll > 0) {
        ap_rputs("<script src=\"?page.js\" defer=\"defer\"></script>\n", r);
    }
    ap_rvputs(r, "<title>", backhand_html_escape(r, title), "</title>\n</head>\n", NULL);
    if (poll > 0) {
        ap_rprintf(r, "<body data-poll=\"%d\">\n", poll);
    }
    else {
        ap_rputs("<body>\n", r);
    }
    ap_rvputs(r, "<header>\n<h1>", backhand_html_escape(r, heading), "</h1>\n", NULL);
    if (poll > 0) {
        apr_rfc822_date(now, apr_time_now());
        ap_rvputs(r, "<p id=\"live\">As of ", now, ". Load the page again for newer figures.</p>\n", NULL);
    }
    ap_rputs("</header>\n<main>\n", r);
}

void backhand_frame_end(request_rec *r)
{
    ap_rputs(foot, r);
}
