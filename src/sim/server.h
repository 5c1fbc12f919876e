/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file server.h
 * @brief A simulated server: its workers, its queue, its speed, and its announcements.
 *
 * A worker serves one request; those that find none wait in the order in which they came. Each request that is served
 * gets done `rate` CPU seconds a second: the server's speed; where its CPUs are shared, that times CPUs / requests when
 * these are more; where its requests take more memory than it has, that divided by the scenario's `thrash`.
 */
#ifndef BACKHAND_SIM_SERVER_H
#define BACKHAND_SIM_SERVER_H

#include "sim/clock.h"
#include "sim/world.h"

#include "announce/moderator/work.h"

struct sim_server {
    const sim_group *group;
    int up;        /**< there, and answering */
    uint64_t life; /**< counts its starts */
    double rate;   /**< CPU seconds per second that each request gets now */
    double done;   /**< the clock of work: CPU seconds that a request would have got done since the start */
    int64_t since; /**< when `done`, `load` and `used` were last brought up to date */
    double load;   /**< average, as the kernel makes it */
    double used;   /**< share of its CPUs or workers that was used, times us, since the last announcement */
    double memory; /**< that its requests take */

    uint32_t *running; /**< a heap by `ends` */
    uint32_t n_running, room;
    uint32_t held;        /**< workers that wait for other servers */
    uint32_t first, last; /**< of those that wait for a worker */
    uint32_t waiting;     /**< number of requests that wait for a worker */
    uint32_t coming;      /**< requests sent here that have not arrived yet */
    uint64_t plan;        /**< number of the valid SIM_DONE; older ones are ignored */
    int64_t planned;      /**< time of that event; SIM_NEVER: there is none */
    int64_t backed;       /**< requests received as handed off */
    int64_t time;         /**< smoothed time to serve one, us */
    int64_t announced;    /**< when it announced itself last */
    backhand_meter meter; /**< its own work, as httpd's code measures it */
    backhand_working working;
    int looks;         /**< a SIM_LOOK is planned */
    uint64_t sequence; /**< of its announcements */
    int spoken;        /**< it has announced itself since it started */
    int64_t started;   /**< when it started last */
    backhand_announcement announcement;
    backhand_announcement sent; /**< what it announced last, which may be an offer */
    backhand_announcement *far; /**< [SIM_FAR] what is under way to other zones, by sequence; NULL: not needed */
};

/** The most announcements of a server that are under way to other zones; of more, the newest are. */
#define SIM_FAR 64

/** True when both are servers, of different zones. */
int sim_server_is_far(const sim_world *world, uint32_t a, uint32_t b);
/** One way over the network between them, us. */
int64_t sim_server_delay(const sim_world *world, uint32_t a, uint32_t b);
/** The same from the server that the request was sent to, back to the request's dispatcher. */
int64_t sim_server_way_back(const sim_world *world, uint32_t request);

/** Makes the servers of the scenario. */
void sim_servers_make(sim_world *world);
void sim_servers_free(sim_world *world);

/** A request comes to the server: a worker takes it, or it waits. */
void sim_server_reach(sim_world *world, uint32_t server, uint32_t request);
/** The meter takes the request up; or gives it up, having learnt from it if `sample`. */
void sim_server_meter(sim_world *world, uint32_t server, uint32_t request);
void sim_server_unmeter(sim_world *world, uint32_t server, uint32_t request, int sample);
/** A worker that has the request already serves it; a server with slots serves it as soon as one is free. */
void sim_server_serve(sim_world *world, uint32_t server, uint32_t request);
/** A worker, where their number is limited, waits for another server from now on, or no longer; then it takes the next
 * request. */
void sim_server_hold(sim_world *world, uint32_t server);
/** It goes on with the request that it waited with; or, the next line, it takes the next one. */
void sim_server_unhold(sim_world *world, uint32_t server);
void sim_server_release(sim_world *world, uint32_t server);
/** SIM_DONE, with the number of its plan. */
void sim_server_done(sim_world *world, uint32_t server, uint64_t number);

/** The server fails: its requests are dropped. Or it starts again. */
void sim_server_fail(sim_world *world, uint32_t server);
void sim_server_start(sim_world *world, uint32_t server);
/** Call it when the speed of the server has changed; see sim_server_speed(). */
void sim_server_changed(sim_world *world, uint32_t server);
/** CPU seconds a second that a request alone gets done there now. */
double sim_server_speed(const sim_world *world, uint32_t server);
/** Requests there, and on their way there. */
uint32_t sim_server_inflight(const sim_server *server);

/** Fills in the figures that the server would announce now. */
void sim_server_measure(sim_world *world, uint32_t server, serverstat *stat);
/** SIM_LOOK: the server announces itself early if it has to. */
void sim_server_look(sim_world *world, uint32_t server);
/** Plans a SIM_LOOK, unless one is planned. */
void sim_server_plan_look(sim_world *world, uint32_t server);
/** SIM_ANNOUNCE: writes `announcement`, which comes to the dispatchers a little later, and plans the next. */
void sim_server_announce(sim_world *world, uint32_t server);

#endif
