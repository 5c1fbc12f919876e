/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file offer.h
 * @brief A server that no client comes to, and that seems slow or to fail, offers itself now and then for one request,
 * to show whether that is still so. What comes of it is weighed as trial.h says. Core: no httpd.
 */
#ifndef BACKHAND_OFFER_H
#define BACKHAND_OFFER_H

#include "table/table.h"

/** The moderator's. All zero at first. */
typedef struct backhand_offer {
    int64_t given;      /**< requests that this server could have kept, as of the last look */
    apr_time_t decided; /**< when that number grew last */
    apr_time_t well;    /**< when it seemed as good as the others last */
} backhand_offer;

/** Looks whether it is time for an offer. If so, `stat` gets to say that this server takes one request at once, as fast
 * as it usually is, or, when that is slow itself, of a speed that is not known. `now`: the clock of the meter. */
void backhand_offer_look(backhand_offer *offer, backhand_meter *meter, serverstat *stat, apr_time_t now);

#endif
