/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file dispatch.h
 * @brief Act: runs the chain, then does as the walk through the candidates says: serves here, hands off or redirects.
 */
#ifndef BACKHAND_DISPATCH_H
#define BACKHAND_DISPATCH_H

#include "config/config.h"

/** Hook handler, before all others: decides, and answers the request unless this server serves it. @return DECLINED:
 * this server serves the request */
int backhand_dispatch_handler(request_rec *r);

#endif
