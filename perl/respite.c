/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "respite.h"
#include "limit.h"

#include <apr_shm.h>

#define PLACES 64

/** One policy. Times are those of policy_clock(), which is the same in all processes. */
typedef struct place {
    uint64_t key;       /**< hash of its name; 0: free */
    apr_time_t blocked; /**< when it last blocked; 0: never */
    apr_time_t until;   /**< when its respite ends */
} place;

typedef struct memory {
    apr_time_t latest; /**< end of the longest respite */
    place places[PLACES];
} memory;

static memory *shared;

static const char arranged_key[] = "backhand: respite";

void respite_arrange(server_rec *s)
{
    apr_pool_t *pconf = s->process->pconf;
    void *arranged = NULL;
    apr_shm_t *shm;
    apr_pool_userdata_get(&arranged, arranged_key, pconf);
    if (!arranged && apr_shm_create(&shm, sizeof(memory), NULL, pconf) == APR_SUCCESS) {
        arranged = memset(apr_shm_baseaddr_get(shm), 0, sizeof(memory));
        apr_pool_userdata_setn(arranged, arranged_key, NULL, pconf);
    }
    shared = arranged;
}

static uint64_t key_of(const char *name)
{
    uint64_t hash = policy_hash(name, 0);
    return hash ? hash : 1;
}

/* The policy's place; with `add`, a free one if it has none. */
static place *find(const char *name, int add)
{
    uint64_t key = key_of(name);
    int i;
    for (i = 0; i < PLACES; i++) {
        place *at = &shared->places[(key + (uint64_t)i) % PLACES];
        uint64_t there = __atomic_load_n(&at->key, __ATOMIC_ACQUIRE);
        if (!there && add &&
            __atomic_compare_exchange_n(&at->key, &there, key, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            return at;
        }
        if (there == key) {
            return at;
        }
        if (!there) {
            return NULL;
        }
    }
    return NULL;
}

int respite_lasts(const char *name)
{
    apr_time_t latest = shared ? __atomic_load_n(&shared->latest, __ATOMIC_RELAXED) : 0, now;
    const place *at;
    if (!latest || (now = policy_clock()) >= latest) {
        return 0;
    }
    at = find(name, 0);
    return at && now < __atomic_load_n(&at->until, __ATOMIC_RELAXED);
}

int respite_note(const char *name, apr_interval_time_t timeout)
{
    apr_time_t now = policy_clock(), before, until, latest;
    apr_interval_time_t length = RESPITE_TIMES * timeout;
    place *at = shared ? find(name, 1) : NULL;
    if (!at) {
        return 0;
    }
    before = __atomic_exchange_n(&at->blocked, now, __ATOMIC_RELAXED);
    until = __atomic_load_n(&at->until, __ATOMIC_RELAXED);
    if (!before || now - before >= 2 * length || now < until ||
        !__atomic_compare_exchange_n(&at->until, &until, now + length, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        return 0;
    }
    latest = __atomic_load_n(&shared->latest, __ATOMIC_RELAXED);
    while (latest < now + length && !__atomic_compare_exchange_n(&shared->latest, &latest, now + length, 0,
                                                                 __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return 1;
}
