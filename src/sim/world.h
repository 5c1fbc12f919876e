/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file world.h
 * @brief One run of one policy: the servers, the dispatchers and the requests between them.
 *
 * A request's way: it arrives at a dispatcher (arrivals.c), which picks a server (way.c), reaches that server,
 * waits there for a worker and is served (server.c), and its response comes back to the dispatcher. Time is in us since
 * the run began.
 */
#ifndef BACKHAND_SIM_WORLD_H
#define BACKHAND_SIM_WORLD_H

#include "sim/asks.h"
#include "sim/events.h"
#include "sim/histogram.h"
#include "sim/scenario.h"
#include "walk/walk.h"
#include "table/handoff.h"

/** No request, no server. */
#define SIM_NONE UINT32_MAX
/** Candidates that a request remembers, before and behind the one that was asked, for when that one refuses. */
#define SIM_FURTHER 8
/** Room for the first of the things that were wrong with a policy. */
#define SIM_COMPLAINT_SIZE 500

/** One of the cases of a table. */
typedef struct sim_case {
    int dispatchers;
    int figures; /**< servers return their figures with each response */
} sim_case;

/** The result of a policy, summed over its runs. */
typedef struct sim_result {
    sim_histogram times;
    uint64_t arrived;    /**< requests that count */
    uint64_t failed;     /**< of these, that no server answered */
    uint64_t errors;     /**< of these, answered with an error */
    uint64_t handoffs;   /**< requests sent to a server */
    uint64_t away;       /**< of these, to another one than that which caught it */
    uint64_t crossed;    /**< of these, to one of another zone */
    uint64_t again;      /**< of these, to the one that the request before was sent to */
    double peak;         /**< most requests that a server had, for each of its workers */
    double slowdown;     /**< sum over the requests: time they took by the time on a fastest server alone */
    double slowdown_run; /**< sum over the runs: the mean of that in a run */
    uint64_t runs;
    uint64_t complaints; /**< decisions in which something was wrong with the policy */
    char complaint[SIM_COMPLAINT_SIZE];
    uint64_t *shares; /**< [servers] requests sent to each */
} sim_result;

/** Where a request is. */
typedef enum sim_stage {
    SIM_CAUGHT, /**< with a dispatcher that stands on a server, before it is decided on */
    SIM_SENT,   /**< on its way to a server, or there */
} sim_stage;

/** A request, or a part of one. */
typedef struct sim_request {
    const sim_ask *ask;
    int64_t arrived;
    double work;                    /**< CPU seconds that it takes */
    double memory;                  /**< that it takes while it is served */
    double ends;                    /**< at this reading of its server's clock of work */
    int64_t began;                  /**< when a worker took it */
    int64_t sent;                   /**< when it was sent to a server */
    int64_t met;                    /**< when its server's meter began with it */
    int64_t level;                  /**< requests in flight there then; 0: the meter does not have it */
    backhand_ring_entry ring_entry; /**< in that meter */
    backhand_work report;           /**< what comes back with the response */
    int64_t usec;                   /**< the time that the server says it took */
    uint32_t dispatcher;
    uint32_t server; /**< where it was sent; SIM_NONE: nowhere yet */
    uint32_t next;   /**< in a server's queue, or in the list of those that are free */
    uint32_t parent; /**< the request that it is a part of, or SIM_NONE */
    uint32_t parts;  /**< of this request, that are not answered yet */
    uint64_t life;   /**< which life of the dispatcher's server it belongs to */
    sim_stage stage;
    backhand_walk walk;                /**< through the candidates */
    uint64_t generation;               /**< of the table when its chain ran */
    uint16_t further[2 * SIM_FURTHER]; /**< slots that are left of the list, in its order */
    uint8_t n_before, n_further;       /**< how many of these come before the one that was asked; and in all */
    uint8_t tries;                     /**< servers that a reference asked */
    uint8_t counts;                    /**< arrived after the warm-up */
    uint8_t error;
    uint8_t local;    /**< served by the server that caught it */
    uint8_t reported; /**< `report` is there */
} sim_request;

typedef struct sim_server sim_server;
typedef struct sim_dispatcher sim_dispatcher;
typedef struct sim_world sim_world;

/** The news of a request that its dispatcher gets from a server. */
typedef struct sim_hears {
    void (*pick)(sim_world *world, uint32_t request);      /**< a worker of its own server has it: pick a server */
    void (*returning)(sim_world *world, uint32_t request); /**< its response is complete, at another server */
    void (*answered)(sim_world *world, uint32_t request);  /**< the same, at its own */
    void (*dropped)(sim_world *world, uint32_t request);   /**< its own server failed */
} sim_hears;

struct sim_world {
    const sim_scenario *scenario;
    const sim_policy *policy;
    sim_case its_case;
    apr_pool_t *pool;
    int64_t now;
    sim_events events;
    backhand_generator arrivals, network, choices;
    sim_server *servers;         /**< [scenario->servers] */
    sim_dispatcher *dispatchers; /**< [its_case.dispatchers] */
    sim_request *requests;
    uint32_t room, free_request;
    uint32_t entry;            /**< of the trace, that comes next */
    uint64_t underway;         /**< requests that have arrived and are not over */
    double rate;               /**< arrivals a second */
    double fastest;            /**< largest speed of all servers */
    int64_t mark;              /**< load_hwm that all announce */
    int64_t mark_made;         /**< when it was worked out */
    uint32_t slow;             /**< the server that is slow now */
    uint32_t before;           /**< the server that a request was sent to last */
    double slowdown;           /**< sum over the requests that count, as in the result */
    uint64_t ended;            /**< how many these are */
    ServerSlot *list;          /**< [BACKHAND_SERVERS_MAX] of the decision that is under way */
    uint64_t *asked;           /**< [BACKHAND_WALK_WORDS(BACKHAND_SERVERS_MAX)] of the walk that is under way */
    backhand_walk_rules rules; /**< for all walks */
    struct request_rec *r;     /**< what functions that read requests get */
    const sim_hears *hears;
    sim_result *result;
};

static inline sim_request *sim_request_of(const sim_world *world, uint32_t request)
{
    return &world->requests[request];
}

/** False when announcements no longer matter, because all requests have been decided on. */
static inline int sim_decisions_to_come(const sim_world *world)
{
    return world->scenario->on_servers || world->now < world->scenario->warmup + world->scenario->duration;
}

/** A place for a request; may move all others. */
uint32_t sim_request_add(sim_world *world);
void sim_request_free(sim_world *world, uint32_t request);
/** A request, or a part of one, is over: it is counted, and its place is free. */
void sim_request_over(sim_world *world, uint32_t request, int answered);

/** Plans the arrivals and all changes of the scenario. */
void sim_arrivals_begin(sim_world *world);
/** The event of the next arrival. */
void sim_arrivals_next(sim_world *world);

/** Hears now and then how much of a run is done, 0 to 1. */
typedef struct sim_progress {
    void (*tell)(void *ctx, double share);
    void *ctx;
} sim_progress;

/**
 * Runs a policy once and adds its result.
 * @param seed      same seed, same result
 * @param progress  may be NULL
 */
void sim_run(const sim_scenario *scenario, const sim_policy *policy, sim_case its_case, uint64_t seed,
             sim_result *result, const sim_progress *progress, apr_pool_t *p);

#endif
