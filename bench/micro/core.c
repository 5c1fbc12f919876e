/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* usage: cost_core chain LIVE MS | cost_core free LIVE MS | cost_core intake MS
 * Times the recommended chain, without or with a free place here, beside a plain loop over the list, or taking in a
 * signed announcement beside HMAC alone, for so many milliseconds, by turns, and prints the medians: `ns=613
 * floor=120`.
 */

#include "paths.h"
#include "table/table.h"

#include <apr_general.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Requests in flight: of a server that has only the one to decide about, and of one without a free place. */
#define ONE  1
#define FULL 100

#define SAMPLES_MAX 200000

typedef struct samples {
    double *ns; /* of one run, a mean over a batch each */
    int n;
} samples;

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(samples *all)
{
    if (!all->n) {
        return 0;
    }
    qsort(all->ns, (size_t)all->n, sizeof(*all->ns), by_size);
    return all->ns[all->n / 2];
}

static void sample(samples *to, void (*run)(ground *), ground *g)
{
    int64_t began = nanoseconds();
    for (int i = 0; i < GROUND_DATAGRAMS; i++) {
        run(g);
    }
    if (to->n < SAMPLES_MAX) {
        to->ns[to->n++] = (double)(nanoseconds() - began) / GROUND_DATAGRAMS;
    }
}

/* The least that can be done with a list: look once at each server that is there. */
static void plain_loop(ground *g)
{
    ServerSlot *list = g->candidates.list;
    const serverstat *stats = backhand_table_stat(g->table, 0);
    int used = backhand_table_used(g->table), max = backhand_table_max(g->table), best = 0;
    int64_t least = INT64_MAX;

    for (int i = 0; i < max; i++) {
        list[i] = (ServerSlot){i, BACKHAND_HANDOFF};
    }
    for (int i = 0; i < used; i++) {
        const serverstat *stat = &stats[list[i].id];
        int64_t inflight = backhand_number_get(&stat->inflight);
        if (inflight < least && backhand_number_get(&stat->mtime)) {
            least = inflight;
            best = i;
        }
    }
    g->found += best;
}

/* The least that a signature costs. */
static void plain_hmac(ground *g)
{
    static const unsigned char key[32] = {1};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = sizeof(digest);
    HMAC(EVP_sha256(), key, sizeof(key), (const unsigned char *)g->datagrams[g->next], g->lengths[g->next], digest,
         &length);
    g->found += digest[0];
    g->next = (g->next + 1) % GROUND_DATAGRAMS;
}

static void bench(ground *g, void (*run)(ground *), void (*floor)(ground *), void (*prepare)(ground *), int ms)
{
    samples own = {malloc(SAMPLES_MAX * sizeof(double)), 0}, least = {malloc(SAMPLES_MAX * sizeof(double)), 0};
    int64_t end = nanoseconds() + ms * INT64_C(1000000);

    while (own.n < 10 || nanoseconds() < end) {
        prepare(g);
        sample(&own, run, g);
        g->next = 0;
        sample(&least, floor, g);
    }
    printf("ns=%.0f floor=%.0f\n", median(&own), median(&least));
    free(own.ns);
    free(least.ns);
}

/* Else they would be silent after a while. */
static void hear_now_and_then(ground *g)
{
    static apr_time_t heard;
    if (apr_time_now() - heard > apr_time_from_msec(500)) {
        ground_hear(g);
        heard = apr_time_now();
    }
}

static void prepare_signed(ground *g)
{
    ground_prepare(g, 1);
}

int main(int argc, char **argv)
{
    int live = argc == 4 ? atoi(argv[2]) : 0;
    ground *g;

    apr_initialize();
    if (argc == 4 && (strcmp(argv[1], "chain") == 0 || strcmp(argv[1], "free") == 0) && live >= 2 &&
        live <= BACKHAND_SERVERS_MAX) {
        g = ground_make(live, apr_time_now);
        /* With a free place it looks at no other server. */
        ground_busy(g, strcmp(argv[1], "free") == 0 ? ONE : FULL);
        bench(g, path_chain, plain_loop, hear_now_and_then, atoi(argv[3]));
    }
    else if (argc == 3 && strcmp(argv[1], "intake") == 0) {
        g = ground_make(16, apr_time_now);
        bench(g, path_intake, plain_hmac, prepare_signed, atoi(argv[2]));
    }
    else {
        fprintf(stderr, "usage: cost_core chain LIVE MS | cost_core free LIVE MS | cost_core intake MS\n");
        return 2;
    }
    ground_end(g);
    return 0;
}
