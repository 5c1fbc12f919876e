/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file reason.h
 * @brief The values of BACKHAND_REASON: what was done with a request, and why. Core: no httpd.
 */
#ifndef BACKHAND_REASON_H
#define BACKHAND_REASON_H

typedef enum backhand_reason {
    BACKHAND_HERE_CHOSEN,  /**< served-here:chosen - the chain put this server first */
    BACKHAND_HERE_FREE,    /**< served-here:free - a free place is here, and no other server is surely faster */
    BACKHAND_HERE_SOONEST, /**< served-here:soonest - no other server would surely be sooner */
    BACKHAND_HERE_TRIAL,   /**< served-here:trial - another seems sooner; this server tests whether it has recovered */
    BACKHAND_HERE_NONE,    /**< served-here:no-candidate - the chain left no server */
    BACKHAND_HERE_GONE,    /**< served-here:gone - all candidates left or were never heard from */
    BACKHAND_HERE_BUSY,    /**< served-here:busy - the candidates have no ready worker */
    BACKHAND_HERE_NO_TLS,  /**< served-here:no-tls - the candidates need TLS, and this host has no SSLProxyEngine On */
    BACKHAND_HERE_CODED,   /**< served-here:coded - the body has a transfer coding besides chunked */
    BACKHAND_HERE_UNREADY, /**< served-here:unready - this process could not get ready to ask the candidates in time */
    BACKHAND_HERE_LIMIT,   /**< served-here:limit - BackhandMaxHandoffs requests wait for other servers already */
    BACKHAND_HERE_TUNNELS, /**< served-here:tunnels - BackhandMaxTunnels tunnels to other servers are open */
    BACKHAND_HERE_INTERPRETERS, /**< served-here:interpreters - it holds one of mod_perl, and no more such may wait */
    BACKHAND_HERE_FAILED,       /**< served-here:failed - every asked candidate refused, or BackhandTries are used up */
    BACKHAND_HERE_OWN,          /**< served-here:own - only this server can answer it, as with server-status */
    BACKHAND_HERE_MARKED,   /**< served-here:marked - it came with a mark that is not believed, and is not handed on */
    BACKHAND_HERE_UNSAFE,   /**< served-here:unsafe - only HttpProtocolOptions Unsafe let it in, or its host is odd */
    BACKHAND_NOT_PROXYPASS, /**< not-balanced:proxypass - ProxyPass covers it, without BackhandProxyPass On */
    BACKHAND_OFF_CHOSEN,    /**< handed-off:chosen - to the chain's first candidate */
    BACKHAND_OFF_SOONER,    /**< handed-off:sooner - to the server where it would surely be over sooner */
    BACKHAND_OFF_NEXT,      /**< handed-off:next - to a later candidate: those before were gone, busy or refused */
    BACKHAND_OFF_FAILED,    /**< handed-off:failed - asked, failed, and the request can't be repeated: 502 or 504 */
    BACKHAND_REDIRECTED,    /**< redirected:chosen - the client was sent there */
    BACKHAND_REDIRECTED_SESSION, /**< redirected:session - to the owner of its session, which cannot be asked now */
    BACKHAND_REFUSED_SESSION,    /**< refused:session - the owner of its session cannot be asked now: 503 */
    BACKHAND_REFUSED_WAIT,       /**< refused:wait - no candidate would begin within BackhandMaxWait: 503 */
    BACKHAND_REFUSED_AWAY,       /**< refused:away - BackhandSelfRedirect Only, and no server that may serve it can:
                                  * 503 */
    BACKHAND_REFUSED_LOOP,       /**< refused:loop - this server's contact leads back to it: 508 */
    BACKHAND_ENDED_GONE,         /**< ended:gone - its client went away while another server worked on it: 499 */
    BACKHAND_ENDED_CLIENT,       /**< ended:client - its body is wrong, too long or too slow: 400, 408, 413 */
    BACKHAND_REASONS
} backhand_reason;

/** The meaning of a reason, as a sentence without its stop. */
const char *backhand_reason_meaning(backhand_reason reason);

/** The text of a reason, as `served-here:chosen`. */
const char *backhand_reason_text(backhand_reason reason);

#endif
