/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file message_keys.h
 * @brief The keys of an announcement, for the two halves of message.h. Core: no httpd.
 */
#ifndef BACKHAND_MESSAGE_KEYS_H
#define BACKHAND_MESSAGE_KEYS_H

#include "figures/figures.h"
#include "table/announcement.h"

/** Keys. Each has a bit, to notice what came twice or not at all. */
typedef enum backhand_key {
    BACKHAND_KEY_V,
    BACKHAND_KEY_BH,
    BACKHAND_KEY_FARM,
    BACKHAND_KEY_BOOT,
    BACKHAND_KEY_HOST,
    BACKHAND_KEY_CONTACT,
    BACKHAND_KEY_SEQ, /**< from here on numbers */
    BACKHAND_KEY_MS,
    BACKHAND_KEY_KA,
    BACKHAND_KEY_TIME,    /**< may be missing: 0 then */
    BACKHAND_KEY_LEAVE,   /**< may be missing: 0 then */
    BACKHAND_KEY_DIRECT,  /**< may be missing: 0 then */
    BACKHAND_KEY_FIGURES, /**< from here on backhand_figures */
    BACKHAND_KEYS = BACKHAND_KEY_FIGURES + BACKHAND_FIGURES
} backhand_key;

_Static_assert(BACKHAND_KEYS < 64, "all bits fit into a word");

/** The key of a figure, as in BACKHAND_KEY_OF(aservers). */
#define BACKHAND_KEY_OF(name) ((backhand_key)(BACKHAND_KEY_FIGURES + BACKHAND_FIGURE_##name))

#define BACKHAND_KEY_BIT(key) (UINT64_C(1) << (key))

/** The key's name on the wire. */
const char *backhand_key_name(backhand_key key);

/** The key of that name, BACKHAND_KEYS when there is none. `expected`, 0 or more, is tried first, then those after it:
 * most keys come in their order. */
int backhand_key_find(const char *name, size_t length, int expected);

/** The number that the key stands for: its place in `announcement`, and its range. For BACKHAND_KEY_BUSY it is
 * `nservers`. */
int64_t *backhand_key_number(backhand_key key, backhand_announcement *announcement, int64_t *min, int64_t *max);

/** True for bytes that stand for themselves on the wire. */
int backhand_key_plain(char c);

#endif
