/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file shared.h
 * @brief The one table of this httpd: made at start, kept over graceful restarts, removed at the end.
 */
#ifndef BACKHAND_SHARED_H
#define BACKHAND_SHARED_H

#include "config/config.h"

/**
 * Hook post_config, real pass only, as the parent: makes UnixSocketDir (owned by httpd's user), takes up the segment that
 * an earlier generation of this httpd made, or makes one (a file in UnixSocketDir; if that fails anonymous memory and one
 * warning), sets conf->table and publishes it. Another layout or size makes a new segment; old children keep theirs.
 * @return OK or HTTP_INTERNAL_SERVER_ERROR, logged
 */
int backhand_shared_open(apr_pool_t *pconf, server_rec *s);

#endif
