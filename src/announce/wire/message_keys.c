/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/wire/message_keys.h"
#include "announce/wire/order.h"

#include <apr_lib.h>

#include <string.h>

#define INTERVAL_MAX_MS  INT64_C(3600000)
#define KEEPALIVE_MAX_MS INT64_C(1000000000)
/* The end of the year 9999. */
#define TIME_MAX_MS INT64_C(253402300799999)

typedef struct key_record {
    const char *name;
    size_t length; /* length of the name */
    size_t offset;
    int64_t min, max;
} key_record;

#define OF(field)  offsetof(backhand_announcement, field)
#define TEXT       0, 0, 0
#define NAME(name) (name), sizeof(name) - 1

static const key_record keys[BACKHAND_KEYS] = {
    [BACKHAND_KEY_V] = {NAME("v"), TEXT},
    [BACKHAND_KEY_BH] = {NAME("bh"), TEXT},
    [BACKHAND_KEY_FARM] = {NAME("farm"), TEXT},
    [BACKHAND_KEY_BOOT] = {NAME("boot"), TEXT},
    [BACKHAND_KEY_HOST] = {NAME("host"), TEXT},
    [BACKHAND_KEY_CONTACT] = {NAME("contact"), TEXT},
    [BACKHAND_KEY_SEQ] = {NAME("seq"), OF(sequence), 0, INT64_MAX},
    [BACKHAND_KEY_MS] = {NAME("ms"), OF(interval), 1, INTERVAL_MAX_MS},
    [BACKHAND_KEY_KA] = {NAME("ka"), OF(keepalive), 0, KEEPALIVE_MAX_MS},
    [BACKHAND_KEY_TIME] = {NAME("time"), OF(time), 0, TIME_MAX_MS},
    [BACKHAND_KEY_LEAVE] = {NAME("leave"), OF(leaving), 0, 1},
    [BACKHAND_KEY_DIRECT] = {NAME("direct"), OF(direct), 0, 1},
    [BACKHAND_KEY_ORDER] = {NAME("order"), OF(order), 0, INT64_MAX},
    [BACKHAND_KEY_DO] = {NAME("do"), OF(order_do), 0, BACKHAND_ORDER_NUMBER_MAX},
    [BACKHAND_KEY_TO] = {NAME("to"), TEXT},
    [BACKHAND_KEY_ZONE] = {NAME("zone"), TEXT},
    [BACKHAND_KEY_FAR] = {NAME("far"), OF(far), 0, BACKHAND_FAR_OUT},
    [BACKHAND_KEY_ZSERVERS] = {NAME("zs"), OF(zone_servers), 0, BACKHAND_COUNT_MAX},
    [BACKHAND_KEY_ZREADY] = {NAME("zr"), OF(zone_ready), 0, BACKHAND_COUNT_MAX},
    [BACKHAND_KEY_ZBUSY] = {NAME("zb"), OF(zone_busy), 0, BACKHAND_COUNT_MAX},
#define FIGURE(name, key, least, most, ...) [BACKHAND_KEY_OF(name)] = {NAME(key), OF(stat.name), least, most},
    BACKHAND_ALL_FIGURES(FIGURE)
#undef FIGURE
};

const char *backhand_key_name(backhand_key key)
{
    return keys[key].name;
}

static int is_key(int key, const char *name, size_t length)
{
    return keys[key].length == length && memcmp(keys[key].name, name, length) == 0;
}

int backhand_key_find(const char *name, size_t length, int expected)
{
    for (int key = expected; key < BACKHAND_KEYS; key++) {
        if (is_key(key, name, length)) {
            return key;
        }
    }
    for (int key = 0; key < expected && key < BACKHAND_KEYS; key++) {
        if (is_key(key, name, length)) {
            return key;
        }
    }
    return BACKHAND_KEYS;
}

int64_t *backhand_key_number(backhand_key key, backhand_announcement *announcement, int64_t *min, int64_t *max)
{
    const key_record *record = &keys[key];
    *min = record->min;
    *max = record->max;
    return (int64_t *)((char *)announcement + record->offset);
}

int backhand_key_plain(char c)
{
    return apr_isalnum(c) || (c && strchr("._-:/[]", c));
}
