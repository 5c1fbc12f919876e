/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mod_backhand_attached.h
 * @brief The table of a running server, for programs that are not httpd: monitoring, scripts. Read-only.
 *
 * Link with libbackhand.a (`pkg-config --cflags --libs mod_backhand`). Inside httpd, mod_backhand.h shows the server's
 * own table; these functions work there too, in a process that may read the file.
 *
 * The memory is mapped read-only: a program that writes into it is ended by SIGSEGV. httpd makes another table at each
 * start, and at a restart that changes its size. A program that runs for long asks backhand_attached_is_current(), and
 * attaches anew.
 *
 * Any process, any thread, also several threads with one table.
 */
#ifndef MOD_BACKHAND_ATTACHED_H
#define MOD_BACKHAND_ATTACHED_H

#include "mod_backhand.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A mapped table, with a count of those who use it. */
typedef struct backhand_attached backhand_attached;

/** Room for an error of backhand_attached_open(). */
#define BACKHAND_ATTACHED_ERROR_SIZE 512

/** Why a table could not be attached. */
typedef enum backhand_attached_fault {
    BACKHAND_ATTACHED_OK,
    BACKHAND_ATTACHED_ABSENT,  /**< no such folder, or no table there: httpd does not run with mod_backhand */
    BACKHAND_ATTACHED_DENIED,  /**< no permission; root and the user who started httpd have it */
    BACKHAND_ATTACHED_FOREIGN, /**< of another release of mod_backhand, of an earlier start of the machine, or damaged
                                */
    BACKHAND_ATTACHED_FAILED   /**< another error of the system */
} backhand_attached_fault;

/**
 * Maps the table of the server whose `UnixSocketDir` is that folder. It has one user.
 * @param fault  may be NULL; why it failed
 * @param error  one line that says what is wrong and what to do, when it failed
 * @return NULL when it failed
 */
BACKHAND_API backhand_attached *backhand_attached_open(const char *folder, backhand_attached_fault *fault,
                                                       char error[BACKHAND_ATTACHED_ERROR_SIZE]);

/** One more user. */
BACKHAND_API void backhand_attached_keep(backhand_attached *attached);

/** One user less. The last one unmaps it. */
BACKHAND_API void backhand_attached_release(backhand_attached *attached);

/** Entries in the table. */
BACKHAND_API int backhand_attached_maxservers(const backhand_attached *attached);

/** The entries, read-only. Read numbers with backhand_number_get(), and strings with backhand_attached_identity(). */
BACKHAND_API const serverstat *backhand_attached_serverstats(const backhand_attached *attached);

/** As backhand_identity_get(). */
BACKHAND_API int backhand_attached_identity(const backhand_attached *attached, int id,
                                            char hostname[BACKHAND_HOSTNAME_SIZE], char contact[BACKHAND_CONTACT_SIZE]);

/** As backhand_zone_get(). */
BACKHAND_API int backhand_attached_zone(const backhand_attached *attached, int id, char zone[BACKHAND_ZONE_SIZE]);

/** The state of an entry's server as the status page names it: `alive`, `dead`, `left`, `down`, `drained`,
 * `maintenance`; NULL: no server. */
BACKHAND_API const char *backhand_attached_state(const backhand_attached *attached, int id);

/** Microseconds since the server last announced itself; -1: not yet. More than a few intervals: httpd was killed, or
 * its moderator does not run. */
BACKHAND_API int64_t backhand_attached_idle(const backhand_attached *attached);

/** 1: this is still the table of that folder; 0: httpd has stopped, or made another one. */
BACKHAND_API int backhand_attached_is_current(const backhand_attached *attached);

#ifdef __cplusplus
}
#endif
#endif
