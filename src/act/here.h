/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file here.h
 * @brief Serves a request here, and takes it back if this server's own application fails: BackhandRetryStatus.
 *
 * The module's handler runs before all others, and httpd asks it once. So it runs the other handlers itself, and looks
 * at what they return. Where they have sent nothing, the request becomes what it was before, and the error is kept for
 * the case that nobody answers better. The same holds for internal redirects that the handlers make: RewriteRule in
 * .htaccess files, Action, ErrorDocument. httpd runs the module's handler for them, too. All functions: the thread of
 * the request.
 */
#ifndef BACKHAND_HERE_H
#define BACKHAND_HERE_H

#include "act/proxy/body.h"

/** On the handler's stack; all 0 at first. */
typedef struct backhand_here {
    int failed;     /**< the handlers have failed, and the request is as it was before */
    request_rec *r; /**< private, as all below */
    const backhand_config *conf;
    const request_rec *running; /**< the request whose handlers run: `r` or an internal redirect of it */
    int *begun;                 /**< output has come to the request's filters; in its pool, as they are */
    int kept;                   /**< what is read of the body can be put back */
    int status;                 /**< that the handlers returned */
    request_rec *redirected;    /**< the internal redirect of `r` whose handlers failed; NULL: none */
    ap_filter_t *filters;       /**< its output filters */
    request_rec errored;        /**< `r` as the handlers left it */
} backhand_here;

/** Registers the filter. Hook registration time. */
void backhand_here_register(void);

/** True when an error of this server's may be taken back: BackhandRetryStatus, and a method that may be repeated. */
int backhand_here_may_fail(const request_rec *r, const backhand_config *conf);

/** True within backhand_here_run(), also for internal redirects of the request: the module decides nothing. */
int backhand_here_is(const request_rec *r);

/** The module's handler where backhand_here_is(). It runs the other handlers of an internal redirect, and holds back
 * their error for backhand_here_run(). @return what the handler returns */
int backhand_here_handler(request_rec *r);

/**
 * Runs the other handlers. Sets `here->failed` if they, or the handlers of an internal redirect, returned a status of
 * BackhandRetryStatus, sent nothing, and read no more of the body than is kept. This server's figures count that error.
 * @param body  NULL: the request has none. backhand_body_check() and backhand_body_keep() have been called
 * @return what they returned
 */
int backhand_here_run(backhand_here *here, request_rec *r, const backhand_config *conf, backhand_body *body);

/** The request is again as the handlers left it, error page and headers included. @return what the handler returns */
int backhand_here_answer(backhand_here *here);

#endif
