/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/estimate.h"

#include "table/view.h"

#include <math.h>

/* For multiplications: a division takes several times as long. */
#define THOUSANDTH 0.001
/* Percent. A server from which all is withheld still has a size, because it may be the only one. */
#define WITHHELD_MAX 99
/* The hop until a hand-off was measured, us. */
#define HOP_USEC 500
/* The duration of a request while no server knows it, us. */
#define USUAL_USEC 100000
/* Larger shares of errors count as this one. */
#define ERRORS_MAX 0.98
/* The fewest samples that show a server's speed. */
#define FEW 3
/* The allowances by which a difference of speeds is reduced: standard errors, a difference of logarithms, and, when
 * only means are known, a factor: exp(0.5). */
#define SURE           3
#define EQUAL          0.1
#define EQUAL_OF_MEANS 1.6487
/* Calm samples, those without contention, count so many times when the reference is chosen. */
#define CALM 4
/* All other servers together are assumed to send this share of the requests that this server sends. */
#define OTHERS 0.5
/* For the stall of a server that answers none of our requests: the allowance in usual durations, and the factor up to
 * which it may be chance; as in load/stall.c. */
#define OUTWEIGH 8
#define CHANCE   2

static double positive(int64_t number)
{
    return (double)(number > 0 ? number : 0);
}

/* Estimates from the busy workers and the number of workers, for a server without other figures, as in a stock
 * heartbeat. */
static void read_workers(backhand_estimate *out, const serverstat *stat)
{
    double all = positive(backhand_number_get(&stat->nservers));
    double busy = all - positive(backhand_number_get(&stat->aservers));

    out->inflight = busy > 0 ? busy : 0;
    out->parallel = all > 1 ? all : BACKHAND_PARALLEL_FIRST;
}

static void read_parallel(backhand_estimate *out, const backhand_table *table, int id, const backhand_view *view)
{
    int64_t parallel = id == 0 ? backhand_number_get(&backhand_table_meter(table)->room) : view->work.parallel;

    out->inflight = positive(view->work.inflight);
    out->parallel = parallel > 1000 ? (double)parallel * THOUSANDTH : parallel > 0 ? 1 : BACKHAND_PARALLEL_FIRST;
    if (id != 0 && view->work.parallel <= 0 && view->work.service <= 0 && view->work.inflight <= 0) {
        read_workers(out, backhand_table_stat(table, id));
    }
}

/* The stall factor by our own requests: above 1 if several wait there and none is answered. */
static double stall_of_ours(const backhand_table *table, const backhand_view *view, double parallel, apr_time_t now)
{
    double waiting = positive(view->sent_now - view->begun) - 1, usual, factor;

    waiting = waiting < parallel ? waiting : parallel;
    if (waiting <= 0) {
        return 1;
    }
    usual = positive(backhand_number_get(&backhand_table_meter(table)->steady));
    factor = waiting * positive(now - view->begun_last) / (usual > 0 ? usual : USUAL_USEC);
    factor = (factor + OUTWEIGH) / OUTWEIGH;
    return factor > CHANCE ? factor - 1 : 1;
}

static void read_other(backhand_estimate *out, const backhand_table *table, const backhand_view *view, apr_time_t now)
{
    double said = out->inflight - positive(view->outstanding), hop = positive(view->hop);

    out->inflight = (said > 0 ? said : 0) + positive(view->sent_now - view->returned) +
                    OTHERS * positive(view->sent_now - view->sent);
    out->stall *= stall_of_ours(table, view, out->parallel, now);
    out->hop = hop > 0 ? hop : HOP_USEC;
}

double backhand_estimate_burden(double errors)
{
    double good = 1 - (errors < ERRORS_MAX ? errors : ERRORS_MAX);
    return 1 / (good * good);
}

static void withhold(backhand_estimate *out, int64_t percent)
{
    out->places = out->parallel * (1 - (double)(percent < WITHHELD_MAX ? percent : WITHHELD_MAX) * 0.01);
}

