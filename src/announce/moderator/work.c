/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/work.h"

#include "candidacy/standing.h"

/* How often between two announcements the meter is read. */
#define LOOKS 4

static int64_t inflight_of(const backhand_working *working, int64_t waiting)
{
    int keeps = working->keeps_workers || backhand_number_get(&working->meter->slots);
    return backhand_meter_inflight(working->meter) + (keeps ? waiting : 0);
}

/* Sooner than it is time to announce it: responses to other servers, and decisions here, go by what stands in the
 * table. */
static void publish(serverstat *live, const serverstat *said)
{
    backhand_number_set(&live->inflight, said->inflight);
    backhand_number_set(&live->service, said->service);
    backhand_number_set(&live->parallel, said->parallel);
    backhand_number_set(&live->latency, said->latency);
    backhand_number_set(&live->errors, said->errors);
    backhand_number_set(&live->served, said->served);
    backhand_number_set(&live->typical, said->typical);
    backhand_number_set(&live->samples, said->samples);
    backhand_number_set(&live->spread, said->spread);
    backhand_number_set(&live->calm, said->calm);
    backhand_number_set(&live->stall, said->stall);
}

void backhand_working_measure(backhand_working *working, serverstat *said, int64_t waiting, apr_time_t now)
{
    backhand_work work;

    backhand_meter_read(working->meter, now, said->nservers, &work);
    said->inflight = inflight_of(working, waiting);
    said->service = work.service;
    said->parallel = work.parallel;
    said->latency = work.latency;
    said->errors = work.errors;
    said->served = work.served;
    said->typical = work.typical;
    said->samples = work.samples;
    said->spread = work.spread;
    said->calm = work.calm;
    said->stall = work.stall;
    working->read = now;
    working->served = work.served;
    if (working->table) {
        publish(&working->table->stats[0], said);
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

void backhand_working_refresh(const backhand_working *working, serverstat *said, int64_t waiting, apr_time_t now)
{
    said->inflight = inflight_of(working, waiting);
    said->errors = backhand_meter_errors(working->meter);
    said->stall = backhand_meter_stall(working->meter, now);
}

void backhand_working_announce(backhand_working *working, serverstat *said, apr_time_t now)
{
    backhand_offer_look(&working->offer, working->meter, said, now);
    backhand_early_done(&working->early);
    working->announced = now;
}

apr_interval_time_t backhand_working_timeout(const backhand_working *working)
{
    apr_interval_time_t looks = working->interval / LOOKS;
    return backhand_meter_inflight(working->meter) > 0 && looks > BACKHAND_EARLY_LOOK ? BACKHAND_EARLY_LOOK : looks;
}
