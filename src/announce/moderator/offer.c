/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/offer.h"

#include <math.h>

/* A server that has decided on no request for this long counts as a server without clients. */
#define ALONE apr_time_from_sec(2)
/* A server is slow if it is slower than usual by this (ln of the factor, x 1000). It is also slow if it is behind
 * another server, by any amount: of two idle servers, the slower one gets no requests. */
#define SLOW 500
/* The shortest time between two offers: one of these pauses, or the time since the server was well divided by LATER, if
 * that is longer. The pause of a server that fails is longer, because each offer may cost a client a request. */
#define PAUSE         apr_time_from_msec(250)
#define PAUSE_FAILING apr_time_from_sec(1)
#define LATER         5
/* A number of samples from which on the other servers trust the announced speed. */
#define BELIEVED 3

static int is_alone(backhand_offer *offer, const backhand_meter *meter, apr_time_t now)
{
    int64_t given = backhand_number_get(&meter->given);

    if (given != offer->given) {
        offer->given = given;
        offer->decided = now;
    }
    return now - offer->decided > ALONE;
}

static int is_time(const backhand_offer *offer, const backhand_meter *meter, apr_time_t now)
{
    int64_t quiet = now - backhand_number_get(&meter->ended), since = (now - offer->well) / LATER;
    int64_t pause = backhand_meter_errors(meter) > 0 ? PAUSE_FAILING : PAUSE;

    return backhand_meter_inflight(meter) == 0 &&
           (backhand_number_get(&meter->trials.evidence) > 0 || quiet > (since > pause ? since : pause));
}

void backhand_offer_look(backhand_offer *offer, backhand_meter *meter, serverstat *stat, apr_time_t now)
{
    int64_t slowness = (int64_t)(1000 * meter->slowness), behind = backhand_number_get(&meter->behind);
    int offers, alone = is_alone(offer, meter, now);

    if (offer->well == 0 || (slowness < SLOW && behind <= 0 && backhand_meter_errors(meter) == 0)) {
        offer->well = now;
    }
    offers = alone && offer->well != now && is_time(offer, meter, now);
    backhand_number_set(&meter->trials.offers, offers);
    if (!offers) {
        return;
    }
    backhand_number_set(&meter->trials.gap, slowness > behind ? slowness : behind);
    stat->parallel = stat->stall = 1000;
    stat->errors = 0;
    stat->typical = (int64_t)exp(meter->usual.log);
    stat->samples = BELIEVED;
    if (slowness < SLOW) {
        stat->typical = stat->samples = stat->service = 0;
    }
}
