/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pinned.h
 * @brief Keeps waiting requests from holding all of mod_perl's interpreters.
 *
 * Under a threaded MPM a request that has called `pnotes`, or has registered a pool cleanup, in any phase, holds a
 * mod_perl interpreter until it ends. If requests that wait for another server held all interpreters, this server could
 * not serve requests from that server, and two servers could wait for each other for ever. So such requests hold at
 * most half of a pool's interpreters (PerlInterpMax, in each child process), rounded down.
 *
 * This code neither links with mod_perl nor needs it.
 */
#ifndef BACKHAND_PINNED_H
#define BACKHAND_PINNED_H

#include <httpd.h>

/** A waiting request; on the stack of the thread that serves it. */
typedef struct backhand_pinned {
    int *waiting; /**< private: the counter that counts it; NULL: it holds no interpreter */
} backhand_pinned;

/** Finds out whether mod_perl is there. Called once in each child process, before it has threads. */
void backhand_pinned_child_init(void);

/** Enters a request that is about to wait. @return 1: backhand_pinned_end() follows; 0: too many wait already */
int backhand_pinned_begin(backhand_pinned *pinned, const request_rec *r);

/** Ends the wait that backhand_pinned_begin() began. */
void backhand_pinned_end(backhand_pinned *pinned);

#endif
