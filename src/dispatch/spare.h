/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file spare.h
 * @brief Keeps workers spare for clients: connections from other servers are not kept when few are left.
 *
 * Without an event loop each idle connection holds a worker.
 */
#ifndef BACKHAND_SPARE_H
#define BACKHAND_SPARE_H

/** Registers the filter that asks the other server to close, and the hooks that insert it. Hook registration time. */
void backhand_spare_register(void);

#endif
