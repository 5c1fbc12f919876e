/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file user.h
 * @brief BackhandTrustUser: the front server authenticates the user and names it in a signed mark; the back server
 * accepts that user.
 *
 * The front server names its user if BackhandTrustUser is On for its place. The back server, if it is On for its place
 * as well, takes this user as the result of its own check_user_id. This holds for the request that was handed off, and
 * for index pages, error documents and the like with the same AuthType and AuthName. Each mark names a user for one
 * request only.
 */
#ifndef BACKHAND_USER_H
#define BACKHAND_USER_H

#include "act/received/mark.h"
#include "act/received/record.h"
#include "config/config.h"

/** Adds the user and UNIQUE_ID to a mark that this server writes. From r->pool. */
void backhand_user_tell(request_rec *r, backhand_mark *mark);

/** Takes the user and UNIQUE_ID from a mark that is believed; `text` is its header. An unsigned mark gives neither. */
void backhand_user_hear(request_rec *r, backhand_user *user, const backhand_mark *mark, const char *text);

/** Makes the memory of spent marks, if some place has BackhandTrustUser On. It outlives restarts. Called in post_config
 * of the real start. @return OK or HTTP_INTERNAL_SERVER_ERROR */
int backhand_user_post_config(server_rec *s);

/** Hooks check_authn, check_authz and fixups. */
void backhand_user_register(void);

#endif
