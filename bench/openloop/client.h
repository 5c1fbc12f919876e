/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file client.h
 * @brief Many clients at once: requests on keep-alive connections to a few entries of a farm.
 *
 * A client behaves as a browser does that knows several addresses: when an entry cannot be reached, or closes the
 * connection before the first byte of a response, it asks the next one, three times in all. Any answer but 200 is a
 * failure, and so is one that breaks off or does not come in time.
 */
#ifndef OPENLOOP_CLIENT_H
#define OPENLOOP_CLIENT_H

#include "figures.h"
#include "plan.h"

#include <netinet/in.h>

#define CLIENT_ENTRIES_MAX 16
#define CLIENT_TRIES       3

typedef struct connection connection;

typedef struct client {
    struct sockaddr_in entries[CLIENT_ENTRIES_MAX];
    int entries_n;
    const char *path;    /* of the requests, without a query */
    int64_t began;       /* CLOCK_MONOTONIC, ns */
    int64_t timeout;     /* ns from the planned arrival */
    int64_t counts_from; /* ns since the beginning; earlier arrivals are not counted */
    int epoll;           /* the set that connections are added to, each with its pointer */
    connection *first;   /* all connections */
    connection *idle[CLIENT_ENTRIES_MAX];
    connection *closed;   /* to be freed when no event can name them any more */
    uint64_t outstanding; /* requests without an end */
    figures figures;
} client;

/** Now, ns since the beginning. */
int64_t client_now(const client *c);

/** Sends a request, at once. */
void client_send(client *c, const arrival *a);

/** Something happened to a connection, as epoll_wait() says. */
void client_event(client *c, connection *of, uint32_t events);

/** To be called after each round of events: frees what is closed. */
void client_sweep(client *c);

/** Ends requests that have no answer in time. */
void client_expire(client *c);

/** Closes all connections and frees all memory. */
void client_close(client *c);

#endif
