/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file facts.h
 * @brief Facts of this server and of the client, for the forms of the status page for programs. Core: no
 * httpd.
 */
#ifndef BACKHAND_STATUS_FACTS_H
#define BACKHAND_STATUS_FACTS_H

#include "status/filter.h"
#include "table/table.h"

/** Why there are no servers. */
#define BACKHAND_NO_TABLE                                                                                              \
    "There is no table of servers: no directive of mod_backhand but this page stands in the configuration. Add "       \
    "MulticastStats and AcceptStats to make this server part of a farm, and restart httpd."

/** Texts may be NULL and numbers -1: not known, as outside of httpd. */
typedef struct backhand_facts {
    const char *machine;       /**< the system's name for this host */
    const char *httpd_version; /**< Apache/2.4.62 and the like */
    const char *httpd_built;   /**< when, as httpd says it */
    const char *viewer;        /**< the client's address */
    const char *farm;          /**< what this server announces, as the next four */
    const char *zone;          /**< NULL or empty: none */
    const char *hostname;
    const char *contact;          /**< empty: not known yet */
    int64_t interval;             /**< us */
    int64_t workers;              /**< workers that httpd may run */
    int64_t max_handoffs;         /**< requests that may wait for other servers at once */
    int64_t max_session_handoffs; /**< the same for requests that only their session's owner may serve */
    int64_t max_tunnels;          /**< tunnels to other servers that may be open at once */
    const backhand_table *table;  /**< NULL: there is none */
    backhand_filter filter;       /**< which servers are written */
} backhand_facts;

#endif
