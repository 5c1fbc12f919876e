/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file attempt.h
 * @brief One attempt at another server, seen from its connection: was anything sent, did anything come back?
 *
 * mod_proxy only reports how an attempt ended. Filters on the connections that it opens note the first byte sent and
 * the head of the response. The keeper thread ends the wait for a server that has fallen silent.
 *
 * A server may answer and close before it has the whole body. Then sending fails, but the answer can still be read. So
 * after a failure to send, an attempt drops the rest of the request and goes on to read.
 *
 * Once the head of a response has come, nothing limits the time between two parts of it, as nothing does when a client
 * asks that server directly.
 */
#ifndef BACKHAND_ATTEMPT_H
#define BACKHAND_ATTEMPT_H

#include "config/config.h"
#include "act/proxy/body.h"
#include "act/proxy/handshake.h"
#include "act/proxy/response_head.h"

struct backhand_connection; /* a connection to another server */

/** An attempt. Lives on the stack of the thread that makes it. */
typedef struct backhand_attempt {
    const backhand_config *conf; /**< set by the caller, like all fields up to `head` unless noted otherwise */
    request_rec *r;              /**< the request */
    int id;                      /**< the slot that is asked */
    uint64_t generation;         /**< the slot's generation: nothing is counted for a later server in this slot */
    const apr_table_t *own;      /**< headers that this server has set for its connection with the client */
    apr_time_t asked;            /**< when the attempt began; set by backhand_attempt_begin() */
    apr_time_t from;             /**< backhand_table_moved() at that time; set by backhand_attempt_begin() */
    int doubted;                 /**< the server was silent already at that time; set by backhand_attempt_begin() */
    int accepted;                /**< AcceptStats covers the address that answers; set by the attempt */
    int repeatable; /**< the request may be sent to another server if this one falls silent and its body can be sent
                     * again */
    int safe;       /**< it may be given up once its client has gone: GET, HEAD, OPTIONS */
    int final;      /**< its response is passed on whatever its status */
    int upgrades;   /**< the client asks for a tunnel */
    int opened;     /**< the tunnel is open, and the request counts as returned */
    const backhand_body *body;    /**< NULL: it has none */
    backhand_handshake handshake; /**< the caller sets whether it is wanted, and the name */
    int reused;                   /**< sent on a connection that was kept from an earlier request */
    int sent;                     /**< a part of the request has been sent */
    int begun;                    /**< a part of the response has been passed on */
    int silenced;                 /**< given up because the server fell silent */
    int stranded;                 /**< sent from an address that this machine lost; `silenced` is set, too */
    int unwanted_status;          /**< a status of BackhandRetryStatus, so no part of the response is passed on; 0:
                                   * another status */
    apr_size_t swallowed;         /**< bytes of that response */
    int abandoned; /**< given up because its client has gone, or because the response paused for long and the client had
                    * closed its side */
    int lost;      /**< the connection ended or failed */
    int timed_out; /**< nothing came before the time-out */
    int unwanted;  /**< the server accepts no more of the request; its answer counts */
    int64_t moved; /**< when data came last, by backhand_clock_now(); an atomic */
    apr_interval_time_t pause_limit; /**< longest pause of a response whose server no longer announces itself, us */
    apr_socket_t *client; /**< socket of a client whose time-out is off while its connection is a tunnel; else NULL */
    apr_interval_time_t client_timeout; /**< the time-out that `client` had */
    const request_rec *chunked;  /**< the request, if its body is sent in chunks and may end in trailers; else NULL */
    backhand_response_head head; /**< head of the response; the caller sets its pool */
    struct backhand_connection *connection;
    struct backhand_attempt *next, **link; /**< private: the list of attempts under way */
} backhand_attempt;

/** Registers the filters and the connection hook. */
void backhand_attempt_register(void);

/** Prepares the list of attempts in a child process. */
apr_status_t backhand_attempt_child_init(void);

/** Begins an attempt. Until backhand_attempt_end() mod_proxy's connections in this thread belong to `t`. */
void backhand_attempt_begin(backhand_attempt *t);
void backhand_attempt_end(backhand_attempt *t);

/** Called before the first byte of the response is passed on: the attempt is not repeated from then on. */
void backhand_attempt_response(backhand_attempt *t);

/**
 * Shuts down the connections of attempts whose wait is pointless. Keeper thread. These are:
 *  - safe attempts without a response yet, whose client has closed its side of the connection;
 *  - repeatable attempts without a response yet, whose server has fallen silent, or announces another contact, or
 *    which were sent from an address that this server has no longer;
 *  - responses that have paused for longer than `pause_limit`, if the server has fallen silent or the client has closed
 *    its side.
 * @return attempts under way
 */
int backhand_attempt_watch(const backhand_table *table);

#endif
