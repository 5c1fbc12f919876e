/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file table.h
 * @brief The table of servers in shared memory, with the last announcement of each server.
 *
 * A server is its contact (scheme, address, port) and has one slot. Slot 0 is this server. Two views of a slot:
 *
 *  - the *live* view, `stats[id]` (a serverstat of the public header): one atomic word a number, read by policies and
 * written by the moderator at each announcement, and by policies; - the *announcement*, kept twice: the moderator
 * fills the copy that is not published, then publishes it. A reader always finds one whole announcement, however the
 * moderator ended. Readers never wait.
 *
 * Only the moderator calls the functions marked [moderator]. Counters are atomics for every process.
 *
 * Generations. A slot that gets another server gets a new generation, a number that grows over the whole table. A
 * request notes `backhand_table_generation()` when it begins, and so can see that a candidate has changed since. Each
 * copy of an announcement carries the generation that it belongs to.
 *
 * Rivals: two servers with one contact. A server that starts again announces a new boot id, and its earlier one is
 * never heard again. Two live servers that announce one contact are heard in turns: A, B, A, B. So a slot remembers
 * its earlier boots with their last sequence numbers, and counts a *turn* whenever an earlier boot announces a newer
 * sequence. BACKHAND_RIVAL_TURNS turns, each within 3 intervals (of the slower server) of the turn before, mean a
 * rival. Late datagrams of a server that has just started again make fewer turns, and then none. A boot that was not
 * heard before resets the count, however soon one restart follows another.
 */
#ifndef BACKHAND_TABLE_H
#define BACKHAND_TABLE_H

#include "table/values.h"
#include "load/meter.h"

#include <apr_network_io.h>
#include <apr_pools.h>
#include <apr_time.h>

#define BACKHAND_PROCESSES_MAX 65536

/* --- making it --------------------------------------------------------------------------------------------- */

/**
 * Makes an empty table and registers nothing: the memory stays mapped until backhand_table_unmap.
 * @param max_processes  1 to BACKHAND_PROCESSES_MAX
 * @param path  file to hold it, replaced if present (never followed when it is a link); NULL: anonymous memory
 * @return APR_SUCCESS; APR_ENOSPC and the like when the file can't be allocated in full (no file is left then);
 *         APR_EINVAL for sizes out of range
 */
apr_status_t backhand_table_create(backhand_table **table, int max_servers, int max_processes, const char *path,
                                   apr_pool_t *p);

/** A handle on memory that backhand_table_create made in this process or its parent (kept over graceful restarts).
 * @return APR_EMISMATCH if magic, layout or sizes differ from the requested ones */
apr_status_t backhand_table_adopt(backhand_table **table, void *memory, apr_size_t size, int max_servers,
                                  int max_processes, const char *path, apr_pool_t *p);

/** Unmaps the segment. The handle, and all pointers that came from it, are then invalid. The file stays. */
void backhand_table_unmap(backhand_table *table);

/** The segment, for the parent, which keeps it over graceful restarts.
 * @param size  its bytes
 * @param path  its file; NULL: anonymous memory */
void *backhand_table_segment(const backhand_table *table, apr_size_t *size, const char **path);

/** The time that all times in the table go by, us: that of backhand_clock_now(), unless a simulator or a test set
 * another clock. */
apr_time_t backhand_table_now(const backhand_table *table);

/** Sets other clocks than backhand_clock_now() and apr_time_now(): `now` for all times in the table, `wall` for what
 * people and other servers read, as mtime. For simulators and tests. */
void backhand_table_set_clocks(backhand_table *table, apr_time_t (*now)(void), apr_time_t (*wall)(void));

/** Measures this server's own work by that meter instead of the one in the segment. For simulators. */
void backhand_table_set_meter(backhand_table *table, backhand_meter *meter);

/** Makes `table` the one behind the public header's accessors in this process; NULL for none. */
void backhand_table_publish(backhand_table *table);
/** The table behind the accessors, or NULL. */
backhand_table *backhand_table_current(void);

/* --- reading (any process, any thread) --------------------------------------------------------------------- */

/** Slots in the table. */
int backhand_table_max(const backhand_table *table);

/** The meter of this server's own work. */
backhand_meter *backhand_table_meter(const backhand_table *table);

/** Slots that were ever used, slot 0 always counted: ids at and above it are empty. */
int backhand_table_used(const backhand_table *table);

/** The newest generation in the table. */
uint64_t backhand_table_generation(const backhand_table *table);

