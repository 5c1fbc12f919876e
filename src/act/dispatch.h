/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file dispatch.h
 * @brief Act: runs the chain, then serves here, hands off or redirects, as the walk through the candidates says.
 */
#ifndef BACKHAND_DISPATCH_H
#define BACKHAND_DISPATCH_H

#include "config/config.h"

/** Hook handler, before all others: decides and, if another server is chosen, answers. @return DECLINED: served here */
int backhand_dispatch_handler(request_rec *r);

#endif
