/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file cookie.h
 * @brief The words of BackhandSessionCookie: a cookie's name and attributes. Core: no httpd.
 */
#ifndef BACKHAND_CONFIG_COOKIE_H
#define BACKHAND_CONFIG_COOKIE_H

#include <apr_pools.h>

/** The most words that make sense: a name, path, domain, max-age, samesite, secure. */
#define BACKHAND_COOKIE_WORDS 6

/** A cookie as configured. */
typedef struct backhand_cookie {
    const char *name;       /**< empty: none is set */
    const char *attributes; /**< what follows its value, `; Path=/; HttpOnly; SameSite=Lax`; all but Secure */
    int secure;             /**< it has Secure; 0: only when the client uses TLS */
    int ends;               /**< it has Max-Age */
} backhand_cookie;

/**
 * Reads the words: a name, or `off` alone; then in any order, each once, `path=/…` [/], `domain=NAME` [none],
 * `max-age=TIME` [none], `samesite=lax|strict|none` [lax], `secure`. Refuses what browsers drop: SameSite=None without
 * Secure, and the name prefixes `__Secure-` and `__Host-` without what they promise. Fills in `out` from the pool.
 * @param n  1 to BACKHAND_COOKIE_WORDS
 * @return NULL, or the error: what is right
 */
const char *backhand_cookie_parse(backhand_cookie *out, const char *const *words, int n, apr_pool_t *p);

#endif
