/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file announcer.h
 * @brief What the moderator process does all day: measure, announce, take in. See moderator.h for the process.
 */
#ifndef BACKHAND_ANNOUNCER_H
#define BACKHAND_ANNOUNCER_H

#include "config/config.h"

/** Installs the process's handler for SIGTERM, on which it ends. */
void backhand_announcer_signals(void);

/**
 * Runs until SIGTERM, until `link` is closed at its other end, or until `parent` is gone. A byte that comes by `link` says
 * that this server stops: it is announced twice that we leave, then nothing more, and a byte is sent back.
 * @param link   socket to httpd's parent, non-blocking
 * @param pause  wait that long before all else
 * @param p      for this process
 */
void backhand_announcer_run(server_rec *s, pid_t parent, int link, apr_interval_time_t pause, apr_pool_t *p);

#endif
