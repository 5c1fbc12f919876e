/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/wire/message.h"
#include "announce/wire/message_keys.h"
#include "base/hex.h"
#include "base/number.h"
#include "base/pairs.h"
#include "base/words.h"

#include <apr_strings.h>
#include <apr_lib.h>

#include <string.h>

/* Values that a stock heartbeat lacks: mod_heartbeat sends one each second, and httpd's default KeepAliveTimeout is
 * 5 s. */
#define HEARTBEAT_INTERVAL_MS  1000
#define HEARTBEAT_KEEPALIVE_MS 5000

#define BIT(key)       BACKHAND_KEY_BIT(BACKHAND_KEY_##key)
#define HEARTBEAT_KEYS (BIT(V) | figures_by(BACKHAND_BY_HEARTBEAT))
#define ALL_KEYS       ((BIT(TIME) - 1) | figures_by(BACKHAND_BY_HEARTBEAT | BACKHAND_BY_ANNOUNCEMENT))

/* The bits of the figures that travel one of these ways. */
static inline uint64_t figures_by(unsigned by)
{
#define FIGURE(name, key, least, most, ways, ...) | (by & (ways) ? BACKHAND_KEY_BIT(BACKHAND_KEY_OF(name)) : 0)
    return 0 BACKHAND_ALL_FIGURES(FIGURE);
#undef FIGURE
}

/* Accepts a minus sign as part of a number. No minimum is below 0, so such a number, except -0, is out of range. */
static backhand_drop read_integer(int64_t *out, backhand_span value, int64_t min, int64_t max)
{
    const char *end = value.at + value.length;
    int negative = value.length > 1 && *value.at == '-';
    const char *digits = value.at + negative;
    uint64_t n;
    if (value.length == 0 || backhand_digits_read(&n, digits, end) != end) {
        return BACKHAND_DROP_FORMAT;
    }
    if (negative ? n > 0 || min > 0 : n < (uint64_t)min || n > (uint64_t)max) {
        return BACKHAND_DROP_RANGE;
    }
    *out = (int64_t)n;
    return BACKHAND_DROP_NONE;
}

static backhand_drop read_boot(uint64_t *boot, backhand_span value)
{
    size_t i;
    *boot = 0;
    if (value.length == 0) {
        return BACKHAND_DROP_FORMAT;
    }
    for (i = 0; i < value.length; i++) {
        int digit = backhand_hex_value(value.at[i]);
        if (digit < 0) {
            return BACKHAND_DROP_FORMAT;
        }
        *boot = *boot << 4 | (uint64_t)digit;
    }
    return value.length > 16 || *boot == 0 ? BACKHAND_DROP_RANGE : BACKHAND_DROP_NONE;
}

/* Reads the byte at `*i`, and moves `*i` to the end of its %XX. @return the byte; -1: it is malformed */
static int read_byte(backhand_span value, size_t *i)
{
    if (value.at[*i] != '%') {
        return backhand_key_plain(value.at[*i]) ? value.at[*i] : -1;
    }
    if (value.length - *i < 3) {
        return -1;
    }
    *i += 2;
    return backhand_hex_byte(&value.at[*i - 1]);
}