/**
 * Copies one whole announcement and, if asked, its generation. A request may use it if that is no newer than the
 * generation that the request noted. For slot 0: this server's own announcement.
 * @return 0 if the slot has no server or the id is out of range; also if 8 announcements in a row replaced the copy
 *         while it was read, which needs a reader that was stopped 8 times
 */
int backhand_table_read(const backhand_table *table, int id, backhand_announcement *out, uint64_t *generation);

/** One number of the slot's announcement, 0 when there is none: `stat.load` or the like. Whatever policies wrote. */
#define BACKHAND_TABLE_ANNOUNCED(table, id, member)                                                                    \
    backhand_table_announced((table), (id), offsetof(backhand_announcement, member))
int64_t backhand_table_announced(const backhand_table *table, int id, size_t offset);

/** The slot's live view, as policies read and write it: read each number with backhand_number_get(). */
const serverstat *backhand_table_stat(const backhand_table *table, int id);

/** True when the slot's server may be asked: used, has not left, and the slot got it no later than `generation`. What
 * is read by backhand_table_read() afterwards may be of a newer generation: check that one then. */
int backhand_table_usable(const backhand_table *table, int id, uint64_t generation);

/**
 * True when the server was heard more than `seconds` and more than 3 of its own intervals ago. Slot 0 follows the same
 * rule. By the live view: where a policy has written another mtime, that is compared with the wall clock. An mtime of 0
 * is always older, one in the future never. Setting the wall clock changes nothing for what no policy wrote.
 */
int backhand_table_older(const backhand_table *table, int id, int64_t seconds);
/** The same at a given time of the table's `now`, us. For callers that look at many servers: reading the clock takes
 * longer than the rest. */
int backhand_table_older_at(const backhand_table *table, int id, int64_t seconds, apr_time_t now);

/** us since the server was heard, by the same rule, for an mtime that was read from the live view; -1: never, or it
 * has left. */
apr_interval_time_t backhand_table_age(const backhand_table *table, int id, int64_t mtime, apr_time_t now);

/** True when the slot has no server: none yet, or the configuration does not accept it any more. */
int backhand_table_forgotten(const backhand_table *table, int id);

/** True when the server announced that it leaves. */
int backhand_table_left(const backhand_table *table, int id);

/** True when the slot has a server that has not left and is not silent. */
int backhand_table_live(const backhand_table *table, int id);

/** True when the server has been silent for more than 3 of its own intervals, or was never heard. By the time it was
 * heard, whatever policies wrote. */
int backhand_table_silent(const backhand_table *table, int id);

/** True when a response of the server came within that time. A server that is too busy to announce itself may still
 * answer. */
int backhand_table_answers(const backhand_table *table, int id);

/**
 * True if all others that were there a moment ago (within SERVER_TIMEOUT, or 3 of their intervals) are silent, and
 * there are at least two. Then it is more likely that this server hears nothing than that all others failed at the
 * same time, and no server counts as silent.
 */
int backhand_table_deaf(const backhand_table *table);

/**
 * The announced ready workers, minus one for each request that this server sent there since, plus one for each that
 * returned since, up to the server's running workers. Never negative. Goes by the announcement, whatever policies
 * wrote.
 */
int64_t backhand_table_ready(const backhand_table *table, int id);

/** Requests that this server handed to it since its last announcement. For slot 0: requests that this server decided to
 * serve itself since its own announcement. Never negative. */
int64_t backhand_table_sent_since(const backhand_table *table, int id);

/** What the table knows of a slot's server besides its figures, for the status page. Times are us by
 * backhand_table_now(), 0: never. */
typedef struct backhand_slot_state {
    int left;         /**< 1: it announced that it leaves */
    int64_t heard;    /**< when it was last heard from */
    int64_t sent;     /**< requests handed to it by this server since the slot got it; slot 0: kept for itself */
    int64_t waiting;  /**< of these, those without a complete answer */
    int64_t refused;  /**< when it was last blamed for a failure; see table/blame.h */
    int64_t rival;    /**< when a rival was last heard; 0 too when that is too long ago */
    int64_t reported; /**< when its figures last came with a response */
    int64_t hop;      /**< smoothed time that a hand-off adds to the time of serving there, us; 0: not known */
} backhand_slot_state;

/** Copies it, each number read once. */
void backhand_table_state(const backhand_table *table, int id, backhand_slot_state *out);

/** True while another live server announces this slot's contact: see the top of this file. */
int backhand_table_rival(const backhand_table *table, int id);

#endif