void backhand_estimate_make(backhand_estimate *out, const backhand_table *table, int id, apr_time_t now)
{
    backhand_view view;

    backhand_table_view(table, id, &view);
    read_parallel(out, table, id, &view);
    out->places = out->parallel;
    if (view.withheld > 0) {
        withhold(out, view.withheld);
    }
    out->service = positive(view.work.service);
    out->samples = view.work.typical > 0 ? positive(view.work.samples) : 0;
    out->typical = positive(view.work.typical);
    out->spread = positive(view.work.spread) * THOUSANDTH;
    out->known = view.work.calm > 0 ? CALM * out->samples : out->samples;
    out->stall = view.work.stall > 1000 ? (double)view.work.stall * THOUSANDTH : 1;
    out->burden = view.work.errors > 0 ? backhand_estimate_burden((double)view.work.errors * THOUSANDTH) : 1;
    out->hop = 0;
    if (id == 0) {
        /* The request that is decided on is itself in flight here; it does not count. */
        out->inflight = out->inflight > 1 ? out->inflight - 1 : 0;
        return;
    }
    read_other(out, table, &view, now);
}

const backhand_estimate *backhand_estimate_reference(const backhand_estimate *of, int n)
{
    const backhand_estimate *most = &of[n - 1];
    for (int i = 0; i < n - 1; i++) {
        most = of[i].known > most->known ? &of[i] : most;
    }
    return most;
}

/* Reduces a ratio by its error, a difference of logarithms; 1 if the error is larger. */
static double beyond(double ratio, double error)
{
    double most;

    /* exp(error) is more than 1 + error. Most servers are as fast as the reference, and need no exp(). */
    if (ratio <= 1 + error && ratio * (1 + error) >= 1) {
        return 1;
    }
    most = exp(error);
    if (ratio > most) {
        return ratio / most;
    }
    return ratio * most < 1 ? ratio * most : 1;
}

static double times_by_means(const backhand_estimate *estimate, const backhand_estimate *reference)
{
    int known = estimate->service > 0 && reference->service > 0;
    double ratio = known ? estimate->service / reference->service : 1;

    return ratio > EQUAL_OF_MEANS ? ratio / EQUAL_OF_MEANS : 1;
}

double backhand_estimate_times(const backhand_estimate *estimate, const backhand_estimate *reference)
{
    double variance, weight;

    if (estimate == reference) {
        return 1;
    }
    if (estimate->samples < FEW || reference->samples < FEW) {
        return times_by_means(estimate, reference);
    }
    variance = (estimate->spread * estimate->spread + reference->spread * reference->spread) / 2;
    weight = estimate->samples * reference->samples / (estimate->samples + reference->samples);
    return beyond(estimate->typical / reference->typical, SURE * sqrt(variance / weight) + EQUAL);
}

double backhand_estimate_usual(const backhand_estimate *reference)
{
    return reference->service > 0 ? reference->service : USUAL_USEC;
}

double backhand_estimate_queue(const backhand_estimate *estimate)
{
    double waiting = estimate->inflight + 1 - (estimate->places > 1 ? estimate->places : 1);
    return waiting > 0 ? waiting / estimate->places : 0;
}

void backhand_estimate_explain(backhand_explanation *e, int id, const backhand_estimate *of, double usec)
{
    backhand_explanation_read(e, id, "expected_ms", usec / 1000);
    backhand_explanation_read(e, id, "in_flight", of->inflight);
    backhand_explanation_read(e, id, "at_once", of->parallel);
    if (of->samples > 0) {
        backhand_explanation_read(e, id, "typical_ms", of->typical / 1000);
        backhand_explanation_read(e, id, "spread", exp(of->spread));
    }
    backhand_explanation_read(e, id, "samples", of->samples);
    if (of->service > 0) {
        backhand_explanation_read(e, id, "service_ms", of->service / 1000);
    }
    backhand_explanation_read(e, id, "stall", of->stall);
    backhand_explanation_read(e, id, "burden", of->burden);
    backhand_explanation_read(e, id, "hop_ms", of->hop / 1000);
}
