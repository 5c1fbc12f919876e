/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "ctl/servers.h"

#include "announce/check/health.h"
#include "conditions/conditions.h"
#include "table/counters.h"
#include "table/process.h"

#include <apr_strings.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS(us) ((double)(us) / APR_USEC_PER_SEC)

/* --- order --------------------------------------------------------------------------------------------------- */

const char *ctl_order_name(ctl_order order)
{
    static const char *const names[CTL_ORDERS] = {"id", "server", "state", "in flight", "load", "typical", "sent"};
    return names[order];
}

static int64_t key_of(const backhand_row *row, ctl_order order)
{
    switch (order) {
    case CTL_BY_STATE:
        return row->state != BACKHAND_ROW_ALIVE;
    case CTL_BY_INFLIGHT:
        return row->announcement.stat.inflight;
    case CTL_BY_LOAD:
        return row->announcement.stat.load;
    case CTL_BY_TYPICAL:
        return row->announcement.stat.typical;
    case CTL_BY_SENT:
        return row->sent;
    default:
        return 0;
    }
}

/* qsort() has no argument for it. */
static ctl_order sorted_by;

static int compare(const void *a, const void *b)
{
    const backhand_row *first = a, *second = b;
    int64_t x = key_of(first, sorted_by), y = key_of(second, sorted_by);
    int names = strcmp(first->announcement.stat.hostname, second->announcement.stat.hostname);

    if (sorted_by == CTL_BY_NAME && names != 0) {
        return names;
    }
    return x != y ? (x < y ? 1 : -1) : first->id - second->id;
}

apr_array_header_t *ctl_rows(const backhand_table *table, ctl_order order, apr_pool_t *p)
{
    int used = backhand_table_used(table);
    apr_array_header_t *rows = apr_array_make(p, used, sizeof(backhand_row));
    apr_time_t now = backhand_table_now(table);

    for (int id = 0; id < used; id++) {
        if (!backhand_row_read(apr_array_push(rows), table, id, now)) {
            apr_array_pop(rows);
        }
    }
    sorted_by = order;
    qsort(rows->elts, (size_t)rows->nelts, sizeof(backhand_row), compare);
    return rows;
}

/* --- lines --------------------------------------------------------------------------------------------------- */

/* Facts of a server that have no column. */
static const char *remarks_of(const backhand_row *row, apr_pool_t *p)
{
    char text[BACKHAND_HEALTH_TEXT];
    const char *remarks = *row->announcement.zone ? apr_psprintf(p, "  zone %s", row->announcement.zone) : "";

    if (row->state == BACKHAND_ROW_DOWN) {
        remarks = apr_psprintf(p, "%s  down for %" PRId64 " s: %s", remarks, row->announcement.stat.down,
                               backhand_health_text(row->announcement.stat.why, text));
    }
    if (row->announcement.stat.withheld > 0) {
        remarks = apr_psprintf(p, "%s  weight %" PRId64 " %%", remarks, 100 - row->announcement.stat.withheld);
    }
    if (row->refused >= 0) {
        remarks = apr_psprintf(p, "%s  refused %.0f s ago", remarks, SECONDS(row->refused));
    }
    return row->rival >= 0 ? apr_psprintf(p, "%s  another server has its contact", remarks) : remarks;
}

const char *ctl_heading(apr_pool_t *p)
{
    return apr_psprintf(p, "%4s %-20s %-11s %7s %9s %5s %6s %5s %9s %7s %9s %7s  %s", "ID", "SERVER", "STATE", "AGE",
                        "READY/ALL", "INFL", "LOAD", "IDLE", "TYPICAL", "ERRORS", "SENT", "WAITING", "CONTACT");
}

const char *ctl_row_line(const backhand_row *row, apr_pool_t *p)
{
    const serverstat *stat = &row->announcement.stat;
    const char *age = row->age >= 0 ? apr_psprintf(p, "%.1fs", SECONDS(row->age)) : "-";
    const char *typical = stat->typical > 0 ? apr_psprintf(p, "%.1fms", (double)stat->typical / 1000) : "-";
    const char *workers = apr_psprintf(p, "%" PRId64 "/%" PRId64, stat->aservers, stat->nservers);
    const char *figures =
        apr_psprintf(p, "%7s %9s %5" PRId64 " %6.2f %4.0f%% %9s %6.1f%%", age, workers, stat->inflight,
                     (double)stat->load / 1000, (double)stat->cpu / 10, typical, (double)stat->errors / 10);

    return apr_psprintf(p, "%4d %-20s %-11s %s %9" PRId64 " %7" PRId64 "  %s%s", row->id, ctl_plain(stat->hostname, p),
                        backhand_row_state_name(row->state), figures, row->sent, row->waiting,
                        ctl_plain(stat->contact, p), remarks_of(row, p));
}

