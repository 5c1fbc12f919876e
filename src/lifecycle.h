/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file lifecycle.h
 * @brief The one table of this httpd: made at start, kept over graceful restarts, removed at the end.
 */
#ifndef BACKHAND_LIFECYCLE_H
#define BACKHAND_LIFECYCLE_H

#include "config/config.h"

/**
 * Hook post_config, real pass only, in the parent: makes UnixSocketDir (owned by httpd's user). Reuses the segment of
 * an earlier generation of this httpd, or makes one: a file in UnixSocketDir; if that fails, anonymous memory and one
 * warning. Sets conf->table and publishes it. If layout or size differ, it makes a new segment; old children keep
 * theirs.
 * @return OK or HTTP_INTERNAL_SERVER_ERROR, logged
 */
int backhand_lifecycle_open(apr_pool_t *pconf, server_rec *s);

#endif
