/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file ring.h
 * @brief Records of the requests that this server serves, those that still run included, in the order in which they
 * came.
 *
 * A request takes a place when it begins and writes the same place again when it ends. So what the newest requests say
 * is not only said by those of them that are over already, which would be the short ones. What has ended stands in a
 * second ring besides, in the order of the ends, for what is learnt of each request once. A record is one word, never
 * read in halves; nobody waits for anybody. A request whose place was taken by a later one meanwhile leaves no record
 * in the first ring. Core: no httpd; in shared memory, all zero at first.
 */
#ifndef BACKHAND_RING_H
#define BACKHAND_RING_H

#include <stdint.h>

/** Records in a ring; a power of two. */
#define BACKHAND_RING 1024

typedef struct backhand_ring {
    uint64_t next;                 /**< requests that have begun */
    uint64_t begun[BACKHAND_RING]; /**< place n is begun[n % BACKHAND_RING]; 0: void */
    uint64_t ends;                 /**< requests that have ended */
    uint64_t ended[BACKHAND_RING]; /**< the same words, in the order of the ends */
} backhand_ring;

/** A request's place. All zero: it has none. */
typedef struct backhand_ring_entry {
    uint64_t number; /**< counts from 0 on */
    uint64_t word;   /**< as the place has it; 0: it has none */
} backhand_ring_entry;

/** A record, read. */
typedef struct backhand_record {
    double age; /**< us since it came */
    double log; /**< natural logarithm of the us that it took; of one that runs, of its age */
    int level;  /**< requests that were being served when it came, itself counted; 1 to 8191 */
    int runs;   /**< it has not ended yet */
    int failed; /**< its status was 500 or more */
    int trial;  /**< the server tried itself out with it */
} backhand_record;

/** A request comes at `now` (us) as one of `level`. Any process. */
void backhand_ring_begin(backhand_ring *ring, backhand_ring_entry *entry, int64_t level, int64_t now);
/** It is a trial. */
void backhand_ring_trial(backhand_ring *ring, backhand_ring_entry *entry);
/** It is served by another server, or says nothing of this one for another reason. Its place is void, or free again
 * when no other has come since: a server that hands off most of what comes to it remembers as long as others do. */
void backhand_ring_leave(backhand_ring *ring, backhand_ring_entry *entry);
/** It has taken `usec`, and ends. `failed`: 1 for a status of 500 or more. */
void backhand_ring_end(backhand_ring *ring, backhand_ring_entry *entry, int64_t usec, int failed);

/** True when the request is a trial. */
int backhand_ring_entry_is_trial(const backhand_ring_entry *entry);
/** Requests that were being served when it came. */
int64_t backhand_ring_entry_level(const backhand_ring_entry *entry);

/** Reads place `number`. @return 0 when it is void */
int backhand_ring_read(backhand_record *out, const backhand_ring *ring, uint64_t number, int64_t now);
/** Reads the end `number`: its level, logarithm and whether it failed. @return 0 when there is none */
int backhand_ring_read_end(backhand_record *out, const backhand_ring *ring, uint64_t number);
/** Makes the place void if it is still that of a request that came more than `age` us ago: a time comes round after 38
 * hours. */
void backhand_ring_wipe(backhand_ring *ring, uint64_t number, int64_t now, int64_t age);

#endif
