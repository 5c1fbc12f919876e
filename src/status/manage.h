/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file manage.h
 * @brief Orders by the status page, where BackhandManage is On: the forms, and the requests that they send.
 *
 * Each form has a token: an HMAC, with a key that is drawn at each start and graceful restart, over the user, the host
 * and the time. So another site's page can make no form that is obeyed, and a form is worth nothing for other users, or
 * after an hour.
 */
#ifndef BACKHAND_STATUS_MANAGE_H
#define BACKHAND_STATUS_MANAGE_H

#include "config/config.h"
#include "status/rows.h"

/** Draws the key of the tokens. By the parent, in post_config. @return OK or HTTP_INTERNAL_SERVER_ERROR */
int backhand_manage_post_config(backhand_config *conf, server_rec *s, apr_pool_t *pconf);

/** Writes the form for one server. Only where BackhandManage is On. */
void backhand_manage_form(request_rec *r, const backhand_config *conf, const backhand_row *row);

/** Answers a POST to the status page. Obeys only a form of this page.
 * @return OK; 403 for a missing or wrong token, or another origin; 400 for a malformed form */
int backhand_manage_post(request_rec *r, const backhand_config *conf);

/** Refuses an order, with a log line at level info. @param why  as "it came by GET" @return 403 */
int backhand_manage_refuse(request_rec *r, const char *why);

#endif
