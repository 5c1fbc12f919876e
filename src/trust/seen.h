/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file seen.h
 * @brief Remembers accepted signed announcements, so that none is accepted twice. Core: no httpd.
 *
 * It holds the number of the last announcement of each boot id that was heard recently. A file keeps it, so that an
 * announcement that was captured before a restart is worth nothing after it.
 */
#ifndef BACKHAND_SEEN_H
#define BACKHAND_SEEN_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdint.h>

#define BACKHAND_SEEN_FILE "mod_backhand-Seen"

typedef struct backhand_seen backhand_seen;

/**
 * Makes an empty memory.
 * @param most   boots to remember, 1 to 1048576
 * @param skew  older announcements are dropped anyway, and can be forgotten
 */
backhand_seen *backhand_seen_create(int most, apr_interval_time_t skew, apr_pool_t *p);

typedef enum backhand_seen_verdict {
    BACKHAND_SEEN_FRESH,  /**< it may be accepted */
    BACKHAND_SEEN_BEFORE, /**< it, or a later one of its boot, was accepted */
    BACKHAND_SEEN_EARLY   /**< its boot is not known, and it was stamped before this server's start */
} backhand_seen_verdict;

/**
 * Judges an announcement of that boot, number and time.
 * @param start  when this server started, by today's wall clock: setting that clock changes `start` too
 */
backhand_seen_verdict backhand_seen_judge(const backhand_seen *seen, uint64_t boot, uint64_t sequence,
                                          apr_time_t stamped, apr_time_t start);

/**
 * Notes an announcement that was fresh.
 * @param now  by backhand_clock_now(). If room is needed, entries older than twice the skew are forgotten
 * @return 0 if there is no room: then it must not be accepted, because it could be accepted again
 */
int backhand_seen_note(backhand_seen *seen, uint64_t boot, uint64_t sequence, apr_time_t stamped, apr_time_t now);

/** True when something was noted since the last backhand_seen_write(). */
int backhand_seen_changed(const backhand_seen *seen);

/** Adds the content of a file, right after backhand_seen_create(). Skips malformed lines. `now` as above.
 * @return NULL, also when there is no file, or why it is not believed: see base/own_file.h */
const char *backhand_seen_read(backhand_seen *seen, const char *path, apr_time_t now);

/** Writes the file, mode 0600: a new one that replaces `path` atomically. */
apr_status_t backhand_seen_write(backhand_seen *seen, const char *path);

#endif
