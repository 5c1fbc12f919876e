/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file message.h
 * @brief The wire format of announcements: text to struct and back. Core: no httpd, no sockets.
 *
 * A datagram is `v=1&ready=N&busy=N&bh=1&...`: keys and values joined by `=` and `&`, values in printable ASCII with
 * everything but `A-Z a-z 0-9 . _ - : / [ ]` as %XX. httpd's own mod_heartmonitor understands it. A datagram of
 * mod_heartbeat is read here as a server at its sender's address, port 80.
 */
#ifndef BACKHAND_MESSAGE_H
#define BACKHAND_MESSAGE_H

#include "table/table.h"
#include "trust/keys.h"

/**
 * The number in `bh=`. A reader ignores keys that it does not know, so a new key does not change the number. A format
 * may remove or redefine a key only if the format before it already had a replacement for that key. So each format
 * contains every key that the format before it needs. A reader accepts its own number, the one before and the one
 * after. So two releases with neighbouring formats understand each other in both directions.
 */
#define BACKHAND_WIRE_FORMAT     1
#define BACKHAND_WIRE_FORMAT_MIN 1
#define BACKHAND_WIRE_FORMAT_MAX (BACKHAND_WIRE_FORMAT + 1)
/** A datagram has fewer bytes than this. */
#define BACKHAND_MESSAGE_SIZE 1200

/**
 * Writes `announcement` as a datagram. Numbers out of range become the nearest limit. `leave` and `direct` are written
 * only if they are 1, `time` and an order only if they are not 0, `zone` only if it is not empty, `far` only beside
 * `zone` and if it is not 0, the sums of the zone only beside `far=1`.
 * @return its length, without the terminating NUL; 0 when it does not fit (cannot happen with a hostname of at most
 *         255 valid bytes, a farm of at most 63 and a zone of at most 31)
 */
apr_size_t backhand_message_encode(char out[BACKHAND_MESSAGE_SIZE], const backhand_announcement *announcement);

/**
 * Adds a signature to a datagram that backhand_message_encode() wrote: `&sig=` and 64 hex digits. It covers everything
 * before it.
 * @return the new length; 0 when `length` is 0, when it does not fit (as above), or when OpenSSL fails
 */
apr_size_t backhand_message_sign(char data[BACKHAND_MESSAGE_SIZE], apr_size_t length, const backhand_keys *keys);

/** Finds the key that signed the datagram. @return the key's place in the file, from 1 on; 0: none */
int backhand_message_verify(const char *data, apr_size_t length, const backhand_keys *keys);

/** True when the datagram has a signature, valid or not. */
int backhand_message_signed(const char *data, apr_size_t length);

/** True for a name that can be announced: 1 to 255 of `A-Z a-z 0-9 . - _ :`. */
int backhand_hostname_valid(const char *name);

/**
 * Reads a datagram. Allocates nothing; reads no byte beyond `length`. Our own keys count only after `bh`. A datagram
 * without `bh` is a stock heartbeat: boot 0, no farm, an announcement each second, idle connections kept for 5 s
 * (httpd's default), no figures but its workers.
 * @param sender  the sender's numeric address; a stock heartbeat gets it as hostname and as contact,
 * `http://sender:80`. NULL: the sender has no address, so a stock heartbeat gives BACKHAND_DROP_KEYS
 * @param detail  on failure the faulty key, NUL-terminated, escaped for a log; may be NULL
 * @return BACKHAND_DROP_NONE, _LENGTH, _TEXT, _FORMAT, _KEYS or _RANGE; `out` is whole only with _NONE
 */
backhand_drop backhand_message_decode(backhand_announcement *out, const char *data, apr_size_t length,
                                      const char *sender, char detail[32]);

#endif
