/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file asks.h
 * @brief The requests of clients, as policies see them.
 */
#ifndef BACKHAND_SIM_ASKS_H
#define BACKHAND_SIM_ASKS_H

#include <apr_tables.h>

struct request_rec;

/** A request line and its headers. */
typedef struct sim_ask {
    double weight; /**< how often it comes, relative to the others */
    double first;  /**< share of these requests that comes to the first dispatcher; below 0: see sim_scenario */
    double times;  /**< factor for its service time */
    const char *method;
    const char *uri;      /**< the path */
    const char *args;     /**< what follows `?`, or NULL */
    apr_table_t *headers; /**< never NULL */
} sim_ask;

/** Splits a request target into path and arguments, which are put into the pool. */
void sim_ask_target(sim_ask *ask, const char *target, apr_pool_t *p);

/**
 * A request_rec of httpd's shape with method, uri, unparsed_uri, args, headers_in, pool, connection (client_ip
 * 192.0.2.1) and server, and nothing else: for functions from shared objects, and for Perl.
 */
struct request_rec *sim_request_rec_make(apr_pool_t *p);
/** Gives it another request, and a pool that is empty again. */
void sim_request_rec_fill(struct request_rec *r, const sim_ask *ask);

#endif
