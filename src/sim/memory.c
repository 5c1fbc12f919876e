/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *checked(void *memory)
{
    if (!memory) {
        fprintf(stderr, "bhsim: out of memory: simulate fewer servers or dispatchers, or less load\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

void *sim_memory_resize(void *old, size_t n, size_t size)
{
    return checked(n < SIZE_MAX / 2 / size ? realloc(old, n * size) : NULL);
}

void *sim_memory_zeroed(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size));
}

void sim_memory_free(void *memory)
{
    free(memory);
}
