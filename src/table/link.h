/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file link.h
 * @brief This server's connection to a broker of BackhandTransport, for the status page. Core: no httpd.
 */
#ifndef BACKHAND_TABLE_LINK_H
#define BACKHAND_TABLE_LINK_H

#include "table/table.h"

/** Notes how the connection is. A `broker` that is too long is cut off. [moderator] */
void backhand_link_note(backhand_table *table, int connected, const char *broker);

/** There is no BackhandTransport. [moderator] */
void backhand_link_clear(backhand_table *table);

/** @return 0: there is no BackhandTransport, or it is just being written */
int backhand_link_read(backhand_link *out, const backhand_table *table);

#endif
