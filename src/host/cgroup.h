/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file cgroup.h
 * @brief The limits that control groups set for this process, above all in a container. Core: no httpd.
 *
 * Reads version 2, version 1, and both at once (each controller where it is). A group's parents limit it too, so each
 * figure is the tightest limit from the own group up to the root of the mounted tree. In a container that cannot see
 * its own path, that root is the container's group.
 */
#ifndef BACKHAND_CGROUP_H
#define BACKHAND_CGROUP_H

#include <stdint.h>

typedef struct backhand_limits {
    int64_t cpus;        /**< x 1000, at least 1: a quota of half a CPU is 500; INT64_MAX: no limit */
    int64_t cpu_usec;    /**< CPU time used by all processes under this limit, us; -1: unknown */
    int64_t memory;      /**< bytes, at least 1; INT64_MAX: no limit */
    int64_t memory_left; /**< bytes until the limit that is nearest, file cache that can be dropped left out;
                              INT64_MAX: no limit */
} backhand_limits;

/**
 * Reads the limits. `proc_root`: folder laid out as /proc; `cgroup_root`: as /sys/fs/cgroup; at most 200 bytes each.
 * The machine has `cpus` CPUs and `memory` bytes; limits above that do not count. A file that cannot be read or
 * understood is no limit. For a path of more than 700 bytes only the root counts. Allocates nothing.
 */
void backhand_cgroup_read(const char *proc_root, const char *cgroup_root, int64_t cpus, int64_t memory,
                          backhand_limits *out);

#endif
