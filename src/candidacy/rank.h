/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file rank.h
 * @brief Ordering candidates by a figure. Core: no httpd.
 */
#ifndef BACKHAND_RANK_H
#define BACKHAND_RANK_H

#include "candidacy/chain.h"

/** The figure that a server is ranked by. Called once a candidate. */
typedef int64_t (*backhand_rank_key_fn)(int id, const void *ctx);

/**
 * Orders by ascending figure; servers with the same figure keep their order. The list stays a permutation of itself,
 * whatever other processes write into the table meanwhile. Allocates nothing; uses 64 KiB of stack.
 * @return *n
 */
int backhand_rank(ServerSlot *servers, const int *n, backhand_rank_key_fn key, const void *ctx);

/** a - b, or the nearest number in range: policies may have written any number into the table. */
int64_t backhand_minus(int64_t a, int64_t b);

/** A figure with the same order as `cost`, a number of 0 or more, infinity too. */
int64_t backhand_rank_key_of(double cost);

#endif
