/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file revoke.h
 * @brief Forgets the servers that a new configuration would not accept. Core: no httpd.
 */
#ifndef BACKHAND_REVOKE_H
#define BACKHAND_REVOKE_H

#include "announce/moderator/intake.h"

/**
 * Checks a table that an earlier configuration filled. Forgets every server whose last announcement the new `rules`
 * would not accept: its sender or contact is not covered, it is from another farm, or none of the new keys signed it.
 * Also forgets servers with a wrong clock. Called by the parent while there is no moderator.
 * @param rules  only `table`, `accept`, `farm`, `keys` and `optional` are used
 * @param first  the contact of one of the forgotten servers, for the log
 * @return the number of servers that were forgotten
 */
int backhand_revoke(const backhand_intake *rules, char first[BACKHAND_CONTACT_SIZE]);

#endif
