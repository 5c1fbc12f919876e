/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file spent.h
 * @brief Remembers the marks that have named a user, so that a copy of one names nobody. Core: no httpd.
 *
 * The memory is shared by all processes of this server and has no lock: any process, any thread. It holds a part of
 * each mark's signature until the mark is too old anyway.
 */
#ifndef BACKHAND_SPENT_H
#define BACKHAND_SPENT_H

#include <apr_time.h>
#include <stdint.h>

/** Places for marks in a bucket; a mark may be in either of two buckets. */
#define BACKHAND_SPENT_BUCKET 8
/** Together 524,288 places, 4 MB. They bear 4,000 marks a second with BackhandClockSkew 30s. */
#define BACKHAND_SPENT_BUCKETS 65536
/** The longest time that a mark can be remembered. */
#define BACKHAND_SPENT_KEEP_MAX apr_time_from_sec(7200)

typedef struct backhand_spent {
    int64_t made; /**< when, by backhand_clock_now() */
    int64_t told; /**< the caller's: when the log heard of marks that name nobody; an atomic */
    /** Part of a signature and the second until which it is kept; 0: free. */
    uint64_t places[BACKHAND_SPENT_BUCKETS][BACKHAND_SPENT_BUCKET];
} backhand_spent;

typedef enum backhand_spent_verdict {
    BACKHAND_SPENT_FIRST,  /**< it was not spent before, and is now */
    BACKHAND_SPENT_BEFORE, /**< it was spent before, or is being spent by two requests at once */
    BACKHAND_SPENT_EARLY,  /**< it was made before this memory was: it may have been spent before */
    BACKHAND_SPENT_FULL    /**< it cannot be remembered */
} backhand_spent_verdict;

/** Prepares a memory of zeros. `now` is of backhand_clock_now(), here and below. */
void backhand_spent_init(backhand_spent *spent, apr_time_t now);

/**
 * Spends a mark.
 * @param signature  of the mark, 64 hex digits, verified
 * @param age        how long ago the mark was stamped; negative: by a clock that is ahead
 * @param keep       for how long a copy could be believed yet, BACKHAND_SPENT_KEEP_MAX at most
 */
backhand_spent_verdict backhand_spent_spend(backhand_spent *spent, const char *signature, apr_interval_time_t age,
                                            apr_interval_time_t keep, apr_time_t now);

#endif
