/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "message_keys.h"

#include <apr_lib.h>

#include <string.h>

#define INTERVAL_MAX_MS  INT64_C(3600000)
#define KEEPALIVE_MAX_MS INT64_C(1000000000)
/* The end of the year 9999. */
#define TIME_MAX_MS INT64_C(253402300799999)
/* x 1000. */
#define STALL_NONE  1000
#define STALL_MAX   99999
#define SPREAD_MAX  9999
#define SAMPLES_MAX 999
/* Three months; a server that is down for longer says so. */
#define DOWN_MAX 9999999
#define WHY_MAX  2999

/* A number that policies know has the range that they know: no max here. */
typedef struct key_record {
    const char *name;
    size_t length; /* of the name */
    size_t offset;
    int64_t min, max;
} key_record;

#define OF(field)  offsetof(backhand_announcement, field)
#define TEXT       0, 0, 0
#define NAME(name) (name), sizeof(name) - 1

static const key_record keys[BACKHAND_KEYS] = {
    [BACKHAND_KEY_V] = {NAME("v"), TEXT},
    [BACKHAND_KEY_READY] = {NAME("ready"), OF(stat.aservers), 0, 0},
    [BACKHAND_KEY_BUSY] = {NAME("busy"), OF(stat.nservers), 0, 0},
    [BACKHAND_KEY_BH] = {NAME("bh"), TEXT},
    [BACKHAND_KEY_FARM] = {NAME("farm"), TEXT},
    [BACKHAND_KEY_BOOT] = {NAME("boot"), TEXT},
    [BACKHAND_KEY_HOST] = {NAME("host"), TEXT},
    [BACKHAND_KEY_CONTACT] = {NAME("contact"), TEXT},
    [BACKHAND_KEY_SEQ] = {NAME("seq"), OF(sequence), 0, INT64_MAX},
    [BACKHAND_KEY_MS] = {NAME("ms"), OF(interval), 1, INTERVAL_MAX_MS},
    [BACKHAND_KEY_KA] = {NAME("ka"), OF(keepalive), 0, KEEPALIVE_MAX_MS},
    [BACKHAND_KEY_LOAD] = {NAME("load"), OF(stat.load), 0, 0},
    [BACKHAND_KEY_HWM] = {NAME("hwm"), OF(stat.load_hwm), 0, 0},
    [BACKHAND_KEY_CPU] = {NAME("cpu"), OF(stat.cpu), 0, 0},
    [BACKHAND_KEY_NCPU] = {NAME("ncpu"), OF(stat.ncpu), 0, 0},
    [BACKHAND_KEY_TMEM] = {NAME("tmem"), OF(stat.tmem), 0, 0},
    [BACKHAND_KEY_AMEM] = {NAME("amem"), OF(stat.amem), 0, 0},
    [BACKHAND_KEY_SPEED] = {NAME("speed"), OF(stat.arriba), 0, 0},
    [BACKHAND_KEY_BACKED] = {NAME("backed"), OF(stat.numbacked), 0, 0},
    [BACKHAND_KEY_TATIME] = {NAME("tatime"), OF(stat.tatime), 0, 0},
    [BACKHAND_KEY_INFLIGHT] = {NAME("inflight"), OF(stat.inflight), 0, INT32_MAX},
    [BACKHAND_KEY_TIME] = {NAME("time"), OF(time), 0, TIME_MAX_MS},
    [BACKHAND_KEY_LEAVE] = {NAME("leave"), OF(leaving), 0, 1},
    [BACKHAND_KEY_DIRECT] = {NAME("direct"), OF(direct), 0, 1},
    [BACKHAND_KEY_SERVICE] = {NAME("service"), OF(stat.service), 0, INT32_MAX},
    [BACKHAND_KEY_PARALLEL] = {NAME("parallel"), OF(stat.parallel), 0, INT32_MAX},
    [BACKHAND_KEY_LATENCY] = {NAME("latency"), OF(stat.latency), 0, INT32_MAX},
    [BACKHAND_KEY_ERRORS] = {NAME("errors"), OF(stat.errors), 0, 1000},
    [BACKHAND_KEY_SERVED] = {NAME("served"), OF(stat.served), 0, INT64_MAX},
    [BACKHAND_KEY_TYPICAL] = {NAME("typical"), OF(stat.typical), 0, INT32_MAX},
    [BACKHAND_KEY_SAMPLES] = {NAME("samples"), OF(stat.samples), 0, SAMPLES_MAX},
    [BACKHAND_KEY_SPREAD] = {NAME("spread"), OF(stat.spread), 0, SPREAD_MAX},
    [BACKHAND_KEY_CALM] = {NAME("calm"), OF(stat.calm), 0, 1},
    [BACKHAND_KEY_STALL] = {NAME("stall"), OF(stat.stall), STALL_NONE, STALL_MAX},
    [BACKHAND_KEY_DOWN] = {NAME("down"), OF(stat.down), 0, DOWN_MAX},
    [BACKHAND_KEY_WHY] = {NAME("why"), OF(stat.why), 0, WHY_MAX},
};

const char *backhand_key_name(backhand_key key)
{
    return keys[key].name;
}

int backhand_key_find(const char *name, size_t length, int expected)
{
    for (int i = 0; i < BACKHAND_KEYS; i++) {
        int key = (expected + i) % BACKHAND_KEYS;
        if (keys[key].length == length && memcmp(keys[key].name, name, length) == 0) {
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
    if (!*max) {
        /* These are in the order of the struct, one word each. */
        const backhand_field *field = &backhand_fields()[(record->offset - OF(stat)) / sizeof(int64_t)];
        *min = field->min;
        *max = field->max;
    }
    return (int64_t *)((char *)announcement + record->offset);
}

int backhand_key_plain(char c)
{
    return apr_isalnum(c) || (c && strchr("._-:/[]", c));
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
