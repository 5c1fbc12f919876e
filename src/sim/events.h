/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file events.h
 * @brief What is going to happen, in the order of its time.
 */
#ifndef BACKHAND_SIM_EVENTS_H
#define BACKHAND_SIM_EVENTS_H

#include <stddef.h>
#include <stdint.h>

typedef enum sim_kind {
    SIM_ARRIVAL,  /**< the next request comes from a client */
    SIM_REACH,    /**< request `who` comes to the server that it was sent to */
    SIM_DONE,     /**< server `who` may have ended a request; `what` says which plan this belongs to */
    SIM_ANSWER,   /**< the response of request `who` comes back */
    SIM_REFUSAL,  /**< request `who` learns that its server cannot be reached, or has dropped it */
    SIM_ANNOUNCE, /**< server `who` announces itself */
    SIM_LOOK,     /**< server `who` looks whether it has something to say before its time */
    SIM_HEARD,    /**< its announcement comes to the dispatchers */
    SIM_CHANGE,   /**< the scenario has something in store: number `who` */
    SIM_WARM,     /**< server `who` is not cold any more */
    SIM_MOVE,     /**< another server becomes the slow one */
} sim_kind;

typedef struct sim_event {
    int64_t at;     /**< us since the run began */
    uint64_t order; /**< of two at one time, the one that was planned first comes first */
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
