/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file figures.h
 * @brief The list of all figures, the numbers that a server announces about itself. Core: no httpd.
 *
 * Announcements, figures on responses, Perl, the status page for programs, the simulator and the check of the manual
 * use this list, in its order. To add a figure, add a line here, a member to serverstat in the public header, and the
 * code that measures it. A line is
 *
 *     FIGURE(name, key, least, most, ways, label, scale, meaning)
 *
 *  - `name`: its name in serverstat and in Perl;
 *  - `key`: its name in announcements and figures on responses; "": it is not sent;
 *  - `least`, `most`: its range. A number out of range is sent as the nearest limit, and refused when it is received.
 * An optional figure that is missing counts as `least`;
 *  - `ways`: how it is sent, BACKHAND_BY_... joined by `|`;
 *  - `label`: its name on the status page, where `Memory-` stands for bytes and `-Ms` for a time; "": it is not shown
 *    there;
 *  - `scale`: 1: shown as it is; 1000: shown in thousandths, as a decimal number;
 *  - `meaning`: its line in docs/figures.md, and its explanation on the status page.
 */
#ifndef BACKHAND_FIGURES_FIGURES_H
#define BACKHAND_FIGURES_FIGURES_H

#include "mod_backhand.h"

/** The ways in which a figure is sent. */
enum {
    BACKHAND_BY_HEARTBEAT = 1,      /**< all announcements have it, also those of mod_heartbeat */
    BACKHAND_BY_ANNOUNCEMENT = 2,   /**< announcements must have it */
    BACKHAND_BY_ADDITION = 4,       /**< announcements may have it */
    BACKHAND_BY_STAYING = 8,        /**< a server that leaves does not announce it: not all figures would fit */
    BACKHAND_BY_HEALTH = 16,        /**< a server whose application is down does not announce it */
    BACKHAND_BY_RESPONSE = 32,      /**< figures on responses must have it */
    BACKHAND_BY_NEWER_RESPONSE = 64 /**< figures on responses may have it: the release before does not know it */
};

/** Figures on responses may have it. */
#define BACKHAND_ON_RESPONSES (BACKHAND_BY_RESPONSE | BACKHAND_BY_NEWER_RESPONSE)

/** The largest time, count, count since a server's start and number of bytes. A time is at most half of INT64_MAX, so
 * that the difference of two times never overflows; a count since the start is at most 2^50, so that the sum over all
 * servers of a table never overflows, and programs that read JSON numbers as doubles lose no digit. */
#define BACKHAND_TIME_MAX  (INT64_MAX / 2)
#define BACKHAND_COUNT_MAX INT32_MAX
#define BACKHAND_TOTAL_MAX (INT64_C(1) << 50)
#define BACKHAND_BYTES_MAX INT64_MAX

/* clang-format off */

/** Figures of the machine and of httpd. Policies may write these numbers in the table of their own server. */
#define BACKHAND_MACHINE_FIGURES(FIGURE) \
    FIGURE(mtime, "", 0, BACKHAND_TIME_MAX, 0, "", 1, \
           "when this server last heard from it, seconds since 1970; 0: never, or it has left") \
    FIGURE(aservers, "ready", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_HEARTBEAT, "Workers-Ready", 1, \
           "workers that are ready for a request") \
    FIGURE(nservers, "busy", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_HEARTBEAT, "Workers-Total", 1, \
           "workers that run; announced are those of them that are not ready") \
    FIGURE(load, "load", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ANNOUNCEMENT, "Load", 1000, \
           "1-minute load average x 1000") \
    FIGURE(load_hwm, "hwm", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ANNOUNCEMENT, "Load-HWM", 1000, \
           "high-water mark of load x 1000") \
    FIGURE(cpu, "cpu", 0, 1000, BACKHAND_BY_ANNOUNCEMENT, "CPU-Idle", 1000, \
           "idle share of its CPUs x 1000") \
    FIGURE(ncpu, "ncpu", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ANNOUNCEMENT, "CPUs", 1, \
           "CPUs") \
    FIGURE(tmem, "tmem", 0, BACKHAND_BYTES_MAX, BACKHAND_BY_ANNOUNCEMENT, "Memory-Total", 1, \
           "memory, bytes") \
    FIGURE(amem, "amem", 0, BACKHAND_BYTES_MAX, BACKHAND_BY_ANNOUNCEMENT, "Memory-Available", 1, \
           "memory available, bytes") \
    FIGURE(arriba, "speed", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ANNOUNCEMENT, "Arriba", 1, \
           "speed score, larger is faster; 0: not measured yet") \
    FIGURE(numbacked, "backed", 0, BACKHAND_TOTAL_MAX, BACKHAND_BY_ANNOUNCEMENT, "Requests-Received", 1, \
           "handed-off requests that it received since it started") \
    FIGURE(tatime, "tatime", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ANNOUNCEMENT, "Ms-Per-Request", 1, \
           "average time to serve a handed-off request, ms")

