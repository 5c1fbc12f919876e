/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* What the table shows. */

#include "ctl/doctor.h"

#include "ctl/servers.h"
#include "table/attach.h"

#include <apr_strings.h>

static void look_at_moderator(const backhand_table *table, apr_array_header_t *findings)
{
    double seconds = (double)backhand_table_idle(table) / APR_USEC_PER_SEC;

    if (!backhand_table_silent(table, 0)) {
        ctl_find(findings, CTL_GOOD, "moderator", "this server announced itself %.1f s ago", seconds);
    }
    else if (seconds < 0) {
        ctl_find(findings, CTL_BAD, "moderator", "this server has not announced itself; see the error log");
    }
    else {
        ctl_find(findings, CTL_BAD, "moderator",
                 "this server has announced nothing for %.0f s: httpd was killed, or its moderator does not run; see "
                 "the error log",
                 seconds);
    }
}

static void look_at_others(const backhand_table *table, apr_array_header_t *findings)
{
    apr_array_header_t *rows = ctl_rows(table, CTL_BY_ID, findings->pool);
    int alive = 0;

    for (int i = 0; i < rows->nelts; i++) {
        const backhand_row *row = &APR_ARRAY_IDX(rows, i, backhand_row);
        alive += row->id != 0 && row->state == BACKHAND_ROW_ALIVE;
    }
    if (alive) {
        ctl_find(findings, CTL_GOOD, "servers", "other servers that are alive: %d", alive);
    }
    else {
        ctl_find(findings, CTL_WARN, "servers",
                 "no other server is alive: if there are others, compare MulticastStats, AcceptStats, BackhandFarm and "
                 "BackhandSecretFile here and there, and look for a firewall");
    }
}

void ctl_doctor_table(const ctl *command, apr_array_header_t *findings)
{
    if (command->table) {
        look_at_moderator(command->table, findings);
        look_at_others(command->table, findings);
    }
}
