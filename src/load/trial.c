/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/trial.h"

#include <math.h>

#define MANY       48       /* requests that are sent away before a trial */
#define LATER      5        /* the pause after a trial is the time since the server became bad, divided by this */
#define LOST       60000000 /* us; a trial that has not ended after this counts as lost */
#define GAP_MIN    300      /* smaller gaps count as this: few trials could not tell them from no gap */
#define STEP       3000     /* the most evidence from one trial */
#define SURE       3000     /* evidence that is enough: 20 times as likely */
#define GOOD       2        /* good trials that are needed */
#define ERRORS     0.02     /* from this share of errors on, trials weigh errors and not speed */
#define ERRORS_MAX 0.95

static int64_t get(const int64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void set(int64_t *word, int64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static int64_t within(double value, int64_t most)
{
    return value > (double)most ? most : value < (double)-most ? -most : (int64_t)value;
}

static void start_over(backhand_trials *trials)
{
    set(&trials->evidence, 0);
    set(&trials->good, 0);
}

static int is_out(const backhand_trials *trials, int64_t now)
{
    int64_t out = get(&trials->out);
    return out != 0 && now >= out && now - out < LOST;
}

static int is_time(const backhand_trials *trials, int64_t sent, int64_t now)
{
    return sent > MANY && now >= get(&trials->next);
}

void backhand_trials_copy(backhand_trials *out, const backhand_trials *trials)
{
    *out = (backhand_trials){
        .bad = get(&trials->bad),
        .sent = get(&trials->sent),
        .next = get(&trials->next),
        .out = get(&trials->out),
        .offers = get(&trials->offers),
        .gap = get(&trials->gap),
        .evidence = get(&trials->evidence),
        .good = get(&trials->good),
        .first = __atomic_load_n(&trials->first, __ATOMIC_RELAXED),
        .recovered = get(&trials->recovered),
    };
}

int backhand_trials_due(backhand_trials *trials, double gap, int64_t now)
{
    int64_t sent = __atomic_add_fetch(&trials->sent, 1, __ATOMIC_RELAXED), out = get(&trials->out);

    if (get(&trials->bad) == 0) {
        set(&trials->next, now);
        set(&trials->bad, now);
        start_over(trials);
    }
    if (is_out(trials, now) || (get(&trials->evidence) == 0 && !is_time(trials, sent, now))) {
        return 0;
    }
    if (!__atomic_compare_exchange_n(&trials->out, &out, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        return 0;
    }
    set(&trials->next, now + (now - get(&trials->bad)) / LATER);
    set(&trials->gap, within(1000 * gap, INT32_MAX));
    return 1;
}

void backhand_trials_well(backhand_trials *trials)
{
    if (get(&trials->bad) != 0 && get(&trials->out) == 0) {
        set(&trials->bad, 0);
    }
}

void backhand_trials_drop(backhand_trials *trials)
{
    set(&trials->out, 0);
}

/* The evidence for a recovery from one trial without an error: a logarithm of a likelihood ratio, x 1000. For a server
 * that fails: how much more likely that result is if it no longer fails. For a slow server: how much more likely that
 * duration is if the mean of ln(duration) is smaller by `gap`; a normal distribution is assumed. */
static int64_t weigh(const backhand_trials *trials, const backhand_trial_result *tried)
{
    int64_t least = get(&trials->gap);
    double gap = (double)(least > GAP_MIN ? least : GAP_MIN) / 1000, above = tried->log - tried->slow;
    double speaks = 0, errors = tried->errors < ERRORS_MAX ? tried->errors : ERRORS_MAX;

    if (errors >= ERRORS) {
        return within(-1000 * log(1 - errors), STEP);
    }
    speaks = -gap * (above + gap / 2) / (tried->spread * tried->spread);
    return within(1000 * speaks, STEP);
}

void backhand_trials_end(backhand_trials *trials, const backhand_trial_result *tried)
{
    int64_t evidence;

    set(&trials->sent, 0);
    set(&trials->out, 0);
    if (tried->failed) {
        start_over(trials);
        return;
    }
    evidence = get(&trials->evidence) + weigh(trials, tried);
    if (evidence <= 0) {
        start_over(trials);
        return;
    }
    set(&trials->evidence, evidence);
    if (__atomic_fetch_add(&trials->good, 1, __ATOMIC_RELAXED) == 0) {
        __atomic_store_n(&trials->first, tried->number, __ATOMIC_RELAXED);
    }
    if (evidence > SURE && get(&trials->good) >= GOOD) {
        set(&trials->recovered, 1 + (int64_t)__atomic_load_n(&trials->first, __ATOMIC_RELAXED));
        set(&trials->bad, 0);
        start_over(trials);
    }
}
