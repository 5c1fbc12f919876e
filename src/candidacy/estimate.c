/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/estimate.h"

/* Until a hand-off was measured. */
#define HOP_USEC 500
/* A server's first time, and how many requests it has served when it is no beginner any more. */
#define YOUNG_USEC   (10 * APR_USEC_PER_SEC)
#define YOUNG_SERVED 1000
#define YOUNG_SHARE  0.1
/* The largest share of errors that still differs from a larger one. */
#define ERRORS_MAX 0.98
/* As in the meter: durations that a stall has to outweigh. */
#define USUAL 4

static double positive(int64_t number)
{
    return number > 0 ? (double)number : 0;
}

/* Those of ours that a server has now, in `waiting` those without the beginning of a response. */
static double outstanding(const backhand_slot *slot, int64_t sent, double *waiting)
{
    *waiting = positive(sent - backhand_number_get(&slot->begun));
    return positive(sent - backhand_number_get(&slot->returned));
}

/* Half of what the others send for each one that this server sends. */
static double others_share(const backhand_table *table)
{
    double crowd = positive(backhand_number_get(&table->flow->crowd)) / 1000;
    if (crowd == 0) {
        crowd = backhand_table_used(table);
    }
    return crowd > 1 ? (crowd - 1) / 2 : 0;
}

/* A stock heartbeat says only how many workers are busy. */
static double said_inflight(const backhand_table *table, int id, const backhand_view *view)
{
    const serverstat *stat = &table->stats[id];
    if (view->service == 0 && view->inflight == 0) {
        double busy = positive(backhand_number_get(&stat->nservers)) - positive(backhand_number_get(&stat->aservers));
        return busy > 0 ? busy : 0;
    }
    return positive(view->inflight);
}

static double inflight_of(const backhand_table *table, int id, const backhand_view *view, double share, double *waiting)
{
    const backhand_slot *slot = &table->slots[id];
    int64_t sent = backhand_number_get(&slot->sent);
    double ours = outstanding(slot, sent, waiting), said = said_inflight(table, id, view);

    if (id == 0) {
        /* The request that is decided on is being served here as long as it is. */
        return said > 1 ? said - 1 : 0;
    }
    said -= positive(view->outstanding);
    return (said > 0 ? said : 0) + ours + share * positive(sent - view->sent);
}

static double burden_of(const backhand_table *table, int id, double errors, apr_time_t now)
{
    const backhand_slot *slot = &table->slots[id];
    double age = (double)(now - backhand_number_get(&slot->joined));
    double good = 1 - errors, burden = 1 / (good * good);

    if (backhand_number_get(&table->stats[id].served) < YOUNG_SERVED && age < YOUNG_USEC) {
        double share = age / YOUNG_USEC;
        burden /= share > YOUNG_SHARE ? share : YOUNG_SHARE;
    }
    return burden;
}

static double stall(const backhand_slot *slot, double waiting, double parallel, apr_time_t now)
{
    double since = positive(now - backhand_number_get(&slot->begun_last));
    waiting = waiting - 1 < parallel ? waiting - 1 : parallel;
    return waiting > 0 ? since * waiting / USUAL : 0;
}

static double crowd(double inflight, double parallel)
{
    return inflight > parallel ? inflight / parallel : 1;
}

void backhand_estimate_make(backhand_estimate *out, const backhand_table *table, int id, apr_time_t now)
{
    const backhand_slot *slot = &table->slots[id];
    backhand_view view;
    double waiting, hop = positive(backhand_number_get(&slot->hop));

    backhand_table_view(table, id, &view);
    out->inflight = inflight_of(table, id, &view, others_share(table), &waiting);
    out->parallel = view.parallel > 1000 ? (double)view.parallel / 1000 : 1;
    out->service = positive(view.service);
    if (id == 0 && backhand_number_get(&table->meter->trial) > 0) {
        out->service = positive(backhand_number_get(&table->meter->trial));
        out->parallel = 1;
    }
    if (out->service > 0) {
        double stalled = stall(slot, waiting, out->parallel, now);
        out->service = stalled > out->service ? stalled : out->service;
    }
    out->latency =
        positive(view.latency) * crowd(out->inflight, out->parallel) / crowd(positive(view.inflight), out->parallel);
    out->hop = id == 0 ? 0 : hop > 0 ? hop : HOP_USEC;
    out->errors = positive(view.errors) / 1000;
    out->errors = out->errors < ERRORS_MAX ? out->errors : ERRORS_MAX;
    out->burden = burden_of(table, id, out->errors, now);
}

double backhand_estimate_usec(const backhand_estimate *estimate, double usual)
{
    double service = estimate->service > 0 ? estimate->service : usual;

    /* How fast it serves what it serves well is no reason to send it what it fails. */
    if (service < usual) {
        service += estimate->errors * (usual - service);
    }
    return service * crowd(estimate->inflight + 1, estimate->parallel) * estimate->burden + estimate->hop;
}

double backhand_estimate_inflight(const backhand_table *table, int id)
{
    backhand_view view;
    double waiting;
    backhand_table_view(table, id, &view);
    return inflight_of(table, id, &view, 0, &waiting);
}
