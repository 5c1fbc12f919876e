/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/reason.h"
#include "table/outcomes.h"

_Static_assert(BACKHAND_REASONS <= BACKHAND_REASONS_MAX, "the table has a counter for each reason");

const char *backhand_reason_text(backhand_reason reason)
{
    static const char *const text[BACKHAND_REASONS] = {
        [BACKHAND_HERE_CHOSEN] = "served-here:chosen",
        [BACKHAND_HERE_FREE] = "served-here:free",
        [BACKHAND_HERE_SOONEST] = "served-here:soonest",
        [BACKHAND_HERE_TRIAL] = "served-here:trial",
        [BACKHAND_HERE_NONE] = "served-here:no-candidate",
        [BACKHAND_HERE_GONE] = "served-here:gone",
        [BACKHAND_HERE_BUSY] = "served-here:busy",
        [BACKHAND_HERE_NO_TLS] = "served-here:no-tls",
        [BACKHAND_HERE_CODED] = "served-here:coded",
        [BACKHAND_HERE_UNREADY] = "served-here:unready",
        [BACKHAND_HERE_LIMIT] = "served-here:limit",
        [BACKHAND_HERE_TUNNELS] = "served-here:tunnels",
        [BACKHAND_HERE_INTERPRETERS] = "served-here:interpreters",
        [BACKHAND_HERE_FAILED] = "served-here:failed",
        [BACKHAND_HERE_OWN] = "served-here:own",
        [BACKHAND_HERE_MARKED] = "served-here:marked",
        [BACKHAND_HERE_UNSAFE] = "served-here:unsafe",
        [BACKHAND_NOT_PROXYPASS] = "not-balanced:proxypass",
        [BACKHAND_OFF_CHOSEN] = "handed-off:chosen",
        [BACKHAND_OFF_SOONER] = "handed-off:sooner",
        [BACKHAND_OFF_NEXT] = "handed-off:next",
        [BACKHAND_OFF_FAILED] = "handed-off:failed",
        [BACKHAND_REDIRECTED] = "redirected:chosen",
        [BACKHAND_REDIRECTED_SESSION] = "redirected:session",
        [BACKHAND_REFUSED_SESSION] = "refused:session",
        [BACKHAND_REFUSED_WAIT] = "refused:wait",
        [BACKHAND_REFUSED_AWAY] = "refused:away",
        [BACKHAND_REFUSED_LOOP] = "refused:loop",
        [BACKHAND_ENDED_GONE] = "ended:gone",
        [BACKHAND_ENDED_CLIENT] = "ended:client",
    };
    return text[reason];
}
