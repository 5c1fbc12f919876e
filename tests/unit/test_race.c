/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* One writer of announcements, readers, and policies that write, all at once: no reader ever gets a mixture. Run it
 * with -fsanitize=thread too. */

#include "farm.h"

#include "table/process.h"

#include <pthread.h>
#include <stdlib.h>

#define READERS  2
#define ROUND    16 /* announcements of one server in a row */
#define CONTACTS 12 /* more than there are slots: they change hands */

static int done;
static int64_t mixtures;
static int64_t reads;

static int running(void)
{
    return !__atomic_load_n(&done, __ATOMIC_ACQUIRE);
}

/* Every word of what this makes follows from `k`. Some in a row are of one server, so that readers meet the writer. */
static backhand_announcement derived(uint64_t k)
{
    int n = 1 + (int)(k / ROUND % CONTACTS);
    backhand_announcement said = server(n, (uint64_t)n, k);
    const backhand_field *field;
    for (field = backhand_fields(); field->name; field++) {
        *(int64_t *)(void *)((char *)&said.stat + field->offset) = (int64_t)(k % 1000);
    }
    said.stat.inflight = said.keepalive = (int64_t)k;
    memset(said.stat.hostname, 'a' + (int)(k % 26), sizeof(said.stat.hostname) - 1);
    memset(said.farm, 'a' + (int)(k % 26), sizeof(said.farm) - 1);
    return said;
}

static int is_mixture(backhand_announcement *got)
{
    backhand_announcement want = derived(got->sequence);
    got->stat.mtime = want.stat.mtime;
    return memcmp(got, &want, sizeof(want)) != 0;
}

/* The content that a reader saw in a slot before. */
typedef struct sight {
    uint64_t generation, boot;
} sight;

/* The generation of a copy is its own: it never goes back, and as long as it stays the slot keeps its server. */
static int is_of_another_time(const backhand_announcement *got, uint64_t generation, sight *last)
{
    int wrong = generation < last->generation || (generation == last->generation && got->boot != last->boot);
    *last = (sight){generation, got->boot};
    return wrong;
}

static void *reader(void *unused)
{
    int64_t wrong = 0;
    sight seen[SERVERS] = {{0, 0}};
    for (int id = 1; running(); id = 1 + id % (SERVERS - 1)) {
        backhand_announcement got;
        char hostname[BACKHAND_HOSTNAME_SIZE];
        uint64_t generation;
        if (backhand_table_read(table, id, &got, &generation)) {
            __atomic_add_fetch(&reads, 1, __ATOMIC_RELAXED);
            wrong += is_mixture(&got);
            wrong += is_of_another_time(&got, generation, &seen[id]);
        }
        if (backhand_identity_get(id, hostname, NULL)) {
            wrong += hostname[0] != hostname[BACKHAND_HOSTNAME_SIZE - 2];
        }
        (void)backhand_table_usable(table, id, backhand_table_generation(table));
        (void)backhand_table_older(table, id, 20);
        (void)backhand_table_silent(table, id);
        (void)backhand_table_ready(table, id);
        (void)backhand_table_rival(table, id);
    }
    __atomic_add_fetch(&mixtures, wrong, __ATOMIC_RELAXED);
    return unused;
}

/* As a policy may: every number of every server, and the counters that a hand-off changes. */
static void *policy(void *unused)
{
    for (int64_t value = 0; running(); value++) {
        for (int id = 0; id < SERVERS; id++) {
            for (const backhand_field *field = backhand_fields(); field->name; field++) {
                backhand_number_set((int64_t *)(void *)((char *)&serverstats[id] + field->offset), value);
            }
            __atomic_add_fetch(&table->slots[id].sent, 1, __ATOMIC_RELAXED);
            __atomic_add_fetch(&table->slots[id].returned, 1, __ATOMIC_RELAXED);
            backhand_number_set(&table->slots[id].refused, value);
        }
    }
    return unused;
}

static void *children(void *unused)
{
    for (int64_t pid = 1; running(); pid++) {
        backhand_process *row = backhand_process_claim(table, pid);
        int64_t serving;
        if (row) {
            __atomic_add_fetch(&row->serving, 1, __ATOMIC_RELAXED);
            backhand_process_sum(table, &serving, NULL);
            backhand_process_release(table, pid);
        }
    }
    return unused;
}

/* A busy machine may leave too little of the time to some thread. */
static int saw_enough(void)
{
    return __atomic_load_n(&reads, __ATOMIC_RELAXED) > 1000 && backhand_table_generation(table) > SERVERS;
}

static void readers_get_no_mixture(void **state)
{
    pthread_t threads[READERS + 2];
    apr_time_t end = apr_time_now() + apr_time_from_msec(800);
    apr_time_t limit = end + apr_time_from_sec(20) * atoi(getenv("BACKHAND_TEST_TIMEOUT_SCALE") ?: "1");
    (void)state;
    backhand_table_set_clocks(table, apr_time_now, apr_time_now);
    for (int i = 0; i < READERS; i++) {
        pthread_create(&threads[i], NULL, reader, NULL);
    }
    pthread_create(&threads[READERS], NULL, policy, NULL);
    pthread_create(&threads[READERS + 1], NULL, children, NULL);
    for (uint64_t k = 1; apr_time_now() < end || (!saw_enough() && apr_time_now() < limit); k++) {
        backhand_announcement said = derived(k);
        if (k % ROUND == 0) {
            /* All have fallen silent: slots change hands. */
            for (int id = 1; id < SERVERS; id++) {
                backhand_number_set(&table->slots[id].heard, 1);
            }
        }
        (void)backhand_table_update(table, &said, NULL);
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < READERS + 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(saw_enough());
    assert_int_equal(mixtures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(readers_get_no_mixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
