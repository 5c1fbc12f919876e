/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/cgroup.h"
#include "host/small_file.h"

#include <apr_strings.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define OWN_MAX   700 /* of a path in /proc/self/cgroup */
#define PATH_SIZE 1000

/* A controller's folder for one group: a mount point and the group's path below it. */
typedef struct group {
    char path[PATH_SIZE];
    size_t root; /* length of the mount point */
    int v1;
} group;

/* The groups that limit this process. Controllers of version 2 share one. */
typedef struct groups {
    group cpu, cpuset, memory;
} groups;

/* --- one file ---------------------------------------------------------------------------------------------- */

static apr_status_t open_file(backhand_small_file *in, const group *g, const char *name)
{
    char path[PATH_SIZE + 64];
    apr_snprintf(path, sizeof(path), "%s/%s", g->path, name);
    return backhand_small_file_open(in, path);
}

/* Reads the file's first line. @return 0 when there is none */
static int read_line(const group *g, const char *name, char *out, size_t size)
{
    backhand_small_file in;
    const char *line;
    if (open_file(&in, g, name) != APR_SUCCESS) {
        return 0;
    }
    line = backhand_small_file_line(&in);
    if (line) {
        apr_cpystrn(out, line, size);
    }
    backhand_small_file_close(&in);
    return line != NULL;
}

/* Reads a file that holds one number. @return 0 when it holds something else, such as `max` or -1 */
static int read_number(const group *g, const char *name, uint64_t *out)
{
    char line[64];
    return read_line(g, name, line, sizeof(line)) && backhand_small_file_count(line, out) != NULL;
}

/* Reads the number of a key from a file of lines `key number`. */
static int read_key(const group *g, const char *name, const char *key, uint64_t *out)
{
    backhand_small_file in;
    const char *line;
    size_t length = strlen(key);
    int found = 0;
    if (open_file(&in, g, name) != APR_SUCCESS) {
        return 0;
    }
    while (!found && (line = backhand_small_file_line(&in))) {
        found = strncmp(line, key, length) == 0 && line[length] == ' ' && backhand_small_file_count(line + length, out);
    }
    backhand_small_file_close(&in);
    return found;
}

/* --- which groups ------------------------------------------------------------------------------------------ */

static void enter(group *g, const char *cgroup_root, const char *mount, const char *own)
{
    /* The kernel shows a group outside of the namespace as a path with `..`, which cannot be reached. */
    int usable = *own == '/' && !strstr(own, "/..") && strlen(own) <= OWN_MAX;
    apr_snprintf(g->path, sizeof(g->path), "%s%s", cgroup_root, mount);
    g->root = strlen(g->path);
    if (usable && own[1]) {
        apr_cpystrn(g->path + g->root, own, sizeof(g->path) - g->root);
    }
}

/* True when a list such as `cpu,cpuacct` contains the name. */
static int lists(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (; list; list = strchr(list, ',')) {
        list += *list == ',';
        if (strncmp(list, name, length) == 0 && (list[length] == ',' || list[length] == '\0')) {
            return 1;
        }
    }
    return 0;
}

static void enter_v1(group *g, const char *cgroup_root, const char *name, const char *list, const char *own)
{
    char mount[32];
    if (lists(list, name)) {
        apr_snprintf(mount, sizeof(mount), "/%s", name);
        enter(g, cgroup_root, mount, own);
        g->v1 = 1;
    }
}

static void enter_v2(groups *all, const char *cgroup_root, const char *own)
{
    char path[PATH_SIZE];
    group *const each[] = {&all->cpu, &all->cpuset, &all->memory};
    apr_snprintf(path, sizeof(path), "%s/cgroup.controllers", cgroup_root);
    for (int i = 0; i < 3; i++) {
        if (!each[i]->v1) {
            enter(each[i], cgroup_root, access(path, F_OK) == 0 ? "" : "/unified", own);
        }
    }
}

/* Reads a line `number:controllers:path`; the line of version 2 names no controllers. */
static void read_group(groups *all, const char *cgroup_root, char *line)
{
    char *list = strchr(line, ':');
    char *own = list ? strchr(list + 1, ':') : NULL;
    if (!own) {
        return;
    }
    *own++ = '\0';
    list++;
    if (*list == '\0') {
        enter_v2(all, cgroup_root, own);
        return;
    }
    enter_v1(&all->cpu, cgroup_root, "cpu", list, own);
    enter_v1(&all->cpuset, cgroup_root, "cpuset", list, own);
    enter_v1(&all->memory, cgroup_root, "memory", list, own);
}

static int read_groups(groups *all, const char *proc_root, const char *cgroup_root)
{
    char path[PATH_SIZE];
    backhand_small_file in;
    char *line;
    memset(all, 0, sizeof(*all));
    apr_snprintf(path, sizeof(path), "%s/self/cgroup", proc_root);
    if (backhand_small_file_open(&in, path) != APR_SUCCESS) {
        return 0;
    }
    while ((line = backhand_small_file_line(&in))) {
        read_group(all, cgroup_root, line);
    }
    backhand_small_file_close(&in);
    return 1;
}

/* False when the system does not have the controller. */
static int is_known(const group *g)
{
    return g->path[0] != '\0';
}