/* Decodes %XX. Accepts only texts of 1 to size - 1 printable bytes. */
static backhand_drop read_text(char *out, size_t size, backhand_span value)
{
    size_t i, used = 0;
    for (i = 0; i < value.length; i++) {
        int c = read_byte(value, &i);
        if (c < ' ' || c > '~' || used + 1 >= size) {
            return BACKHAND_DROP_FORMAT;
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return used ? BACKHAND_DROP_NONE : BACKHAND_DROP_FORMAT;
}

static backhand_drop read_contact(backhand_announcement *out, backhand_span value)
{
    char text[BACKHAND_CONTACT_SIZE];
    if (read_text(text, sizeof(text), value) != BACKHAND_DROP_NONE ||
        backhand_contact_parse(&out->contact, text, 0) != NULL) {
        return BACKHAND_DROP_FORMAT;
    }
    backhand_contact_format(out->stat.contact, &out->contact);
    return BACKHAND_DROP_NONE;
}

static backhand_drop read_host(backhand_announcement *out, backhand_span value)
{
    backhand_drop reason = read_text(out->stat.hostname, sizeof(out->stat.hostname), value);
    if (reason == BACKHAND_DROP_NONE && !backhand_hostname_valid(out->stat.hostname)) {
        reason = BACKHAND_DROP_FORMAT;
    }
    return reason;
}

static backhand_drop read_zone(backhand_announcement *out, backhand_span value)
{
    backhand_drop reason = read_text(out->zone, sizeof(out->zone), value);
    return reason == BACKHAND_DROP_NONE && !backhand_word_is_zone(out->zone) ? BACKHAND_DROP_FORMAT : reason;
}

static backhand_drop read_number(backhand_announcement *out, backhand_key key, backhand_span value)
{
    int64_t min, max, *number = backhand_key_number(key, out, &min, &max);
    return read_integer(number, value, min, max);
}

static backhand_drop read_version(backhand_span value, int min, int max)
{
    int64_t n;
    return read_integer(&n, value, min, max) ? BACKHAND_DROP_FORMAT : BACKHAND_DROP_NONE;
}

/* Reads the value of a key. `nservers` holds only the busy workers until sum_workers() is called. */
static backhand_drop read_value(backhand_announcement *out, int key, backhand_span value)
{
    switch (key) {
    case BACKHAND_KEYS:
        return BACKHAND_DROP_NONE;
    case BACKHAND_KEY_V:
        return read_version(value, 1, 1);
    case BACKHAND_KEY_BH:
        return read_version(value, BACKHAND_WIRE_FORMAT_MIN, BACKHAND_WIRE_FORMAT_MAX);
    case BACKHAND_KEY_FARM:
        return read_text(out->farm, sizeof(out->farm), value);
    case BACKHAND_KEY_BOOT:
        return read_boot(&out->boot, value);
    case BACKHAND_KEY_HOST:
        return read_host(out, value);
    case BACKHAND_KEY_CONTACT:
        return read_contact(out, value);
    case BACKHAND_KEY_TO:
        return read_text(out->order_to, sizeof(out->order_to), value);
    case BACKHAND_KEY_ZONE:
        return read_zone(out, value);
    default:
        return read_number(out, (backhand_key)key, value);
    }
}

static void name_key(char detail[32], backhand_span key)
{
    size_t i;
    if (!detail) {
        return;
    }
    for (i = 0; i < key.length && i < 31; i++) {
        detail[i] = (char)(apr_isalnum(key.at[i]) || strchr("_-.", key.at[i]) ? key.at[i] : '?');
    }
    detail[i] = '\0';
}

static int is_text(const char *data, size_t length)
{
    size_t i;
    for (i = 0; i < length; i++) {
        if (data[i] < ' ' || data[i] > '~') {
            return 0;
        }
    }
    return 1;
}

/* Our own keys count only after `bh`. Before it they are ignored: a future mod_heartbeat may use the same names. */
static backhand_drop read_pair(backhand_announcement *out, const backhand_pair *pair, uint64_t *seen, int *expected,
                               char detail[32])
{
    backhand_drop reason = BACKHAND_DROP_FORMAT;
    if (pair->value.at && pair->name.length) {
        int key = backhand_key_find(pair->name.at, pair->name.length, *expected);
        uint64_t bit = BACKHAND_KEY_BIT(key);
        *expected = key + 1;
        if (!(*seen & BIT(BH)) && !(bit & (HEARTBEAT_KEYS | BIT(BH)))) {
            key = BACKHAND_KEYS;
        }
        if (key == BACKHAND_KEYS || !(*seen & bit)) {
            reason = read_value(out, key, pair->value);
        }
        *seen |= key == BACKHAND_KEYS ? 0 : bit;
    }
    if (reason != BACKHAND_DROP_NONE) {
        name_key(detail, pair->name);
    }
    return reason;
}

/* Reads all pairs; `seen` gets the bits of the keys that were found. */
static backhand_drop read_pairs(backhand_announcement *out, const char *data, size_t length, uint64_t *seen,
                                char detail[32])
{
    const char *end = data + length;
    backhand_drop reason = BACKHAND_DROP_NONE;
    int expected = 0;
    while (data && reason == BACKHAND_DROP_NONE) {
        backhand_pair pair;
        data = backhand_pair_next(&pair, data, end);
        reason = read_pair(out, &pair, seen, &expected, detail);
    }
    return reason;
}

/* Sets the figures that travel one of these ways to their least values. */
static void set_least(backhand_announcement *out, unsigned by)
{
#define FIGURE(name, key, least, most, ways, ...) out->stat.name = by & (ways) ? (least) : out->stat.name;
    BACKHAND_ALL_FIGURES(FIGURE)
#undef FIGURE
}

static backhand_drop complete_heartbeat(backhand_announcement *out, const char *sender)
{
    set_least(out, BACKHAND_BY_ANNOUNCEMENT | BACKHAND_BY_ADDITION);
    out->interval = HEARTBEAT_INTERVAL_MS;
    out->keepalive = HEARTBEAT_KEEPALIVE_MS;
    if (strlen(sender) >= sizeof(out->contact.address) || backhand_contact_parse(&out->contact, sender, 80) != NULL) {
        return BACKHAND_DROP_FORMAT;
    }
    apr_cpystrn(out->stat.hostname, sender, sizeof(out->stat.hostname));
    backhand_contact_format(out->stat.contact, &out->contact);
    return BACKHAND_DROP_NONE;
}

static void name_known(char detail[32], backhand_key key)
{
    backhand_span name = {backhand_key_name(key), 0};
    name.length = strlen(name.at);
    name_key(detail, name);
}

/* Sets the number of running workers: ready plus busy. */
static backhand_drop sum_workers(backhand_announcement *out, char detail[32])
{
    int64_t min, max, *running = backhand_key_number(BACKHAND_KEY_OF(nservers), out, &min, &max);
    if (*running > max - out->stat.aservers) {
        name_known(detail, BACKHAND_KEY_OF(nservers));
        return BACKHAND_DROP_RANGE;
    }
    *running += out->stat.aservers;
    return BACKHAND_DROP_NONE;
}

static backhand_drop find_missing(uint64_t seen, char detail[32])
{
    uint64_t missing = (seen & BIT(BH) ? ALL_KEYS : HEARTBEAT_KEYS) & ~seen;
    if (missing) {
        name_known(detail, (backhand_key)__builtin_ctzll(missing));
        return BACKHAND_DROP_KEYS;
    }
    return BACKHAND_DROP_NONE;
}

/* An order of which a part is missing is none. */
static void complete_order(backhand_announcement *out, uint64_t seen)
{
    const uint64_t all = BIT(ORDER) | BIT(DO) | BIT(TO);
    if ((seen & all) != all || out->order == 0) {
        out->order = out->order_do = 0;
        memset(out->order_to, 0, sizeof(out->order_to));
    }
}

static void complete_far(backhand_announcement *out)
{
    out->far = *out->zone ? out->far : BACKHAND_FAR_SAME;
    if (out->far != BACKHAND_FAR_IN) {
        out->zone_servers = out->zone_ready = out->zone_busy = 0;
    }
}

backhand_drop backhand_message_decode(backhand_announcement *out, const char *data, apr_size_t length,
                                      const char *sender, char detail[32])
{
    uint64_t seen = 0;
    backhand_drop reason;
    if (detail) {
        *detail = '\0';
    }
    if (length >= BACKHAND_MESSAGE_SIZE) {
        return BACKHAND_DROP_LENGTH;
    }
    if (!is_text(data, length)) {
        return BACKHAND_DROP_TEXT;
    }
    memset(out, 0, sizeof(*out));
    set_least(out, BACKHAND_BY_ADDITION);
    reason = length ? read_pairs(out, data, length, &seen, detail) : BACKHAND_DROP_FORMAT;
    if (reason == BACKHAND_DROP_NONE) {
        reason = find_missing(seen, detail);
    }
    if (reason == BACKHAND_DROP_NONE) {
        reason = sum_workers(out, detail);
    }
    if (reason == BACKHAND_DROP_NONE && !(seen & BIT(BH)) && !sender) {
        name_known(detail, BACKHAND_KEY_BH);
        reason = BACKHAND_DROP_KEYS;
    }
    else if (reason == BACKHAND_DROP_NONE && !(seen & BIT(BH))) {
        reason = complete_heartbeat(out, sender);
    }
    complete_order(out, seen);
    complete_far(out);
    return reason;
}
