/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "conditions/conditions.h"
#include "status/formats.h"
#include "status/frame.h"

#include <http_protocol.h>

static void print_condition(request_rec *r, const backhand_condition *condition, apr_time_t now)
{
    ap_rprintf(r, "<li class=\"%s\" title=\"%s\">%s; %s. <span>%s, for %" APR_TIME_T_FMT " s</span></li>\n",
               backhand_severity_name(condition->severity), condition->name, backhand_html_escape(r, condition->text),
               backhand_html_escape(r, condition->remedy), condition->name,
               apr_time_sec(now > condition->since ? now - condition->since : 0));
}

void backhand_status_conditions(request_rec *r, const backhand_table *table)
{
    backhand_condition *conditions = apr_palloc(r->pool, BACKHAND_CONDITIONS * sizeof(*conditions));
    int n = backhand_conditions_read(conditions, table);

    if (n == 0) {
        return;
    }
    ap_rputs("<ul class=\"conditions\">\n", r);
    for (int i = 0; i < n; i++) {
        print_condition(r, &conditions[i], backhand_table_now(table));
    }
    ap_rputs("</ul>\n", r);
}
