/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/ring.h"

#include <math.h>

/* The bits of a record, highest first: 33, time of arrival in units of 16 us; 16, logarithm of the duration, 0 while
 * the request runs; 13, level; 1, trial; 1, failed. */
#define TIME_SHIFT  31
#define LOG_SHIFT   15
#define LEVEL_SHIFT 2
#define TIME_MASK   ((UINT64_C(1) << 33) - 1)
#define LOG_MAX     UINT64_C(65535)
#define LEVEL_MAX   8191
#define TRIAL       UINT64_C(2)
#define FAILED      UINT64_C(1)
#define TIME_UNIT   16     /* us */
#define LOG_UNIT    2000.0 /* units in 1 of the natural logarithm: durations are exact to 0.05 % */

static uint64_t get(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static int replace(backhand_ring *ring, const backhand_ring_entry *entry, uint64_t word)
{
    uint64_t before = entry->word;
    return __atomic_compare_exchange_n(&ring->begun[entry->number % BACKHAND_RING], &before, word, 0, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

void backhand_ring_begin(backhand_ring *ring, backhand_ring_entry *entry, int64_t level, int64_t now)
{
    uint64_t time = (uint64_t)now / TIME_UNIT & TIME_MASK;
    uint64_t at = level < 1 ? 1 : level > LEVEL_MAX ? LEVEL_MAX : (uint64_t)level;

    entry->number = __atomic_fetch_add(&ring->next, 1, __ATOMIC_RELAXED);
    entry->word = time << TIME_SHIFT | at << LEVEL_SHIFT;
    __atomic_store_n(&ring->begun[entry->number % BACKHAND_RING], entry->word, __ATOMIC_RELAXED);
}

void backhand_ring_trial(backhand_ring *ring, backhand_ring_entry *entry)
{
    if (entry->word) {
        replace(ring, entry, entry->word | TRIAL);
        entry->word |= TRIAL;
    }
}

void backhand_ring_leave(backhand_ring *ring, backhand_ring_entry *entry)
{
    uint64_t next = entry->number + 1;

    if (entry->word) {
        replace(ring, entry, 0);
        entry->word = 0;
        __atomic_compare_exchange_n(&ring->next, &next, entry->number, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
}

void backhand_ring_end(backhand_ring *ring, backhand_ring_entry *entry, int64_t usec, int failed)
{
    uint64_t number, word, took = 1 + (uint64_t)(LOG_UNIT * log((double)(usec > 1 ? usec : 1)) + 0.5);

    if (entry->word) {
        word = entry->word | (took < LOG_MAX ? took : LOG_MAX) << LOG_SHIFT | (failed ? FAILED : 0);
        replace(ring, entry, word);
        number = __atomic_fetch_add(&ring->ends, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&ring->ended[number % BACKHAND_RING], word, __ATOMIC_RELAXED);
        entry->word = 0;
    }
}

int backhand_ring_entry_is_trial(const backhand_ring_entry *entry)
{
    return (entry->word & TRIAL) != 0;
}

int64_t backhand_ring_entry_level(const backhand_ring_entry *entry)
{
    return (int64_t)(entry->word >> LEVEL_SHIFT) & LEVEL_MAX;
}

/* Another process may have noted an arrival a little after `now`. The age is 0 then; unsigned arithmetic alone would
 * make it 38 hours. */
static uint64_t age_of(uint64_t word, int64_t now)
{
    uint64_t age = ((uint64_t)now / TIME_UNIT - (word >> TIME_SHIFT)) & TIME_MASK;
    return age > TIME_MASK / 2 ? 0 : age;
}

static void unpack(backhand_record *out, uint64_t word)
{
    uint64_t took = word >> LOG_SHIFT & LOG_MAX;

    out->runs = took == 0;
    out->log = took ? (double)(took - 1) / LOG_UNIT : 0;
    out->level = (int)(word >> LEVEL_SHIFT) & LEVEL_MAX;
    out->trial = (word & TRIAL) != 0;
    out->failed = (word & FAILED) != 0;
}

int backhand_ring_read(backhand_record *out, const backhand_ring *ring, uint64_t number, int64_t now)
{
    uint64_t word = get(&ring->begun[number % BACKHAND_RING]);

    if (!word) {
        return 0;
    }
    unpack(out, word);
    out->age = (double)(age_of(word, now) * TIME_UNIT);
    if (out->runs) {
        out->log = log(out->age > 1 ? out->age : 1);
    }
    return 1;
}

int backhand_ring_read_end(backhand_record *out, const backhand_ring *ring, uint64_t number)
{
    uint64_t word = get(&ring->ended[number % BACKHAND_RING]);

    if (!word) {
        return 0;
    }
    unpack(out, word);
    out->age = 0;
    return 1;
}

void backhand_ring_wipe(backhand_ring *ring, uint64_t number, int64_t now, int64_t age)
{
    uint64_t *at = &ring->begun[number % BACKHAND_RING], word = get(at);

    if (word && age_of(word, now) > (uint64_t)age / TIME_UNIT) {
        __atomic_compare_exchange_n(at, &word, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
}
