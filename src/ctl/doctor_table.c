/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Findings in the table. */

#include "ctl/doctor.h"

#include "conditions/conditions.h"
#include "table/attach.h"

static void look_at_conditions(const backhand_table *table, apr_array_header_t *findings)
{
    backhand_condition conditions[BACKHAND_CONDITIONS];
    int count = backhand_conditions_read(conditions, table);

    for (int i = 0; i < count; i++) {
        const backhand_condition *one = &conditions[i];
        ctl_find(findings, one->severity == BACKHAND_SEVERITY_ERROR ? CTL_BAD : CTL_WARN, one->name, "%s; %s",
                 one->text, one->remedy);
    }
    if (count == 0) {
        ctl_find(findings, CTL_GOOD, "conditions", "the table shows nothing that an operator should know of");
    }
}

void ctl_doctor_table(const ctl *command, apr_array_header_t *findings)
{
    const backhand_table *table = command->table;

    if (!table) {
        return;
    }
    if (!backhand_table_silent(table, 0)) {
        ctl_find(findings, CTL_GOOD, "moderator", "this server announced itself %.1f s ago",
                 (double)backhand_table_idle(table) / APR_USEC_PER_SEC);
    }
    look_at_conditions(table, findings);
}
