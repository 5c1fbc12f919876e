/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file respite.h
 * @brief Remembers policies that block in an operation that cannot be stopped. Such a policy gets a respite: it is not
 * called for a while.
 *
 * All child processes of a configuration share one memory, which httpd's parent makes; a restart clears it. It holds up
 * to 64 policies that have blocked.
 */
#ifndef BACKHAND_RESPITE_H
#define BACKHAND_RESPITE_H

#include "mod_perl_api.h"

/** Length of a respite, as a multiple of the time that a policy may take. It begins when a policy blocks twice within
 * twice that time. */
#define RESPITE_TIMES 300

/** Makes the memory. Called in post_config; may be called several times. If that fails there are no respites. */
void respite_arrange(server_rec *s);

/** True while the policy is not to be called. */
int respite_lasts(const char *name);

/** Notes that a call of the policy, which may take `timeout` us, has blocked for longer.
 * @return 1 when this begins a respite */
int respite_note(const char *name, apr_interval_time_t timeout);

#endif
