/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file attach.h
 * @brief Shows the table of a running server to a process that is not httpd: a command, a script. Core: no httpd.
 */
#ifndef BACKHAND_TABLE_ATTACH_H
#define BACKHAND_TABLE_ATTACH_H

#include "table/table.h"

/** The name of the segment's file in the folder of UnixSocketDir. */
#define BACKHAND_TABLE_FILE "mod_backhand-table"

/**
 * Maps the segment of the server whose UnixSocketDir is `dir`. Checks magic, layout and size, and that all numbers and
 * strings are in range, so that every function that reads the table is safe with it. Publishes nothing. Unmap it with
 * backhand_table_unmap(). Not for httpd's own processes.
 *
 * The file belongs to the user who starts httpd, usually root, and only that user may read it. httpd makes another file
 * at each start, and at a restart that changes the table's size; a process that runs for long attaches anew. Whoever
 * owns the file can also truncate it, and a reader then gets SIGBUS. httpd never does that.
 *
 * @param writable  0: the memory is read-only, so a function of the table that writes ends the process by SIGSEGV
 * @param wrong  NULL, or one line from `p` that says what is wrong and what to do
 * @return APR_SUCCESS; APR_ENOENT: no such folder or file; APR_EACCES: no permission; APR_EMISMATCH: it is no table, is
 *         damaged, or is of another release or an earlier start of the machine; another error of the system
 */
apr_status_t backhand_table_attach(backhand_table **table, const char *dir, int writable, const char **wrong,
                                   apr_pool_t *p);

/** us since the server last announced itself, which its moderator does each interval; -1: not yet. If this is more than
 * some intervals, httpd was killed, or has no moderator. Any process. */
apr_interval_time_t backhand_table_idle(const backhand_table *table);

#endif
