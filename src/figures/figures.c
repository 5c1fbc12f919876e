/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "figures/figures.h"

/* The members of a backhand_field. */
#define FIELD(name, least, most) #name, offsetof(serverstat, name), (least), (most)

const backhand_figure backhand_figures[BACKHAND_FIGURES] = {
#define FIGURE(name, key, least, most, ways, label, scale, meaning)                                                    \
    {{FIELD(name, least, most)}, key, sizeof(key) - 1, ways, label, scale, meaning},
    BACKHAND_ALL_FIGURES(FIGURE)
#undef FIGURE
};

_Static_assert(offsetof(serverstat, hostname) == BACKHAND_FIGURES * sizeof(int64_t), "serverstat has no other numbers");

/* The two lists of fields below are in the order of serverstat. */
#define FIGURE(name, key, least, most, ...)                                                                            \
    [(offsetof(serverstat, name) - offsetof(serverstat, FIRST)) / sizeof(int64_t)] = {FIELD(name, least, most)},

const backhand_field *backhand_fields(void)
{
#define FIRST mtime
    static const backhand_field fields[BACKHAND_FIGURE_inflight + 1] = {BACKHAND_MACHINE_FIGURES(FIGURE)};
#undef FIRST
    return fields;
}

const backhand_field *backhand_read_only_fields(void)
{
#define FIRST inflight
    static const backhand_field fields[BACKHAND_FIGURES - BACKHAND_FIGURE_inflight + 1] = {
        BACKHAND_WORK_FIGURES(FIGURE) BACKHAND_HEALTH_FIGURES(FIGURE) BACKHAND_ORDER_FIGURES(FIGURE)};
#undef FIRST
    return fields;
}
#undef FIGURE

void backhand_work_put(serverstat *stat, const backhand_work *work)
{
#define FIGURE(name, ...) stat->name = work->name;
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
}

void backhand_work_publish(serverstat *live, const backhand_work *work)
{
#define FIGURE(name, ...) backhand_number_set(&live->name, work->name);
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
}

void backhand_work_read(backhand_work *out, const serverstat *live)
{
#define FIGURE(name, ...) out->name = backhand_number_get(&live->name);
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
}

void backhand_figures_read(serverstat *out, const serverstat *live)
{
#define FIGURE(name, ...) out->name = backhand_number_get(&live->name);
    BACKHAND_ALL_FIGURES(FIGURE)
#undef FIGURE
}

void backhand_figures_bound(serverstat *stat)
{
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        const backhand_field *field = &backhand_figures[i].field;
        int64_t *number = backhand_figure_of(stat, &backhand_figures[i]);
        *number = *number < field->min ? field->min : *number > field->max ? field->max : *number;
    }
}
