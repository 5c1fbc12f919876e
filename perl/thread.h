/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file thread.h
 * @brief Keeps httpd's threads away from interpreters that they no longer hold.
 *
 * When mod_perl takes an interpreter back, it remains the interpreter of the thread that ran it, and from Perl 5.38 on
 * its locale remains that thread's locale. Meanwhile another thread may run the interpreter, or end it and free the
 * locale. Then the child crashes when the first thread parses a number or a request. So a thread that holds no
 * interpreter is given the one that all others of its server are cloned from, which lives as long as the child, and the
 * locale of the process. This protects the application's requests, too, not only those with policies.
 */
#ifndef BACKHAND_THREAD_H
#define BACKHAND_THREAD_H

#include "mod_perl_api.h"

/** True once for each configuration and key: hooks for an MPM with threads are to be registered. False for an MPM
 * without threads. @param key  static text */
int thread_wants_hooks(server_rec *s, const char *key);

/** Lets go of interpreters at the beginning and end of each request of this configuration. Does nothing for an MPM
 * without threads. Called in post_config; may be called several times. */
void thread_arrange(server_rec *s);

/** Lets go of the interpreter that this thread had last. To be called only when its connection holds none. */
void thread_let_go(const modperl_interp_pool_t *mip);

#endif
