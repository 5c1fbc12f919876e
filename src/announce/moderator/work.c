/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/work.h"

#include "candidacy/standing.h"
#include "table/update.h"

/* How often the meter is read in one interval. */
#define LOOKS 4

static int64_t inflight_of(const backhand_working *working, int64_t waiting)
{
    int keeps = working->keeps_workers || backhand_number_get(&working->meter->slots);
    return backhand_meter_inflight(working->meter) + (keeps ? waiting : 0);
}

void backhand_working_measure(backhand_working *working, serverstat *stat, int64_t waiting, apr_time_t now)
{
    backhand_work work;

    backhand_meter_read(working->meter, now, stat->nservers, &work);
    work.inflight = inflight_of(working, waiting);
    backhand_work_put(stat, &work);
    working->read = now;
    working->served = work.served;
    if (working->table) {
        backhand_table_measured(working->table, &work);
        backhand_standing_look(working->table);
    }
}

int backhand_working_due(const backhand_working *working, apr_time_t now)
{
    const backhand_meter *meter = working->meter;

    if (now - working->read < working->interval / LOOKS && now >= working->read) {
        return 0;
    }
    return backhand_number_get(&meter->served) != working->served || backhand_meter_inflight(meter) > 1;
}

int backhand_working_news(backhand_working *working, apr_time_t now)
{
    return backhand_early_due(&working->early, working->meter, now, working->announced, working->servers);
}

int backhand_working_recovered(const backhand_working *working)
{
    return backhand_number_get(&working->meter->trials.recovered) != 0;
}

void backhand_working_refresh(const backhand_working *working, serverstat *stat, int64_t waiting, apr_time_t now)
{
    stat->inflight = inflight_of(working, waiting);
    stat->errors = backhand_meter_errors(working->meter);
    stat->stall = backhand_meter_stall(working->meter, now);
}

void backhand_working_announce(backhand_working *working, serverstat *stat, apr_time_t now)
{
    backhand_offer_look(&working->offer, working->meter, stat, now);
    backhand_early_done(&working->early);
    working->announced = now;
}

apr_interval_time_t backhand_working_timeout(const backhand_working *working)
{
    apr_interval_time_t looks = working->interval / LOOKS;
    return backhand_meter_inflight(working->meter) > 0 && looks > BACKHAND_EARLY_LOOK ? BACKHAND_EARLY_LOOK : looks;
}
