/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file chain.h
 * @brief A container's chain of candidacy functions, and running it. Core: no httpd, `request_rec` is opaque.
 */
#ifndef BACKHAND_CHAIN_H
#define BACKHAND_CHAIN_H

#include "candidacy/random.h"
#include "table/table.h"

#include <apr_tables.h>

/** One function of a chain, as configured. */
typedef struct backhand_function {
    const char *name;  /**< `byLoad`; with an argument for byPerl and the like see `arg` */
    char *arg;         /**< rest of the directive's line, or NULL */
    const char *where; /**< `file:line` of the directive, for messages */
    backhand_candidacy_fn call;
    int foreign;      /**< from a shared object: its list is checked before the next function sees it */
    int finds_owners; /**< it finds the owners of sessions, and calls backhand_share_new() for requests without one */
    const char *(*check)(apr_pool_t *p, struct server_rec *s, const char *arg); /**< `<name>_check`, or NULL */
    int64_t *warned; /**< when its last complaint was logged, us; one word a process */
} backhand_function;

/** A chain: the parent's functions, then its own. All zero: empty. Read-only once the configuration is read. */
typedef struct backhand_chain {
    const struct backhand_chain *parent; /**< the enclosing container's, or NULL; always NULL once `off` */
    apr_array_header_t *own;             /**< of backhand_function, or NULL */
    int off;                             /**< it has `off`: functions before that word are forgotten */
} backhand_chain;

/** True if the chain neither adds functions nor forgets those of the enclosing containers. */
int backhand_chain_is_empty(const backhand_chain *chain);

/** True if some function would run; without one there is no policy. */
int backhand_chain_has_functions(const backhand_chain *chain);

/** Appends a copy of the function. While the configuration is read. */
void backhand_chain_append(backhand_chain *chain, const backhand_function *function, apr_pool_t *p);

/** `Backhand off`: forgets the functions so far, and all functions that a merge would put before them. */
void backhand_chain_forget(backhand_chain *chain);

/**
 * Sets `merged` to `inner` within `outer`. Copies no function: allocates one small struct for each container that
 * `inner` was itself merged from, none for a plain one. Both must live as long as `merged`.
 */
void backhand_chain_merge(backhand_chain *merged, const backhand_chain *outer, const backhand_chain *inner,
                          apr_pool_t *p);

/** The reason of the chain's last function, if it gives one. */
typedef enum backhand_why {
    BACKHAND_WHY_CHAIN,  /**< it gives none */
    BACKHAND_WHY_FREE,   /**< there is a free place here, and this server is not surely slow */
    BACKHAND_WHY_HERE,   /**< no other server is surely sooner */
    BACKHAND_WHY_TRIAL,  /**< another server seems sooner, but this server serves the request as a probe */
    BACKHAND_WHY_SOONER, /**< the first of the list seems sooner */
} backhand_why;

/** The result of a chain. */
typedef struct backhand_candidates {
    ServerSlot *list;    /**< room for max_servers entries; set by the caller */
    int n;               /**< entries, each a valid id, none twice */
    uint64_t generation; /**< the table's when the chain began, for backhand_table_usable() */
    const char *emptied; /**< the function that left no candidate, or NULL */
    /** First id of an untouched list, 0 or 1, with all entries in order; -1 once a function has changed it */
    int first;
    int unfilled; /**< the list is all entries, and not written yet: for a function that needs no list */
    backhand_why why;
    int predicting; /**< addPrediction has run: see prediction.h */
    /** The live server that owns the request's session, first in the list and the only one that may serve it; -1: none
     */
    int owner;
    /** The owner of the request's session, if it is not there any more: the list is of servers that may take the
     * session over. Port 0: none */
    backhand_contact lost;
    /** Set by the caller before a run: a server that owns nothing in this run, because it was asked in vain; 0: none */
    int barred;
    /** Set by the caller before a run: this server is no candidate, because it has failed to serve the request */
    int others;
    /** Set by the caller before a run: a server that refused within this time, us, owns no session */
    apr_interval_time_t retry;
    /** Set by the caller before a run: records the run, see explanation.h; NULL: nobody asks */
    struct backhand_explanation *explanation;
    /** How names of BACKHAND_REDIRECT_NAME are made, see name_format.h; as long-lived as the chain. NULL: `%S` */
    const char *name_format;
} backhand_candidates;

/** The candidates of the chain that the calling thread runs now, for built-in functions; NULL outside of a run. */
backhand_candidates *backhand_chain_current(void);

/** The explanation of the calling thread's run; NULL: none is wanted. */
struct backhand_explanation *backhand_chain_explanation(void);

/** Complaint about a function's result; called at most once a minute a function and process, and not for a rehearsal
 * (see explanation.h). */
typedef void (*backhand_complain_fn)(void *ctx, const backhand_function *f, const char *what);

/**
 * Runs a chain from the list of all slots, without those that share.h leaves out, and without slot 0 if `out->others`
 * is set.
 * Allocates nothing; uses up to 64 KiB of stack. If a foreign function stores or returns an impossible length, the list
 * stays as it was before it. Invalid ids and duplicates are dropped. A `redirect` outside the enum becomes
 * BACKHAND_HANDOFF. If the returned length differs from the one stored in `*n`, the stored one counts. Each of these is
 * a complaint that names the function.
 * @param complain  may be NULL
 * @return number of functions that ran: 0 means that there is no policy here and the request is served here
 */
int backhand_chain_run(const backhand_chain *chain, const backhand_table *table, struct request_rec *r,
                       backhand_candidates *out, backhand_complain_fn complain, void *ctx);

/** Writes the list of all entries, if that was put off. For functions that need the list. */
void backhand_candidates_fill(backhand_candidates *candidates);

#endif
