/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/attach.h"
#include "table/inside.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A sum or difference of a few numbers up to this overflows nowhere. */
#define NUMBER_MAX (INT64_C(1) << 40)
/* Seconds and milliseconds that a server announces: as us they overflow nowhere. */
#define SPAN_MAX (INT64_C(1) << 42)
/* Times of the segment are us by a clock that begins with the machine's start. */
#define TIME_MAX     (INT64_C(1) << 56)
#define INTERVAL_MAX 86400000 /* ms, as in update.c */
/* The clock goes on while the segment is read. */
#define AHEAD apr_time_from_sec(60)

typedef struct file {
    const char *path;
    int fd;
    apr_size_t size;
    apr_pool_t *pool;
} file;

/* --- is everything in range? --------------------------------------------------------------------------------- */

static int in_range(int64_t number, int64_t most)
{
    return number >= -most && number <= most;
}

static int all_in_range(const int64_t *numbers, size_t count, int64_t most)
{
    for (size_t i = 0; i < count; i++) {
        if (!in_range(backhand_number_get(&numbers[i]), most)) {
            return 0;
        }
    }
    return 1;
}

#define NUMBERS(from, most) all_in_range((const int64_t *)(from), sizeof(*(from)) / 8, (most))

static int ends(const char *text, size_t size)
{
    return text[size - 1] == '\0';
}

#define ENDS(text) ends((text), sizeof(text))

static int announcement_valid(const backhand_announcement *said)
{
    const int64_t times[] = {said->stat.down, said->keepalive, said->time};

    return ENDS(said->stat.hostname) && ENDS(said->stat.contact) && ENDS(said->contact.address) && ENDS(said->farm) &&
           ENDS(said->zone) && ENDS(said->order_to) && all_in_range(times, sizeof(times) / 8, SPAN_MAX);
}

/* A server that is silent has an interval, too; a slot without a server has none. */
static int slot_valid(const backhand_slot *slot, const serverstat *stat)
{
    const int64_t times[] = {slot->heard,       slot->begun_last,   slot->report.heard, slot->refused,
                             slot->rival_heard, slot->rival_window, slot->mtime,        slot->state_since};
    const int64_t counts[] = {
        slot->sent,       slot->sent_first, slot->state_changes, slot->returned,    slot->outstanding_heard,
        slot->sent_heard, slot->begun,      slot->hop,           slot->report.sent, slot->report.outstanding};
    int64_t interval = BACKHAND_ANNOUNCED(slot, interval);
    backhand_announcement said;

    return interval >= 0 && interval <= INTERVAL_MAX && all_in_range(times, sizeof(times) / 8, TIME_MAX) &&
           all_in_range(counts, sizeof(counts) / 8, NUMBER_MAX) && NUMBERS(&slot->report.work, NUMBER_MAX) &&
           NUMBERS(&slot->outcomes, TIME_MAX) && ENDS(stat->hostname) && ENDS(stat->contact) &&
           (!backhand_slot_read(slot, &said, 0, sizeof(said) / 8, NULL) || announcement_valid(&said));
}

static int processes_valid(const backhand_table *table)
{
    for (int i = 0; i < table->max_processes; i++) {
        const backhand_process *row = &table->processes[i];
        if (!in_range(backhand_number_get(&row->serving), NUMBER_MAX) || !NUMBERS(&row->waiting, NUMBER_MAX)) {
            return 0;
        }
    }
    return 1;
}

static int memories_valid(const backhand_head *head)
{
    for (int i = 0; i < BACKHAND_TROUBLES; i++) {
        if (!in_range(backhand_number_get(&head->troubles[i].last), TIME_MAX)) {
            return 0;
        }
    }
    for (int i = 0; i < BACKHAND_SINCES; i++) {
        if (!in_range(backhand_number_get(&head->sinces[i].began), TIME_MAX)) {
            return 0;
        }
    }
    return NUMBERS(&head->counters, TIME_MAX) && in_range(backhand_number_get(&head->link.noted), TIME_MAX);
}

static int head_valid(const backhand_head *head)
{
    const int64_t numbers[] = {head->meter.inflight, head->meter.guests, head->wall_ahead, head->wall_before,
                               head->wall_set};

    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        const backhand_skewed *one = &head->skewed[i];
        if (!in_range(backhand_number_get(&one->heard), TIME_MAX) || !ENDS(one->hostname) || !ENDS(one->contact)) {
            return 0;
        }
    }
    return memories_valid(head) && head->used >= 1 && head->used <= head->max_servers &&
           all_in_range(numbers, sizeof(numbers) / 8, TIME_MAX) && NUMBERS(&head->counters.decisions, TIME_MAX) &&
           NUMBERS(&head->counters.served, TIME_MAX);
}

