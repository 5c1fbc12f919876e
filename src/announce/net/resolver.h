/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file resolver.h
 * @brief Looks up names at intervals in a thread of its own, so that a slow resolver delays nothing. Core: no httpd.
 */
#ifndef BACKHAND_RESOLVER_H
#define BACKHAND_RESOLVER_H

#include "announce/net/lookup.h"

typedef struct backhand_question {
    const char *name;
    int port;   /**< as for backhand_lookup */
    int family; /**< as for backhand_lookup */
} backhand_question;

typedef struct backhand_resolver backhand_resolver;

/**
 * Starts the thread; all signals are blocked in it. The thread looks up one question at a time. It repeats a question
 * `again` us after an answer; until there is a first answer, after `retry` us. All memory is allocated here. Clearing
 * `p` waits for the thread.
 * @param questions  `count` questions, which live as long as `p`
 */
apr_status_t backhand_resolver_start(backhand_resolver **resolver, const backhand_question *questions, int count,
                                     backhand_lookup_fn lookup, apr_interval_time_t again, apr_interval_time_t retry,
                                     apr_pool_t *p);

/** A descriptor that becomes readable with each answer. */
int backhand_resolver_fd(const backhand_resolver *resolver);

/**
 * Takes the next answer; of several answers to one question, only the newest. Never waits for a lookup.
 * @param found  its `count` is 0 if the lookup failed; `problem` says why
 * @return the number of the question, or -1: none
 */
int backhand_resolver_next(backhand_resolver *resolver, backhand_found *found);

#endif
