/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file scenario.h
 * @brief What is simulated.
 *
 * Read-only once it is read. Times are in us. All of it lives in the pool that it was read into.
 */
#ifndef BACKHAND_SIM_SCENARIO_H
#define BACKHAND_SIM_SCENARIO_H

#include "candidacy/chain.h"
#include "sim/asks.h"
#include "sim/random.h"
#include "sim/trace.h"

#define SIM_GROUPS_MAX      256
#define SIM_DISPATCHERS_MAX 128
#define SIM_POLICIES_MAX    64
#define SIM_ASKS_MAX        1000
#define SIM_PARTS_MAX       1000
/** Values that one line may give for the cases of a table. */
#define SIM_CASES_MAX 16
/** No such moment. */
#define SIM_NEVER INT64_MAX

/** One `servers` line: servers that are alike. */
typedef struct sim_group {
    const char *name; /**< as in `fast`; the line's text if it has none */
    const char *zone; /**< "": none */
    int count;
    int workers; /**< 0: as many as it takes */
    int slots; /**< requests that something behind as many workers as it takes serves at a time; 0: `workers` says it */
    int cpus;  /**< that all requests of a server share; 0: each has one of its own */
    double speed;   /**< CPU seconds that a request gets done in a second */
    double score;   /**< what the speed is announced as */
    double memory;  /**< 0: it is not looked at */
    int64_t joins;  /**< 0: there from the start */
    int64_t fails;  /**< or SIM_NEVER */
    int64_t back;   /**< or SIM_NEVER */
    double colder;  /**< times slower, while it is cold; 1 or less: never */
    int64_t warm;   /**< how long after each start it is cold */
    double errors;  /**< share of the requests that it answers with an error, at once */
    int64_t errs;   /**< from when on */
    int64_t mended; /**< until when */
} sim_group;

/** Requests that a server of the group serves at once; 0: as many as it takes. */
static inline int sim_group_places(const sim_group *group)
{
    return group->cpus ? group->cpus : group->slots ? group->slots : group->workers;
}

/** Balancers that stand beside the chains for comparison. */
typedef enum sim_reference {
    SIM_CHAIN,
    SIM_HERE,
    SIM_ROUNDROBIN,
    SIM_LEASTCONN,
    SIM_RANDOM2,
    SIM_ORACLE,
    SIM_OMNISCIENT,
} sim_reference;

typedef struct sim_policy {
    const char *name;
    int line;
    sim_reference reference; /**< SIM_CHAIN: the chain is what counts */
    int reads_request;       /**< a function of the chain may look at the request */
    backhand_chain chain;
} sim_policy;

typedef struct sim_scenario {
    const char *file;   /**< its name, for messages */
    const char *folder; /**< that it stands in, complete: its paths are relative to it */
    const char *title;
    sim_group groups[SIM_GROUPS_MAX];
    int n_groups;
    int servers; /**< of all groups together */
    int dispatchers[SIM_CASES_MAX];
    int n_dispatchers;
    int on_servers; /**< the dispatchers are the first servers; else machines of their own */
    int figures[SIM_CASES_MAX];
    int n_figures;
    const sim_trace *trace; /**< arrivals as a log has them; NULL: by chance */
    int trace_times;        /**< its requests take as long as the log says, at a speed of 1 */
    int numbers;            /**< the report is for programs */
    double first;           /**< share of the clients that come to the first dispatcher; below 0: each has as many */
    double rate;            /**< requests a second; 0: `load` says it */
    double burst; /**< arrivals come this share more often in the first half of each `period`, and less in the second */
    int64_t period;
    double load; /**< of what the servers of the start can do, 1 being all */
    sim_ask asks[SIM_ASKS_MAX];
    int n_asks;
    double weights;     /**< of all of them together */
    sim_spread service; /**< CPU seconds that a request takes */
    sim_spread memory;  /**< memory that it takes while it is served */
    double thrash;      /**< how many times slower memory that is over-committed makes a server */
    double split;       /**< share of the requests that are longer, and done in parts */
    double longer;      /**< how many times, all parts together */
    int parts_min, parts_max;
    int each;           /**< not all parts together, but each of them takes that long, and the whole memory */
    int slowdown;       /**< the report says how much longer than alone requests took */
    int64_t interval;   /**< between two announcements of a server */
    double loss;        /**< share of the announcements that get lost, for each dispatcher of its own */
    int backlog;        /**< requests that wait for a worker count as in flight in what a server says */
    double load_window; /**< s that the load average looks back; 0: the load of that moment */
    int64_t delay;      /**< one way over the network */
    int64_t zone_delay; /**< the same between servers of different zones; SIM_NEVER: as `delay` */
    int64_t hop;        /**< what a hand-off costs besides, on its way there */
    int64_t hop_work;   /**< and CPU time at a server whose requests share CPUs, us */
    int64_t retry;      /**< a server that refused is asked last for so long */
    int tries;          /**< servers asked for one request */
    int64_t max_wait;   /**< a request that no server would begin within this time is refused; 0: no limit */
    double handoffs;    /**< share of a server's workers that may wait for other servers */
    double slow;        /**< one server in all is so many times slower; 0: none */
    int64_t moves;      /**< after so long another one is */
    int64_t duration;   /**< of a run, after the warm-up; while it is read, 0: not said */
    int64_t warmup;     /**< what arrives before counts not */
    uint64_t seed;      /**< of the first run; the next has the next number */
    int runs;
    sim_policy policies[SIM_POLICIES_MAX];
    int n_policies;
} sim_scenario;

#endif
