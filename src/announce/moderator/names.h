/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file names.h
 * @brief Looks up the names among the destinations of MulticastStats each minute, in a thread of the moderator.
 */
#ifndef BACKHAND_NAMES_H
#define BACKHAND_NAMES_H

#include "announce/moderator/journal.h"
#include "announce/net/lookup.h"
#include "announce/net/transport.h"

typedef struct backhand_names backhand_names;

/** Starts to look up the names among the transport's destinations. @return NULL when there are none */
backhand_names *backhand_names_start(const apr_array_header_t *destinations, backhand_transport *transport,
                                     backhand_journal *journal, apr_pool_t *p);

/** Takes the answers that have arrived. Never waits. `names` may be NULL. @return 1 if there are new addresses */
int backhand_names_apply(backhand_names *names);

#endif
