/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file page.h
 * @brief The pages `?explain=` and `?chains` of the status handler.
 */
#ifndef BACKHAND_EXPLAIN_PAGE_H
#define BACKHAND_EXPLAIN_PAGE_H

#include <httpd.h>

/** Hook handler, before the status page's: answers GET requests for these pages, and declines all others. */
int backhand_explain_handler(request_rec *r);

#endif
