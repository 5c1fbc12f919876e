/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/decide.h"
#include "candidacy/explanation.h"
#include "table/zone.h"

#include <math.h>

/* Percent. At 20 a request leaves the zone once every place there is taken, and a fifth as many requests wait; see
 * docs/functions.md. */
#define SPILL 20
/* The most servers of each side that are compared, this server not counted. Of its own zone more are looked at: a free
 * place that is overlooked there costs a hand-off over a distance. */
#define NEAR_MOST 16
#define FAR_MOST  BACKHAND_OTHERS

/* The candidates of this server's zone, or all others. */
typedef struct side {
    uint16_t ids[BACKHAND_SERVERS_MAX];
    int n;
    int live; /* some of them are */
    int here; /* this server is one of them */
} side;

_Static_assert(BACKHAND_SERVERS_MAX <= UINT16_MAX, "ids are 16 bits");

typedef struct contest {
    backhand_estimate of[NEAR_MOST + FAR_MOST + 1]; /* near ones, far ones, this server */
    int ids[NEAR_MOST + FAR_MOST + 1];
    int near, all;
} contest;

static void divide(side *near, side *far, const backhand_table *table, const ServerSlot *servers, int n)
{
    int used = backhand_table_used(table);

    near->n = near->live = near->here = far->n = far->live = far->here = 0;
    for (int i = 0; i < n; i++) {
        int id = servers[i].id;
        if (id == 0) {
            near->here = near->live = 1;
        }
        else if (id < used && backhand_table_near(table, id)) {
            near->ids[near->n++] = (uint16_t)id;
        }
        else if (id < used) {
            far->ids[far->n++] = (uint16_t)id;
        }
    }
}

/* Estimates a few servers at random, those that are live and have a ready worker. Servers that are not drawn lose their
 * order. */
static void draw(contest *out, side *from, const backhand_table *table, int most, apr_time_t now)
{
    for (int left = from->n; left > 0 && most > 0; left--) {
        int at = (int)backhand_random_below((uint32_t)left), id = from->ids[at];
        from->ids[at] = from->ids[left - 1];
        if (!backhand_table_usable(table, id, UINT64_MAX) || backhand_table_older_at(table, id, SERVER_TIMEOUT, now)) {
            continue;
        }
        from->live = 1;
        if (backhand_table_ready(table, id) > 0) {
            out->ids[out->all] = id;
            backhand_estimate_make(&out->of[out->all++], table, id, now);
            most--;
        }
    }
}

static void compare(contest *out, side *near, side *far, const backhand_table *table)
{
    apr_time_t now = backhand_table_now(table);

    out->all = 0;
    draw(out, near, table, NEAR_MOST, now);
    out->near = out->all;
    draw(out, far, table, FAR_MOST, now);
    if (near->here) {
        out->ids[out->all] = 0;
        backhand_estimate_make(&out->of[out->all++], table, 0, now);
    }
}

/* The shortest expected times, us; HUGE_VAL: no server there has a ready worker. */
static void find_best(double *here, double *there, const contest *of, backhand_explanation *e)
{
    const backhand_estimate *reference = of->all > 0 ? backhand_estimate_reference(of->of, of->all) : NULL;

    *here = *there = HUGE_VAL;
    for (int i = 0; i < of->all; i++) {
        double usec = backhand_decide_time_by(&of->of[i], reference);
        double *best = i < of->near || of->ids[i] == 0 ? here : there;
        *best = fmin(*best, usec);
        if (e) {
            backhand_estimate_explain(e, of->ids[i], &of->of[i], usec);
        }
    }
}

static int keep_near(const backhand_table *table, ServerSlot *servers, int n)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        if (backhand_table_near(table, servers[i].id)) {
            servers[kept++] = servers[i];
        }
    }
    return kept;
}

static int has_self(const ServerSlot *servers, int n)
{
    int i = 0;

    while (i < n && servers[i].id != 0) {
        i++;
    }
    return i < n;
}

static void explain(backhand_explanation *e, const char *what)
{
    char zone[BACKHAND_ZONE_SIZE];

    if (e) {
        backhand_zone_get(0, zone);
        backhand_explanation_say(e, "zone %s: %s", zone, what);
    }
}

static void explain_times(backhand_explanation *e, double here, double there, int64_t spill, int far)
{
    char zone[BACKHAND_ZONE_SIZE];

    if (!e) {
        return;
    }
    backhand_zone_get(0, zone);
    if (there == HUGE_VAL) {
        backhand_explanation_say(e, "zone %s: no server elsewhere has a ready worker, so those are left out", zone);
        return;
    }
    if (here == HUGE_VAL) {
        backhand_explanation_say(e,
                                 "zone %s: none of its servers has a ready worker, so servers of other zones stay "
                                 "in the list",
                                 zone);
        return;
    }
    backhand_explanation_say(e,
                             "zone %s: a request takes %.1f ms at its best server, and %.1f ms at the best elsewhere; "
                             "that is %s than %d %% longer, so servers of other zones %s",
                             zone, here / 1000, there / 1000, far ? "more" : "not more", (int)spill,
                             far ? "stay in the list" : "are left out");
}

/* True when servers of other zones may have the request. */
static int spills(const backhand_table *table, const ServerSlot *servers, int n, int64_t spill, backhand_explanation *e)
{
    side near, far;
    contest all;
    double here, there;
    int far_too;

    divide(&near, &far, table, servers, n);
    compare(&all, &near, &far, table);
    if (!near.live) {
        explain(e, "none of its servers can be asked, so servers of other zones stay in the list");
        return 1;
    }
    if (!far.live) {
        explain(e, "no server of another zone can be asked, so those are left out");
        return 0;
    }
    find_best(&here, &there, &all, e);
    far_too = here > there * (1 + (double)spill / 100);
    explain_times(e, here, there, spill, far_too);
    return far_too;
}

int backhand_by_zone(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const backhand_table *table = backhand_table_current();
    const backhand_candidates *run = backhand_chain_current();
    backhand_explanation *e = backhand_chain_explanation();
    int64_t spill = SPILL;

    (void)r;
    if (arg) {
        backhand_argument_whole(&spill, arg);
    }
    if (!backhand_table_zoned(table)) {
        if (e) {
            backhand_explanation_say(e, "this server has no BackhandZone, so the list stays as it is");
        }
        return *n;
    }
    if (run && run->owner >= 0) {
        explain(e, "only the owner of the session may serve the request, whatever its zone");
        return *n;
    }
    /* A free place here, and no server that is surely faster: the zone has a server as good as any. */
    if (has_self(servers, *n) && backhand_meter_would_give(backhand_table_meter(table))) {
        explain(e, "a place is free here, so servers of other zones are left out");
        return *n = keep_near(table, servers, *n);
    }
    if (!spills(table, servers, *n, spill, e)) {
        *n = keep_near(table, servers, *n);
    }
    return *n;
}
