/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file events.h
 * @brief The queue of future events, in the order of their times.
 */
#ifndef BACKHAND_SIM_EVENTS_H
#define BACKHAND_SIM_EVENTS_H

#include <stddef.h>
#include <stdint.h>

typedef enum sim_kind {
    SIM_ARRIVAL,   /**< the next request comes from a client */
    SIM_REACH,     /**< request `who` comes to the server that it was sent to */
    SIM_DONE,      /**< server `who` may have ended a request; `what` says which plan this belongs to */
    SIM_ANSWER,    /**< the response of request `who` comes back */
    SIM_REFUSAL,   /**< request `who` learns that its server cannot be reached, or has dropped it */
    SIM_ANNOUNCE,  /**< server `who` announces itself */
    SIM_LOOK,      /**< server `who` checks whether it has to announce itself early */
    SIM_HEARD,     /**< the announcement of server `who` comes to the dispatchers */
    SIM_HEARD_FAR, /**< the announcement number `what` of server `who` comes to the dispatchers of other zones */
    SIM_CHANGE,    /**< a server starts or fails; `who` is the number of the change, see arrivals.c */
    SIM_WARM,      /**< server `who` is no longer cold */
    SIM_MOVE,      /**< another server becomes the slow one */
} sim_kind;

typedef struct sim_event {
    int64_t at;     /**< us since the run began */
    uint64_t order; /**< decides between events of the same time: the one planned first comes first */
    sim_kind kind;
    uint32_t who;
    uint64_t what;
} sim_event;

/** A heap. All zero: empty. */
typedef struct sim_events {
    sim_event *heap;
    size_t n, room;
    uint64_t planned; /**< events so far */
} sim_events;

void sim_events_add(sim_events *events, int64_t at, sim_kind kind, uint32_t who, uint64_t what);
/** Takes the next one out. @return 0 when there is none */
int sim_events_next(sim_events *events, sim_event *out);
void sim_events_free(sim_events *events);

#endif
