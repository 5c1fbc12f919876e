/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "ctl/json.h"

#include <stdio.h>

static void append(void *ctx, const char *text, size_t length)
{
    (void)ctx;
    fwrite(text, 1, length, stdout);
}

backhand_out ctl_out(void)
{
    return (backhand_out){.append = append};
}

void ctl_json_text(const backhand_out *out, int *first, const char *name, const char *text)
{
    backhand_out_text(out, *first ? "" : ",");
    *first = 0;
    backhand_out_json(out, name);
    backhand_out_text(out, ":");
    backhand_out_json(out, text);
}
