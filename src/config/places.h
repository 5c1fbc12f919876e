/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file places.h
 * @brief Directives by the place where they hold, for notes about directives that meet.
 *
 * It looks at the configuration as written, like mod_info: httpd knows only at a request which sections apply. So it
 * errs, towards a note where it cannot know. It sees no .htaccess files. All functions: the parent, at the start.
 */
#ifndef BACKHAND_CONFIG_PLACES_H
#define BACKHAND_CONFIG_PLACES_H

#include "config/config.h"

#include <http_config.h>

/** In the order in which httpd merges sections. A pattern may be of a directory or a location. */
typedef enum backhand_place_kind {
    BACKHAND_PLACE_SERVER,
    BACKHAND_PLACE_DIRECTORY,
    BACKHAND_PLACE_LOCATION,
    BACKHAND_PLACE_PATTERN
} backhand_place_kind;

/** Where a directive holds. */
typedef struct backhand_place {
    const ap_directive_t *d;    /**< the directive itself */
    const ap_directive_t *host; /**< its <VirtualHost>; NULL: the main server */
    backhand_place_kind kind;
    const char *path;    /**< without a slash at its end; empty: all */
    ap_regex_t *regex;   /**< of a pattern of URLs; NULL: none, or it is not known */
    const char *literal; /**< text that all URLs of a pattern begin with; NULL: not known */
    int partial;         /**< a section such as <If> or <Files> picks requests there */
} backhand_place;

typedef struct backhand_places {
    apr_pool_t *p;
    apr_array_header_t *logins;  /**< backhand_place: AuthType Digest and the like */
    apr_array_header_t *proxied; /**< backhand_place: ProxyPass, ProxyPassMatch, RewriteRule with [P] */
    apr_array_header_t *chains;  /**< backhand_place: candidacy functions */
    apr_array_header_t *offs;    /**< backhand_place: Backhand off */
    apr_array_header_t *trusts;  /**< backhand_place: BackhandTrustUser */
    apr_array_header_t *passes;  /**< backhand_place: BackhandProxyPass */
    apr_array_header_t *roots;   /**< backhand_place: DocumentRoot */
    int directives;
} backhand_places;

/** Finds the directives of the configuration, at most some thousands. */
void backhand_places_find(backhand_places *found, apr_pool_t *p);

/** The first word of a directive, without quotes. */
const char *backhand_place_word(const backhand_place *place, apr_pool_t *p);

/** True when the last directive of `list` that holds for all of the place is On. */
int backhand_place_is_on(const backhand_places *found, const apr_array_header_t *list, const backhand_place *place);

/** A chain that may decide about a request of the place, and is not off there; NULL: none. */
const backhand_place *backhand_place_chain(const backhand_places *found, const backhand_place *place);

/** Logs each AuthType whose logins hold at one server only where a chain applies. */
void backhand_config_note_logins(const backhand_places *found, server_rec *s);

/** Logs each RewriteRule with [P], and each ProxyPass that mod_proxy's own records do not show, where a chain applies
 * and balances nothing. */
void backhand_config_note_proxied(const backhand_places *found, server_rec *s);

#endif
