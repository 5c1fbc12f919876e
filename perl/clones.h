/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file clones.h
 * @brief Makes variables that a PerlChildInitHandler sets known in all request interpreters.
 *
 * Under a threaded MPM, mod_perl clones the first request interpreters in httpd's parent process, and runs
 * PerlChildInitHandlers in each child later, in the interpreter that further clones are made from. A global that such
 * a handler sets, as the manual recommends for load_serverstats(), is unknown in the first clones and known in later
 * ones. This file makes all clones after the handler.
 */
#ifndef BACKHAND_CLONES_H
#define BACKHAND_CLONES_H

#include "mod_perl_api.h"

/** Prepares the children of this configuration. Called in post_config; may be called several times. */
void clones_arrange(server_rec *s);

/**
 * Lets a hook run in each child of this configuration after mod_perl's, before the child has threads. Does nothing for
 * an MPM without threads, or when called again.
 * @param key  of the hook: static text
 */
void clones_hook(server_rec *s, const char *key, ap_HOOK_child_init_t *hook);

#endif
