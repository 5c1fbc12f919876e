/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/rank.h"
#include "candidacy/explanation.h"

#include <string.h>

/* A candidate with the figure it is ranked by. 16 bytes, so that the largest table needs 64 KiB of stack. */
typedef struct ranked {
    int64_t key;
    uint16_t place; /* place in the list before; decides between equal figures */
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

/* A heap sort: needs no memory, unlike the C library's qsort, and is never slow. */
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

static void explain(backhand_explanation *e, const ranked *list, int n, const backhand_rank_figure *figure)
{
    for (int i = 0; i < n; i++) {
        double cost;
        memcpy(&cost, &list[i].key, sizeof(cost));
        backhand_explanation_read(e, list[i].id, figure->name,
                                  figure->scale ? (double)list[i].key / figure->scale : cost);
    }
}

int backhand_rank(ServerSlot *servers, const int *n, backhand_rank_key_fn key, const void *ctx,
                  const backhand_rank_figure *figure)
{
    backhand_explanation *explanation = figure ? backhand_chain_explanation() : NULL;
    ranked list[BACKHAND_SERVERS_MAX];
    int count = *n;
    for (int i = 0; i < count; i++) {
        list[i].key = key(servers[i].id, ctx);
        list[i].place = (uint16_t)i;
        list[i].id = (uint16_t)servers[i].id;
        list[i].redirect = servers[i].redirect;
    }
    if (explanation) {
        explain(explanation, list, count, figure);
    }
    sort(list, count);
    for (int i = 0; i < count; i++) {
        servers[i] = (ServerSlot){list[i].id, list[i].redirect};
    }
    return count;
}

int64_t backhand_minus(int64_t a, int64_t b)
{
    int64_t result;
    if (__builtin_sub_overflow(a, b, &result)) {
        return a < 0 ? INT64_MIN : INT64_MAX;
    }
    return result;
}

int64_t backhand_rank_key_of(double cost)
{
    int64_t key;
    _Static_assert(sizeof(key) == sizeof(cost), "a double has 64 bits");
    /* The bits of non-negative IEEE 754 numbers, read as integers, are in the order of the numbers. */
    memcpy(&key, &cost, sizeof(key));
    return cost > 0 ? key : 0;
}
