/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file offer.h
 * @brief Offers: a server without clients of its own that seems slow or seems to fail announces now and then that it
 * could take one request. That request is a trial, see trial.h. Core: no httpd.
 */
#ifndef BACKHAND_OFFER_H
#define BACKHAND_OFFER_H

#include "table/table.h"

/** State that the moderator keeps. All zero at first. */
typedef struct backhand_offer {
    int64_t given;      /**< backhand_meter.given at the last call */
    apr_time_t decided; /**< when that number last grew */
    apr_time_t well;    /**< when this server last seemed as good as the others */
} backhand_offer;

/** Turns `stat` into an offer if it is time for one. An offer announces that this server has a free place, does not
 * fail, and is as fast as usual. If it is not slower than usual, but seems slow all the same or fails, its speed is
 * announced as unknown. `now`: by the clock of the meter. */
void backhand_offer_look(backhand_offer *offer, backhand_meter *meter, serverstat *stat, apr_time_t now);

#endif
