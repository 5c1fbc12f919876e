/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file revoke.h
 * @brief Forgets the servers that another configuration would not take in. Core: no httpd.
 */
#ifndef BACKHAND_REVOKE_H
#define BACKHAND_REVOKE_H

#include "announce/moderator/intake.h"

/**
 * Goes over a table that an earlier configuration filled, and forgets every server whose last announcement `rules` would
 * not let in today: its sender or its contact is not accepted, it is of another farm, or the key that signed it is none of
 * today's. Forgets servers with a wrong clock too. Called by the parent while there is no moderator.
 * @param rules  `table`, `accept`, `farm`, `keys` and `optional` count
 * @param first  the contact of one of the forgotten servers, for the log
 * @return how many were forgotten
 */
int backhand_revoke(const backhand_intake *rules, char first[BACKHAND_CONTACT_SIZE]);

#endif
