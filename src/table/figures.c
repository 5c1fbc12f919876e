/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/figures.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Samples nearer to each other than this are not kept, so that the kept ones always cover well over a second. */
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
    char root[ROOT_SIZE];
    cpu_sample kept[SAMPLES_KEPT]; /* a ring; the latest at (taken - 1) % SAMPLES_KEPT */
    uint64_t taken;
    int64_t cpu; /* the latest answer */
};

backhand_sampler *backhand_sampler_create(const char *proc_root, apr_pool_t *p)
{
    backhand_sampler *sampler = apr_pcalloc(p, sizeof(*sampler));
    apr_cpystrn(sampler->root, proc_root, sizeof(sampler->root));
    sampler->cpu = 1000;
    return sampler;
}

/* --- reading the kernel's files ---------------------------------------------------------------------------------- */

typedef struct reader {
    int fd;
    apr_size_t start, end;
    char data[4096];
} reader;

static apr_status_t reader_open(reader *in, const backhand_sampler *sampler, const char *name)
{
    char path[PATH_SIZE];
    apr_snprintf(path, sizeof(path), "%s/%s", sampler->root, name);
    in->fd = open(path, O_RDONLY | O_CLOEXEC);
    return in->fd < 0 ? errno : APR_SUCCESS;
}

static int reader_fill(reader *in)
{
    ssize_t n;

    memmove(in->data, in->data + in->start, in->end - in->start);
    in->end -= in->start;
    in->start = 0;
    if (in->end == sizeof(in->data) - 1) {
        return 0;
    }
    do {
        n = read(in->fd, in->data + in->end, sizeof(in->data) - 1 - in->end);
    } while (n < 0 && errno == EINTR);
    in->end += n > 0 ? (apr_size_t)n : 0;
    return n > 0;
}

/* The next line, without its newline; NULL at the end and for a line that does not fit. */
static char *reader_line(reader *in)
{
    char *newline;
    char *line;

    while (!(newline = memchr(in->data + in->start, '\n', in->end - in->start))) {
        if (!reader_fill(in)) {
            return NULL;
        }
    }
    *newline = '\0';
    line = in->data + in->start;
    in->start = (apr_size_t)(newline + 1 - in->data);
    return line;
}

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

/* Reads digits, after blanks. @return what follows, or NULL when there are none */
static const char *read_count(const char *text, uint64_t *out)
{
    const char *c = skip_blanks(text);
    uint64_t value = 0;

    if (*c < '0' || *c > '9') {
        return NULL;
    }
    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *out = value;
    return c;
}

static int64_t at_most(uint64_t value, int64_t max)
{
    return value > (uint64_t)max ? max : (int64_t)value;
}

/* --- load -------------------------------------------------------------------------------------------------------- */

/* By hand: strtod would follow the locale that some other code has set. */
static apr_status_t parse_load(const char *line, int64_t *out)
{
    uint64_t whole;
    uint64_t thousandths = 0;
    const char *c = read_count(line, &whole);

    if (!c) {
        return APR_EGENERAL;
    }
    if (*c == '.') {
        uint64_t digit = 100;
        for (c++; *c >= '0' && *c <= '9'; c++, digit /= 10) {
            thousandths += digit * (uint64_t)(*c - '0');
        }
    }
    *out = whole > INT32_MAX / 1000 - 1 ? INT32_MAX : (int64_t)(whole * 1000 + thousandths);
    return APR_SUCCESS;
}

static apr_status_t read_load(const backhand_sampler *sampler, serverstat *out)
{
    reader in = {.fd = -1};
    const char *line;
    apr_status_t rv = reader_open(&in, sampler, "loadavg");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    line = reader_line(&in);
    rv = line ? parse_load(line, &out->load) : APR_EGENERAL;
    close(in.fd);
    return rv;
}

/* --- CPUs -------------------------------------------------------------------------------------------------------- */

