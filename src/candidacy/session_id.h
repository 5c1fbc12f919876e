/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file session_id.h
 * @brief Session ids that contain the owner, the server that has the session. Core: no httpd.
 *
 * An id begins with one of these forms, with hexadecimal digits in either case. The rest of the id is the
 * application's.
 *
 *  - 8 digits: the IPv4 address of the owner's contact, with any port: `7f000001` = 127.0.0.1. The classic form.
 *  - `i` and 8 digits (IPv4 address), 12 (with port), 32 (IPv6 address) or 36 (with port), then anything but another
 *    hexadecimal digit: `i7f0000011f90` = 127.0.0.1:8080. No classic id begins with an `i`.
 */
#ifndef BACKHAND_SESSION_ID_H
#define BACKHAND_SESSION_ID_H

#include "table/table.h"

/** Room for the longest id that backhand_session_write() makes, with its terminating NUL. */
#define BACKHAND_SESSION_ID_SIZE 38

/** The owner of a session. */
typedef struct backhand_owner {
    char address[48]; /**< as in a backhand_contact */
    int port;         /**< 0: not given */
} backhand_owner;

/** Where ids are found. */
typedef enum backhand_session_place {
    BACKHAND_SESSION_COOKIE, /**< the value of a Cookie header */
    BACKHAND_SESSION_QUERY   /**< a query string */
} backhand_session_place;

/** Reads the owner at the beginning of an id. @return 1, or 0 if the id has none */
int backhand_session_read(backhand_owner *owner, const char *text, apr_size_t length);

/**
 * Finds ids, one in each call. An id follows the identifier, whose case matters. Between them may be a `=`, if the
 * identifier does not end with one, and a quotation mark. The identifier is at the beginning of the text or after a
 * separator of the place.
 * @param at  where to continue; 0 at first
 * @return 1 and the owner, or 0 at the end of the text
 */
int backhand_session_next(backhand_owner *owner, const char *text, apr_size_t length, backhand_session_place place,
                          const char *identifier, apr_size_t *at);

/** Writes the id of a contact, in the form `i` with port. @return 0 when the contact has no address */
int backhand_session_write(char out[BACKHAND_SESSION_ID_SIZE], const backhand_contact *contact);

/** True if the id names the server of that entry, whether that server lives or not. Sets `contact`, if it is not NULL,
 * to the server's contact. */
int backhand_session_names(const backhand_table *table, int id, uint64_t generation, const backhand_owner *owner,
                           backhand_contact *contact);

/**
 * True if the server of that entry keeps its sessions, for a request that noted this generation. It has not left, no
 * policy has made it older than SERVER_TIMEOUT, and it has not been silent for three of its intervals, unless it has
 * answered a request within that time, or this server hears nobody. This server (entry 0) always keeps them.
 */
int backhand_session_lives(const backhand_table *table, int id, uint64_t generation);

/** True if the id names the server of that entry, and that server lives. */
int backhand_session_owns(const backhand_table *table, int id, uint64_t generation, const backhand_owner *owner);

/** NULL for a name that a cookie can have (an identifier without the `=`), or the error. */
const char *backhand_session_check_name(const char *name);

#endif
