/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file rank.h
 * @brief Orders candidates by a figure. Core: no httpd.
 */
#ifndef BACKHAND_RANK_H
#define BACKHAND_RANK_H

#include "candidacy/chain.h"

/** Returns the figure by which a server is ranked. Called once for each candidate. */
typedef int64_t (*backhand_rank_key_fn)(int id, const void *ctx);

/** How an explanation shows the figure. */
typedef struct backhand_rank_figure {
    const char *name; /**< `load` */
    double scale;     /**< the figure is this many times what is shown; 0: it is of backhand_rank_key_of() */
} backhand_rank_figure;

/**
 * Orders by ascending figure; servers with the same figure keep their order. The list stays a permutation of itself,
 * whatever other processes write into the table meanwhile. Allocates nothing; uses 64 KiB of stack.
 * @param figure  for explanations; NULL: the caller explains itself
 * @return *n
 */
int backhand_rank(ServerSlot *servers, const int *n, backhand_rank_key_fn key, const void *ctx,
                  const backhand_rank_figure *figure);

/** a - b, or the nearest number in range: policies may have written any number into the table. */
int64_t backhand_minus(int64_t a, int64_t b);

/** Converts `cost`, 0 or more or infinity, to a figure; keeps the order of costs. */
int64_t backhand_rank_key_of(double cost);

#endif
