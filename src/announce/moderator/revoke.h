/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file revoke.h
 * @brief Forgets the servers that a new configuration would not accept. Core: no httpd.
 */
#ifndef BACKHAND_REVOKE_H
#define BACKHAND_REVOKE_H

#include "announce/moderator/intake.h"

/**
 * Checks a table that an earlier configuration filled, and forgets every server whose last announcement `rules` would
 * not accept today: its sender or its contact is not covered, it is of another farm, or none of today's keys signed
 * it. Also forgets servers with a wrong clock. Called by the parent while there is no moderator.
 * @param rules  only `table`, `accept`, `farm`, `keys` and `optional` are used
 * @param first  the contact of one of the forgotten servers, for the log
 * @return how many were forgotten
 */
int backhand_revoke(const backhand_intake *rules, char first[BACKHAND_CONTACT_SIZE]);

#endif
