/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/say.h"

#include <apr_strings.h>

const char *backhand_reason_text(backhand_reason reason)
{
    static const char *const text[BACKHAND_REASONS] = {
        "served-here:chosen", "served-here:no-candidate", "served-here:gone",  "served-here:busy",
        "served-here:no-tls", "served-here:unready",      "served-here:limit", "served-here:failed",
        "served-here:own",    "served-here:marked",       "handed-off:chosen", "handed-off:next",
        "handed-off:failed",  "redirected:chosen",        "refused:away",      "refused:loop",
        "ended:client",
    };
    return text[reason];
}

static void say(request_rec *r, const char *name, const char *value)
{
    apr_table_setn(r->subprocess_env, name, value);
    apr_table_setn(r->notes, name, value);
}

void backhand_say(request_rec *r, const char *server, backhand_reason reason, int tries, apr_time_t usec)
{
    say(r, "BACKHAND_SERVER", server);
    say(r, "BACKHAND_REASON", backhand_reason_text(reason));
    say(r, "BACKHAND_TRIES", apr_itoa(r->pool, tries));
    say(r, "BACKHAND_USEC", apr_off_t_toa(r->pool, usec));
}
