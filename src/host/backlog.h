/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file backlog.h
 * @brief How many connections wait in the listen backlog of this server.
 *
 * The kernel has made them, and no worker has accepted them. Each brings a request that waits as those do which httpd
 * has seen, but no process of httpd has counted it.
 */
#ifndef BACKHAND_BACKLOG_H
#define BACKHAND_BACKLOG_H

#include <stdint.h>

/** The connections that wait, on all sockets that this server listens on; a system call for each. Any child. 0 in a
 * process that has closed them, as the moderator has. */
int64_t backhand_backlog_length(void);

#endif
