/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "explain/formats.h"
#include "status/out.h"

#include <http_protocol.h>

#include <math.h>

static void append(void *ctx, const char *text, size_t length)
{
    (void)ap_rwrite(text, (int)length, ctx);
}

void backhand_json_text(request_rec *r, const char *text)
{
    const backhand_out out = {append, r};

    backhand_out_json(&out, text);
}

void backhand_json_member(request_rec *r, const char *key, const char *text)
{
    backhand_json_text(r, key);
    ap_rputc(':', r);
    backhand_json_text(r, text);
}

void backhand_json_number(request_rec *r, const char *key, double number)
{
    backhand_json_text(r, key);
    ap_rputc(':', r);
    if (!isfinite(number)) {
        ap_rputs("null", r);
    }
    else if (number == floor(number) && fabs(number) < 1e15) {
        ap_rprintf(r, "%.0f", number);
    }
    else {
        ap_rprintf(r, "%.6f", number);
    }
}
