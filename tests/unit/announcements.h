/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Random announcements, and what must hold for each that is read. */
#ifndef TESTS_ANNOUNCEMENTS_H
#define TESTS_ANNOUNCEMENTS_H

#include "announce/wire/message.h"
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The same sequence in each run. */
static uint64_t seed = 42;

static inline uint64_t draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static inline int64_t draw_number(int64_t min, int64_t max)
{
    switch (draw() % 4) {
    case 0:
        return min;
    case 1:
        return max;
    case 2:
        return max - min < 1000 ? min : min + (int64_t)(draw() % 1000);
    default:
        return min + (int64_t)(draw() % ((uint64_t)max - (uint64_t)min + 1));
    }
}

static inline void draw_text(char *out, size_t most, const char *from)
{
    size_t length = draw() % 8 == 0 ? most : 1 + draw() % most, i;
    for (i = 0; i < length; i++) {
        out[i] = from[draw() % strlen(from)];
    }
    out[length] = '\0';
}

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:"
#define ZONE_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
#define FARM_BYTES NAME_BYTES " !\"#$%&'()*+,/;<=>?@[]^`{|}~"

static inline void draw_contact(backhand_announcement *said)
{
    char text[64];
    if (draw() % 2) {
        snprintf(text, sizeof(text), "%s://192.0.2.%d:%d", draw() % 2 ? "http" : "https", (int)(draw() % 256),
                 1 + (int)(draw() % 65535));
    }
    else {
        snprintf(text, sizeof(text), "http://[2001:db8:%x:%x:%x:%x:%x:%x]:%d", (unsigned)(draw() & 0xffff),
                 (unsigned)(draw() & 0xffff), (unsigned)(draw() & 0xffff), (unsigned)(draw() & 0xffff),
                 (unsigned)(draw() & 0xffff), (unsigned)(draw() & 0xffff), 1 + (int)(draw() % 65535));
    }
    assert_null(backhand_contact_parse(&said->contact, text, 0));
    backhand_contact_format(said->stat.contact, &said->contact);
}

static inline void draw_announcement(backhand_announcement *said)
{
    unsigned without = draw() % 2 ? BACKHAND_BY_STAYING : draw() % 2 ? BACKHAND_BY_HEALTH : 0;
    memset(said, 0, sizeof(*said));
    said->leaving = without == BACKHAND_BY_STAYING;
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        const backhand_figure *figure = &backhand_figures[i];
        *backhand_figure_of(&said->stat, figure) = i == BACKHAND_FIGURE_mtime || figure->ways & without
                                                       ? figure->field.min
                                                       : draw_number(figure->field.min, figure->field.max);
    }
    if (!without) {
        said->stat.down = said->stat.why = 0;
    }
    said->stat.aservers = draw_number(0, said->stat.nservers);
    draw_text(said->stat.hostname, sizeof(said->stat.hostname) - 1, NAME_BYTES);
    draw_text(said->farm, sizeof(said->farm) - 1, FARM_BYTES);
    if (draw() % 2) {
        draw_text(said->zone, sizeof(said->zone) - 1, ZONE_BYTES);
        said->far = draw_number(0, 2);
    }
    if (said->far == BACKHAND_FAR_IN) {
        said->zone_servers = draw_number(0, INT32_MAX);
        said->zone_ready = draw_number(0, INT32_MAX);
        said->zone_busy = draw_number(0, INT32_MAX);
    }
    draw_contact(said);
    said->boot = draw() | 1;
    said->sequence = (uint64_t)draw_number(0, INT64_MAX);
    said->interval = draw_number(50, 60000);
    said->keepalive = draw_number(0, 100000);
    said->direct = draw() % 2;
    said->time = draw_number(0, INT64_C(253402300799999));
    if (draw() % 2) {
        said->order = draw_number(1, INT64_MAX);
        said->order_do = draw_number(0, 999);
        strcpy(said->order_to, said->stat.contact);
    }
}

/* Everything that policies may ever see of it is what they are told to expect. */
static inline void assert_sane(const backhand_announcement *said)
{
    const backhand_field *field;
    backhand_contact contact;
    for (field = backhand_fields(); field->name; field++) {
        int64_t value = *(const int64_t *)(const void *)((const char *)&said->stat + field->offset);
        assert_true(value >= field->min && value <= field->max);
    }
    assert_true(said->stat.nservers >= said->stat.aservers);
    assert_in_range(said->stat.inflight, 0, INT32_MAX);
    assert_in_range(said->stat.service, 0, INT32_MAX);
    assert_in_range(said->stat.parallel, 0, INT32_MAX);
    assert_in_range(said->stat.latency, 0, INT32_MAX);
    assert_in_range(said->stat.errors, 0, 1000);
    assert_in_range(said->stat.served, 0, INT64_MAX);
    assert_true(said->interval >= 1 && said->interval <= 3600000);
    assert_true(said->keepalive >= 0);
    assert_true(said->leaving == 0 || said->leaving == 1);
    assert_true(said->direct == 0 || said->direct == 1);
    assert_true(said->sequence <= INT64_MAX);
    assert_non_null(memchr(said->farm, '\0', sizeof(said->farm)));
    assert_non_null(memchr(said->stat.hostname, '\0', sizeof(said->stat.hostname)));
    assert_true(backhand_hostname_valid(said->stat.hostname));
    assert_non_null(memchr(said->zone, '\0', sizeof(said->zone)));
    assert_true(said->zone[0] == '\0' || backhand_word_is_zone(said->zone));
    assert_in_range(said->far, 0, said->zone[0] ? 2 : 0);
    assert_in_range(said->zone_servers, 0, said->far == BACKHAND_FAR_IN ? INT32_MAX : 0);
    assert_in_range(said->zone_ready, 0, said->far == BACKHAND_FAR_IN ? INT32_MAX : 0);
    assert_in_range(said->zone_busy, 0, said->far == BACKHAND_FAR_IN ? INT32_MAX : 0);
    assert_null(backhand_contact_parse(&contact, said->stat.contact, 0));
    assert_true(backhand_contact_equal(&contact, &said->contact));
    assert_true((said->boot == 0) == (said->farm[0] == '\0'));
}

/* Reads from memory of just that length, so that a sanitizer sees a byte too far. */
static inline backhand_drop decode(backhand_announcement *out, const char *data, size_t length, char detail[32])
{
    char *exact = malloc(length ? length : 1);
    backhand_drop reason;
    assert_non_null(exact);
    memcpy(exact, data, length);
    reason = backhand_message_decode(out, exact, length, "192.0.2.77", detail);
    free(exact);
    if (reason == BACKHAND_DROP_NONE) {
        assert_sane(out);
    }
    return reason;
}

#endif
