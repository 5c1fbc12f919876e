/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file seen.h
 * @brief Which signed announcements were taken in, so that none is taken in twice. Core: no httpd.
 *
 * For each boot id that was heard within the last while, the number of its last announcement. Kept in a file, so that what
 * was captured before a restart is worth nothing after it.
 */
#ifndef BACKHAND_SEEN_H
#define BACKHAND_SEEN_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdint.h>

#define BACKHAND_SEEN_FILE "mod_backhand-Seen"

typedef struct backhand_seen backhand_seen;

/**
 * Nothing seen yet.
 * @param most   boots to remember, 1 to 1048576
 * @param skew  what is stamped longer ago than this is dropped anyway, and can be forgotten
 */
backhand_seen *backhand_seen_create(int most, apr_interval_time_t skew, apr_pool_t *p);

typedef enum backhand_seen_verdict {
    BACKHAND_SEEN_FRESH,  /**< it may be taken in */
    BACKHAND_SEEN_BEFORE, /**< it, or a later one of its boot, was taken in */
    BACKHAND_SEEN_EARLY   /**< its boot is not known, and it was stamped before this server's start */
} backhand_seen_verdict;

/**
 * Judges an announcement of that boot, number and time.
 * @param start  when this server started, by what the wall clock says today: whoever sets that clock changes `start`, too
 */
backhand_seen_verdict backhand_seen_judge(const backhand_seen *seen, uint64_t boot, uint64_t sequence,
                                          apr_time_t stamped, apr_time_t start);

/**
 * Notes an announcement that was fresh.
 * @param now  by backhand_clock_now(): forgets what was noted more than twice the skew before, when room is needed
 * @return 0 when there is no room: then it must not be taken in, as it could be taken in again
 */
int backhand_seen_note(backhand_seen *seen, uint64_t boot, uint64_t sequence, apr_time_t stamped, apr_time_t now);

/** True when something was noted since the last backhand_seen_write(). */
int backhand_seen_changed(const backhand_seen *seen);

/** Adds what a file holds, at once after backhand_seen_create(); lines that are malformed are left out. `now` as above.
 * @return NULL, also when there is no file, or why it is not believed: see own_file.h */
const char *backhand_seen_read(backhand_seen *seen, const char *path, apr_time_t now);

/** Writes the file, mode 0600: a new one that takes the place of `path` at once. */
apr_status_t backhand_seen_write(backhand_seen *seen, const char *path);

#endif
