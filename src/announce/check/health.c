/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/health.h"

#include <inttypes.h>
#include <stdio.h>

int backhand_health_note(backhand_health *health, int why, int fall, int rise, apr_time_t now)
{
    int failed = why != BACKHAND_WHY_NONE;
    int wanted = !health->known ? 1 : failed ? fall : rise;

    health->known = 1;
    if (failed) {
        health->why = why;
    }
    if (failed == health->down) {
        health->row = 0;
        return 0;
    }
    if (++health->row < wanted) {
        return 0;
    }
    health->row = 0;
    health->down = failed;
    health->since = now;
    return 1;
}

int64_t backhand_health_seconds(const backhand_health *health, apr_time_t now)
{
    int64_t seconds = apr_time_sec(now - health->since);

    if (!health->down) {
        return 0;
    }
    return seconds < 1 ? 1 : seconds;
}

static const char *fixed_text(int64_t why)
{
    switch (why) {
    case BACKHAND_WHY_NONE:
        return "no reason was given";
    case BACKHAND_WHY_TIME:
        return "the check took too long";
    case BACKHAND_WHY_CONNECT:
        return "the check got no connection";
    case BACKHAND_WHY_TLS:
        return "the TLS handshake failed";
    case BACKHAND_WHY_HTTP:
        return "the check got no complete HTTP response";
    case BACKHAND_WHY_RUN:
        return "the program cannot be run";
    default:
        return NULL;
    }
}

const char *backhand_health_text(int64_t why, char out[BACKHAND_HEALTH_TEXT])
{
    const char *text = fixed_text(why);

    if (text) {
        return text;
    }
    if (why >= BACKHAND_WHY_SIGNAL) {
        snprintf(out, BACKHAND_HEALTH_TEXT, "signal %" PRId64 " ended the program", why - BACKHAND_WHY_SIGNAL);
    }
    else if (why >= BACKHAND_WHY_EXIT) {
        snprintf(out, BACKHAND_HEALTH_TEXT, "the program's exit status was %" PRId64, why - BACKHAND_WHY_EXIT);
    }
    else {
        snprintf(out, BACKHAND_HEALTH_TEXT, "the response's status was %" PRId64, why);
    }
    return out;
}
