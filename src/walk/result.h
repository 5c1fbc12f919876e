/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file result.h
 * @brief How an attempt at another server ended, and its meaning for the walk. Core: no httpd.
 */
#ifndef BACKHAND_WALK_RESULT_H
#define BACKHAND_WALK_RESULT_H

/** How an attempt ended, as seen on its connection. */
typedef enum backhand_handoff_result {
    BACKHAND_ANSWERED,  /**< the response was passed on, or broke off after it began: the request is done */
    BACKHAND_REFUSED,   /**< no part of the request was sent: another server can have it */
    BACKHAND_STALE,     /**< as DROPPED, but on a kept connection, which the server may just have closed: not its
                         * failure */
    BACKHAND_DROPPED,   /**< closed, garbled or gone silent before the response began */
    BACKHAND_BROKEN,    /**< the server answered, and its answer cannot be passed on */
    BACKHAND_UNWANTED,  /**< the status of its response is one of BackhandRetryStatus; none of it was passed on */
    BACKHAND_GONE,      /**< the client has gone; the attempt was given up */
    BACKHAND_TIMED_OUT, /**< no response within BackhandResponseTimeout */
    BACKHAND_CLIENT     /**< an error of the client in its body ended the request: no server is to blame */
} backhand_handoff_result;

/** The result of the walk's last step. */
typedef enum backhand_walk_result {
    BACKHAND_RESULT_NONE,  /**< there was no step yet */
    BACKHAND_RESULT_CHAIN, /**< the chain has run again, as the step said */
    BACKHAND_RESULT_ERROR, /**< this server has served it with a status of BackhandRetryStatus; nothing was sent yet */
    /* The server was asked, and */
    BACKHAND_RESULT_ANSWERED,  /**< it has answered */
    BACKHAND_RESULT_FAILED,    /**< it failed: another server, or this one, can have the request */
    BACKHAND_RESULT_LOST,      /**< it failed, and the request cannot be repeated */
    BACKHAND_RESULT_TIMED_OUT, /**< the same, because no response came in time */
    BACKHAND_RESULT_GONE,      /**< the client has gone */
    BACKHAND_RESULT_CLIENT,    /**< the client's error ended the request */
    /* The server was not asked, because */
    BACKHAND_RESULT_UNREADY,      /**< this process did not get ready for it in time */
    BACKHAND_RESULT_LIMIT,        /**< the most requests that may wait for other servers already do */
    BACKHAND_RESULT_TUNNELS,      /**< it asks for a tunnel, and no more tunnels to other servers may be open */
    BACKHAND_RESULT_INTERPRETERS, /**< the request holds an interpreter of mod_perl, and no more such may wait */
    BACKHAND_RESULT_BODY          /**< an error of the client in its body showed first */
} backhand_walk_result;

/** @param repeatable  the request may be sent again after a part of it was sent */
backhand_walk_result backhand_walk_result_of(backhand_handoff_result attempt, int repeatable);

#endif
