/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file chains.h
 * @brief The page `?chains`: which chains stand where in the configuration, in HTML and JSON.
 */
#ifndef BACKHAND_EXPLAIN_CHAINS_H
#define BACKHAND_EXPLAIN_CHAINS_H

#include <httpd.h>

/** Each writes the whole body. */
void backhand_chains_html(request_rec *r);
void backhand_chains_json(request_rec *r);

#endif
