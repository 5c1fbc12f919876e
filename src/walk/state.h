/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file state.h
 * @brief What holds for a walk, where it is, and what its next step is; walk.h says how they belong together. Core: no
 * httpd.
 */
#ifndef BACKHAND_WALK_STATE_H
#define BACKHAND_WALK_STATE_H

#include "candidacy/chain.h"
#include "walk/result.h"
#include "walk/reason.h"

/** What holds for this request, this process and this server, whoever the candidates are. */
typedef struct backhand_walk_rules {
    apr_interval_time_t retry; /**< BackhandRetry, us: a server that refused within this time is asked last */
    int tries;                 /**< BackhandTries: other servers that are asked, at most */
    int serves;                /**< this server may serve the request; 0 with BackhandSelfRedirect Only */
    int asks_self;             /**< this server is asked at its contact as others are: BackhandSelfRedirect */
    int can_ask;               /**< this process can ask servers at all */
    int tls;                   /**< it can ask servers whose contact is https */
    int coded;                 /**< the body has a transfer coding that cannot be sent to a server */
    int unsafe;                /**< other servers might read the request in another way */
    int left_alone;            /**< ProxyPass has it, and nobody said that it is balanced all the same */
    int own;                   /**< it asks for what each server says of itself */
    int marked;                /**< it came with a mark: it goes to no other server, but may go to this one's contact */
    int loop;                  /**< it has been at this server's contact already */
    apr_interval_time_t
        max_wait;          /**< BackhandMaxWait, us: if every candidate would begin later it fails; 0: no limit */
    int session_redirects; /**< BackhandSessionRedirect: where the owner of the session cannot be asked */
    int queues;            /**< servers without a ready worker are asked too, and let requests wait */
    int no_redirects;      /**< where a candidate would be redirected to, it is asked */
} backhand_walk_rules;

/** What to do next. */
typedef enum backhand_step_kind {
    BACKHAND_STEP_ASK,   /**< ask the server of slot `id`, and report */
    BACKHAND_STEP_CHAIN, /**< the owner of the session, slot `id`, is lost: run the chain again with it as `barred`, and
                              report BACKHAND_RESULT_CHAIN */
    BACKHAND_STEP_REDIRECT, /**< the end: send the client to the server of slot `id` */
    BACKHAND_STEP_HERE,     /**< the end: serve it here */
    BACKHAND_STEP_ANSWERED, /**< the end: the server that was asked last has answered */
    BACKHAND_STEP_FAIL      /**< the end: answer with `status` */
} backhand_step_kind;

typedef struct backhand_step {
    backhand_step_kind kind;
    backhand_reason reason; /**< not for ASK and CHAIN */
    int status;             /**< FAIL: 502, 503, 504 or 508; 0: the status of the client's error */
    int id;                 /**< ASK, CHAIN, REDIRECT: the slot; 0: this server at its contact */
    uint64_t generation;    /**< ASK, REDIRECT: that the slot had, for all that is counted for its server */
    int redirect;           /**< REDIRECT: as in ServerSlot */
    int chosen; /**< ASK: it is a candidate; 0: this server's contact, because it may not serve the request */
    int owned;  /**< ASK: it owns the request's session */
    int final; /**< ASK: when it fails nobody else serves the request, unless it is served here by a server that is down
                */
    backhand_reason obstacle; /**< FAIL, REDIRECT for a session: why its owner is not asked, as a reason to stay here */
    /** ASK, REDIRECT: the server's; FAIL for BACKHAND_REFUSED_SESSION: the owner's */
    backhand_announcement announcement;
} backhand_step;

/** Where a walk is. Callers read `tries`, `no_tls` and `wait`; all else is private. */
typedef struct backhand_walk {
    const backhand_table *table;
    const backhand_walk_rules *rules;
    const backhand_candidates *candidates;
    uint64_t *asked;          /**< [BACKHAND_WALK_WORDS()] a bit for each slot: its server was asked, or could not be */
    int at;                   /**< place in the list of the candidate that is looked at */
    int last_round;           /**< 0, then 1 */
    int tries;                /**< servers asked so far */
    int no_tls;               /**< slot of the last server that was passed over because it needs TLS; -1: none */
    apr_interval_time_t wait; /**< after BACKHAND_REFUSED_WAIT: how long it would have waited, us */
    int contact;              /**< the last step asks the own contact, and not a candidate */
    backhand_reason held;     /**< of that step: the reason to stay here if it fails */
    int asked_self;           /**< this server was asked at its contact */
    int owned;                /**< the last step asks the owner of the session */
    int chains;               /**< how often the chain has run again */
    int passed_over;          /**< a candidate before the present one was not asked, or failed */
    int unready;              /**< one was passed over because this process did not get ready for it */
    int busy;                 /**< ... because it has no ready worker */
    int coded;                /**< ... because of the body's transfer coding */
} backhand_walk;

/** Words of `asked` for a table of so many servers. */
#define BACKHAND_WALK_WORDS(servers) (((servers) + 63) / 64)

#endif
