/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "message_keys.h"

#include <apr_strings.h>
#include <apr_lib.h>

#include <string.h>

/* What a stock heartbeat does not say: it comes each second, and httpd's default KeepAliveTimeout is 5 s. */
#define HEARTBEAT_INTERVAL_MS  1000
#define HEARTBEAT_KEEPALIVE_MS 5000

#define BIT(key)       BACKHAND_KEY_BIT(BACKHAND_KEY_##key)
#define HEARTBEAT_KEYS (BIT(V) | BIT(READY) | BIT(BUSY))
#define ALL_KEYS       (BIT(TIME) - 1)

typedef struct span {
    const char *at;
    size_t length;
} span;

/* A minus sign is decimal all right; what it makes is out of range. */
static backhand_drop read_integer(int64_t *out, span value, int64_t min, int64_t max)
{
    size_t i = value.length > 1 && *value.at == '-';
    int negative = i == 1, over = 0;
    int64_t n = 0;
    if (value.length == 0) {
        return BACKHAND_DROP_FORMAT;
    }
    for (; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') {
            return BACKHAND_DROP_FORMAT;
        }
        over = over || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, value.at[i] - '0', &n);
    }
    n = negative && !over ? -n : n;
    if (over || n < min || n > max) {
        return BACKHAND_DROP_RANGE;
    }
    *out = n;
    return BACKHAND_DROP_NONE;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static backhand_drop read_boot(uint64_t *boot, span value)
{
    size_t i;
    *boot = 0;
    if (value.length == 0) {
        return BACKHAND_DROP_FORMAT;
    }
    for (i = 0; i < value.length; i++) {
        int digit = hex_digit(value.at[i]);
        if (digit < 0) {
            return BACKHAND_DROP_FORMAT;
        }
        *boot = *boot << 4 | (uint64_t)digit;
    }
    return value.length > 16 || *boot == 0 ? BACKHAND_DROP_RANGE : BACKHAND_DROP_NONE;
}

/* The byte at `*i`, which moves to the last byte that stands for it; -1 when it is malformed. */
static int read_byte(span value, size_t *i)
{
    int high, low;
    if (value.at[*i] != '%') {
        return backhand_key_plain(value.at[*i]) ? value.at[*i] : -1;
    }
    if (value.length - *i < 3) {
        return -1;
    }
    high = hex_digit(value.at[*i + 1]);
    low = hex_digit(value.at[*i + 2]);
    *i += 2;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Undoes %XX. What comes out is printable, 1 to size - 1 bytes. */
static backhand_drop read_text(char *out, size_t size, span value)
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

static backhand_drop read_contact(backhand_announcement *out, span value)
{
    char text[BACKHAND_CONTACT_SIZE];
    if (read_text(text, sizeof(text), value) != BACKHAND_DROP_NONE ||
        backhand_contact_parse(&out->contact, text, 0) != NULL) {
        return BACKHAND_DROP_FORMAT;
    }
    backhand_contact_format(out->stat.contact, &out->contact);
    return BACKHAND_DROP_NONE;
}

static backhand_drop read_host(backhand_announcement *out, span value)
{
    backhand_drop reason = read_text(out->stat.hostname, sizeof(out->stat.hostname), value);
    if (reason == BACKHAND_DROP_NONE && !backhand_hostname_valid(out->stat.hostname)) {
        reason = BACKHAND_DROP_FORMAT;
    }
    return reason;
}

static backhand_drop read_number(backhand_announcement *out, backhand_key key, span value)
{
    int64_t min, max, *number = backhand_key_number(key, out, &min, &max);
    return read_integer(number, value, min, max);
}

static backhand_drop read_version(span value, int min, int max)
{
    int64_t n;
    return read_integer(&n, value, min, max) ? BACKHAND_DROP_FORMAT : BACKHAND_DROP_NONE;
}

/* `nservers` holds the busy workers until all is read. */
static backhand_drop read_value(backhand_announcement *out, int key, span value)
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
    default:
        return read_number(out, (backhand_key)key, value);
    }
}

static void name_key(char detail[32], span key)
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

/* Keys of ours mean something after `bh` only: what a stock server may add to its heartbeat one day is not for us to
 * judge. */
static backhand_drop read_pair(backhand_announcement *out, span pair, uint64_t *seen, int *expected, char detail[32])
{
    const char *equals = memchr(pair.at, '=', pair.length);
    span name = {pair.at, equals ? (size_t)(equals - pair.at) : pair.length};
    backhand_drop reason = BACKHAND_DROP_FORMAT;
    if (equals && name.length) {
        span value = {equals + 1, pair.length - name.length - 1};
        int key = backhand_key_find(name.at, name.length, *expected);
        uint64_t bit = BACKHAND_KEY_BIT(key);
        *expected = key + 1;
        if (!(*seen & BIT(BH)) && !(bit & (HEARTBEAT_KEYS | BIT(BH)))) {
            key = BACKHAND_KEYS;
        }
        if (key == BACKHAND_KEYS || !(*seen & bit)) {
            reason = read_value(out, key, value);
        }
        *seen |= key == BACKHAND_KEYS ? 0 : bit;
    }
    if (reason != BACKHAND_DROP_NONE) {
        name_key(detail, name);
    }
    return reason;
}

/* Reads all pairs; `seen` gets the bits of the keys that were there. */
static backhand_drop read_pairs(backhand_announcement *out, const char *data, size_t length, uint64_t *seen,
                                char detail[32])
{
    const char *end = data + length;
    int expected = 0;
    for (;;) {
        const char *stop = memchr(data, '&', (size_t)(end - data));
        span pair = {data, (size_t)((stop ? stop : end) - data)};
        backhand_drop reason = read_pair(out, pair, seen, &expected, detail);
        if (reason != BACKHAND_DROP_NONE || !stop) {
            return reason;
        }
        data = stop + 1;
    }
}

static void set_least(backhand_announcement *out, backhand_key from)
{
    for (int key = from; key < BACKHAND_KEYS; key++) {
        int64_t min, max, *number = backhand_key_number((backhand_key)key, out, &min, &max);
        *number = min;
    }
}

static backhand_drop complete_heartbeat(backhand_announcement *out, const char *sender)
{
    set_least(out, BACKHAND_KEY_LOAD);
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
    span name = {backhand_key_name(key), 0};
    name.length = strlen(name.at);
    name_key(detail, name);
}

/* Workers that run are the ready and the busy ones. */
static backhand_drop sum_workers(backhand_announcement *out, char detail[32])
{
    int64_t min, max, *running = backhand_key_number(BACKHAND_KEY_BUSY, out, &min, &max);
    if (*running > max - out->stat.aservers) {
        name_known(detail, BACKHAND_KEY_BUSY);
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
    set_least(out, BACKHAND_KEY_SERVICE);
    reason = length ? read_pairs(out, data, length, &seen, detail) : BACKHAND_DROP_FORMAT;
    if (reason == BACKHAND_DROP_NONE) {
        reason = find_missing(seen, detail);
    }
    if (reason == BACKHAND_DROP_NONE) {
        reason = sum_workers(out, detail);
    }
    if (reason == BACKHAND_DROP_NONE && !(seen & BIT(BH))) {
        reason = complete_heartbeat(out, sender);
    }
    return reason;
}
