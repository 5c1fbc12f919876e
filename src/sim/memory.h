/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file memory.h
 * @brief Memory that grows. A run that cannot get more ends the program: there is nothing else to do with it.
 */
#ifndef BACKHAND_SIM_MEMORY_H
#define BACKHAND_SIM_MEMORY_H

#include <stddef.h>

/** Room for `n` things of that size, what was in `old` (may be NULL) kept. */
void *sim_memory_resize(void *old, size_t n, size_t size);
/** The same for none before, and zeroed. */
void *sim_memory_zeroed(size_t n, size_t size);
void sim_memory_free(void *memory);

#endif
