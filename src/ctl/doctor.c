/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Checks this server's part of the farm. */

#include "ctl/doctor.h"

#include "ctl/commands.h"
#include "ctl/json.h"
#include "table/attach.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ctl_find(apr_array_header_t *findings, ctl_level level, const char *name, const char *format, ...)
{
    ctl_finding *finding = apr_array_push(findings);
    va_list list;

    va_start(list, format);
    finding->text = apr_pvsprintf(findings->pool, format, list);
    va_end(list);
    finding->level = level;
    finding->name = name;
}

static const char *level_name(ctl_level level)
{
    return level == CTL_GOOD ? "ok" : level == CTL_WARN ? "warn" : "fail";
}

/* Without a table there are other things to see, for example why httpd does not start. */
static void attach(ctl *command, apr_array_header_t *findings)
{
    const char *wrong;
    apr_status_t rv = backhand_table_attach(&command->table, command->dir, 0, &wrong, command->pool);

    ctl_find(findings, rv == APR_SUCCESS ? CTL_GOOD : CTL_BAD, "table", "%s",
             rv == APR_SUCCESS ? apr_pstrcat(command->pool, "the table in ", command->dir, " can be read", NULL)
                               : wrong);
}

static void print_plain(const apr_array_header_t *findings)
{
    for (int i = 0; i < findings->nelts; i++) {
        const ctl_finding *finding = &APR_ARRAY_IDX(findings, i, ctl_finding);
        printf("%-4s  %-14s  %s\n", level_name(finding->level), finding->name,
               ctl_plain(finding->text, findings->pool));
    }
}

static void print_json(const apr_array_header_t *findings, int bad)
{
    backhand_out out = ctl_out();

    backhand_out_text(&out, bad ? "{\"ok\":false,\"checks\":[" : "{\"ok\":true,\"checks\":[");
    for (int i = 0; i < findings->nelts; i++) {
        const ctl_finding *finding = &APR_ARRAY_IDX(findings, i, ctl_finding);
        int first = 1;
        backhand_out_text(&out, i ? ",\n{" : "\n{");
        ctl_json_text(&out, &first, "level", level_name(finding->level));
        ctl_json_text(&out, &first, "check", finding->name);
        ctl_json_text(&out, &first, "text", finding->text);
        backhand_out_text(&out, "}");
    }
    backhand_out_text(&out, "]}\n");
}

int ctl_doctor(ctl *command)
{
    apr_array_header_t *findings = apr_array_make(command->pool, 32, sizeof(ctl_finding));
    ctl_facts facts = {0, NULL, apr_array_make(command->pool, 4, sizeof(ctl_destination)), 0};
    int bad = 0;

    ctl_doctor_configuration(command, &facts, findings);
    if (facts.dir && !command->dir_given) {
        command->dir = facts.dir;
    }
    attach(command, findings);
    ctl_doctor_table(command, findings);
    ctl_doctor_network(command, &facts, findings);
    for (int i = 0; i < findings->nelts; i++) {
        bad += APR_ARRAY_IDX(findings, i, ctl_finding).level == CTL_BAD;
    }
    if (command->json) {
        print_json(findings, bad);
    }
    else {
        print_plain(findings);
    }
    return bad ? CTL_UNWELL : CTL_OK;
}
