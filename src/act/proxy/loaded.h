/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file loaded.h
 * @brief Checks that the modules that a hand-off needs are loaded.
 */
#ifndef BACKHAND_LOADED_H
#define BACKHAND_LOADED_H

#include "config/config.h"

/** Modules whose hooks run before ours, for ap_hook_post_config() and ap_hook_child_init(). */
extern const char *const backhand_proxy_modules[];

/** Hook check_config: if a chain may hand off, mod_proxy and mod_proxy_http must be loaded. @return OK, or an error
 * that is logged */
int backhand_proxy_check_loaded(const server_rec *s);

#endif
