/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/table.h"
#include "table/clock.h"
#include "table/index.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGNED(size) (((apr_size_t)(size) + 63) & ~(apr_size_t)63)

_Static_assert(sizeof(serverstat) % 8 == 0, "a serverstat is copied by words");
_Static_assert(sizeof(backhand_announcement) % 8 == 0, "an announcement is copied by words");

/* The table that the public header's accessors read. */
static backhand_table *current;

static apr_size_t stats_offset(void)
{
    return ALIGNED(sizeof(backhand_head));
}

static apr_size_t slots_offset(int max_servers)
{
    return stats_offset() + ALIGNED((apr_size_t)max_servers * sizeof(serverstat));
}

static apr_size_t processes_offset(int max_servers)
{
    return slots_offset(max_servers) + ALIGNED((apr_size_t)max_servers * sizeof(backhand_slot));
}

static apr_size_t histories_offset(int max_servers, int max_processes)
{
    return processes_offset(max_servers) + ALIGNED((apr_size_t)max_processes * sizeof(backhand_process));
}

static apr_size_t segment_size(int max_servers, int max_processes)
{
    return histories_offset(max_servers, max_processes) +
           ALIGNED((apr_size_t)max_servers * sizeof(backhand_slot_history));
}

static int sizes_valid(int max_servers, int max_processes)
{
    return max_servers >= BACKHAND_SERVERS_MIN && max_servers <= BACKHAND_SERVERS_MAX && max_processes >= 1 &&
           max_processes <= BACKHAND_PROCESSES_MAX;
}

static backhand_table *handle_make(void *memory, apr_size_t size, int max_servers, int max_processes, const char *path,
                                   apr_pool_t *p)
{
    char *base = memory;
    backhand_table *table = apr_pcalloc(p, sizeof(*table));

    table->head = memory;
    table->max_servers = max_servers;
    table->max_processes = max_processes;
    table->stats = (void *)(base + stats_offset());
    table->slots = (void *)(base + slots_offset(max_servers));
    table->processes = (void *)(base + processes_offset(max_servers));
    table->histories = (void *)(base + histories_offset(max_servers, max_processes));
    table->counters = &table->head->counters;
    table->personal_arriba = &table->head->personal_arriba;
    table->meter = &table->head->meter;
    table->size = size;
    table->path = path ? apr_pstrdup(p, path) : NULL;
    table->now = backhand_clock_now;
    table->wall = apr_time_now;
    table->index = backhand_index_create(max_servers, p);
    return table;
}

/* Allocates all pages now. Without this, a full file system would cause a SIGBUS at the first access to a page. */
static int allocate(int fd, apr_size_t size)
{
    int rc;
    do {
        rc = posix_fallocate(fd, 0, (off_t)size);
    } while (rc == EINTR);
    return rc;
}

static void *map(apr_size_t size, int flags, int fd, apr_status_t *rv)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (memory == MAP_FAILED) {
        *rv = errno;
        return NULL;
    }
    return memory;
}

/* @return the memory, or NULL and the error in `rv` */
static void *map_file(apr_size_t size, const char *path, apr_status_t *rv)
{
    void *memory = NULL;
    int fd;

    if (unlink(path) != 0 && errno != ENOENT) {
        *rv = errno;
        return NULL;
    }
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        *rv = errno;
        return NULL;
    }
    *rv = allocate(fd, size);
    if (*rv == APR_SUCCESS) {
        memory = map(size, MAP_SHARED, fd, rv);
    }
    close(fd);
    if (!memory) {
        unlink(path);
    }
    return memory;
}

apr_status_t backhand_table_create(backhand_table **table, int max_servers, int max_processes, const char *path,
                                   apr_pool_t *p)
{
    apr_size_t size;
    void *memory;
    backhand_head *head;
    apr_status_t rv = APR_SUCCESS;

    *table = NULL;
    if (!sizes_valid(max_servers, max_processes)) {
        return APR_EINVAL;
    }
    size = segment_size(max_servers, max_processes);
    memory = path ? map_file(size, path, &rv) : map(size, MAP_SHARED | MAP_ANONYMOUS, -1, &rv);
    if (!memory) {
        return rv;
    }
    head = memory;
    head->layout = BACKHAND_TABLE_LAYOUT;
    head->size = size;
    head->max_servers = (uint64_t)max_servers;
    head->max_processes = (uint64_t)max_processes;
    head->used = 1;
    backhand_release(&head->magic, BACKHAND_SEGMENT_MAGIC);
    *table = handle_make(memory, size, max_servers, max_processes, path, p);
    return APR_SUCCESS;
}

apr_status_t backhand_table_adopt(backhand_table **table, void *memory, apr_size_t size, int max_servers,
                                  int max_processes, const char *path, apr_pool_t *p)
{
    const backhand_head *head = memory;

    *table = NULL;
    if (!memory || !sizes_valid(max_servers, max_processes) || size != segment_size(max_servers, max_processes) ||
        backhand_acquire(&head->magic) != BACKHAND_SEGMENT_MAGIC || head->layout != BACKHAND_TABLE_LAYOUT ||
        head->size != size || head->max_servers != (uint64_t)max_servers ||
        head->max_processes != (uint64_t)max_processes) {
        return APR_EMISMATCH;
    }
    *table = handle_make(memory, size, max_servers, max_processes, path, p);
    return APR_SUCCESS;
}

void backhand_table_unmap(backhand_table *table)
{
    if (backhand_table_current() == table) {
        backhand_table_publish(NULL);
    }
    munmap(table->head, table->size);
    table->head = NULL;
}

void *backhand_table_segment(const backhand_table *table, apr_size_t *size, const char **path)
{
    *size = table->size;
    *path = table->path;
    return table->head;
}

apr_time_t backhand_table_now(const backhand_table *table)
{
    return table->now();
}

void backhand_table_set_clocks(backhand_table *table, apr_time_t (*now)(void), apr_time_t (*wall)(void))
{
    table->now = now;
    table->wall = wall;
}

void backhand_table_set_meter(backhand_table *table, backhand_meter *meter)
{
    table->meter = meter;
}

void backhand_table_publish(backhand_table *table)
{
    __atomic_store_n(&current, table, __ATOMIC_RELEASE);
}

backhand_table *backhand_table_current(void)
{
    return __atomic_load_n(&current, __ATOMIC_ACQUIRE);
}