/* user nice system idle iowait irq softirq steal; the guest columns after them are counted in user and nice already. */
static apr_status_t parse_cpu(const char *line, cpu_sample *out)
{
    out->idle = out->total = 0;
    for (int column = 0; column < 8; column++) {
        uint64_t ticks;
        line = read_count(line, &ticks);
        if (!line) {
            return column > 3 ? APR_SUCCESS : APR_EGENERAL;
        }
        out->total += ticks;
        out->idle += column == 3 || column == 4 ? ticks : 0;
    }
    return APR_SUCCESS;
}

static apr_status_t parse_stat(reader *in, cpu_sample *sample, int64_t *ncpu)
{
    const char *line = reader_line(in);
    int64_t cpus = 0;

    if (!line || strncmp(line, "cpu ", 4) != 0 || parse_cpu(line + 4, sample) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    while ((line = reader_line(in)) && strncmp(line, "cpu", 3) == 0) {
        cpus++;
    }
    *ncpu = cpus > 0 ? cpus : 1;
    return APR_SUCCESS;
}

static const cpu_sample *kept(const backhand_sampler *sampler, uint64_t back)
{
    return &sampler->kept[(sampler->taken - 1 - back) % SAMPLES_KEPT];
}

/* The latest sample that is a span old, else the oldest. NULL before the first. */
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

static void update_cpu(backhand_sampler *sampler, const cpu_sample *sample)
{
    const cpu_sample *before;

    /* A clock that was set back makes what is kept worthless. */
    if (sampler->taken > 0 && sample->at < kept(sampler, 0)->at) {
        sampler->taken = 0;
    }
    before = sample_before(sampler, sample->at);
    if (before && sample->total > before->total) {
        uint64_t total = sample->total - before->total;
        /* The kernel's iowait may go down. */
        uint64_t idle = sample->idle > before->idle ? sample->idle - before->idle : 0;
        sampler->cpu = idle >= total ? 1000 : (int64_t)((double)idle * 1000.0 / (double)total + 0.5);
    }
    keep_sample(sampler, sample);
}

static apr_status_t read_cpus(backhand_sampler *sampler, apr_time_t now, serverstat *out)
{
    reader in = {.fd = -1};
    cpu_sample sample;
    int64_t ncpu;
    apr_status_t rv = reader_open(&in, sampler, "stat");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = parse_stat(&in, &sample, &ncpu);
    close(in.fd);
    if (rv == APR_SUCCESS) {
        sample.at = now;
        update_cpu(sampler, &sample);
        out->cpu = sampler->cpu;
        out->ncpu = ncpu;
    }
    return rv;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static void parse_memory(const char *line, const char *name, int64_t *bytes)
{
    size_t length = strlen(name);
    uint64_t kib;

    if (strncmp(line, name, length) == 0 && line[length] == ':' && read_count(line + length + 1, &kib)) {
        *bytes = kib > INT64_MAX / 1024 ? INT64_MAX : at_most(kib * 1024, INT64_MAX);
    }
}

static apr_status_t read_memory(const backhand_sampler *sampler, serverstat *out)
{
    reader in = {.fd = -1};
    const char *line;
    int64_t total = -1;
    int64_t available = -1;
    apr_status_t rv = reader_open(&in, sampler, "meminfo");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    while ((total < 0 || available < 0) && (line = reader_line(&in))) {
        parse_memory(line, "MemTotal", &total);
        parse_memory(line, "MemAvailable", &available);
    }
    close(in.fd);
    if (total < 0 || available < 0) {
        return APR_EGENERAL;
    }
    out->tmem = total;
    out->amem = available < total ? available : total;
    return APR_SUCCESS;
}

apr_status_t backhand_sampler_read(backhand_sampler *sampler, apr_time_t now, serverstat *out)
{
    apr_status_t load = read_load(sampler, out);
    apr_status_t cpus = read_cpus(sampler, now, out);
    apr_status_t memory = read_memory(sampler, out);

    if (load != APR_SUCCESS) {
        return load;
    }
    return cpus != APR_SUCCESS ? cpus : memory;
}
