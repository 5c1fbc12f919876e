/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file intake.h
 * @brief An intake with a table of its own, a clock that tests set, and what its log was told. One test program
 * includes it once.
 */
#ifndef BACKHAND_TEST_INTAKE_H
#define BACKHAND_TEST_INTAKE_H

#include "../said.h"
#include "announcements.h"

#include "announce/moderator/revoke.h"
#include "table/inside.h"
#include "table/counters.h"
#include "table/skewed.h"
#include "table/update.h"

#include <apr_general.h>
#include <apr_hash.h>
#include <apr_strings.h>

#define OWN_BOOT 0xb007

static apr_pool_t *pool;
static apr_time_t now;
__attribute__((unused)) static apr_hash_t *senders;

/* The events that the log was told. */
static struct heard {
    int events[BACKHAND_EVENT_ORDER + 1];
    int dropped[BACKHAND_DROP_REASONS];
    int64_t unsaid;
    char sender[64];
    char detail[700];
    int id;
} heard;

static backhand_intake intake;

__attribute__((unused)) static apr_time_t clock_of_test(void)
{
    return now;
}

__attribute__((unused)) static apr_time_t wall_ahead;

__attribute__((unused)) static apr_time_t wall_of_test(void)
{
    return now + wall_ahead;
}

__attribute__((unused)) static void on_event(void *ctx, backhand_event event, backhand_drop reason, int id,
                                             const char *sender, const char *detail, int64_t unsaid)
{
    assert_ptr_equal(ctx, &heard);
    heard.events[event]++;
    heard.dropped[reason] += event == BACKHAND_EVENT_DROPPED;
    heard.unsaid += unsaid;
    heard.id = id;
    apr_cpystrn(heard.sender, sender, sizeof(heard.sender));
    apr_cpystrn(heard.detail, detail, sizeof(heard.detail));
}

__attribute__((unused)) static backhand_accept_list *accept_list(const char *text)
{
    backhand_accept_list *list = apr_array_make(pool, 2, sizeof(apr_ipsubnet_t *));
    assert_null(backhand_accept_add(list, text));
    return list;
}

__attribute__((unused)) static int start(void **state)
{
    backhand_announcement self;
    (void)state;
    apr_pool_create(&pool, NULL);
    senders = apr_hash_make(pool);
    now = apr_time_from_sec(1000000);
    memset(&heard, 0, sizeof(heard));
    memset(&intake, 0, sizeof(intake));
    assert_int_equal(backhand_table_create(&intake.table, 8, 4, NULL, pool), APR_SUCCESS);
    backhand_table_set_clocks(intake.table, clock_of_test, wall_of_test);
    wall_ahead = 0;
    intake.accept = accept_list("192.0.2.0/24");
    intake.farm = "blue";
    intake.boot = OWN_BOOT;
    intake.event = on_event;
    intake.event_ctx = &heard;
    memset(&self, 0, sizeof(self));
    self.boot = OWN_BOOT;
    self.sequence = 1;
    self.interval = 250;
    strcpy(self.farm, "blue");
    strcpy(self.stat.hostname, "self.test");
    backhand_contact_parse(&self.contact, "192.0.2.1:80", 0);
    backhand_contact_format(self.stat.contact, &self.contact);
    backhand_table_set_self(intake.table, &self);
    return 0;
}

__attribute__((unused)) static int finish(void **state)
{
    (void)state;
    backhand_table_unmap(intake.table);
    apr_pool_destroy(pool);
    return 0;
}

__attribute__((unused)) static backhand_announcement server(int n)
{
    backhand_announcement said;
    char name[64], contact[64];
    snprintf(name, sizeof(name), "s%d.test", n);
    snprintf(contact, sizeof(contact), "192.0.2.%d:80", n);
    said = said_by(name, contact, (uint64_t)n + 1, 1);
    said.stat.load_hwm = 1000;
    strcpy(said.farm, "blue");
    return said;
}

/* Of the last datagram. */
static backhand_update taken;

/* @param from  NULL: it comes by a broker */
__attribute__((unused)) static backhand_drop give(const char *from, const char *data)
{
    apr_sockaddr_t *sender = from ? apr_hash_get(senders, from, APR_HASH_KEY_STRING) : NULL;
    if (from && !sender) {
        assert_int_equal(apr_sockaddr_info_get(&sender, from, APR_UNSPEC, 4445, 0, pool), APR_SUCCESS);
        apr_hash_set(senders, from, APR_HASH_KEY_STRING, sender);
    }
    taken = backhand_intake_datagram(&intake, data, strlen(data), sender);
    return taken.drop;
}

__attribute__((unused)) static backhand_drop say(const char *from, const backhand_announcement *said)
{
    char data[BACKHAND_MESSAGE_SIZE];
    assert_int_not_equal(backhand_message_encode(data, said), 0);
    return give(from, data);
}

__attribute__((unused)) static backhand_keys *keys_of(const char *text)
{
    backhand_keys *keys;
    assert_null(backhand_keys_parse(&keys, text, strlen(text), "secret", pool));
    return keys;
}

#define ONE "11111111111111111111111111111111\n"
#define TWO "22222222222222222222222222222222\n"

__attribute__((unused)) static void share_a_secret(const char *text)
{
    intake.keys = keys_of(text);
    intake.skew = apr_time_from_sec(30);
    intake.seen = backhand_seen_create(8, intake.skew, pool);
    intake.started = now;
}

/* Says it, signed with the first of these keys, as long ago as said. */
__attribute__((unused)) static backhand_drop sign(backhand_announcement *said, const char *keys,
                                                  apr_interval_time_t ago)
{
    char data[BACKHAND_MESSAGE_SIZE];
    said->time = apr_time_as_msec(now + wall_ahead - ago);
    assert_int_not_equal(backhand_message_sign(data, backhand_message_encode(data, said), keys_of(keys)), 0);
    return give("192.0.2.7", data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

#endif
