/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file process.h
 * @brief A row for each child process: how many requests it serves, and how many wait for other servers.
 *
 * The row belongs to the child that claimed it; only that child calls the functions that take a row. The parent clears
 * the row when the child is gone.
 */
#ifndef BACKHAND_PROCESS_H
#define BACKHAND_PROCESS_H

#include "table/table.h"

/**
 * Claims a row for a child process, and clears the data of a dead process with the same pid. If no row is free, takes
 * one of a process that is gone. NULL: none free. Any process may call it for its own pid.
 */
backhand_process *backhand_process_claim(backhand_table *table, int64_t pid);
/** Adds `by`, 1 or -1, to the requests that the process serves itself. @return requests that this server serves then */
int64_t backhand_process_serve(backhand_table *table, backhand_process *row, int by);
/**
 * The process waits for another server on behalf of one more request. Call it before backhand_table_sent(), and look at
 * limits afterwards: of two threads that do so at the same moment, at least one sees both requests.
 * @return requests of this process that wait now, of all kinds
 */
int64_t backhand_process_wait(backhand_process *row, backhand_wait kind);
/** The request waits no longer. Call it after backhand_table_returned(). */
void backhand_process_waited(backhand_process *row, backhand_wait kind);
/** The tunnel of a request of kind BACKHAND_WAIT_TUNNEL is open: it is of kind BACKHAND_WAIT_OPEN from now on. Call it
 * after backhand_table_returned(). */
void backhand_process_opened(backhand_process *row);
/** Requests of this process that wait now, of all kinds. */
int64_t backhand_process_waiting(const backhand_process *row);
/** Clears the row of a process that is gone. */
void backhand_process_release(backhand_table *table, int64_t pid);
/** Clears the rows of all processes that are gone. @return how many */
int backhand_process_reap(backhand_table *table);
/**
 * Counts requests as returned if the process that handed them off was killed before the answer came; no other process
 * can. These requests are known only while no request waits for an answer, so at other times the function does nothing.
 * Open tunnels do not matter. [moderator]
 */
void backhand_table_settle(backhand_table *table);
/** Sums over all rows; either may be NULL. `waiting`: of all kinds. Never negative. */
void backhand_process_sum(const backhand_table *table, int64_t *serving, int64_t *waiting);
/** Requests of this kind that wait, summed over all rows. BACKHAND_WAIT_TUNNEL: open tunnels, too. Never negative. */
int64_t backhand_process_sum_waiting(const backhand_table *table, backhand_wait kind);

#endif
