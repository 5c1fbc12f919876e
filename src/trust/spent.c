/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "trust/spent.h"
#include "base/hex.h"

/* A place holds 40 bits of the signature, and below them 24 bits of a time in seconds. */
#define TIME_BITS 24
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

/* The buckets that may hold a mark, and the content of its place. */
typedef struct token {
    uint64_t *buckets[2];
    uint64_t print; /* of the signature, in the upper bits of a place */
    uint64_t second;
} token;

/* Returns the number that n hex digits say. */
static uint64_t hex_number(const char *digits, int n)
{
    uint64_t number = 0;
    for (; n > 0; n--, digits++) {
        number = number << 4 | (uint64_t)backhand_hex_value(*digits);
    }
    return number;
}

static token token_of(backhand_spent *spent, const char *signature, apr_time_t now)
{
    token t;
    t.buckets[0] = spent->places[hex_number(signature, 8) % BACKHAND_SPENT_BUCKETS];
    t.buckets[1] = spent->places[hex_number(signature + 8, 8) % BACKHAND_SPENT_BUCKETS];
    /* Never 0, because 0 means a free place. */
    t.print = (hex_number(signature + 16, 10) | 1) << TIME_BITS;
    t.second = (uint64_t)apr_time_sec(now);
    return t;
}

static uint64_t look(const uint64_t *place)
{
    return __atomic_load_n(place, __ATOMIC_SEQ_CST);
}

static int is_live(uint64_t value, uint64_t second)
{
    return value != 0 && ((value - second) & TIME_MASK) <= (uint64_t)apr_time_sec(BACKHAND_SPENT_KEEP_MAX) + 1;
}

/* Returns in how many places the mark is; counts the free places of each bucket. */
static int count(const token *t, int empty[2])
{
    int found = 0;
    for (int b = 0; b < 2; b++) {
        empty[b] = 0;
        for (int i = 0; i < BACKHAND_SPENT_BUCKET; i++) {
            uint64_t value = look(&t->buckets[b][i]);
            int live = is_live(value, t->second);
            empty[b] += !live;
            found += live && (value & ~TIME_MASK) == t->print && !(b == 1 && t->buckets[1] == t->buckets[0]);
        }
    }
    return found;
}

/* @return 0 when the bucket has no free place, or others took the last one */
static int put(uint64_t *bucket, uint64_t second, uint64_t value)
{
    for (int i = 0; i < BACKHAND_SPENT_BUCKET; i++) {
        uint64_t before = look(&bucket[i]);
        if (!is_live(before, second) &&
            __atomic_compare_exchange_n(&bucket[i], &before, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            return 1;
        }
    }
    return 0;
}

void backhand_spent_init(backhand_spent *spent, apr_time_t now)
{
    spent->made = now;
}

backhand_spent_verdict backhand_spent_spend(backhand_spent *spent, const char *signature, apr_interval_time_t age,
                                            apr_interval_time_t keep, apr_time_t now)
{
    token t = token_of(spent, signature, now);
    uint64_t value = t.print | ((t.second + (uint64_t)apr_time_sec(keep) + 1) & TIME_MASK);
    int empty[2], fuller;

    if (age > now - spent->made) {
        return BACKHAND_SPENT_EARLY;
    }
    if (count(&t, empty)) {
        return BACKHAND_SPENT_BEFORE;
    }
    /* Tries the emptier bucket first, so that nearly all places are used before a mark finds none. */
    fuller = empty[0] < empty[1];
    if (!put(t.buckets[fuller], t.second, value) && !put(t.buckets[!fuller], t.second, value)) {
        return BACKHAND_SPENT_FULL;
    }
    /* When two copies come at the same time, at least one of them sees the other. */
    return count(&t, empty) == 1 ? BACKHAND_SPENT_FIRST : BACKHAND_SPENT_BEFORE;
}
