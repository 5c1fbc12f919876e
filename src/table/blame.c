/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/hash.h"
#include "base/throttle.h"
#include "table/blame.h"
#include "table/inside.h"

#include <arpa/inet.h>

static int is_same_server(const backhand_table *table, int id, uint64_t generation)
{
    return backhand_acquire(&table->slots[id].generation) == generation;
}

void backhand_table_refused(backhand_table *table, int id, uint64_t generation)
{
    backhand_slot *slot = &table->slots[id];

    if (!is_same_server(table, id, generation)) {
        return;
    }
    backhand_number_set(&slot->refused, table->now());
    /* Meanwhile the slot may have got another server. */
    if (!is_same_server(table, id, generation)) {
        backhand_number_set(&slot->refused, 0);
    }
}

/* True when neither the client nor the path is among the first `n` failures. */
static int is_new(const backhand_blame *blame, int64_t n, uint64_t client, uint64_t path)
{
    for (int64_t i = 0; i < n; i++) {
        if ((uint64_t)backhand_number_get(&blame->clients[i]) == client ||
            (uint64_t)backhand_number_get(&blame->paths[i]) == path) {
            return 0;
        }
    }
    return 1;
}

int backhand_table_failed(backhand_table *table, int id, uint64_t generation, uint64_t client, uint64_t path)
{
    backhand_blame *blame = &table->slots[id].blame;
    int64_t n = backhand_number_get(&blame->failures);

    if (!is_same_server(table, id, generation)) {
        return 0;
    }
    if (n < 0 || n >= BACKHAND_BLAME_ROW) {
        n = 0;
    }
    if (!is_new(blame, n, client, path)) {
        return 0;
    }
    if (n + 1 < BACKHAND_BLAME_ROW) {
        backhand_number_set(&blame->clients[n], (int64_t)client);
        backhand_number_set(&blame->paths[n], (int64_t)path);
        backhand_number_set(&blame->failures, n + 1);
        return 0;
    }
    backhand_table_refused(table, id, generation);
    return 1;
}

void backhand_table_answered(backhand_table *table, int id, uint64_t generation)
{
    backhand_blame *blame = &table->slots[id].blame;

    /* It reads first: usually there is nothing to forget, and a read leaves the cache line shared by all processors. */
    if (backhand_number_get(&blame->failures) != 0 && is_same_server(table, id, generation)) {
        backhand_number_set(&blame->failures, 0);
    }
}

int backhand_table_refused_lately(const backhand_table *table, int id, apr_interval_time_t retry)
{
    int64_t refused = backhand_number_get(&table->slots[id].refused);
    apr_interval_time_t ago = table->now() - refused;
    return refused != 0 && ago >= 0 && ago < retry;
}

int backhand_table_complain(backhand_table *table, int id, int blamed, apr_interval_time_t period)
{
    return backhand_throttle(&table->slots[id].blame.said[blamed], table->now(), period);
}

/* A client that produces collisions gains nothing: two clients would only count as one. */
static uint64_t hash(const void *data, size_t length)
{
    return backhand_hash_add(BACKHAND_HASH_SEED, data, length);
}

uint64_t backhand_blame_client(const char *address)
{
    unsigned char network[16];

    if (inet_pton(AF_INET6, address, network) == 1) {
        return hash(network, 8);
    }
    return hash(address, strlen(address));
}

uint64_t backhand_blame_path(const char *path)
{
    return hash(path, strcspn(path, "?"));
}
