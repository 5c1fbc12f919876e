/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pinned.h
 * @brief Keeps requests that wait for another server from holding all of mod_perl's interpreters.
 *
 * Under a threaded MPM a request that has called `pnotes`, or has registered a cleanup of a pool, holds an interpreter
 * of mod_perl until it ends, in whatever phase that was. If all were held by requests that wait for another server,
 * what that server hands here could not be served, and two servers could wait for each other for ever. So at most half
 * of a pool's interpreters (PerlInterpMax, in each child process) are held in this way, rounded down.
 *
 * Nothing here is linked with mod_perl, or needs it.
 */
#ifndef BACKHAND_PINNED_H
#define BACKHAND_PINNED_H

#include <httpd.h>

/** A request that waits; on the stack of the thread that serves it. */
typedef struct backhand_pinned {
    int *waiting; /**< private: the counter that it is in; NULL: it holds no interpreter */
} backhand_pinned;

/** Finds out whether mod_perl is there. Called once in each child process, before it has threads. */
void backhand_pinned_child_init(void);

/** Enters a request that is about to wait. @return 1: backhand_pinned_end() follows; 0: too many wait already */
int backhand_pinned_begin(backhand_pinned *pinned, const request_rec *r);

/** Takes it out again. */
void backhand_pinned_end(backhand_pinned *pinned);

#endif
