/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/events.h"
#include "sim/memory.h"

static int comes_before(const sim_event *a, const sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_events_add(sim_events *events, int64_t at, sim_kind kind, uint32_t who, uint64_t what)
{
    sim_event event = {at, events->planned++, kind, who, what};
    size_t place;

    if (events->n == events->room) {
        events->room = events->room ? 2 * events->room : 1024;
        events->heap = sim_memory_resize(events->heap, events->room, sizeof(*events->heap));
    }
    for (place = events->n++; place > 0 && comes_before(&event, &events->heap[(place - 1) / 2]);
         place = (place - 1) / 2) {
        events->heap[place] = events->heap[(place - 1) / 2];
    }
    events->heap[place] = event;
}

int sim_events_next(sim_events *events, sim_event *out)
{
    sim_event last;
    size_t place = 0, child;

    if (events->n == 0) {
        return 0;
    }
    *out = events->heap[0];
    last = events->heap[--events->n];
    while ((child = 2 * place + 1) < events->n) {
        if (child + 1 < events->n && comes_before(&events->heap[child + 1], &events->heap[child])) {
            child++;
        }
        if (!comes_before(&events->heap[child], &last)) {
            break;
        }
        events->heap[place] = events->heap[child];
        place = child;
    }
    events->heap[place] = last;
    return 1;
}

void sim_events_free(sim_events *events)
{
    sim_memory_free(events->heap);
    *events = (sim_events){0};
}
