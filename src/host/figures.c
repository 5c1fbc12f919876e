/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/cgroup.h"
#include "host/figures.h"
#include "base/number.h"
#include "host/small_file.h"

#include <apr_strings.h>

#include <string.h>

/* Samples closer together than this are dropped. So the kept samples always cover well over a second. */
#define SAMPLES_KEPT    64
#define SAMPLES_SPACING apr_time_from_msec(30)
#define SPAN            apr_time_from_sec(1)

#define ROOT_SIZE 201
#define PATH_SIZE (ROOT_SIZE + 16)

typedef struct cpu_sample {
    apr_time_t at;
    uint64_t idle;
    uint64_t total;
} cpu_sample;

struct backhand_sampler {
    char proc_root[ROOT_SIZE];
    char cgroup_root[ROOT_SIZE];   /* empty: limits do not count */
    cpu_sample kept[SAMPLES_KEPT]; /* a ring; the latest at (taken - 1) % SAMPLES_KEPT */
    uint64_t taken;
    int64_t counted;  /* what the samples measure: the CPUs x 1000 of a limit; 0: the machine */
    apr_time_t began; /* when the time that a limit allows began to count */
    int64_t cpu;      /* the latest answer */
};

backhand_sampler *backhand_sampler_create(const char *proc_root, const char *cgroup_root, apr_pool_t *p)
{
    backhand_sampler *sampler = apr_pcalloc(p, sizeof(*sampler));
    apr_cpystrn(sampler->proc_root, proc_root, sizeof(sampler->proc_root));
    if (cgroup_root) {
        apr_cpystrn(sampler->cgroup_root, cgroup_root, sizeof(sampler->cgroup_root));
    }
    sampler->cpu = 1000;
    return sampler;
}

/* --- the kernel's files ------------------------------------------------------------------------------------ */

static apr_status_t open_file(backhand_small_file *in, const backhand_sampler *sampler, const char *name)
{
    char path[PATH_SIZE];
    apr_snprintf(path, sizeof(path), "%s/%s", sampler->proc_root, name);
    return backhand_small_file_open(in, path);
}

static int64_t at_most(uint64_t value, int64_t max)
{
    return value > (uint64_t)max ? max : (int64_t)value;
}

/* --- load -------------------------------------------------------------------------------------------------- */

static apr_status_t parse_load(const char *line, int64_t *out)
{
    uint64_t load;

    if (backhand_thousandths_read(&load, line) == line) {
        return APR_EGENERAL;
    }
    *out = load > INT32_MAX ? INT32_MAX : (int64_t)load;
    return APR_SUCCESS;
}

static apr_status_t read_load(const backhand_sampler *sampler, serverstat *out)
{
    backhand_small_file in;
    const char *line;
    apr_status_t rv = open_file(&in, sampler, "loadavg");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    line = backhand_small_file_line(&in);
    rv = line ? parse_load(line, &out->load) : APR_EGENERAL;
    backhand_small_file_close(&in);
    return rv;
}

/* --- CPUs -------------------------------------------------------------------------------------------------- */

/* user nice system idle iowait irq softirq steal; the guest columns after them are counted in user and nice already. */
static apr_status_t parse_cpu(const char *line, cpu_sample *out)
{
    out->idle = out->total = 0;
    for (int column = 0; column < 8; column++) {
        uint64_t ticks;
        line = backhand_small_file_count(line, &ticks);
        if (!line) {
            return column > 3 ? APR_SUCCESS : APR_EGENERAL;
        }
        out->total += ticks;
        out->idle += column == 3 || column == 4 ? ticks : 0;
    }
    return APR_SUCCESS;
}

