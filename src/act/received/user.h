/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file user.h
 * @brief BackhandTrustUser: the user whom the front server authenticated, told in a signed mark, is the user here.
 *
 * The front server tells its user where its place has BackhandTrustUser On. The back server takes the user as the
 * result of its own check_user_id, where its place has it, too: for the request that was handed off, and for index
 * pages, error documents and the like of the same AuthType and AuthName. Each mark names a user for one request only.
 */
#ifndef BACKHAND_USER_H
#define BACKHAND_USER_H

#include "act/received/mark.h"
#include "act/received/record.h"
#include "config/config.h"

/** Adds to a mark of this server what the back server shall know of the user, and UNIQUE_ID. From r->pool. */
void backhand_user_tell(request_rec *r, backhand_mark *mark);

/** Takes the user and UNIQUE_ID of a mark that is believed; `text` is its header. Nothing of a mark that is not signed.
 */
void backhand_user_hear(request_rec *r, backhand_user *user, const backhand_mark *mark, const char *text);

/** Makes the memory of spent marks, when some place has BackhandTrustUser On. It outlives restarts. Called in
 * post_config of the real start. @return OK or HTTP_INTERNAL_SERVER_ERROR */
int backhand_user_post_config(server_rec *s);

/** Hooks check_authn, check_authz and fixups. */
void backhand_user_register(void);

#endif
