/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/wire/message.h"
#include "announce/wire/message_keys.h"

#include <apr_lib.h>

#include <stdio.h>
#include <string.h>

/* The purpose of the signature, as backhand_keys needs it, and the key before the signature. */
#define PURPOSE       "announce"
#define SIGNATURE_KEY "&sig="

typedef struct writer {
    char *out;
    size_t used;
    int full;
} writer;

static void put(writer *w, const char *text, size_t length)
{
    if (w->full || length >= BACKHAND_MESSAGE_SIZE - w->used) {
        w->full = 1;
        return;
    }
    memcpy(w->out + w->used, text, length);
    w->used += length;
}

static void put_key(writer *w, backhand_key key)
{
    const char *name = backhand_key_name(key);
    if (w->used) {
        put(w, "&", 1);
    }
    put(w, name, strlen(name));
    put(w, "=", 1);
}

static void put_integer(writer *w, backhand_key key, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)value);
    put_key(w, key);
    put(w, digits, (size_t)length);
}

static void put_text(writer *w, backhand_key key, const char *text)
{
    put_key(w, key);
    for (; *text; text++) {
        char escaped[4];
        if (backhand_key_plain(*text)) {
            put(w, text, 1);
        }
        else {
            snprintf(escaped, sizeof(escaped), "%%%02X", (unsigned)(unsigned char)*text);
            put(w, escaped, 3);
        }
    }
}

static int64_t number_of(backhand_announcement *announcement, backhand_key key)
{
    int64_t min, max, value = *backhand_key_number(key, announcement, &min, &max);
    if (value < min) {
        return min;
    }
    return value > max ? max : value;
}

/* Writes the figures that travel this way. An optional figure with its least value is left out: readers assume it. */
static void put_figures(writer *w, unsigned way, backhand_announcement *announcement)
{
    unsigned without =
        (announcement->leaving ? BACKHAND_BY_STAYING : 0) | (announcement->stat.down > 0 ? BACKHAND_BY_HEALTH : 0);

    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        const backhand_figure *figure = &backhand_figures[i];
        backhand_key key = (backhand_key)(BACKHAND_KEY_FIGURES + i);
        int64_t value;
        if (!(figure->ways & way) || figure->ways & without) {
            continue;
        }
        value = number_of(announcement, key);
        if (way != BACKHAND_BY_ADDITION || value > figure->field.min) {
            put_integer(w, key, value);
        }
    }
}

/* The sums count only of a representative. */
static void put_far(writer *w, backhand_announcement *announcement)
{
    int last = announcement->far == BACKHAND_FAR_IN ? BACKHAND_KEY_ZBUSY : BACKHAND_KEY_FAR;

    for (int key = BACKHAND_KEY_FAR; announcement->far && key <= last; key++) {
        put_integer(w, (backhand_key)key, number_of(announcement, (backhand_key)key));
    }
}

apr_size_t backhand_message_encode(char out[BACKHAND_MESSAGE_SIZE], const backhand_announcement *announcement)
{
    writer w = {out, 0, 0};
    backhand_announcement copy = *announcement;
    int64_t ready = number_of(&copy, BACKHAND_KEY_OF(aservers));
    int64_t running = number_of(&copy, BACKHAND_KEY_OF(nservers));
    char boot[24];

    put_integer(&w, BACKHAND_KEY_V, 1);
    put_integer(&w, BACKHAND_KEY_OF(aservers), ready);
    put_integer(&w, BACKHAND_KEY_OF(nservers), running > ready ? running - ready : 0);
    put_integer(&w, BACKHAND_KEY_BH, BACKHAND_WIRE_FORMAT);
    put_text(&w, BACKHAND_KEY_FARM, announcement->farm);
    snprintf(boot, sizeof(boot), "%llx", (unsigned long long)announcement->boot);
    put_text(&w, BACKHAND_KEY_BOOT, boot);
    put_text(&w, BACKHAND_KEY_HOST, announcement->stat.hostname);
    put_text(&w, BACKHAND_KEY_CONTACT, announcement->stat.contact);
    for (int key = BACKHAND_KEY_SEQ; key < BACKHAND_KEY_TIME; key++) {
        put_integer(&w, (backhand_key)key, number_of(&copy, (backhand_key)key));
    }
    put_figures(&w, BACKHAND_BY_ANNOUNCEMENT, &copy);
    if (announcement->time) {
        put_integer(&w, BACKHAND_KEY_TIME, number_of(&copy, BACKHAND_KEY_TIME));
    }
    if (announcement->leaving) {
        put_integer(&w, BACKHAND_KEY_LEAVE, 1);
    }
    if (announcement->direct) {
        put_integer(&w, BACKHAND_KEY_DIRECT, 1);
    }
    if (announcement->order) {
        put_integer(&w, BACKHAND_KEY_ORDER, number_of(&copy, BACKHAND_KEY_ORDER));
        put_integer(&w, BACKHAND_KEY_DO, number_of(&copy, BACKHAND_KEY_DO));
        put_text(&w, BACKHAND_KEY_TO, announcement->order_to);
    }
    if (*announcement->zone) {
        put_text(&w, BACKHAND_KEY_ZONE, announcement->zone);
        put_far(&w, &copy);
    }
    put_figures(&w, BACKHAND_BY_ADDITION, &copy);
    out[w.used] = '\0';
    return w.full ? 0 : w.used;
}

apr_size_t backhand_message_sign(char data[BACKHAND_MESSAGE_SIZE], apr_size_t length, const backhand_keys *keys)
{
    char signature[BACKHAND_SIGNATURE_SIZE];
    writer w = {data, length, length == 0};
    if (w.full || backhand_keys_sign(keys, PURPOSE, data, length, signature) != APR_SUCCESS) {
        return 0;
    }
    put(&w, SIGNATURE_KEY, sizeof(SIGNATURE_KEY) - 1);
    put(&w, signature, sizeof(signature) - 1);
    data[w.used] = '\0';
    return w.full ? 0 : w.used;
}

int backhand_message_verify(const char *data, apr_size_t length, const backhand_keys *keys)
{
    const apr_size_t tail = sizeof(SIGNATURE_KEY) - 1 + BACKHAND_SIGNATURE_SIZE - 1;
    const char *key = data + length - tail;
    if (length <= tail || memcmp(key, SIGNATURE_KEY, sizeof(SIGNATURE_KEY) - 1) != 0) {
        return 0;
    }
    return backhand_keys_verify(keys, PURPOSE, data, length - tail, key + sizeof(SIGNATURE_KEY) - 1,
                                BACKHAND_SIGNATURE_SIZE - 1);
}

int backhand_message_signed(const char *data, apr_size_t length)
{
    return memmem(data, length, SIGNATURE_KEY, sizeof(SIGNATURE_KEY) - 1) != NULL;
}

int backhand_hostname_valid(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= BACKHAND_HOSTNAME_SIZE) {
        return 0;
    }
    for (; *name; name++) {
        if (!apr_isalnum(*name) && !strchr(".-_:", *name)) {
            return 0;
        }
    }
    return 1;
}
