/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pools.c
 * @brief To be preloaded by a server of a test: says on stderr, of each pool that mod_proxy gets for another server,
 * whether threads may use its allocator at once.
 */
#include <apr_allocator.h>
#include <apr_pools.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

__attribute__((visibility("default"))) void apr_pool_tag(apr_pool_t *pool, const char *tag)
{
    static void (*real)(apr_pool_t *, const char *);
    if (strcmp(tag, "backhand_worker") == 0) {
        fprintf(stderr, "pool %s: %s\n", tag,
                apr_allocator_mutex_get(apr_pool_allocator_get(pool)) ? "locked" : "not locked");
    }
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "apr_pool_tag");
        memcpy(&real, &found, sizeof(real));
    }
    real(pool, tag);
}
