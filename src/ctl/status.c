/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "ctl/commands.h"
#include "ctl/json.h"
#include "ctl/servers.h"
#include "status/json.h"

#include <apr_network_io.h>

#include <stdio.h>

static int write_json(const ctl *command)
{
    char machine[APRMAXHOSTLEN + 1] = "";
    backhand_announcement self;
    backhand_facts facts = {
        .interval = -1, .workers = -1, .max_handoffs = -1, .max_session_handoffs = -1, .max_tunnels = -1};
    backhand_out out = ctl_out();

    facts.table = command->table;
    if (apr_gethostname(machine, sizeof(machine), command->pool) == APR_SUCCESS) {
        facts.machine = machine;
    }
    if (backhand_table_read(command->table, 0, &self, NULL)) {
        facts.farm = self.farm;
        facts.zone = self.zone;
        facts.hostname = self.stat.hostname;
        facts.contact = self.stat.contact;
        facts.interval = self.interval * 1000;
    }
    backhand_json_write(&out, &facts);
    return CTL_OK;
}

int ctl_status(ctl *command)
{
    apr_pool_t *p = command->pool;
    const backhand_table *table = command->table;
    apr_array_header_t *rows;

    if (command->json) {
        return write_json(command);
    }
    rows = ctl_rows(table, CTL_BY_ID, p);
    printf("%s\n\n%s\n", ctl_summary(table, rows, p), ctl_heading(p));
    for (int i = 0; i < rows->nelts; i++) {
        puts(ctl_row_line(&APR_ARRAY_IDX(rows, i, backhand_row), p));
    }
    printf("\n%s", ctl_counts(table, p));
    return CTL_OK;
}
