/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file httpd_stand_in.h
 * @brief As much of httpd as directives need, so that a fuzz target can link the files that read them.
 *
 * Of what httpd says of itself: it reads its configuration, and every directive stands where it may. Files are below a
 * folder that does not exist. Names of hosts are not looked up: getaddrinfo() is wrapped by the linker and knows
 * numeric addresses only.
 */
#ifndef TESTS_FUZZ_HTTPD_STAND_IN_H
#define TESTS_FUZZ_HTTPD_STAND_IN_H

#include "config/config.h"

/** Makes a server with the default configuration, and puts it where the module looks for it. */
server_rec *stand_in_server(apr_pool_t *p);

/**
 * Reads one line of configuration as httpd does: finds the directive, cuts its arguments and calls its function.
 * @param dir  what directives of a container set
 * @param found  out: the directive, or NULL when the line has none of ours
 * @return NULL, or what the directive or httpd says is wrong
 */
const char *stand_in_read(server_rec *s, backhand_dir_config *dir, const char *line, const command_rec **found,
                          apr_pool_t *p);

#endif
