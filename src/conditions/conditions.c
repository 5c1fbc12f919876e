/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "conditions/conditions.h"
#include "conditions/list.h"

int backhand_conditions_read(backhand_condition out[BACKHAND_CONDITIONS], const backhand_table *table)
{
    backhand_condition_list list = {.table = table, .now = backhand_table_now(table), .out = out};

    backhand_list_settings(&list);
    backhand_list_hearing(&list);
    backhand_list_dropped(&list);
    backhand_list_marks(&list);
    backhand_list_application(&list);
    backhand_list_no_peers(&list);
    backhand_list_servers(&list);
    return list.count;
}

const char *backhand_severity_name(backhand_severity severity)
{
    switch (severity) {
    case BACKHAND_SEVERITY_ERROR:
        return "error";
    case BACKHAND_SEVERITY_WARNING:
        return "warning";
    default:
        return "notice";
    }
}
