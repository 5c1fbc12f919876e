/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mark.h
 * @brief The text of a mark, the value of the `Backhand-Proxied` header: written, read, signed and checked. Core: no
 * httpd.
 *
 * `v=1&client=192.0.2.7:40312&scheme=http&port=8080` (IPv6 in brackets; port: the one the client asked). Where the
 * request line or the Host header were others than hand-offs can have, as needed: `&protocol=HTTP/1.0`,
 * `&authority=http://example.com` (absolute form), `&host=none`, `&host=empty`. `&prefix=` says the same as
 * `authority`, percent-encoded, where that could not, as for `http:/path`. `&connection=close` is the client's
 * Connection header, percent-encoded; without this key there was none. `&again=1`: the request was marked before, see
 * again below. `&id=` is the request's UNIQUE_ID. `&user=`, percent-encoded, and `&auth=` are the user whom the sender
 * authenticated and how; with them goes `&nonce=`, a random number, so that no two marks are the same.
 * `&lost=192.0.2.3:80` is the owner of the request's session, which the sender has given up. Keys that are not known
 * are ignored; one that is there twice counts as absent.
 *
 * With a secret `&time=MS&sig=HEX` stands at the end. The signature is for the word `hand-off`, over the mark before
 * `&sig=`, the receiver's contact, the method, the Host header and the target of the request line, a newline between
 * two.
 */
#ifndef BACKHAND_MARK_H
#define BACKHAND_MARK_H

#include "table/table.h"
#include "trust/keys.h"

/** The longest Connection header and the longest prefix that a mark carries, in bytes before they are encoded. */
#define BACKHAND_MARK_TEXT_MAX 1000
/** The longest user, before it is encoded, and the longest of the shorter texts. */
#define BACKHAND_MARK_USER_MAX 500
#define BACKHAND_MARK_WORD_MAX 64

/** What a mark says. */
typedef struct backhand_mark {
    backhand_contact client; /**< the client's address and port; `https`: it speaks https with that server */
    int port;                /**< the port the client asked, 1 to 65535 */
    int no_host;             /**< the request came without a Host header, or with an empty one */
    int empty_host;          /**< with an empty one */
    const char *protocol;    /**< `HTTP/1.0` or `HTTP/2.0`; NULL: HTTP/1.1 */
    const char *authority;   /**< what stood before the path in the request line; NULL: nothing */
    const char *connection;  /**< the client's Connection header; NULL: none */
    backhand_contact lost;   /**< address and port of the session's owner that is not there any more; port 0: none */
    int again;               /**< the request had come to the sender with a mark: it is handed on no further */
    const char *id;          /**< the request's UNIQUE_ID; NULL: none */
    const char *user;        /**< the user whom the sender authenticated, maybe empty; NULL: nobody */
    const char *auth;        /**< how, as `Digest`; NULL: not known */
    const char *nonce;       /**< a random number; NULL: none */
} backhand_mark;

/** The request that a signed mark is for, and its receiver; no part has a newline in it. */
typedef struct backhand_signed_request {
    const char *contact; /**< of the receiver; NULL: not known, and no mark is right */
    const char *method;
    const char *host; /**< the Host header, or NULL */
    const char *target;
} backhand_signed_request;

/**
 * Writes a mark, from the pool. It can be read whatever a request said: a text that could not, or that is too long, is
 * left out. So is the zone of an address (`%eth0`), which means something on this machine only.
 */
const char *backhand_mark_write(const backhand_mark *mark, apr_pool_t *p);

/** Reads a mark; its texts are from the pool, and of visible characters only. @return 1, or 0 when it is not what a
 * server writes */
int backhand_mark_read(backhand_mark *mark, const char *text, apr_pool_t *p);

/** Adds time and signature. @return the whole, from the pool; `mark` as it is when OpenSSL fails */
const char *backhand_mark_seal(const char *mark, const backhand_signed_request *signed_request,
                               const backhand_keys *keys, apr_time_t now, apr_pool_t *p);

/**
 * NULL when `text` is signed by one of the keys, for this request, at a time that differs from `now` by `skew`
 * at most; else what is wrong with it, for the log.
 */
const char *backhand_mark_verify(const char *text, const backhand_signed_request *signed_request,
                                 const backhand_keys *keys, apr_interval_time_t skew, apr_time_t now, apr_pool_t *p);

/** True when the text has a signature at all, right or wrong. */
int backhand_mark_signed(const char *text);

/** The signature of a text that backhand_mark_verify() accepted, 64 hex digits up to the end of `text`. */
const char *backhand_mark_signature(const char *text);

/** When a text that backhand_mark_verify() accepted was signed, by the sender's wall clock. */
apr_time_t backhand_mark_stamp(const char *text);

#endif
