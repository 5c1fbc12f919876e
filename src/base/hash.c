/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/hash.h"

uint64_t backhand_hash_add(uint64_t hash, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}
