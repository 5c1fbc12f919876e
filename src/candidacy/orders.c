/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"

/* A candidate with the figure it is ranked by. 16 bytes, so that the largest table needs 64 KiB of stack. */
typedef struct ranked {
    int64_t key;
    uint16_t place; /* in the list before; makes each one different */
    uint16_t id;
    int redirect;
} ranked;

_Static_assert(BACKHAND_SERVERS_MAX <= UINT16_MAX, "ids and places are 16 bits");

static int comes_after(const ranked *a, const ranked *b)
{
    return a->key != b->key ? a->key > b->key : a->place > b->place;
}

/* Moves the entry at `root` down until no child of it in the heap comes after it. */
static void sift(ranked *heap, int root, int n)
{
    ranked moving = heap[root];
    int child;
    while ((child = 2 * root + 1) < n) {
        if (child + 1 < n && comes_after(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!comes_after(&heap[child], &moving)) {
            break;
        }
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moving;
}

/* A heap sort: in place, without the memory that the C library's qsort takes, and with no bad case. */
static void sort(ranked *list, int n)
{
    for (int root = n / 2 - 1; root >= 0; root--) {
        sift(list, root, n);
    }
    for (int last = n - 1; last > 0; last--) {
        ranked largest = list[0];
        list[0] = list[last];
        list[last] = largest;
        sift(list, 0, last);
    }
}

/* Policies may have written any number into the table. */
static int64_t minus(int64_t a, int64_t b)
{
    int64_t result;
    if (__builtin_sub_overflow(a, b, &result)) {
        return a < 0 ? INT64_MIN : INT64_MAX;
    }
    return result;
}

typedef int64_t (*key_fn)(const serverstat *stat);

/* Orders by ascending key; this server's counts as less by `bias`. */
static int order(ServerSlot *servers, int *n, key_fn key, int64_t bias)
{
    const serverstat *stats = serverstats;
    ranked list[BACKHAND_SERVERS_MAX];
    for (int i = 0; i < *n; i++) {
        list[i].key = key(&stats[servers[i].id]);
        list[i].place = (uint16_t)i;
        list[i].id = (uint16_t)servers[i].id;
        list[i].redirect = servers[i].redirect;
        if (servers[i].id == 0) {
            list[i].key = minus(list[i].key, bias);
        }
    }
    sort(list, *n);
    for (int i = 0; i < *n; i++) {
        servers[i] = (ServerSlot){list[i].id, list[i].redirect};
    }
    return *n;
}

static int64_t key_load(const serverstat *stat)
{
    return backhand_number_get(&stat->load);
}

static int64_t key_busy(const serverstat *stat)
{
    return minus(backhand_number_get(&stat->nservers), backhand_number_get(&stat->aservers));
}

static int64_t key_cpu(const serverstat *stat)
{
    return minus(0, backhand_number_get(&stat->cpu));
}

int backhand_by_load(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    int64_t bias = 0;
    (void)r;
    if (arg) {
        backhand_argument_thousandths(&bias, arg);
    }
    return order(servers, n, key_load, bias);
}

int backhand_by_busy_children(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    int64_t bias = 0;
    (void)r;
    if (arg) {
        backhand_argument_whole(&bias, arg);
    }
    return order(servers, n, key_busy, bias);
}

int backhand_by_cpu(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)arg;
    return order(servers, n, key_cpu, 0);
}

int backhand_by_random(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)arg;
    for (int left = *n; left > 1; left--) {
        int pick = (int)backhand_random_below((uint32_t)left);
        ServerSlot slot = servers[pick];
        servers[pick] = servers[left - 1];
        servers[left - 1] = slot;
    }
    return *n;
}
