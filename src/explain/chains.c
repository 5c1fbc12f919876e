/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "explain/chains.h"
#include "config/config.h"
#include "explain/formats.h"
#include "status/frame.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <string.h>

/* A group is the lines of one section. `at` begins with 0.
 * @return the group's first line; NULL: there are no more groups */
static const backhand_chain_line *next_group(const apr_array_header_t *lines, int *at)
{
    while (*at < lines->nelts) {
        const backhand_chain_line *line = &APR_ARRAY_IDX(lines, (*at)++, backhand_chain_line);
        int first = 1;
        for (const backhand_chain_line *before = (const backhand_chain_line *)(void *)lines->elts; before < line;
             before++) {
            first = first && !(before->section == line->section && before->host == line->host);
        }
        if (first) {
            return line;
        }
    }
    return NULL;
}

/* The next line of the group, from `at` on; NULL: there is none. */
static const backhand_chain_line *next_line(const apr_array_header_t *lines, int *at, const backhand_chain_line *group)
{
    while (*at < lines->nelts) {
        const backhand_chain_line *line = &APR_ARRAY_IDX(lines, (*at)++, backhand_chain_line);
        if (line->section == group->section && line->host == group->host) {
            return line;
        }
    }
    return NULL;
}

static const char *name_of_host(request_rec *r, const server_rec *host)
{
    const char *name = host->server_hostname ? host->server_hostname : "";
    int port = host->addrs ? host->addrs->host_port : 0;
    return host->is_virtual && port ? apr_psprintf(r->pool, "%s:%d", name, port) : name;
}

/* --- HTML -------------------------------------------------------------------------------------------------- */

static void print_container(request_rec *r, const backhand_chain_line *group)
{
    const char *text = group->container ? group->container : "whole host";
    int is_path = group->container && strncasecmp(group->container, "<Location", 9) == 0 && group->place &&
                  *group->place == '/' && !strpbrk(group->place, "*?[ ") && !strchr(group->container + 1, '<');

    if (is_path) {
        ap_rvputs(r, "<a href=\"?explain=", ap_escape_html(r->pool, ap_escape_urlencoded(r->pool, group->place)),
                  "\"><code>", backhand_html_escape(r, text), "</code></a>", NULL);
    }
    else {
        ap_rvputs(r, "<code>", backhand_html_escape(r, text), "</code>", NULL);
    }
}

static void print_group(request_rec *r, const apr_array_header_t *lines, const backhand_chain_line *group)
{
    const backhand_chain_line *line;
    int at = 0, n = 0;

    while (next_line(lines, &at, group)) {
        n++;
    }
    ap_rprintf(r, "<tbody>\n<tr><th scope=\"rowgroup\" rowspan=\"%d\">%s%s</th><td rowspan=\"%d\">", n,
               backhand_html_escape(r, name_of_host(r, group->host)), group->host->is_virtual ? "" : " (main server)",
               n);
    print_container(r, group);
    ap_rputs("</td>", r);
    for (at = 0, n = 0; (line = next_line(lines, &at, group)); n++) {
        ap_rvputs(r, n ? "<tr><td>" : "<td>", backhand_html_escape(r, line->function ? line->function : "off"),
                  line->arg ? " " : "", backhand_html_escape(r, line->arg), "</td><td>",
                  backhand_html_escape(r, line->where), "</td></tr>\n", NULL);
    }
    ap_rputs("</tbody>\n", r);
}

void backhand_chains_html(request_rec *r)
{
    const apr_array_header_t *lines = backhand_config_get(r->server)->chain_lines;
    const backhand_chain_line *group;
    int at = 0;

    backhand_frame_begin(r, "Chains", "Chains", 0);
    ap_rputs("<p>All containers that match a request make its chain: the functions of the outer ones run first, and "
             "<code>off</code> forgets those before it. <a href=\"?explain=/\">?explain</a> shows the chain of a path."
             "</p>\n<div class=\"wide\"><table class=\"chains\">\n<thead><tr><th scope=\"col\">Host</th><th "
             "scope=\"col\">Container</th>"
             "<th scope=\"col\">Function</th><th scope=\"col\">Configured</th></tr></thead>\n",
             r);
    while ((group = next_group(lines, &at))) {
        print_group(r, lines, group);
    }
    ap_rputs("</table></div>\n", r);
    if (lines->nelts == 0) {
        ap_rputs("<p>There is no chain in the configuration.</p>\n", r);
    }
    backhand_frame_end(r);
}

/* --- JSON -------------------------------------------------------------------------------------------------- */

static void print_json_group(request_rec *r, const apr_array_header_t *lines, const backhand_chain_line *group)
{
    const backhand_chain_line *line;
    const char *separator = "";
    int at = 0;

    ap_rputs("{", r);
    backhand_json_member(r, "host", name_of_host(r, group->host));
    ap_rvputs(r, ",\"virtual\":", group->host->is_virtual ? "true," : "false,", NULL);
    backhand_json_member(r, "container", group->container);
    ap_rputs(",", r);
    backhand_json_member(r, "place", group->container ? group->place : NULL);
    ap_rputs(",\"functions\":[", r);
    while ((line = next_line(lines, &at, group))) {
        ap_rvputs(r, separator, "{", NULL);
        backhand_json_member(r, "function", line->function ? line->function : "off");
        ap_rputs(",", r);
        backhand_json_member(r, "argument", line->arg);
        ap_rputs(",", r);
        backhand_json_member(r, "where", line->where);
        ap_rputs("}", r);
        separator = ",";
    }
    ap_rputs("]}", r);
}

void backhand_chains_json(request_rec *r)
{
    const apr_array_header_t *lines = backhand_config_get(r->server)->chain_lines;
    const backhand_chain_line *group;
    const char *separator = "\n";
    int at = 0;

    ap_rputs("{\"chains\":[", r);
    while ((group = next_group(lines, &at))) {
        ap_rputs(separator, r);
        print_json_group(r, lines, group);
        separator = ",\n";
    }
    ap_rputs("]}\n", r);
}
