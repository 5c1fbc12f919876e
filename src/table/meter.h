/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file meter.h
 * @brief How fast this server does its work: what it announces of requests in flight, speed, latency and errors. Core.
 *
 * Every request that is served here leaves one sample: how many were being served when it came, how long it took,
 * whether it failed. Of the newest ones that are not older than 30 s this is made:
 *
 *  - `service`, how long a request takes where there is no crowd, and `parallel`, how many can be served at once before
 *    each takes longer: a server is taken as one that serves a request among q in `service` x max(1, q / parallel). That holds
 *    for CPUs that are shared, for workers behind a queue, and for what lies between. `service` is the mean of what
 *    the samples say by this, of as many of the newest as tell the same, outliers cut; `parallel` moves until the samples from crowds and those from elsewhere agree. It
 *    begins with 1 and grows as crowds turn out to be served no slower, so that a fresh server is not given more than it
 *    has shown to bear.
 *  - a server whose requests stay, none of them ending, has a `service` that grows with that time: the estimate of a mean
 *    from durations of which some are only known to be longer (maximum likelihood for exponential ones, with 4 of
 *    the usual kind taken as seen).
 *  - without samples for longer than the reader's patience, `service` falls by half in each further such time, with `parallel`
 *    1, and the samples so far do not count any more: so that a server that once was slow gets a request now and then, one
 *    at a time, by which it can show that it is no longer. A server that decides on requests itself tries itself out, by
 *    `trial`, sooner than it asks that of others: it sees at once what comes of it.
 */
#ifndef BACKHAND_METER_H
#define BACKHAND_METER_H

#include "table/levels.h"

#include <stdint.h>

/** Samples that are kept; a power of two. */
#define BACKHAND_METER_SAMPLES 1024

/** In shared memory; all zero at first. Words that several processes use are atomics. */
typedef struct backhand_meter {
    int64_t inflight; /**< requests being served now; see backhand_process_serve() */
    int64_t served;   /**< requests that were served since the start */
    int64_t ended;    /**< when one last ended, or one came while there was none, us */
    int64_t quick;    /**< an average of the last few durations as without a crowd, us */
    int64_t failing;  /**< share x 1000 of errors among the last few */
    int64_t sampled;  /**< when the last sample was left, us */
    uint64_t next;    /**< where the next sample goes, modulo BACKHAND_METER_SAMPLES */
    uint64_t samples[BACKHAND_METER_SAMPLES];
    /* The rest is written by the reader of the meter alone; from `forgotten` on it is read by nobody else. */
    int64_t parallel;   /**< x 1000; 0: 1000 */
    int64_t service;    /**< us, of the newest samples that there were; 0: none yet */
    int64_t latency;    /**< us */
    int64_t trial;      /**< `service` that this server goes by itself, with `parallel` 1, us; 0: as announced */
    int64_t looked;     /**< requests in flight when the meter was read last */
    uint64_t forgotten; /**< samples that do not count any more */
    double best;        /**< `service` as it has been at its best in the last minutes, us; 0: none yet */
    int64_t faded;      /**< `service` when they were forgotten; 0: never */
    uint64_t seen;      /**< samples that `levels` knows of */
    backhand_level levels[BACKHAND_LEVELS];
    int64_t drift;      /**< by how much `inflight` was found to differ from the sum over all processes */
    int64_t drift_seen; /**< times in a row */
} backhand_meter;

/** What a meter tells; numbers as in serverstat. */
typedef struct backhand_work {
    int64_t inflight, service, parallel, latency, errors, served;
} backhand_work;

/** A request came in at `now` (us) and is being served. @return requests in flight, this one counted */
int64_t backhand_meter_begin(backhand_meter *meter, int64_t now);

/** A request is served no longer, without leaving a sample: it was handed off, or its client went. */
void backhand_meter_drop(backhand_meter *meter);

/** Leaves a sample of a served request, to be followed by backhand_meter_drop(). `level`: what backhand_meter_begin() returned;
 * `usec`: how long it took; `failed`: 1 for a status of 500 or more. */
void backhand_meter_sample(backhand_meter *meter, int64_t level, int64_t usec, int failed, int64_t now);

/** The service time for a report on a response: `read`, what backhand_meter_read() said last or a policy wrote, unless the very last requests were
 * much slower. Any process. */
int64_t backhand_meter_service(const backhand_meter *meter, int64_t read);

/** The latency for a report: `read`, brought from the requests in flight at that time to those now. Any process. */
int64_t backhand_meter_latency(const backhand_meter *meter, int64_t read);

/** The share of errors for a report: `read`, or more if the very last requests failed more often. Any process. */
int64_t backhand_meter_errors(const backhand_meter *meter, int64_t read);

/** How long a server may be left alone before its figures fade, us. */
typedef struct backhand_patience {
    int64_t others; /**< what it announces and reports; 1 or more */
    int64_t own;    /**< what it goes by itself; 0: it decides on no requests */
} backhand_patience;

/** Reads the meter, and learns from its newest samples. For one process at a time, the moderator, several times a second. */
void backhand_meter_read(backhand_meter *meter, int64_t now, const backhand_patience *patience, backhand_work *out);

/** `inflight` counts what all processes say they serve. A process that was killed between two steps leaves them apart: once
 * the same difference was found 8 times in a row, it is taken back. For the process that reads the meter. */
void backhand_meter_reconcile(backhand_meter *meter, int64_t serving);

#endif
