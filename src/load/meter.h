/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file meter.h
 * @brief The meter: measures this server's own work. Core: no httpd.
 *
 * For each request served here the meter notes the time of arrival, the level (how many requests were being served
 * then, including this one), the duration, and whether it failed. It estimates four things:
 *
 *  - **How long a request takes here, for a comparison with other servers** (`typical`, with `spread` and `samples`).
 * It averages the logarithms of durations, so that a few very long requests have little weight. The samples are the
 * requests that *arrived* in the last 30 s, up to 1024. A request that still runs counts with its age, once that is
 * more than the mean duration. In the order of their ends, the samples of a server with only long requests left would
 * make it look slow. Requests under contention are left out while there are enough calm ones; else their durations are
 * divided by the contention. Only the samples since the last clear change count (change.h). So a few requests show that
 * a server became slow, while a server that does not change is known by up to a thousand. The *usual* duration
 * (usual.h) is learnt slowly, from calm requests alone; samples are differences from it.
 *  - **How many requests are served at once before each takes longer** (`parallel`): see concurrency.h. 4 at first.
 *  - **Whether requests have ceased to end** (`stall`): see stall.h.
 *  - **How many requests fail** (`errors`): a smoothed share of the last few.
 *
 * `service` is the mean duration of calm requests, for estimates of times. While there are too few of them, it is the
 * time for which a request has a place (pace.h). `latency` is the median duration of the
 * newest requests that arrived at about the present concurrency; it is for policies; the rule of decide.h does not use
 * it.
 */
#ifndef BACKHAND_METER_H
#define BACKHAND_METER_H

#include "figures/figures.h"
#include "load/concurrency.h"
#include "load/pace.h"
#include "load/ring.h"
#include "load/stall.h"
#include "load/trial.h"
#include "load/usual.h"

/** In shared memory; all zero at first. Words that several processes use are atomics. */
typedef struct backhand_meter {
    int64_t inflight;     /**< requests being served now; see backhand_process_serve() */
    int64_t guests;       /**< requests that other servers have at the httpd at this server's contact, if that is
                             another httpd; see backhand_meter_guests() */
    int64_t guests_heard; /**< when that number came, us */
    int64_t served;       /**< requests served since the start */
    int64_t ended;        /**< when a request last ended, us */
    int64_t given;        /**< requests that this server could have kept, see backhand_meter_give() */
    int64_t failing;      /**< smoothed share x 1000 of errors */
    backhand_ring ring;
    backhand_stall stall;
    backhand_trials trials;
    /* Results of the process that reads the meter, for all processes: */
    int64_t parallel; /**< x 1000; 0: not known yet, taken as BACKHAND_PARALLEL_FIRST */
    int64_t room;     /**< places x 1000: a request has a free place up to this level; 0: not known yet */
    int64_t slots;    /**< 1: each request needs a worker, so there are as many places as workers */
    int64_t behind;   /**< ln of the factor by which this server, idle, seems slower than the best other idle server,
                         x 1000; 0 or less: it is not slower. Set by backhand_standing_look() */
    int64_t seems;    /**< duration in us that a typical request seems to take here, judged by the other servers, while
                         this server has too few samples; 0: unknown. Set by backhand_standing_look() */
    int64_t slower;   /**< 1: another server would surely be faster although this one has a free place */
    int64_t steady;   /**< backhand_usual.steady, us */
    int64_t typical;  /**< us, as in backhand_work */
    int64_t spread;   /**< standard deviation of ln(duration in us), x 1000 */
    /* Only the process that reads the meter uses the rest: */
    int64_t looked;  /**< requests in flight when the meter was last read */
    int64_t calm;    /**< 1: the last reading used calm requests only */
    double slowness; /**< ln of the factor by which this server is slower than usual */
    uint64_t learnt; /**< ends of requests that were learnt from */
    uint64_t forget; /**< records before this place in the ring do not count */
    backhand_usual usual;
    backhand_pace pace;
    backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS];
    int64_t drift;      /**< sum over all processes minus `inflight`, at the last check */
    int64_t drift_seen; /**< how many checks in a row found the same difference */
} backhand_meter;

/** Notes that a request begins (enter) or ends (leave) to be served at `now`, us. Any process.
 * @return requests in flight after that */
int64_t backhand_meter_enter(backhand_meter *meter, int64_t now);
int64_t backhand_meter_leave(backhand_meter *meter, int64_t now);

/** Gives a request that has entered a place in the ring. `level`: the result of backhand_meter_enter(). */
void backhand_meter_begin(backhand_meter *meter, backhand_ring_entry *entry, int64_t level, int64_t now);
/**
 * Counts a request that this server could keep. Called by candidacy functions that make trials when this server is bad.
 * Any process.
 * @return 1 if the request has a free place, this server does not fail or stall, and no other server would surely be
 *         faster; else 0
 */
int backhand_meter_give(backhand_meter *meter);
/** The same, without a count. */
int backhand_meter_would_give(const backhand_meter *meter);

/** Marks the request as a trial of this server. */
void backhand_meter_trial(backhand_meter *meter, backhand_ring_entry *entry);
/** Removes the request's record: another server serves it, its client went away, or it became a tunnel. */
void backhand_meter_void(backhand_meter *meter, backhand_ring_entry *entry);
/** Counts a request that was served, measured or not. */
void backhand_meter_count(backhand_meter *meter);
/** Notes the result of a request that took `usec`. Call it before backhand_meter_leave(). `failed`: 1 for a status of
 * 500 or more. */
void backhand_meter_end(backhand_meter *meter, backhand_ring_entry *entry, int64_t usec, int failed, int64_t now);

/** The share x 1000 of errors now; 0 below 2 %. Any process. */
int64_t backhand_meter_errors(const backhand_meter *meter);
/** The stall factor x 1000 now, 1000 or more. Any process. */
int64_t backhand_meter_stall(const backhand_meter *meter, int64_t now);
/** Scales `read`, the latency at the last reading, to the requests in flight now. Any process. */
int64_t backhand_meter_latency(const backhand_meter *meter, int64_t read);
/** `parallel` x 1000; BACKHAND_PARALLEL_FIRST while it is not known. Any process. */
int64_t backhand_meter_parallel(const backhand_meter *meter);
/** Requests in flight now, 0 or more, guests included. Any process. */
int64_t backhand_meter_inflight(const backhand_meter *meter);

/**
 * Sets the number of guests. With BackhandSelfRedirect another httpd, at this server's contact, serves this server's
 * requests. Other servers send requests to it, too, which this server does not see: its *guests*. The other httpd has
 * just reported their number. It is valid for one second. Any process.
 */
void backhand_meter_guests(backhand_meter *meter, int64_t guests, int64_t now);

/** Reads the meter, and learns from the requests that ended since the last reading. The moderator calls it several
 * times a second; only one process at a time may. `workers`: the number of httpd's workers; 0: unknown. */
void backhand_meter_read(backhand_meter *meter, int64_t now, int64_t workers, backhand_work *out);

/** Updates the figures that change quickly (inflight, latency, errors, stall) since the meter was last read. Any
 * process. */
void backhand_meter_refresh(const backhand_meter *meter, int64_t now, backhand_work *work);

/** Corrects `inflight` if it differs from `serving`, the sum over all processes. A process that was killed at the wrong
 * moment leaves such a difference. It is corrected once 8 calls in a row have found the same one. For the process that
 * reads the meter. */
void backhand_meter_reconcile(backhand_meter *meter, int64_t serving);

#endif
