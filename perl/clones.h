/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file clones.h
 * @brief Gives request interpreters what a PerlChildInitHandler did.
 *
 * Under a threaded MPM, mod_perl clones the first request interpreters in httpd's parent process, and runs
 * PerlChildInitHandlers in each child later, in the interpreter that further clones are made from. A global that such
 * a handler sets, as the manual recommends for load_serverstats(), is unknown in the first clones and known in later
 * ones. Here they are all made after it.
 */
#ifndef BACKHAND_CLONES_H
#define BACKHAND_CLONES_H

#include "mod_perl_api.h"

/** Arranges it for the children of this configuration. Called in post_config, as often as you like. */
void clones_arrange(server_rec *s);

#endif
