/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/pairs.h"

#include <string.h>

const char *backhand_pair_next(backhand_pair *pair, const char *at, const char *end)
{
    const char *stop = memchr(at, '&', (size_t)(end - at));
    size_t length = (size_t)((stop ? stop : end) - at);
    const char *equals = memchr(at, '=', length);
    pair->name = (backhand_span){at, equals ? (size_t)(equals - at) : length};
    pair->value = (backhand_span){NULL, 0};
    if (equals) {
        pair->value = (backhand_span){equals + 1, length - pair->name.length - 1};
    }
    return stop ? stop + 1 : NULL;
}
