/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file page.h
 * @brief The status page: `SetHandler backhand-handler`.
 */
#ifndef BACKHAND_PAGE_H
#define BACKHAND_PAGE_H

#include "config/config.h"

/** Hook handler: the table as HTML, with `?auto` as `key: value` lines, with `?json` as JSON,
 * with `?metrics` as metrics. */
int backhand_status_handler(request_rec *r);

#endif
