/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file ring.h
 * @brief Records of the newest requests of this server, finished or still running, in their order of arrival.
 *
 * A request takes a place when it begins, and writes its duration there when it ends. So the newest records also show
 * requests that still run. Records of finished requests alone would show mostly short ones. A second ring has the
 * finished requests in the order of their ends, for statistics that count each request once. A record is one word,
 * which is read and written atomically; no process waits for another. If a later request has taken a request's place
 * before it ends, it leaves no record in the first ring. Core: no httpd; in shared memory, all zero at first.
 */
#ifndef BACKHAND_RING_H
#define BACKHAND_RING_H

#include <stdint.h>

/** Records in a ring; a power of two. */
#define BACKHAND_RING 1024

typedef struct backhand_ring {
    uint64_t next;                 /**< requests that have begun */
    uint64_t begun[BACKHAND_RING]; /**< records; place n is begun[n % BACKHAND_RING]; 0: void */
    uint64_t ends;                 /**< requests that have ended */
    uint64_t ended[BACKHAND_RING]; /**< records of finished requests, in the order of their ends */
} backhand_ring;

/** A request's place. All zero: it has none. */
typedef struct backhand_ring_entry {
    uint64_t number; /**< number of the place, from 0 on */
    uint64_t word;   /**< the record that was written there; 0: the request has no place */
} backhand_ring_entry;

/** An unpacked record of a request. */
typedef struct backhand_record {
    double age; /**< us since it arrived */
    double log; /**< ln(duration in us); while it runs, ln(age) */
    int level;  /**< requests that were being served when it arrived, including itself; 1 to 8191 */
    int runs;   /**< 1: it still runs */
    int failed; /**< 1: its status was 500 or more */
    int trial;  /**< 1: it was a trial, see trial.h */
} backhand_record;

/** Notes that a request of `level` arrives at `now` (us); `entry` gets its place. Any process, also for the functions
 * below. */
void backhand_ring_begin(backhand_ring *ring, backhand_ring_entry *entry, int64_t level, int64_t now);
/** Marks the request as a trial. */
void backhand_ring_trial(backhand_ring *ring, backhand_ring_entry *entry);
/** Removes the record of a request that says nothing about this server, for example because another server serves it.
 * If no request has arrived since, the place is free again; else it stays void. So a server that hands off most of its
 * requests remembers as many of its own as other servers. */
void backhand_ring_leave(backhand_ring *ring, backhand_ring_entry *entry);
/** Notes that the request ends after `usec`. `failed`: 1 for a status of 500 or more. */
void backhand_ring_end(backhand_ring *ring, backhand_ring_entry *entry, int64_t usec, int failed);

/** True when the request is a trial. */
int backhand_ring_entry_is_trial(const backhand_ring_entry *entry);
/** The level of the request. */
int64_t backhand_ring_entry_level(const backhand_ring_entry *entry);

/** Reads place `number`. @return 0 when it is void */
int backhand_ring_read(backhand_record *out, const backhand_ring *ring, uint64_t number, int64_t now);
/** Reads the record of finished request `number` from the second ring; `age` is 0. @return 0 when it is void */
int backhand_ring_read_end(backhand_record *out, const backhand_ring *ring, uint64_t number);
/** Makes the place void if its request arrived more than `age` us ago. The times of records repeat after 38 hours, so
 * old records must go before that. */
void backhand_ring_wipe(backhand_ring *ring, uint64_t number, int64_t now, int64_t age);

#endif
