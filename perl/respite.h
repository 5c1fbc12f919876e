/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file respite.h
 * @brief Which policies block in an operation that cannot be stopped, and are therefore not called for a while.
 *
 * One memory for all child processes of a configuration, made in httpd's parent process; a restart forgets. Remembers
 * up to 64 policies that have blocked.
 */
#ifndef BACKHAND_RESPITE_H
#define BACKHAND_RESPITE_H

#include "mod_perl_api.h"

/** A respite lasts for so many times the time that a policy may take. A second blocking call within twice that time
 * after another begins one. */
#define RESPITE_TIMES 300

/** Makes the memory. Called in post_config, as often as you like. Without it, or without memory, there is no respite. */
void respite_arrange(server_rec *s);

/** True while the policy is not to be called. */
int respite_lasts(const char *name);

/** Notes that a call of the policy, which may take `timeout` us, has blocked for longer.
 * @return 1 when this begins a respite */
int respite_note(const char *name, apr_interval_time_t timeout);

#endif
