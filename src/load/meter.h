/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file meter.h
 * @brief What this server measures of its own work. Core: no httpd.
 *
 * Each request that is served here leaves its time of arrival, its level (how many were being served then, itself
 * counted), its duration, and whether it failed. Four things are estimated from that:
 *
 *  - **How long a request takes here, for a comparison with other servers** (`typical`, with `spread` and `samples`).
 * The logarithms of durations are averaged, so that a few very long requests say little. The samples are those of the
 * last 30 s, up to 1024, in the order in which they *arrived*. Requests that still run count with their age, as soon as
 * they are older than a request takes on the average: samples in the order of their ends would make a server look slow
 * that has only long requests left. Requests under contention are left out while there are calm ones, and else divided
 * by it. The newest samples count, up to the last clear change (change.h): so a server that turns slow is known by its
 * next few requests, and one that stays as it is by a thousand. What is *usual* (usual.h) is learnt slowly, from calm
 * requests alone; samples are told as differences from it.
 *  - **How many are served at once before each takes longer** (`parallel`): see concurrency.h. 4 at first.
 *  - **Whether requests have ceased to end** (`stall`): see stall.h.
 *  - **How many fail** (`errors`): a smoothed share of the last few.
 *
 * `service` is the arithmetic mean of calm requests, to tell times by. `latency` is the median of the newest that came
 * at a concurrency like the present one; it is for policies, the rule does not look at it.
 */
#ifndef BACKHAND_METER_H
#define BACKHAND_METER_H

#include "figures/figures.h"
#include "load/concurrency.h"
#include "load/ring.h"
#include "load/stall.h"
#include "load/trial.h"
#include "load/usual.h"

/** In shared memory; all zero at first. Words that several processes use are atomics. */
typedef struct backhand_meter {
    int64_t inflight;     /**< requests being served now; see backhand_process_serve() */
    int64_t guests;       /**< requests that other servers have sent to the httpd at this server's contact, which is
                             another one, when it said so last; see backhand_meter_guests() */
    int64_t guests_heard; /**< when that was, us */
    int64_t served;       /**< requests that were served since the start */
    int64_t ended;        /**< when one last ended, us */
    int64_t given;   /**< requests that this server could have kept, by a function that tries it out when it is bad */
    int64_t failing; /**< smoothed share x 1000 of errors */
    backhand_ring ring;
    backhand_stall stall;
    backhand_trials trials;
    /* What the reader found, for all processes. */
    int64_t parallel; /**< x 1000; 0: not known yet, taken as BACKHAND_PARALLEL_FIRST */
    int64_t room;     /**< requests x 1000 up to which one has a free place here; 0: as parallel */
    int64_t slots;    /**< 1: each request needs a worker, and there are no more places than workers */
    int64_t behind;   /**< x 1000, in the logarithm: how much longer than the best other server this one seems to take,
                         both   idle; 0 or less: not at all. By backhand_standing_look(). */
    int64_t seems;    /**< us that a typical request takes a server as slow as this one seems, while it does not say so
                         itself; 0: not known. By the same. */
    int64_t slower;   /**< 1: another server would surely be sooner though this one has a free place */
    int64_t steady;   /**< us, the mean without the present slowness */
    int64_t typical;  /**< us, as in backhand_work */
    int64_t spread;   /**< x 1000 */
    /* The rest is the reader's own. */
    int64_t looked;  /**< requests in flight when the meter was read last */
    int64_t calm;    /**< the samples of the last reading were calm */
    double slowness; /**< by how much it is slower than usual, in the logarithm */
    uint64_t learnt; /**< ends that were learnt from */
    uint64_t forget; /**< places before this one do not count */
    backhand_usual usual;
    backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS];
    int64_t drift;      /**< by how much `inflight` was found to differ from the sum over all processes */
    int64_t drift_seen; /**< times in a row */
} backhand_meter;

/** A request begins to be served at `now` (us); or is served no longer. Any process. @return requests in flight then */
int64_t backhand_meter_enter(backhand_meter *meter, int64_t now);
int64_t backhand_meter_leave(backhand_meter *meter, int64_t now);

/** The request that has entered takes a place in the ring. `level`: what backhand_meter_enter() returned. */
void backhand_meter_begin(backhand_meter *meter, backhand_ring_entry *entry, int64_t level, int64_t now);
/**
 * Counts one more request that could have been kept here, by a function that tries this server out when it is bad.
 * Any process.
 * @return 1 if the request has a free place, this server is as fast as usual, without errors, and no other one would
 *         surely be sooner; else 0
 */
int backhand_meter_give(backhand_meter *meter);

/** It is a trial of this server. */
void backhand_meter_trial(backhand_meter *meter, backhand_ring_entry *entry);
/** It leaves no sample: another server has it, its client went, or it became a tunnel. */
void backhand_meter_void(backhand_meter *meter, backhand_ring_entry *entry);
/** One more was served, measured or not. */
void backhand_meter_count(backhand_meter *meter);
/** It ends, having taken `usec`, before it leaves. `failed`: 1 for a status of 500 or more. */
void backhand_meter_end(backhand_meter *meter, backhand_ring_entry *entry, int64_t usec, int failed, int64_t now);

/** The share x 1000 of errors now; 0 below 2 %. Any process. */
int64_t backhand_meter_errors(const backhand_meter *meter);
/** The stall factor x 1000 now, 1000 or more. Any process. */
int64_t backhand_meter_stall(const backhand_meter *meter, int64_t now);
/** The latency for a report: `read`, brought from the requests in flight at that time to those now. Any process. */
int64_t backhand_meter_latency(const backhand_meter *meter, int64_t read);
/** Requests x 1000 that are served at once; what is taken for it when that is not known. Any process. */
int64_t backhand_meter_parallel(const backhand_meter *meter);
/** Requests in flight now, 0 or more, guests included. Any process. */
int64_t backhand_meter_inflight(const backhand_meter *meter);

/**
 * With BackhandSelfRedirect this server's requests are served by another httpd, at its contact. Other servers send
 * requests there, too, which this server does not see. `guests`: how many of them are there, as the other httpd has
 * just said. They count until one second has passed without news. Any process.
 */
void backhand_meter_guests(backhand_meter *meter, int64_t guests, int64_t now);

/** Reads the meter, and learns from what has ended since. For one process at a time, the moderator, several times a
 * second. `workers`: requests that httpd serves at once, all told; 0: no limit is known. */
void backhand_meter_read(backhand_meter *meter, int64_t now, int64_t workers, backhand_work *out);

/** Brings those of the figures that change from one moment to the next, as they were read last, to this moment. Any
 * process. */
void backhand_meter_refresh(const backhand_meter *meter, int64_t now, backhand_work *work);

/** `inflight` counts what all processes say they serve. A process that was killed between two steps leaves them apart:
 * once the same difference was found 8 times in a row, it is taken back. For the process that reads the meter. */
void backhand_meter_reconcile(backhand_meter *meter, int64_t serving);

#endif
