/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file attempt.h
 * @brief One attempt at another server, seen from its connection: did anything leave, did anything come back?
 *
 * mod_proxy tells only how an attempt ended. Filters on the connections it opens note the first byte sent and the head
 * of the response, and the keeper thread ends the wait for a server that has fallen silent.
 *
 * A server may answer before it has the whole body, and close: then sending fails, and the answer is there to be read.
 * So an attempt whose sending fails drops the rest of the request and goes on to read.
 *
 * Once the head of a response is there nothing limits the time between two parts of it, as nothing does when the client
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
    const backhand_config *conf; /**< set by the caller, as all up to `head` but for what says otherwise */
    request_rec *r;              /**< the request */
    int id;                      /**< the slot that is asked */
    uint64_t generation;         /**< its generation: of no other server is anything counted or thought */
    const apr_table_t *own;      /**< headers that this server has set for the connection with the client */
    apr_time_t asked;            /**< when the attempt began; set by backhand_attempt_begin() */
    int accepted;                /**< AcceptStats covers the address that answers; found here */
    int repeatable; /**< the request may be sent to another server when this one falls silent, if its body can be */
    int safe;       /**< nothing is lost when it is given up after its client has gone: GET, HEAD, OPTIONS */
    int final;      /**< its response is passed on, whatever its status is */
    const backhand_body *body;    /**< NULL: it has none */
    backhand_handshake handshake; /**< the caller says whether and for whom */
    int reused;                   /**< sent over a connection that was kept from an earlier request */
    int sent;                     /**< some of the request left */
    int begun;                    /**< some of the response was passed on */
    int silenced;                 /**< given up because the server fell silent */
    int unwanted_status;          /**< of BackhandRetryStatus: none of the response is passed on; 0: no such status */
    apr_size_t swallowed;         /**< bytes of it */
    int abandoned; /**< given up because its client has gone, or because nothing came for long, and the client had
                      closed */
    int lost;      /**< the connection ended, or failed */
    int timed_out; /**< nothing came in time */
    int unwanted;  /**< the server takes no more of the request; what it has answered counts */
    int64_t moved; /**< when something came last, by backhand_clock_now(); an atomic */
    apr_interval_time_t pause_limit; /**< a response may pause for longer only while its server announces itself, us */
    apr_socket_t *client; /**< of a client whose time-out is off while its connection is a tunnel; else NULL */
    apr_interval_time_t client_timeout; /**< the time-out that `client` had */
    const request_rec *chunked;  /**< the request, when its body is sent in chunks and may end in trailers; or NULL */
    backhand_response_head head; /**< what came back; the caller sets its pool */
    struct backhand_connection *connection;
    struct backhand_attempt *next, **link; /**< private: the list of attempts under way */
} backhand_attempt;

/** Registers the filters and the connection hook. */
void backhand_attempt_register(void);

/** Prepares the list of attempts in a child process. */
apr_status_t backhand_attempt_child_init(void);

/** From here to backhand_attempt_end, connections of mod_proxy in this thread belong to `t`. */
void backhand_attempt_begin(backhand_attempt *t);
void backhand_attempt_end(backhand_attempt *t);

/** The first byte of the response is about to be passed on: from now on the attempt is not given up. */
void backhand_attempt_response(backhand_attempt *t);

/**
 * Keeper thread: ends the waiting of every safe attempt whose client has closed its side of the connection before the
 * response began. Ends the waiting of every repeatable attempt whose server has fallen silent, and every response that
 * has paused for longer than its `pause_limit` while its server has fallen silent, or its client has closed its side.
 * @return attempts under way
 */
int backhand_attempt_watch(const backhand_table *table);

#endif