static int valid(const backhand_table *table)
{
    if (!head_valid(table->head) || !processes_valid(table)) {
        return 0;
    }
    for (int id = 0; id < table->max_servers; id++) {
        if (!slot_valid(&table->slots[id], &table->stats[id])) {
            return 0;
        }
    }
    return 1;
}

static int is_from_the_future(const backhand_table *table)
{
    int64_t heard = backhand_number_get(&table->slots[0].heard);
    return heard > table->now() + AHEAD;
}

/* --- attaching ----------------------------------------------------------------------------------------------- */

static apr_status_t damaged(const file *from, const char **wrong)
{
    *wrong = apr_psprintf(from->pool,
                          "%s is no table of mod_backhand, or not a whole one: stop and start httpd, or name another "
                          "folder",
                          from->path);
    return APR_EMISMATCH;
}

static apr_status_t refused(apr_status_t error, const char *path, const char **wrong, apr_pool_t *p)
{
    char text[120];

    if (APR_STATUS_IS_ENOENT(error) || APR_STATUS_IS_ENOTDIR(error)) {
        *wrong =
            apr_psprintf(p,
                         "there is no %s: httpd does not run with mod_backhand, has another UnixSocketDir, could not "
                         "make the file (see its error log), or somebody has deleted it; httpd makes it when it is "
                         "stopped and started",
                         path);
        return APR_ENOENT;
    }
    if (APR_STATUS_IS_EACCES(error)) {
        *wrong = apr_psprintf(p, "no permission to open %s: only root, or the user who started httpd, may", path);
        return APR_EACCES;
    }
    *wrong = apr_psprintf(p, "cannot open %s: %s", path, apr_strerror(error, text, sizeof(text)));
    return error;
}

static apr_status_t open_file(file *out, int writable, const char **wrong)
{
    struct stat about;

    out->fd = open(out->path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (out->fd < 0) {
        return errno == ELOOP ? damaged(out, wrong) : refused(errno, out->path, wrong, out->pool);
    }
    if (fstat(out->fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < (off_t)sizeof(backhand_head)) {
        close(out->fd);
        return damaged(out, wrong);
    }
    out->size = (apr_size_t)about.st_size;
    return APR_SUCCESS;
}

static apr_status_t adopt(backhand_table **table, void *memory, const file *from, const char **wrong)
{
    const backhand_head *head = memory;

    if (backhand_acquire(&head->magic) == BACKHAND_SEGMENT_MAGIC && head->layout != BACKHAND_TABLE_LAYOUT) {
        *wrong =
            apr_psprintf(from->pool,
                         "%s is of another release of mod_backhand (layout %" PRIu64 ", this program's is %d): use "
                         "the programs of the release that httpd runs",
                         from->path, head->layout, BACKHAND_TABLE_LAYOUT);
        return APR_EMISMATCH;
    }
    if (head->max_servers > BACKHAND_SERVERS_MAX || head->max_processes > BACKHAND_PROCESSES_MAX ||
        backhand_table_adopt(table, memory, from->size, (int)head->max_servers, (int)head->max_processes, from->path,
                             from->pool) != APR_SUCCESS ||
        !valid(*table)) {
        return damaged(from, wrong);
    }
    if (is_from_the_future(*table)) {
        *wrong = apr_psprintf(from->pool, "%s is of an earlier start of this machine: start httpd", from->path);
        return APR_EMISMATCH;
    }
    return APR_SUCCESS;
}

apr_status_t backhand_table_attach(backhand_table **table, const char *dir, int writable, const char **wrong,
                                   apr_pool_t *p)
{
    file from = {.path = apr_pstrcat(p, dir, "/" BACKHAND_TABLE_FILE, NULL), .pool = p};
    apr_status_t rv;
    void *memory;

    *table = NULL;
    *wrong = NULL;
    rv = open_file(&from, writable, wrong);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    memory = mmap(NULL, from.size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, from.fd, 0);
    rv = memory == MAP_FAILED ? refused(errno, from.path, wrong, p) : APR_SUCCESS;
    close(from.fd);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = adopt(table, memory, &from, wrong);
    if (rv != APR_SUCCESS) {
        munmap(memory, from.size);
        *table = NULL;
    }
    return rv;
}

apr_interval_time_t backhand_table_idle(const backhand_table *table)
{
    int64_t heard = backhand_number_get(&table->slots[0].heard), now = table->now();

    if (heard == 0) {
        return -1;
    }
    return now > heard ? now - heard : 0;
}
