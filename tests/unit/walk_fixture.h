/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file walk_fixture.h
 * @brief A walk through the candidates of a small farm, and what its steps should be. A test includes it once.
 */
#ifndef BACKHAND_TEST_WALK_H
#define BACKHAND_TEST_WALK_H

#include "farm.h"
#include "table/blame.h"
#include "walk/walk.h"

/* Slot 0 is this server; a, b and c are others. */
static int a, b, c;
static ServerSlot list[SERVERS];
static backhand_candidates candidates;
static backhand_walk_rules rules;
static backhand_walk walk;
static backhand_step step;
static uint64_t asked[BACKHAND_WALK_WORDS(SERVERS)];
static uint64_t sequence;

__attribute__((unused)) static int begin(void **state)
{
    setup(state);
    sequence = 1;
    a = hear(1, 9, sequence);
    b = hear(2, 9, sequence);
    c = hear(3, 9, sequence);
    memset(asked, 0, sizeof(asked));
    candidates = (backhand_candidates){.list = list, .generation = backhand_table_generation(table)};
    rules = (backhand_walk_rules){.retry = apr_time_from_sec(5), .tries = 3, .serves = 1, .can_ask = 1, .tls = 1};
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    return 0;
}

/* The chain left these, ended by -1. */
__attribute__((unused)) static void left(int id, ...)
{
    va_list ids;
    va_start(ids, id);
    for (; id >= 0; id = va_arg(ids, int)) {
        list[candidates.n++] = (ServerSlot){id, BACKHAND_HANDOFF};
    }
    va_end(ids);
}

__attribute__((unused)) static void goes_on(backhand_walk_result last)
{
    memset(&step, 0xff, sizeof(step));
    backhand_walk_step(&walk, last, &step);
}

__attribute__((unused)) static void asks(backhand_walk_result last, int id)
{
    goes_on(last);
    assert_int_equal(step.kind, BACKHAND_STEP_ASK);
    assert_int_equal(step.id, id);
    assert_int_equal(step.generation, backhand_table_slot_generation(table, id));
}

__attribute__((unused)) static void is_because(backhand_step_kind kind, backhand_reason reason)
{
    assert_int_equal(step.kind, kind);
    assert_string_equal(backhand_reason_text(step.reason), backhand_reason_text(reason));
}

__attribute__((unused)) static void stays(backhand_walk_result last, backhand_reason reason)
{
    goes_on(last);
    is_because(BACKHAND_STEP_HERE, reason);
}

__attribute__((unused)) static void fails(backhand_walk_result last, backhand_reason reason, int status)
{
    goes_on(last);
    is_because(BACKHAND_STEP_FAIL, reason);
    assert_int_equal(step.status, status);
}

__attribute__((unused)) static void is_answered(backhand_reason reason)
{
    goes_on(BACKHAND_RESULT_ANSWERED);
    is_because(BACKHAND_STEP_ANSWERED, reason);
}

/* The servers announce themselves again, after time has passed; `ready` workers of `but` are left, of the others 5. */
__attribute__((unused)) static void hear_all(int ms, int but, int ready)
{
    int ids[] = {a, b, c};
    wait_ms(ms);
    sequence++;
    for (int i = 0; i < 3; i++) {
        backhand_announcement said = server(i + 1, 9, sequence);
        int id;
        said.stat.aservers = ids[i] == but ? ready : 5;
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
}

__attribute__((unused)) static void is_busy(int id)
{
    hear_all(1, id, 0);
}

__attribute__((unused)) static void refuses(int id)
{
    backhand_table_refused(table, id, backhand_table_slot_generation(table, id));
}

/* All others but these two are heard. */
__attribute__((unused)) static void falls_silent(int id)
{
    wait_ms(3 * INTERVAL + 1);
    sequence++;
    for (int n = 1; n <= 3; n++) {
        backhand_announcement said = server(n, 9, sequence);
        int of;
        if ((n == 1 ? a : n == 2 ? b : c) != id) {
            assert_int_equal(take(&said, &of), BACKHAND_DROP_NONE);
        }
    }
}

#define WALK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, teardown)

#endif