static apr_status_t parse_stat(backhand_small_file *in, cpu_sample *sample, int64_t *ncpu)
{
    const char *line = backhand_small_file_line(in);
    int64_t cpus = 0;

    if (!line || strncmp(line, "cpu ", 4) != 0 || parse_cpu(line + 4, sample) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    while ((line = backhand_small_file_line(in)) && strncmp(line, "cpu", 3) == 0) {
        cpus++;
    }
    *ncpu = cpus > 0 ? cpus : 1;
    return APR_SUCCESS;
}

static const cpu_sample *kept(const backhand_sampler *sampler, uint64_t back)
{
    return &sampler->kept[(sampler->taken - 1 - back) % SAMPLES_KEPT];
}

/* Returns the latest sample that is at least one span old, else the oldest one; NULL before the first. */
static const cpu_sample *sample_before(const backhand_sampler *sampler, apr_time_t now)
{
    uint64_t count = sampler->taken < SAMPLES_KEPT ? sampler->taken : SAMPLES_KEPT;
    const cpu_sample *found = NULL;

    for (uint64_t back = 0; back < count; back++) {
        found = kept(sampler, back);
        if (now - found->at >= SPAN) {
            break;
        }
    }
    return found;
}

static void keep_sample(backhand_sampler *sampler, const cpu_sample *sample)
{
    if (sampler->taken == 0 || sample->at - kept(sampler, 0)->at >= SAMPLES_SPACING) {
        sampler->kept[sampler->taken++ % SAMPLES_KEPT] = *sample;
    }
}

/* When the clock was set back, or the limit has changed, the kept samples are worthless. */
static void check_kept(backhand_sampler *sampler, apr_time_t now, int64_t counted)
{
    if ((sampler->taken > 0 && now < kept(sampler, 0)->at) || counted != sampler->counted) {
        sampler->taken = 0;
        sampler->counted = counted;
    }
    if (sampler->taken == 0) {
        sampler->began = now;
    }
}

/* Under a limit of n CPUs, each second has n seconds of CPU time. The time that its processes did not use was idle. */
static void limit_sample(const backhand_sampler *sampler, const backhand_limits *limits, cpu_sample *sample)
{
    if (sampler->counted) {
        sample->total = (uint64_t)((sample->at - sampler->began) / 1000) * (uint64_t)sampler->counted;
        sample->idle = sample->total - (uint64_t)limits->cpu_usec;
    }
}

static void update_cpu(backhand_sampler *sampler, const cpu_sample *sample)
{
    const cpu_sample *before = sample_before(sampler, sample->at);

    if (before && sample->total > before->total) {
        uint64_t total = sample->total - before->total;
        /* The kernel's iowait may go down. A group may also use time that it saved up, so its idle time may be below 0.
         */
        int64_t idle = (int64_t)(sample->idle - before->idle);
        idle = idle > 0 ? idle : 0;
        sampler->cpu = (uint64_t)idle >= total ? 1000 : (int64_t)((double)idle * 1000.0 / (double)total + 0.5);
    }
    keep_sample(sampler, sample);
}

static apr_status_t read_stat(const backhand_sampler *sampler, cpu_sample *sample, int64_t *ncpu)
{
    backhand_small_file in;
    apr_status_t rv = open_file(&in, sampler, "stat");

    if (rv == APR_SUCCESS) {
        rv = parse_stat(&in, sample, ncpu);
        backhand_small_file_close(&in);
    }
    return rv;
}

static void set_cpus(backhand_sampler *sampler, const backhand_limits *limits, cpu_sample *sample, int64_t ncpu,
                     serverstat *out)
{
    check_kept(sampler, sample->at, limits->cpu_usec < 0 ? 0 : limits->cpus);
    limit_sample(sampler, limits, sample);
    update_cpu(sampler, sample);
    out->cpu = sampler->cpu;
    out->ncpu = limits->cpus < ncpu * 1000 ? (limits->cpus + 999) / 1000 : ncpu;
}

/* --- memory ------------------------------------------------------------------------------------------------ */

static void parse_memory(const char *line, const char *name, int64_t *bytes)
{
    size_t length = strlen(name);
    uint64_t kib;

    if (strncmp(line, name, length) == 0 && line[length] == ':' && backhand_small_file_count(line + length + 1, &kib)) {
        *bytes = kib > INT64_MAX / 1024 ? INT64_MAX : at_most(kib * 1024, INT64_MAX);
    }
}

static apr_status_t read_memory(const backhand_sampler *sampler, int64_t *total, int64_t *available)
{
    backhand_small_file in;
    const char *line;
    apr_status_t rv = open_file(&in, sampler, "meminfo");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *total = *available = -1;
    while ((*total < 0 || *available < 0) && (line = backhand_small_file_line(&in))) {
        parse_memory(line, "MemTotal", total);
        parse_memory(line, "MemAvailable", available);
    }
    backhand_small_file_close(&in);
    return *total < 0 || *available < 0 ? APR_EGENERAL : APR_SUCCESS;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

apr_status_t backhand_sampler_read(backhand_sampler *sampler, apr_time_t now, serverstat *out)
{
    backhand_limits limits = {INT64_MAX, -1, INT64_MAX, INT64_MAX};
    cpu_sample sample = {.at = now};
    int64_t ncpu = INT64_MAX / 1000;
    int64_t total = INT64_MAX;
    int64_t available = INT64_MAX;
    apr_status_t load = read_load(sampler, out);
    apr_status_t cpus = read_stat(sampler, &sample, &ncpu);
    apr_status_t memory = read_memory(sampler, &total, &available);

    if (sampler->cgroup_root[0]) {
        backhand_cgroup_read(sampler->proc_root, sampler->cgroup_root, ncpu, total, &limits);
    }
    if (cpus == APR_SUCCESS) {
        set_cpus(sampler, &limits, &sample, ncpu, out);
    }
    if (memory == APR_SUCCESS) {
        out->tmem = least(total, limits.memory);
        out->amem = least(least(available, limits.memory_left), out->tmem);
    }
    if (load != APR_SUCCESS) {
        return load;
    }
    return cpus != APR_SUCCESS ? cpus : memory;
}
