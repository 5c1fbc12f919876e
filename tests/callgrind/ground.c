/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "ground.h"

#include "../said.h"
#include "candidacy/builtins.h"
#include "table/handoff.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWN_BOOT UINT64_C(0xb007)
#define SKEW     apr_time_from_sec(10)

static void must(int right, const char *what)
{
    if (!right) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

/* What a busy server says, each something else. */
static void say(const ground *g, int n, backhand_announcement *said)
{
    serverstat *stat = &said->stat;
    uint64_t random = (uint64_t)(n + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 16;

    *said = said_by_nth("web", n, n ? random | 1 : OWN_BOOT, g->sequence);
    snprintf(stat->hostname, sizeof(stat->hostname), "web%d.example.org", n);
    said->keepalive = 5000;
    said->time = apr_time_as_msec(backhand_table_now(g->table));
    stat->nservers = 150;
    stat->aservers = 100 + (int64_t)(random % 50);
    stat->inflight = 150 - stat->aservers;
    stat->service = 20000 + (int64_t)(random % 9973);
    stat->parallel = 4000 + (int64_t)(random % 7919);
    stat->latency = 2 * stat->service;
    stat->errors = (int64_t)(random % 3);
    stat->served = 100000 + (int64_t)(g->sequence * 10);
    stat->typical = stat->service / 2;
    stat->samples = 100 + (int64_t)(random % 800);
    stat->spread = 1100 + (int64_t)(random % 200);
    stat->calm = 1;
    stat->stall = 1000;
    stat->load = 1500;
    stat->load_hwm = 4000;
    stat->cpu = 400;
    stat->ncpu = 4;
    stat->tmem = INT64_C(16) << 30;
    stat->amem = INT64_C(9) << 30;
    stat->arriba = 1000000 + (int64_t)(random % 1000);
    stat->numbacked = 50000 + (int64_t)(g->sequence * 5);
    stat->tatime = 40;
}

static void note_hand_offs(ground *g)
{
    for (int id = 1; id < g->live; id++) {
        backhand_table_sent(g->table, id, backhand_table_slot_generation(g->table, id));
        if (id % 3) {
            backhand_table_begun(g->table, id, backhand_table_slot_generation(g->table, id));
            backhand_table_returned(g->table, id, backhand_table_slot_generation(g->table, id));
        }
    }
}

void ground_hear(ground *g)
{
    backhand_announcement said;

    g->sequence++;
    say(g, 0, &said);
    backhand_table_set_self(g->table, &said);
    for (int n = 1; n < g->live; n++) {
        say(g, n, &said);
        must(backhand_table_update(g->table, &said, NULL).id == n, "taking in");
    }
}

/* A ring that is full, as of a server that has been at work for long, with requests that run. */
static void fill_meter(ground *g)
{
    backhand_meter *meter = backhand_table_meter(g->table);
    backhand_work work;

    for (int i = 0; i < 3 * BACKHAND_RING; i++) {
        backhand_ring_entry entry;
        backhand_meter_begin(meter, &entry, 1 + i % 20, backhand_table_now(g->table) - 1000 * (3 * BACKHAND_RING - i));
        if (i % 100 != 99) {
            backhand_meter_end(meter, &entry, 5000 + 37 * (i * 7919 % 997), 0, backhand_table_now(g->table));
        }
        if (i % 500 == 0) {
            backhand_meter_read(meter, backhand_table_now(g->table), 400, &work);
        }
    }
    backhand_meter_read(meter, backhand_table_now(g->table), 400, &work);
}

void ground_busy(ground *g, int64_t inflight)
{
    backhand_table_meter(g->table)->inflight = inflight;
}

static void intake_set(ground *g)
{
    static const char key[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    backhand_accept_list *accept = apr_array_make(g->pool, 1, sizeof(apr_ipsubnet_t *));

    must(!backhand_accept_add(accept, "10.0.0.0/8"), "AcceptStats");
    must(!backhand_keys_parse(&g->keys, key, sizeof(key) - 1, "key", g->pool), "the key");
    must(apr_sockaddr_info_get(&g->sender, "10.0.0.9", APR_INET, 4445, 0, g->pool) == APR_SUCCESS, "an address");
    g->intake.table = g->table;
    g->intake.accept = accept;
    g->intake.farm = "default";
    g->intake.boot = OWN_BOOT;
    g->intake.skew = SKEW;
    g->intake.seen = backhand_seen_create(2 * backhand_table_max(g->table), SKEW, g->pool);
    g->intake.started = backhand_table_now(g->table) - SKEW;
}

ground *ground_make(int live, apr_time_t (*now)(void))
{
    int entries = live > BACKHAND_SERVERS_DEFAULT ? live : BACKHAND_SERVERS_DEFAULT;
    backhand_function function = {.name = BACKHAND_RECOMMENDED, .where = "here"};
    apr_pool_t *pool;
    ground *g;

    apr_pool_create(&pool, NULL);
    g = apr_pcalloc(pool, sizeof(*g));
    g->pool = pool;
    g->live = live;
    must(backhand_table_create(&g->table, entries, 16, NULL, pool) == APR_SUCCESS, "making the table");
    backhand_table_set_clocks(g->table, now, now);
    backhand_table_publish(g->table);
    function.call = backhand_builtin_find(BACKHAND_RECOMMENDED)->call;
    backhand_chain_append(&g->chain, &function, pool);
    g->candidates.list = apr_palloc(pool, (apr_size_t)entries * sizeof(ServerSlot));
    ground_hear(g);
    fill_meter(g);
    note_hand_offs(g);
    intake_set(g);
    backhand_random_seed(20);
    return g;
}

void ground_prepare(ground *g, int is_signed)
{
    backhand_announcement said;

    g->intake.keys = is_signed ? g->keys : NULL;
    g->next = 0;
    for (int i = 0; i < GROUND_DATAGRAMS; i++) {
        int n = 1 + i % (g->live - 1);
        g->sequence += n == 1;
        say(g, n, &said);
        g->lengths[i] = backhand_message_encode(g->datagrams[i], &said);
        if (is_signed) {
            g->lengths[i] = backhand_message_sign(g->datagrams[i], g->lengths[i], g->keys);
        }
        must(g->lengths[i] > 0, "writing an announcement");
    }
}

void ground_end(ground *g)
{
    backhand_table_publish(NULL);
    backhand_table_unmap(g->table);
    apr_pool_destroy(g->pool);
}
