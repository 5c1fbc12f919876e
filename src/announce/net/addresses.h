/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file addresses.h
 * @brief Tells whether this machine has other addresses than before. Core: no httpd.
 */
#ifndef BACKHAND_ADDRESSES_H
#define BACKHAND_ADDRESSES_H

#include <stdint.h>

/** A number that stands for all addresses of this machine by which others may reach it: without those of loopback and
 * of one link. Other addresses give another number; their order does not count. Costs a few system calls.
 * @return 0 if they cannot be read */
uint64_t backhand_addresses_sum(void);

#endif
