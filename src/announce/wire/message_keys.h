/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file message_keys.h
 * @brief The keys of an announcement, for message.c and message_read.c. Core: no httpd.
 */
#ifndef BACKHAND_MESSAGE_KEYS_H
#define BACKHAND_MESSAGE_KEYS_H

#include "figures/figures.h"
#include "table/announcement.h"

/** All keys. A reader has one bit for each key, to find duplicate and missing ones. */
typedef enum backhand_key {
    BACKHAND_KEY_V,
    BACKHAND_KEY_BH,
    BACKHAND_KEY_FARM,
    BACKHAND_KEY_BOOT,
    BACKHAND_KEY_HOST,
    BACKHAND_KEY_CONTACT,
    BACKHAND_KEY_SEQ, /**< this key and all after it but `to` and `zone` are numbers */
    BACKHAND_KEY_MS,
    BACKHAND_KEY_KA,
    BACKHAND_KEY_TIME,     /**< optional, default 0 */
    BACKHAND_KEY_LEAVE,    /**< optional, default 0 */
    BACKHAND_KEY_DIRECT,   /**< optional, default 0 */
    BACKHAND_KEY_ORDER,    /**< optional, default 0 */
    BACKHAND_KEY_DO,       /**< optional, default 0 */
    BACKHAND_KEY_TO,       /**< optional, default empty */
    BACKHAND_KEY_ZONE,     /**< optional, default empty */
    BACKHAND_KEY_FAR,      /**< optional, default 0 */
    BACKHAND_KEY_ZSERVERS, /**< optional, default 0, as the next two */
    BACKHAND_KEY_ZREADY,
    BACKHAND_KEY_ZBUSY,
    BACKHAND_KEY_FIGURES, /**< this key and all after it: backhand_figures, in their order */
    BACKHAND_KEYS = BACKHAND_KEY_FIGURES + BACKHAND_FIGURES
} backhand_key;

_Static_assert(BACKHAND_KEYS < 64, "all bits fit into a word");

/** The key of a figure, as in BACKHAND_KEY_OF(aservers). */
#define BACKHAND_KEY_OF(name) ((backhand_key)(BACKHAND_KEY_FIGURES + BACKHAND_FIGURE_##name))

#define BACKHAND_KEY_BIT(key) (UINT64_C(1) << (key))

/** The key's name on the wire. */
const char *backhand_key_name(backhand_key key);

/** Finds the key of that name. Tries `expected`, 0 or more, first, then the keys after it, because most keys come in
 * order. @return the key, or BACKHAND_KEYS: there is none */
int backhand_key_find(const char *name, size_t length, int expected);

/** The number of a key: its place in `announcement`, and its range. For BACKHAND_KEY_BUSY the place is `nservers`. */
int64_t *backhand_key_number(backhand_key key, backhand_announcement *announcement, int64_t *min, int64_t *max);

/** True for bytes that stand for themselves on the wire. */
int backhand_key_plain(char c);

#endif
