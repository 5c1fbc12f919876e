/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file figures.h
 * @brief This server's own figures: load, idle CPU, CPUs, memory. Core: no httpd.
 *
 * They come from the kernel's files below `proc_root` (`/proc`) and `cgroup_root` (`/sys/fs/cgroup`); tests give
 * recorded trees. If control groups limit this process, as in a container, the figures are those of the limits: CPUs
 * (rounded up), idle CPU (of the time that the limit allows), total and available memory (the smaller of the machine's
 * and the limit's). Other processes under the same limit count as use. The load is always the machine's: the kernel
 * keeps no other.
 */
#ifndef BACKHAND_FIGURES_H
#define BACKHAND_FIGURES_H

#include "mod_backhand.h"

#include <apr_pools.h>
#include <apr_time.h>

typedef struct backhand_sampler backhand_sampler;

/** Makes a sampler; nothing is read yet. `proc_root`: folder laid out as /proc; `cgroup_root`: as /sys/fs/cgroup, NULL:
 * limits do not count; at most 200 bytes each. */
backhand_sampler *backhand_sampler_create(const char *proc_root, const char *cgroup_root, apr_pool_t *p);

/**
 * Reads the figures at time `now` into load, cpu, ncpu, tmem and amem of `out`; the rest of `out` is left alone.
 * `cpu` is the idle share over the shortest span of at least one second that ends now (since the first call while
 * that is less; 1000 at the first call). Allocates nothing.
 * If a file cannot be read, its figures stay as they were. @return APR_SUCCESS, or the first file's error
 */
apr_status_t backhand_sampler_read(backhand_sampler *sampler, apr_time_t now, serverstat *out);

/** Speed-normalised high-water mark of load. See backhand_highwater_update. */
typedef struct backhand_highwater {
    int64_t value;   /**< x 1000, a power of two times 1000 */
    apr_time_t seen; /**< when a load of more than half of it was last seen */
} backhand_highwater;

struct backhand_table;

/**
 * Updates the mark from the loads in the table (normalised: load x fastest arriba / own arriba) and returns it. The
 * smallest power of two (x 1000, at least 1000) that is >= the largest normalised load of a live server; halves when
 * no load of more than half of it was seen for 10 minutes. `announced`: a mark that another server raised just now, 0
 * if none.
 */
int64_t backhand_highwater_update(backhand_highwater *mark, const struct backhand_table *table, int64_t announced);

/** The mark (0: none yet), doubled until it is no less than `load`, x 1000; at least 1000. */
int64_t backhand_highwater_above(int64_t mark, double load);

/**
 * Measures this machine's speed: a fixed floating-point task, run for about `budget` (100 ms is enough).
 * @return units of the task a millisecond of CPU time of the calling thread, at least 1; larger is faster
 */
int64_t backhand_arriba_measure(apr_interval_time_t budget);

/** Reads the cached score from `path`, a decimal number of up to 32 bytes, if only this module can have written it: see
 * base/own_file.h.
 * @param wrong  why the file is refused; NULL: it is not, or there is none
 * @return 0 if there is no usable score */
int64_t backhand_arriba_load(const char *path, const char **wrong);

/** Writes the score to `path`, never through a symbolic link. */
apr_status_t backhand_arriba_save(const char *path, int64_t score);

#endif
