/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file explanation.h
 * @brief Records what each function of a chain did with the list, for `?explain` and BackhandTrace. Core: no httpd.
 *
 * The caller of backhand_chain_run() makes an explanation and puts it into backhand_candidates. Without one a run tests
 * one pointer for each function, and records nothing. All memory is of the caller's pool; the maxima below bound it.
 * All functions: the thread that runs the chain.
 */
#ifndef BACKHAND_EXPLANATION_H
#define BACKHAND_EXPLANATION_H

#include "mod_backhand.h"

#include <apr_tables.h>

/** The most functions that are recorded. */
#define BACKHAND_EXPLAINED_FUNCTIONS 64
/** The most servers of a list that are recorded. */
#define BACKHAND_EXPLAINED_SERVERS 256
/** The most readings of a function that are recorded. */
#define BACKHAND_EXPLAINED_READINGS 4096

struct backhand_function;

/** A list of candidates. */
typedef struct backhand_explained_list {
    ServerSlot *list; /**< entries of servers */
    int n;
    int more;   /**< further such entries, which are not recorded */
    int unused; /**< entries that never had a server, which the list has too */
} backhand_explained_list;

/** A number that a function went by. */
typedef struct backhand_reading {
    int id;
    const char *figure; /**< static: `load` */
    double value;
} backhand_reading;

/** One function. */
typedef struct backhand_explained_function {
    const struct backhand_function *function;
    int run; /**< of the chain, 1 the first: it runs again when the owner of a session is lost */
    backhand_explained_list before, after;
    double usec;                  /**< how long it took */
    apr_array_header_t *readings; /**< of backhand_reading, those of one server one after the other; NULL: none */
    apr_array_header_t *notes;    /**< of const char *; NULL: none */
    const char *complaint;        /**< about its list, see backhand_complain_fn; NULL: none */
} backhand_explained_function;

typedef struct backhand_explanation {
    apr_pool_t *pool;
    struct request_rec *request;
    int rehearsal; /**< no request follows this run: functions leave the counts and trials of this server alone */
    apr_array_header_t *functions; /**< of backhand_explained_function, in the order in which they ran */
    int runs;                      /**< of the chain so far */
    int more;                      /**< further functions, which are not recorded */
    int notes;                     /**< notes of policies so far */
    int used;                      /**< private: entries of the table that have had a server */
    int open;                      /**< private: a function that is recorded runs */
    int64_t began;                 /**< private: when it began, ns */
} backhand_explanation;

/** Begins an explanation for a request. */
void backhand_explanation_begin(backhand_explanation *out, struct request_rec *r, int rehearsal, apr_pool_t *p);

/**
 * Notes that a function begins.
 * @param list  NULL: all entries from 0 to n - 1
 * @param used  entries of the table that have had a server
 */
void backhand_explanation_enter(backhand_explanation *e, const struct backhand_function *f, const ServerSlot *list,
                                int n, int used);
/** Notes the list that it left. */
void backhand_explanation_leave(backhand_explanation *e, const ServerSlot *list, int n);

/** Notes a number that the running function goes by. Entries that never had a server are left out. */
void backhand_explanation_read(backhand_explanation *e, int id, const char *figure, double value);
/** Adds a line about the running function, from printf's format. */
void backhand_explanation_say(backhand_explanation *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Adds a policy's note, within the bounds of backhand_note(). */
void backhand_explanation_note(backhand_explanation *e, const char *text);
/** Notes a complaint about the running function. */
void backhand_explanation_complain(backhand_explanation *e, const char *what);

#endif
