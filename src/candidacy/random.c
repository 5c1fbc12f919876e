/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/random.h"
#include "base/random.h"

#include <apr_time.h>

#include <sys/random.h>
#include <unistd.h>

/* All words zero: not seeded yet. */
static _Thread_local backhand_generator own;

void backhand_random_seed(uint64_t seed)
{
    backhand_generator_begin(&own, seed);
}

static int is_seeded(void)
{
    return (own.state[0] | own.state[1] | own.state[2] | own.state[3]) != 0;
}

static backhand_generator *seeded(void)
{
    if (!is_seeded() && (getrandom(&own, sizeof(own), 0) != (ssize_t)sizeof(own) || !is_seeded())) {
        backhand_random_seed((uint64_t)apr_time_now() ^ (uint64_t)(uintptr_t)&own ^ ((uint64_t)getpid() << 40));
    }
    return &own;
}

double backhand_random_share(void)
{
    return backhand_generator_share(seeded());
}

uint32_t backhand_random_below(uint32_t bound)
{
    return backhand_generator_below(seeded(), bound);
}
