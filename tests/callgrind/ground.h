/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file ground.h
 * @brief A table of live servers, and what they announce, for counting and timing what is done often.
 */
#ifndef BACKHAND_CALLGRIND_GROUND_H
#define BACKHAND_CALLGRIND_GROUND_H

#include "announce/moderator/intake.h"
#include "candidacy/chain.h"

/** Datagrams that are made in advance. */
#define GROUND_DATAGRAMS 64

typedef struct ground {
    apr_pool_t *pool;
    backhand_table *table;
    int live; /**< this server and the others */
    backhand_chain chain;
    backhand_candidates candidates;
    backhand_intake intake;
    backhand_keys *keys;
    apr_sockaddr_t *sender;
    uint64_t sequence; /**< of the newest announcements */
    char datagrams[GROUND_DATAGRAMS][BACKHAND_MESSAGE_SIZE];
    apr_size_t lengths[GROUND_DATAGRAMS];
    int next;      /**< datagram that is taken in next */
    int64_t found; /**< what a path found, so that no compiler leaves it out */
} ground;

/**
 * A table with `live` servers (1 to BACKHAND_SERVERS_MAX), in as many entries or BACKHAND_SERVERS_DEFAULT, whichever is
 * more. All have figures that differ, some have requests of ours. The recommended chain.
 * @param now  the table's clock
 */
ground *ground_make(int live, apr_time_t (*now)(void));

/** All others are heard again. */
void ground_hear(ground *g);

/** This server has so many requests in flight. */
void ground_busy(ground *g, int64_t inflight);

/** Makes the next GROUND_DATAGRAMS datagrams, of as many servers by turns as the table has beside this one, signed or
 * not. */
void ground_prepare(ground *g, int is_signed);

void ground_end(ground *g);

#endif
