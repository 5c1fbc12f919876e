/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/outcomes.h"
#include "table/inside.h"

const char *backhand_outcome_name(backhand_outcome outcome)
{
    static const char *const names[BACKHAND_OUTCOMES] = {
        [BACKHAND_OUTCOME_ANSWERED] = "answered",     [BACKHAND_OUTCOME_ERROR] = "error",
        [BACKHAND_OUTCOME_BROKEN_OFF] = "broken-off", [BACKHAND_OUTCOME_UNWANTED] = "unwanted",
        [BACKHAND_OUTCOME_UNUSABLE] = "unusable",     [BACKHAND_OUTCOME_REFUSED] = "refused",
        [BACKHAND_OUTCOME_DROPPED] = "dropped",       [BACKHAND_OUTCOME_TIMED_OUT] = "timed-out",
        [BACKHAND_OUTCOME_CLIENT] = "client",         [BACKHAND_OUTCOME_UNABLE] = "unable",
    };
    return names[outcome];
}

static void count(int64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

void backhand_table_tried(backhand_table *table, int id, uint64_t generation, backhand_outcome outcome, int retried,
                          apr_interval_time_t usec)
{
    backhand_slot *slot = &table->slots[id];

    if (backhand_acquire(&slot->generation) != generation) {
        return;
    }
    count(&slot->outcomes.tries[outcome]);
    if (retried) {
        count(&slot->outcomes.retried);
    }
    if (usec >= 0) {
        backhand_histogram_add(&slot->outcomes.took, backhand_request_bounds, usec);
    }
}

void backhand_table_outcomes(const backhand_table *table, int id, backhand_outcomes *out)
{
    const backhand_outcomes *outcomes = &table->slots[id].outcomes;

    for (int i = 0; i < BACKHAND_OUTCOMES; i++) {
        out->tries[i] = backhand_number_get(&outcomes->tries[i]);
    }
    out->retried = backhand_number_get(&outcomes->retried);
    backhand_histogram_read(&out->took, &outcomes->took);
}

void backhand_outcomes_clear(backhand_outcomes *outcomes)
{
    for (int i = 0; i < BACKHAND_OUTCOMES; i++) {
        backhand_number_set(&outcomes->tries[i], 0);
    }
    backhand_number_set(&outcomes->retried, 0);
    backhand_histogram_clear(&outcomes->took);
}

void backhand_table_decided(backhand_table *table, int reason, apr_interval_time_t usec)
{
    count(&table->counters->decided[reason]);
    if (usec >= 0) {
        backhand_histogram_add(&table->counters->decisions, backhand_decision_bounds, usec);
    }
}

int64_t backhand_table_decisions(const backhand_table *table, int reason)
{
    return backhand_number_get(&table->counters->decided[reason]);
}

void backhand_table_served(backhand_table *table, apr_interval_time_t usec)
{
    backhand_histogram_add(&table->counters->served, backhand_request_bounds, usec);
}

void backhand_table_decision_times(const backhand_table *table, backhand_histogram *out)
{
    backhand_histogram_read(out, &table->counters->decisions);
}

void backhand_table_served_times(const backhand_table *table, backhand_histogram *out)
{
    backhand_histogram_read(out, &table->counters->served);
}