static const backhand_row *self_of(const apr_array_header_t *rows)
{
    for (int i = 0; i < rows->nelts; i++) {
        if (APR_ARRAY_IDX(rows, i, backhand_row).id == 0) {
            return &APR_ARRAY_IDX(rows, i, backhand_row);
        }
    }
    return NULL;
}

static int count_in(const apr_array_header_t *rows, backhand_row_state state)
{
    int count = 0;

    for (int i = 0; i < rows->nelts; i++) {
        count += APR_ARRAY_IDX(rows, i, backhand_row).state == state;
    }
    return count;
}

/* Counts the servers that an order has taken out; the others that are not alive have conditions. */
static const char *rest_text(const apr_array_header_t *rows, apr_pool_t *p)
{
    int drained = count_in(rows, BACKHAND_ROW_DRAINED), closed = count_in(rows, BACKHAND_ROW_MAINTENANCE);

    return apr_pstrcat(p, drained ? apr_psprintf(p, "%d drained, ", drained) : "",
                       closed ? apr_psprintf(p, "%d under maintenance, ", closed) : "", NULL);
}

const char *ctl_summary(const backhand_table *table, const apr_array_header_t *rows, apr_pool_t *p)
{
    const backhand_row *self = self_of(rows);
    if (!self) {
        return "this server has not announced itself yet";
    }
    return apr_psprintf(p, "%s at %s, farm %s: %d of %d servers alive, %sroom for %d",
                        ctl_plain(self->announcement.stat.hostname, p), ctl_plain(self->announcement.stat.contact, p),
                        *self->announcement.farm ? ctl_plain(self->announcement.farm, p) : "without a name",
                        count_in(rows, BACKHAND_ROW_ALIVE), rows->nelts, rest_text(rows, p), backhand_table_max(table));
}

static const char *condition_lines(const backhand_table *table, apr_pool_t *p)
{
    backhand_condition conditions[BACKHAND_CONDITIONS];
    int count = backhand_conditions_read(conditions, table);
    const char *lines = "";

    for (int i = 0; i < count; i++) {
        lines = apr_psprintf(p, "%s%s: %s; %s\n", lines, backhand_severity_name(conditions[i].severity),
                             ctl_plain(conditions[i].text, p), ctl_plain(conditions[i].remedy, p));
    }
    return lines;
}

static const char *dropped_text(const backhand_table *table, apr_pool_t *p)
{
    const char *text = NULL;

    for (int reason = BACKHAND_DROP_NONE + 1; reason < BACKHAND_DROP_REASONS; reason++) {
        int64_t count = backhand_table_drops(table, reason);
        if (count > 0) {
            text = apr_psprintf(p, "%s%s%" PRId64 " %s", text ? text : "", text ? ", " : "", count,
                                backhand_drop_name(reason));
        }
    }
    return text ? text : "none";
}

const char *ctl_counts(const backhand_table *table, apr_pool_t *p)
{
    int64_t serving, waiting;

    backhand_process_sum(table, &serving, &waiting);
    return apr_psprintf(p,
                        "requests: %" PRId64 " served here now, %" PRId64 " wait for another server; %" PRId64
                        " handed off, %" PRId64 " received, %" PRId64 " failed over\n"
                        "announcements: %" PRId64 " sent, %" PRId64 " accepted; dropped: %s\n%s",
                        serving, waiting, backhand_table_counted(table, BACKHAND_COUNT_HANDED_OFF),
                        backhand_table_counted(table, BACKHAND_COUNT_RECEIVED),
                        backhand_table_counted(table, BACKHAND_COUNT_FAILED_OVER),
                        backhand_table_counted(table, BACKHAND_COUNT_ANNOUNCED),
                        backhand_table_counted(table, BACKHAND_COUNT_ACCEPTED), dropped_text(table, p),
                        condition_lines(table, p));
}
