/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "ctl/commands.h"
#include "ctl/servers.h"

#include <stdio.h>

int ctl_status(ctl *command)
{
    apr_pool_t *p = command->pool;
    const backhand_table *table = command->table;
    apr_array_header_t *rows = ctl_rows(table, CTL_BY_ID, p);

    printf("%s\n\n%s\n", ctl_summary(table, rows, p), ctl_heading(p));
    for (int i = 0; i < rows->nelts; i++) {
        puts(ctl_row_line(&APR_ARRAY_IDX(rows, i, backhand_row), p));
    }
    printf("\n%s", ctl_counts(table, p));
    return CTL_OK;
}
