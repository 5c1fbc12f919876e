/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file builtins.h
 * @brief The built-in candidacy functions, and their table. Core: no httpd.
 *
 * All functions follow the contract of mod_backhand.h, allocate nothing, and read only the published table, never the
 * request. A function that ranks reads the figure of each candidate once, so announcements that arrive meanwhile cannot
 * confuse it.
 */
#ifndef BACKHAND_BUILTINS_H
#define BACKHAND_BUILTINS_H

#include "mod_backhand.h"

/* filters.c */
int backhand_remove_self(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_add_self(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_by_age(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_by_log_window(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/* orders.c, cost.c; servers with the same figure keep their order. */
int backhand_by_random(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_by_load(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_by_busy_children(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_by_cpu(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_by_cost(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/* expected.c, prequal.c */
int backhand_by_expected_time(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_by_prequal(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/* weight.c */
int backhand_by_weight(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/* zone.c */
int backhand_by_zone(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/* prediction.c */
int backhand_add_prediction(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/* redirects.c */
int backhand_redirect_to_ip(struct request_rec *r, ServerSlot *servers, int *n, char *arg);
int backhand_redirect_to_name(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/** The largest number that an argument may have. */
#define BACKHAND_ARGUMENT_MAX INT32_MAX

/** Reads a whole number, 0 to BACKHAND_ARGUMENT_MAX. @return 1, or 0 if it is not one */
int backhand_argument_whole(int64_t *out, const char *arg);

/** Reads a number such as `2`, `0.5` or `.25`, 0 to BACKHAND_ARGUMENT_MAX, and multiplies it by 1000; independent of
 * the locale. More than three decimals are ignored. @return 1, or 0 if it is not one */
int backhand_argument_thousandths(int64_t *out, const char *arg);

/** A built-in: its name and how its argument is checked when the configuration is read. */
typedef struct backhand_builtin {
    const char *name;
    backhand_candidacy_fn call;
    /** Checks the argument (NULL: none given); never NULL itself. @return NULL, or the right form, as in
     * "takes the bias as a number from 0 on, as in 0.5" */
    const char *(*check_arg)(const char *arg);
    int finds_owners; /**< see backhand_function */
} backhand_builtin;

/** What `Backhand on` stands for. */
#define BACKHAND_RECOMMENDED "byExpectedTime"

/** The built-in of that name (in any case), or NULL. `off` is not one: it is part of the chain. */
const backhand_builtin *backhand_builtin_find(const char *name);
/** All built-in functions, ended by a NULL name, for messages and the manual. */
const backhand_builtin *backhand_builtins(void);

#endif