/* Goes to the parent group. @return 0 when there is none */
static int leave(group *g)
{
    char *slash;
    if (g->path[g->root] == '\0') {
        return 0;
    }
    slash = strrchr(g->path + g->root, '/');
    *slash = '\0';
    return 1;
}

/* --- CPUs -------------------------------------------------------------------------------------------------- */

/* x 1000. @return INT64_MAX: none */
static int64_t share(uint64_t quota, uint64_t period)
{
    if (quota == 0 || period == 0 || quota > INT64_MAX / 1000) {
        return INT64_MAX;
    }
    return quota * 1000 / period > 0 ? (int64_t)(quota * 1000 / period) : 1;
}

static int64_t read_quota(const group *g)
{
    char line[64];
    const char *rest;
    uint64_t quota, period;
    if (g->v1) {
        return read_number(g, "cpu.cfs_quota_us", &quota) && read_number(g, "cpu.cfs_period_us", &period)
                   ? share(quota, period)
                   : INT64_MAX;
    }
    rest = read_line(g, "cpu.max", line, sizeof(line)) ? backhand_small_file_count(line, &quota) : NULL;
    return rest && backhand_small_file_count(rest, &period) ? share(quota, period) : INT64_MAX;
}

/* Counts the CPUs of a list such as `0-3,8`. @return 0 when the text is no such list */
static uint64_t count_cpus(const char *list)
{
    uint64_t count = 0;
    while (list) {
        uint64_t first, last;
        list = backhand_small_file_count(list, &first);
        last = first;
        if (list && *list == '-') {
            list = backhand_small_file_count(list + 1, &last);
        }
        if (!list || last < first || last > INT_MAX || (*list && *list != ',')) {
            return 0;
        }
        count += last - first + 1;
        list = *list ? list + 1 : NULL;
    }
    return count;
}

static int64_t read_cpuset(const group *g)
{
    backhand_small_file in;
    const char *line;
    uint64_t count;
    if (open_file(&in, g, g->v1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective") != APR_SUCCESS &&
        open_file(&in, g, "cpuset.cpus") != APR_SUCCESS) {
        return INT64_MAX;
    }
    line = backhand_small_file_line(&in);
    count = line ? count_cpus(line) : 0;
    backhand_small_file_close(&in);
    return count > 0 ? (int64_t)count * 1000 : INT64_MAX;
}

/* Version 1 counts the CPU time in another controller. Its folder is beside that of the first one. */
static int64_t read_usage(const group *g, const char *cgroup_root)
{
    group accounts = *g;
    uint64_t usage;
    if (!g->v1) {
        return read_key(g, "cpu.stat", "usage_usec", &usage) && usage <= INT64_MAX ? (int64_t)usage : -1;
    }
    enter(&accounts, cgroup_root, "/cpuacct", g->path[g->root] ? g->path + g->root : "/");
    return read_number(&accounts, "cpuacct.usage", &usage) ? (int64_t)(usage / 1000) : -1;
}

/* When several levels have the same limit, the outermost level set it, and all levels below share it. */
static void limit_cpus(group g, int64_t (*read_limit)(const group *), const char *cgroup_root, int64_t cpus,
                       backhand_limits *out)
{
    if (!is_known(&g)) {
        return;
    }
    do {
        int64_t limit = read_limit(&g);
        if (limit < cpus * 1000 && limit <= out->cpus) {
            out->cpus = limit;
            out->cpu_usec = read_usage(&g, cgroup_root);
        }
    } while (leave(&g));
}

/* --- memory ------------------------------------------------------------------------------------------------ */

/* Returns how much of this limit is left, bytes; file data that the kernel can drop at once counts as free. */
static int64_t memory_left(const group *g, uint64_t limit)
{
    uint64_t used;
    uint64_t cache = 0;
    if (!read_number(g, g->v1 ? "memory.usage_in_bytes" : "memory.current", &used)) {
        return INT64_MAX;
    }
    (void)read_key(g, "memory.stat", g->v1 ? "total_inactive_file" : "inactive_file", &cache);
    used = used > cache ? used - cache : 0;
    return limit > used ? (int64_t)(limit - used) : 0;
}

static void limit_memory(group g, int64_t memory, backhand_limits *out)
{
    if (!is_known(&g)) {
        return;
    }
    do {
        uint64_t limit;
        if (read_number(&g, g.v1 ? "memory.limit_in_bytes" : "memory.max", &limit) && limit > 0 &&
            limit < (uint64_t)memory) {
            int64_t left = memory_left(&g, limit);
            out->memory = (int64_t)limit < out->memory ? (int64_t)limit : out->memory;
            out->memory_left = left < out->memory_left ? left : out->memory_left;
        }
    } while (leave(&g));
}

void backhand_cgroup_read(const char *proc_root, const char *cgroup_root, int64_t cpus, int64_t memory,
                          backhand_limits *out)
{
    groups all;
    out->cpus = out->memory = out->memory_left = INT64_MAX;
    out->cpu_usec = -1;
    if (!read_groups(&all, proc_root, cgroup_root)) {
        return;
    }
    limit_cpus(all.cpu, read_quota, cgroup_root, cpus, out);
    limit_cpus(all.cpuset, read_cpuset, cgroup_root, cpus, out);
    limit_memory(all.memory, memory, out);
}
