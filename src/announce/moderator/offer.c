/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/offer.h"

#include <math.h>

/* Without a request of its own for so long no client comes to it. */
#define ALONE apr_time_from_sec(2)
/* So much slower than usual, in the logarithm x 1000, is slow. Surely slower than another server, hop and all, is slow
 * by however little: of servers that wait for requests the slower one gets none. */
#define SLOW 500
/* Offers are as far apart at least, and a fifth of the time since it was well. To one that fails each client may lose a
 * request. */
#define PAUSE         apr_time_from_msec(250)
#define PAUSE_FAILING apr_time_from_sec(1)
#define LATER         5
/* Samples that are enough for others to believe what it says of its speed. */
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
