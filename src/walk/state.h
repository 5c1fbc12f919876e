/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file state.h
 * @brief The rules of a walk, its present state, and its next step; walk.h says how they belong together. Core: no
 * httpd.
 */
#ifndef BACKHAND_WALK_STATE_H
#define BACKHAND_WALK_STATE_H

#include "candidacy/chain.h"
#include "walk/result.h"
#include "walk/reason.h"

/** The facts of this request, this process and this server that hold for all candidates. */
typedef struct backhand_walk_rules {
    apr_interval_time_t retry; /**< BackhandRetry, us: a server that refused within this time is asked last */
    int tries;                 /**< BackhandTries: other servers that are asked, at most */
    int serves;                /**< this server may serve the request; 0 with BackhandSelfRedirect Only */
    int asks_self;             /**< this server is asked at its contact like the others: BackhandSelfRedirect */
    int can_ask;               /**< this process can ask servers at all */
    int tls;                   /**< it can ask servers whose contact is https */
    int coded;                 /**< the body has a transfer coding that cannot be sent to a server */
    int unsafe;                /**< other servers might read the request in another way */
    int left_alone;            /**< ProxyPass covers it, and BackhandProxyPass is not On */
    int own;                   /**< only this server can answer it (act/own.h) */
    int marked;                /**< it came with a mark: it goes to no other server, but may go to this server's
                                * contact */
    int loop;                  /**< it has already been at this server's contact */
    apr_interval_time_t
        max_wait;          /**< BackhandMaxWait, us: the walk fails if every candidate would begin later; 0: no limit */
    int session_redirects; /**< BackhandSessionRedirect: the client is redirected when the owner of its session cannot
                            * be asked */
    int queues;            /**< servers without a ready worker are asked too, and let requests wait */
    int no_redirects;      /**< candidates for a redirect are asked */
} backhand_walk_rules;

/** The kinds of steps. */
typedef enum backhand_step_kind {
    BACKHAND_STEP_ASK,   /**< ask the server of slot `id`, and report */
    BACKHAND_STEP_CHAIN, /**< run the chain again, and report BACKHAND_RESULT_CHAIN: without the owner of the session,
                            slot `id`, which is lost (`barred`); `id` 0: without this server (`others`) */
    BACKHAND_STEP_REDIRECT, /**< the end: redirect the client to the server of slot `id` */
    BACKHAND_STEP_HERE, /**< the end: serve the request here; if it was served here before, answer with that error. With
                           `final` 0 the caller may report BACKHAND_RESULT_ERROR, and the walk goes on */
    BACKHAND_STEP_ANSWERED, /**< the end: the server that was asked last has answered */
    BACKHAND_STEP_FAIL      /**< the end: answer with `status` */
} backhand_step_kind;

typedef struct backhand_step {
    backhand_step_kind kind;
    backhand_reason reason; /**< not for ASK and CHAIN */
    int status;             /**< FAIL: 502, 503, 504 or 508; 0: the status of the client's error */
    int id;                 /**< ASK, CHAIN, REDIRECT: the slot; 0: this server at its contact */
    uint64_t generation;    /**< ASK, REDIRECT: generation of the slot, for all counts of its server */
    int redirect;           /**< REDIRECT: as in ServerSlot */
    int chosen; /**< ASK: 1: it is a candidate; 0: it is this server's contact, because this server may not serve the
                 * request */
    int owned;  /**< ASK: it owns the request's session */
    int final;  /**< ASK: if it fails no other server serves the request, unless this server is down and serves it
                 * here. HERE: the walk is over */
    backhand_reason obstacle; /**< FAIL, REDIRECT for a session: why its owner is not asked, as a reason to serve
                               * here */
    /** ASK, REDIRECT: announcement of the server; FAIL for BACKHAND_REFUSED_SESSION: of the owner */
    backhand_announcement announcement;
} backhand_step;

/** The state of a walk. Callers read `tries`, `no_tls` and `wait`; all other fields are private. */
typedef struct backhand_walk {
    const backhand_table *table;
    const backhand_walk_rules *rules;
    const backhand_candidates *candidates;
    uint64_t *asked;          /**< [BACKHAND_WALK_WORDS()] a bit for each slot: its server was asked, or could not be */
    int at;                   /**< place in the list of the present candidate */
    int last_round;           /**< 0, then 1 */
    int tries;                /**< servers asked so far */
    int no_tls;               /**< slot of the last server that was skipped because it needs TLS; -1: none */
    apr_interval_time_t wait; /**< after BACKHAND_REFUSED_WAIT: how long it would have waited, us */
    int contact;              /**< the last step asks this server's contact as a last resort, not as a candidate */
    backhand_reason held;     /**< for that step: the reason to serve here if it fails */
    int asked_self;           /**< this server was asked at its contact */
    int owned;                /**< the last step asks the owner of the session */
    int chains;               /**< how often the chain has run again */
    backhand_reason here;     /**< why it was served here; BACKHAND_REASONS: it was not */
    int erred;                /**< that was an error, which is to be answered if nobody serves it better */
    int passed_over;          /**< a candidate before the present one was not asked, or failed */
    int unready;              /**< one was skipped because this process was not ready for it in time */
    int busy;                 /**< ... because it has no ready worker */
    int coded;                /**< ... because of the body's transfer coding */
} backhand_walk;

/** Words of `asked` for a table of so many servers. */
#define BACKHAND_WALK_WORDS(servers) (((servers) + 63) / 64)

#endif
