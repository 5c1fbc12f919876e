/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mark.h
 * @brief The text of a mark, the value of the `Backhand-Proxied` header: writes, reads, signs and checks it. Core: no
 * httpd.
 *
 * `v=1&client=192.0.2.7:40312&scheme=http&port=8080`: the client (IPv6 in brackets), its scheme, and the port that it
 * asked. Further keys, only where they are needed:
 *
 *  - `protocol=HTTP/1.0`, `host=none`, `host=empty`, `authority=http://example.com` (absolute form): the request line
 *    or the Host header, where a hand-off cannot carry it.
 *  - `prefix=`, percent-encoded: in place of `authority`, for text that is no `scheme://host`, as for `http:/path`.
 *  - `connection=close`: the client's Connection header, percent-encoded; without this key it sent none.
 *  - `again=1`: the request came to the sender with a mark; see `again` below.
 *  - `id=`: the request's UNIQUE_ID.
 *  - `user=`, percent-encoded, and `auth=`: the user whom the sender authenticated, and how. With them goes `nonce=`, a
 *    random number, so that no two marks are the same.
 *  - `lost=192.0.2.3:80`: the owner of the request's session, which the sender has given up.
 *
 * Unknown keys are ignored. A key that occurs twice counts as absent.
 *
 * With a secret the mark ends with `&time=MS&sig=HEX`. The signature covers the word `hand-off`, the mark before
 * `&sig=`, the receiver's contact, the method, the Host header and the target of the request line, separated by
 * newlines.
 */
#ifndef BACKHAND_MARK_H
#define BACKHAND_MARK_H

#include "table/table.h"
#include "trust/keys.h"

/** Longest Connection header and longest prefix in a mark, in bytes before encoding. */
#define BACKHAND_MARK_TEXT_MAX 1000
/** Longest user before encoding, and longest of the shorter texts, in bytes. */
#define BACKHAND_MARK_USER_MAX 500
#define BACKHAND_MARK_WORD_MAX 64

/** The contents of a mark. */
typedef struct backhand_mark {
    backhand_contact client; /**< the client's address and port; `https`: it speaks https with the front server */
    int port;                /**< the port that the client asked, 1 to 65535 */
    int no_host;             /**< the request came without a Host header, or with an empty one */
    int empty_host;          /**< the Host header was empty */
    const char *protocol;    /**< `HTTP/1.0` or `HTTP/2.0`; NULL: HTTP/1.1 */
    const char *authority;   /**< text before the path in the request line; NULL: none */
    const char *connection;  /**< the client's Connection header; NULL: none */
    backhand_contact lost;   /**< address and port of the session's owner, which has been given up; port 0: none */
    int again;               /**< the request came to the sender with a mark; it is handed on no further */
    const char *id;          /**< the request's UNIQUE_ID; NULL: none */
    const char *user;        /**< the user whom the sender authenticated, maybe empty; NULL: nobody */
    const char *auth;        /**< how, such as `Digest`; NULL: unknown */
    const char *nonce;       /**< a random number; NULL: none */
} backhand_mark;

/** The request and the receiver that a signed mark is valid for. No part contains a newline. */
typedef struct backhand_signed_request {
    const char *contact; /**< contact of the receiver; NULL: unknown, and no mark is accepted */
    const char *method;
    const char *host; /**< the Host header, or NULL */
    const char *target;
} backhand_signed_request;

/**
 * Writes a mark, from the pool. backhand_mark_read() can always read it: a text that would make it unreadable, or is
 * too long, is left out. So is the zone of an address (`%eth0`), which has a meaning on this machine only.
 */
const char *backhand_mark_write(const backhand_mark *mark, apr_pool_t *p);

/** Reads a mark. Its texts are from the pool, and have visible characters only. @return 1; 0: no server of this module
 * writes such a mark */
int backhand_mark_read(backhand_mark *mark, const char *text, apr_pool_t *p);

/** Adds time and signature. @return the signed mark, from the pool; if OpenSSL fails, `mark` itself */
const char *backhand_mark_seal(const char *mark, const backhand_signed_request *signed_request,
                               const backhand_keys *keys, apr_time_t now, apr_pool_t *p);

/**
 * Checks that `text` is signed with one of the keys, for this request, at a time that differs from `now` by at most
 * `skew`.
 * @return NULL: it is; else the reason why not, for the log
 */
const char *backhand_mark_verify(const char *text, const backhand_signed_request *signed_request,
                                 const backhand_keys *keys, apr_interval_time_t skew, apr_time_t now, apr_pool_t *p);

/** True when the text has a signature, valid or not. */
int backhand_mark_signed(const char *text);

/** The signature of a text that backhand_mark_verify() accepted: 64 hex digits, the end of `text`. */
const char *backhand_mark_signature(const char *text);

/** The time when a text that backhand_mark_verify() accepted was signed, by the sender's wall clock. */
apr_time_t backhand_mark_stamp(const char *text);

#endif