/** Figures of the server's own work, measured by backhand_meter_read(). Policies cannot write these numbers. */
#define BACKHAND_WORK_FIGURES(FIGURE) \
    FIGURE(inflight, "inflight", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ANNOUNCEMENT | BACKHAND_BY_RESPONSE, \
           "In-Flight", 1, \
           "requests being served there now") \
    FIGURE(service, "service", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ADDITION | BACKHAND_BY_RESPONSE, \
           "Service-Ms", 1000, \
           "mean time to serve a request there without contention, us; 0: not measured yet") \
    FIGURE(parallel, "parallel", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ADDITION | BACKHAND_BY_RESPONSE, \
           "At-Once", 1000, \
           "requests that it serves at once without getting slower, x 1000; 0: not measured yet") \
    FIGURE(latency, "latency", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ADDITION | BACKHAND_BY_RESPONSE, \
           "Latency-Ms", 1000, \
           "median time of recent requests that came at a concurrency like the present one, us; 0: none yet") \
    FIGURE(errors, "errors", 0, 1000, BACKHAND_BY_ADDITION | BACKHAND_BY_RESPONSE, "Errors", 1000, \
           "share of recent responses with a status of 500 or more, x 1000") \
    FIGURE(served, "served", 0, BACKHAND_TOTAL_MAX, BACKHAND_BY_ADDITION, "Served", 1, \
           "requests that it served itself since it started") \
    FIGURE(typical, "typical", 0, BACKHAND_COUNT_MAX, BACKHAND_BY_ADDITION | BACKHAND_BY_STAYING | BACKHAND_BY_HEALTH, \
           "Typical-Ms", 1000, \
           "how long a request takes there, for comparisons: exp of the mean of ln(us); 0: not measured yet") \
    FIGURE(samples, "samples", 0, 999, BACKHAND_BY_ADDITION | BACKHAND_BY_STAYING | BACKHAND_BY_HEALTH, "Samples", 1, \
           "number of requests behind `typical`; 0: hardly any yet") \
    FIGURE(spread, "spread", 0, 9999, BACKHAND_BY_ADDITION | BACKHAND_BY_STAYING | BACKHAND_BY_HEALTH, "Spread", 1000, \
           "standard deviation of ln(us), x 1000") \
    FIGURE(calm, "calm", 0, 1, BACKHAND_BY_ADDITION | BACKHAND_BY_STAYING | BACKHAND_BY_HEALTH, "Calm", 1, \
           "1: these requests met no contention; 0: its effect had to be removed") \
    FIGURE(stall, "stall", 1000, 99999, BACKHAND_BY_ADDITION | BACKHAND_BY_STAYING | BACKHAND_BY_HEALTH | \
           BACKHAND_BY_NEWER_RESPONSE, "Stall", 1000, \
           "how much longer requests take now because none of them ends, x 1000; 1000: they end as usual")

/** Figures from BackhandCheck. Policies cannot write these numbers. */
#define BACKHAND_HEALTH_FIGURES(FIGURE) \
    FIGURE(down, "down", 0, 9999999, BACKHAND_BY_ADDITION | BACKHAND_BY_STAYING, "", 1, \
       "seconds since its application failed its [checks](announce.md#backhandcheck); 0: it works, or is not checked") \
    FIGURE(why, "why", 0, 2999, BACKHAND_BY_ADDITION | BACKHAND_BY_STAYING, "", 1, \
           "how its last failed check ended, a number of [the wire format](wire.md#announcements); 0: it is up")

/** Figures of orders (table/orders.h). Policies cannot write these numbers. */
#define BACKHAND_ORDER_FIGURES(FIGURE) \
    FIGURE(duty, "duty", 0, 2, BACKHAND_BY_ADDITION, "Duty", 1, \
           "what an [order](steer.md) makes of it; 0: it gets requests as usual; 1: drained; 2: under maintenance") \
    FIGURE(withheld, "withheld", 0, 100, BACKHAND_BY_ADDITION, "Withheld", 1, \
           "percent of its fair share of requests that an [order](steer.md) withholds from it: 100 less its weight")

/** All figures. */
#define BACKHAND_ALL_FIGURES(FIGURE) \
    BACKHAND_MACHINE_FIGURES(FIGURE) BACKHAND_WORK_FIGURES(FIGURE) BACKHAND_HEALTH_FIGURES(FIGURE) \
    BACKHAND_ORDER_FIGURES(FIGURE)

/* clang-format on */

/** The figures of the server's own work; numbers as in serverstat. */
typedef struct backhand_work {
#define BACKHAND_MEMBER(name, ...) int64_t name;
    BACKHAND_WORK_FIGURES(BACKHAND_MEMBER)
#undef BACKHAND_MEMBER
} backhand_work;

/** The index of each figure in backhand_figures. */
enum {
#define BACKHAND_INDEX(name, ...) BACKHAND_FIGURE_##name,
    BACKHAND_ALL_FIGURES(BACKHAND_INDEX)
#undef BACKHAND_INDEX
        BACKHAND_FIGURES
};

/** A line of the list. */
typedef struct backhand_figure {
    backhand_field field; /**< name, place in serverstat, range */
    const char *key;
    size_t length; /**< length of the key */
    unsigned ways;
    const char *label;
    int scale;
    const char *meaning;
} backhand_figure;

extern const backhand_figure backhand_figures[BACKHAND_FIGURES];

/** The number of a figure. */
static inline int64_t *backhand_figure_of(serverstat *stat, const backhand_figure *figure)
{
    return (int64_t *)(void *)((char *)stat + figure->field.offset);
}

static inline int64_t backhand_figure_get(const serverstat *stat, const backhand_figure *figure)
{
    return *(const int64_t *)(const void *)((const char *)stat + figure->field.offset);
}

/** Copies the figures of work into `stat`, which no other thread may use. */
void backhand_work_put(serverstat *stat, const backhand_work *work);

/** The same for a serverstat in shared memory: one atomic store for each number. */
void backhand_work_publish(serverstat *live, const backhand_work *work);

/** Copies the figures of work from a serverstat in shared memory: one atomic load for each number. */
void backhand_work_read(backhand_work *out, const serverstat *live);

/** Copies all figures from a serverstat in shared memory: one atomic load for each number. */
void backhand_figures_read(serverstat *out, const serverstat *live);

/** Brings each figure into its range. Policies in C may have written any number. */
void backhand_figures_bound(serverstat *stat);

#endif
