/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file clones.h
 * @brief Makes variables that a PerlChildInitHandler sets known in all request interpreters.
 *
 * Under a threaded MPM mod_perl clones the first request interpreters in httpd's parent. Later each child runs
 * PerlChildInitHandlers, in the interpreter that further clones are made from. So a global that such a handler sets, as
 * the manual recommends for load_serverstats(), exists in later clones, but not in the first ones. This file replaces
 * the first clones by new ones after the handlers have run.
 */
#ifndef BACKHAND_CLONES_H
#define BACKHAND_CLONES_H

#include "mod_perl_api.h"

/** Prepares the children of this configuration. Called in post_config; may be called several times. */
void clones_arrange(server_rec *s);

/**
 * Registers a hook that runs in each child of this configuration after mod_perl's, before the child has threads. Does
 * nothing for an MPM without threads, or when called again.
 * @param key  key of the hook: static text
 */
void clones_hook(server_rec *s, const char *key, ap_HOOK_child_init_t *hook);

#endif
