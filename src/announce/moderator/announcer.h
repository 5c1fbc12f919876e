/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file announcer.h
 * @brief The moderator's loop: measure, announce, receive. See moderator.h for the process.
 */
#ifndef BACKHAND_ANNOUNCER_H
#define BACKHAND_ANNOUNCER_H

#include "config/config.h"

/** Installs the handler for SIGTERM, which ends backhand_announcer_run(). */
void backhand_announcer_signals(void);

/**
 * Runs until SIGTERM, until `link` is closed at its other end, or until `parent` is gone. A byte from `link` means
 * that this server stops. Then the loop announces twice that this server leaves, announces nothing more, and sends a
 * byte back.
 * @param link   socket to httpd's parent, non-blocking
 * @param pause  time to wait before anything else
 * @param p      for this process
 */
void backhand_announcer_run(server_rec *s, pid_t parent, int link, apr_interval_time_t pause, apr_pool_t *p);

#endif
