/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/decide.h"

#include <math.h>

/* A hand-off has to save at least this share of a request's time. */
#define MARGIN 0.05
/* Among equally good servers the emptier one comes first: a server with all places taken counts as slower by this share
 * of a request's time. Hops count only in steps of MARGIN: else their noise would choose between idle servers. */
#define EMPTIER 0.1
/* The burden of a server that fails every second time. From here on a server gets no requests as long as there is
 * another server, even a full one. */
#define FAILING 4

int backhand_decide_gains(double here, double there, double calm)
{
    return here - there > MARGIN * calm;
}

/* The time at a server, us; `calm`: without a queue, errors and the hop. */
static double time_at(const backhand_estimate *of, double calm)
{
    return calm * (1 + backhand_estimate_queue(of)) * of->burden + of->hop;
}

static double slowed(const backhand_estimate *of, const backhand_estimate *reference)
{
    return backhand_estimate_times(of, reference) * of->stall;
}

/* @return the burden from which on a server is passed over */
static double too_much(const backhand_contest *contest)
{
    for (int i = 0; i < contest->others + contest->here; i++) {
        if (contest->of[i].burden < FAILING) {
            return FAILING;
        }
    }
    return HUGE_VAL;
}

/* fmod() for small numbers; fmod() itself takes ten times as long. */
static double rest_of(double value, double unit)
{
    double units = unit > 0 ? value / unit : 0;
    return units < INT32_MAX ? value - unit * (double)(int64_t)units : 0;
}

/* Inserts an acceptable server in the order of the keys. */
static void insert(backhand_verdict *out, double keys[BACKHAND_ACCEPTED], int place, double key)
{
    int at = out->n++;
    for (; at > 0 && keys[at - 1] > key; at--) {
        keys[at] = keys[at - 1];
        out->best[at] = out->best[at - 1];
    }
    keys[at] = key;
    out->best[at] = place;
}

void backhand_decide(backhand_verdict *out, const backhand_contest *contest)
{
    const backhand_estimate *self = contest->here ? &contest->of[contest->others] : NULL;
    int n = contest->others + contest->here;
    const backhand_estimate *reference = n > 0 ? backhand_estimate_reference(contest->of, n) : NULL;
    double usual = n > 0 ? backhand_estimate_usual(reference) : 0, keys[BACKHAND_ACCEPTED], slow[BACKHAND_OTHERS + 1];
    double calm = self ? slowed(self, reference) * usual : 0;
    double here = self ? time_at(self, calm) - contest->bias : HUGE_VAL;
    double most = too_much(contest);

    out->n = 0;
    out->gap = 0;
    out->free = self && backhand_estimate_queue(self) == 0;
    for (int i = 0; i < contest->others && out->n < BACKHAND_ACCEPTED; i++) {
        const backhand_estimate *of = &contest->of[i];
        double there;
        if (of->burden >= most) {
            continue;
        }
        slow[i] = slowed(of, reference);
        there = time_at(of, slow[i] * usual);
        if (backhand_decide_gains(here, there, calm)) {
            insert(out, keys, i,
                   there - rest_of(of->hop, MARGIN * usual) + EMPTIER * usual * slow[i] * (of->inflight / of->places));
        }
    }
    if (out->n > 0 && self) {
        int best = out->best[0];
        out->gap = log(calm / usual * self->burden / (slow[best] * contest->of[best].burden));
    }
}

double backhand_decide_time_by(const backhand_estimate *of, const backhand_estimate *reference)
{
    return time_at(of, slowed(of, reference) * backhand_estimate_usual(reference));
}

double backhand_decide_time(const backhand_contest *contest, int i)
{
    return backhand_decide_time_by(&contest->of[i],
                                   backhand_estimate_reference(contest->of, contest->others + contest->here));
}
