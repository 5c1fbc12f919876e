/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The walk through the candidates: the order in which servers are asked, when it ends, and each reason for that. */

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

static int begin(void **state)
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
static void left(int id, ...)
{
    va_list ids;
    va_start(ids, id);
    for (; id >= 0; id = va_arg(ids, int)) {
        list[candidates.n++] = (ServerSlot){id, BACKHAND_HANDOFF};
    }
    va_end(ids);
}

static void goes_on(backhand_walk_result last)
{
    memset(&step, 0xff, sizeof(step));
    backhand_walk_step(&walk, last, &step);
}

static void asks(backhand_walk_result last, int id)
{
    goes_on(last);
    assert_int_equal(step.kind, BACKHAND_STEP_ASK);
    assert_int_equal(step.id, id);
    assert_int_equal(step.generation, backhand_table_slot_generation(table, id));
}

static void is_because(backhand_step_kind kind, backhand_reason reason)
{
    assert_int_equal(step.kind, kind);
    assert_string_equal(backhand_reason_text(step.reason), backhand_reason_text(reason));
}

static void stays(backhand_walk_result last, backhand_reason reason)
{
    goes_on(last);
    is_because(BACKHAND_STEP_HERE, reason);
}

static void fails(backhand_walk_result last, backhand_reason reason, int status)
{
    goes_on(last);
    is_because(BACKHAND_STEP_FAIL, reason);
    assert_int_equal(step.status, status);
}

static void is_answered(backhand_reason reason)
{
    goes_on(BACKHAND_RESULT_ANSWERED);
    is_because(BACKHAND_STEP_ANSWERED, reason);
}

/* The servers announce themselves again, after time has passed; `ready` workers of `but` are left, of the others 5. */
static void hear_all(int ms, int but, int ready)
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

static void is_busy(int id)
{
    hear_all(1, id, 0);
}

static void refuses(int id)
{
    backhand_table_refused(table, id, backhand_table_slot_generation(table, id));
}

/* All others but these two are heard. */
static void falls_silent(int id)
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

/* --- served here, by the chain's decision ------------------------------------------------------------------ */

static void the_chain_chose_this_server(void **state)
{
    static const struct {
        backhand_why why;
        backhand_reason reason;
    } each[] = {{BACKHAND_WHY_CHAIN, BACKHAND_HERE_CHOSEN},
                {BACKHAND_WHY_FREE, BACKHAND_HERE_FREE},
                {BACKHAND_WHY_HERE, BACKHAND_HERE_SOONEST},
                {BACKHAND_WHY_TRIAL, BACKHAND_HERE_TRIAL}};
    (void)state;
    left(0, a, -1);
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        candidates.why = each[i].why;
        backhand_walk_begin(&walk, table, &rules, &candidates, asked);
        stays(BACKHAND_RESULT_NONE, each[i].reason);
        assert_int_equal(walk.tries, 0);
    }
}

static void the_chain_left_nobody(void **state)
{
    (void)state;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_NONE);
}

static void all_are_gone(void **state)
{
    backhand_announcement said = server(1, 9, 2);
    int id;
    (void)state;
    left(a, b, -1);
    said.leaving = 1;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    backhand_table_forget(table, b);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_GONE);
}

/* Its announcements say so from now on. 0: this server. */
static void goes_down(int n)
{
    backhand_announcement said = server(n, n ? 9 : 1, 2);
    int id;
    said.stat.down = 1;
    if (n == 0) {
        backhand_table_set_self(table, &said);
    }
    else {
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
}

static void a_server_that_is_down_is_not_asked(void **state)
{
    (void)state;
    left(a, b, -1);
    goes_down(1);
    asks(BACKHAND_RESULT_NONE, b);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void down_this_server_serves_when_nobody_else_does(void **state)
{
    (void)state;
    left(0, a, -1);
    goes_down(0);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void a_step_is_final_when_nobody_is_left(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    assert_false(step.final);
    asks(BACKHAND_RESULT_FAILED, b);
    assert_false(step.final);
    memset(asked, 0, sizeof(asked));
    goes_down(0);
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    asks(BACKHAND_RESULT_NONE, a);
    assert_false(step.final);
    asks(BACKHAND_RESULT_FAILED, b);
    assert_true(step.final);
}

static void the_tries_may_end_before_the_list(void **state)
{
    (void)state;
    left(a, b, -1);
    goes_down(0);
    rules.tries = 1;
    asks(BACKHAND_RESULT_NONE, a);
    assert_true(step.final);
}

static void a_client_that_has_gone_ends_it(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_GONE, BACKHAND_ENDED_GONE, 499);
    assert_int_equal(walk.tries, 1);
}

/* Server `a` says that it has so many requests in hand, each of 100 ms, and serves one at once. */
static void has_in_hand(int64_t inflight)
{
    backhand_announcement said = server(1, 9, ++sequence);
    int id;
    said.stat.inflight = inflight;
    said.stat.service = 100000;
    said.stat.parallel = 1000;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
}

static void who_would_wait_for_too_long_is_refused(void **state)
{
    (void)state;
    left(a, -1);
    has_in_hand(5);
    rules.max_wait = apr_time_from_msec(499);
    fails(BACKHAND_RESULT_NONE, BACKHAND_REFUSED_WAIT, 503);
    assert_int_equal(walk.wait, apr_time_from_msec(500));
    rules.max_wait = apr_time_from_msec(500);
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    asks(BACKHAND_RESULT_NONE, a);
}

static void with_a_free_place_nobody_is_refused(void **state)
{
    (void)state;
    left(a, -1);
    has_in_hand(5);
    rules.max_wait = 1;
    candidates.why = BACKHAND_WHY_FREE;
    asks(BACKHAND_RESULT_NONE, a);
}

static void a_slot_with_another_server_is_not_asked(void **state)
{
    (void)state;
    left(a, -1);
    backhand_table_forget(table, a);
    for (int n = 10; hear(n, 9, 1) != a; n++) {
        assert_in_range(n, 10, 10 + SERVERS);
    }
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_GONE);
}

/* --- served here, because nobody could be asked ------------------------------------------------------------ */

static void all_are_busy(void **state)
{
    (void)state;
    left(a, -1);
    is_busy(a);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_BUSY);
}

static void at_its_own_turn_this_server_says_why_not_the_others(void **state)
{
    (void)state;
    left(a, 0, -1);
    is_busy(a);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_BUSY);
}

static void a_busy_one_is_asked_by_those_that_let_requests_wait(void **state)
{
    (void)state;
    left(a, -1);
    is_busy(a);
    rules.queues = 1;
    asks(BACKHAND_RESULT_NONE, a);
}

static void a_host_without_tls(void **state)
{
    backhand_announcement said = server(4, 9, 1);
    int id;
    (void)state;
    said.contact.https = 1;
    backhand_contact_format(said.stat.contact, &said.contact);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    candidates.generation = backhand_table_generation(table);
    left(id, -1);
    asks(BACKHAND_RESULT_NONE, id);
    assert_int_equal(walk.no_tls, -1);

    memset(asked, 0, sizeof(asked));
    rules.tls = 0;
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_NO_TLS);
    assert_int_equal(walk.no_tls, id);
}

static void a_body_that_cannot_be_sent(void **state)
{
    (void)state;
    rules.coded = 1;
    left(a, -1);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_CODED);

    left(0, -1);
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_CODED);
}

static void this_process_is_not_ready_for_a_server(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_UNREADY, b);
    stays(BACKHAND_RESULT_UNREADY, BACKHAND_HERE_UNREADY);
    assert_int_equal(walk.tries, 0);
}

static void as_many_wait_as_may(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_LIMIT, BACKHAND_HERE_LIMIT);
    assert_int_equal(walk.tries, 0);
}

static void as_many_tunnels_are_open_as_may(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_TUNNELS, BACKHAND_HERE_TUNNELS);
    assert_int_equal(walk.tries, 0);
}

static void a_process_that_can_ask_nobody(void **state)
{
    (void)state;
    left(a, -1);
    rules.can_ask = 0;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_LIMIT);
}

static void as_many_hold_interpreters_as_may(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_INTERPRETERS, BACKHAND_HERE_INTERPRETERS);
    assert_int_equal(walk.tries, 0);
}

static void an_unsafe_request(void **state)
{
    (void)state;
    left(a, -1);
    rules.unsafe = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_UNSAFE);
}

static void what_each_server_says_of_itself(void **state)
{
    (void)state;
    left(a, -1);
    rules.own = rules.marked = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_OWN);
}

static void what_proxypass_has(void **state)
{
    (void)state;
    left(a, -1);
    rules.left_alone = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_NOT_PROXYPASS);
}

/* --- asked ------------------------------------------------------------------------------------------------- */

static void the_first_answers(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    assert_int_equal(step.chosen, 1);
    assert_string_equal(step.announcement.stat.contact, "http://10.0.0.1:80");
    is_answered(BACKHAND_OFF_CHOSEN);
    assert_int_equal(walk.tries, 1);
}

static void the_sooner_one_answers(void **state)
{
    (void)state;
    left(a, -1);
    candidates.why = BACKHAND_WHY_SOONER;
    asks(BACKHAND_RESULT_NONE, a);
    is_answered(BACKHAND_OFF_SOONER);
}

static void the_next_answers(void **state)
{
    (void)state;
    left(a, b, -1);
    candidates.why = BACKHAND_WHY_SOONER;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    is_answered(BACKHAND_OFF_NEXT);
    assert_int_equal(walk.tries, 2);
}

static void the_first_is_passed_over(void **state)
{
    (void)state;
    left(a, b, -1);
    is_busy(a);
    asks(BACKHAND_RESULT_NONE, b);
    is_answered(BACKHAND_OFF_NEXT);
}

static void all_fail(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    assert_int_equal(walk.tries, 2);
}

static void after_a_failure_this_server_s_turn_is_for_that_reason(void **state)
{
    (void)state;
    left(a, 0, -1);
    candidates.why = BACKHAND_WHY_TRIAL;
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void no_more_tries_than_may_be(void **state)
{
    (void)state;
    left(a, b, c, -1);
    rules.tries = 2;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void without_tries_nobody_is_asked(void **state)
{
    (void)state;
    left(a, -1);
    rules.tries = 0;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_FAILED);
}

static void what_cannot_be_repeated_fails(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_LOST, BACKHAND_OFF_FAILED, 502);
    assert_int_equal(walk.tries, 1);
}

static void what_takes_too_long_fails(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_TIMED_OUT, BACKHAND_OFF_FAILED, 504);
}

static void the_client_s_error_ends_it(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_CLIENT, BACKHAND_ENDED_CLIENT, 0);
    assert_int_equal(walk.tries, 1);
}

static void the_client_s_error_shows_before(void **state)
{
    (void)state;
    left(a, b, -1);
    fails(BACKHAND_RESULT_BODY, BACKHAND_ENDED_CLIENT, 0);
    assert_int_equal(walk.tries, 0);
}

static void the_client_is_sent_there(void **state)
{
    (void)state;
    left(a, b, -1);
    list[0].redirect = BACKHAND_REDIRECT_NAME;
    rules.unsafe = rules.coded = 1;
    goes_on(BACKHAND_RESULT_NONE);
    is_because(BACKHAND_STEP_REDIRECT, BACKHAND_REDIRECTED);
    assert_int_equal(step.id, a);
    assert_int_equal(step.redirect, BACKHAND_REDIRECT_NAME);
    assert_string_equal(step.announcement.stat.contact, "http://10.0.0.1:80");
}

static void without_redirects_it_is_asked(void **state)
{
    (void)state;
    left(a, -1);
    list[0].redirect = BACKHAND_REDIRECT_IP;
    rules.no_redirects = 1;
    asks(BACKHAND_RESULT_NONE, a);
}

/* --- the order --------------------------------------------------------------------------------------------- */

static void who_refused_lately_is_asked_last(void **state)
{
    (void)state;
    left(a, b, c, -1);
    refuses(a);
    asks(BACKHAND_RESULT_NONE, b);
    asks(BACKHAND_RESULT_FAILED, c);
    asks(BACKHAND_RESULT_FAILED, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void who_refused_long_ago_is_asked_as_before(void **state)
{
    (void)state;
    left(a, b, -1);
    refuses(a);
    hear_all(5001, 0, 0);
    asks(BACKHAND_RESULT_NONE, a);
}

static void who_fell_silent_is_asked_last(void **state)
{
    (void)state;
    left(a, b, c, -1);
    falls_silent(a);
    asks(BACKHAND_RESULT_NONE, b);
    asks(BACKHAND_RESULT_FAILED, c);
    asks(BACKHAND_RESULT_FAILED, a);
}

static void when_all_are_silent_this_server_hears_nothing(void **state)
{
    (void)state;
    left(a, b, c, -1);
    wait_ms(3 * INTERVAL + 1);
    asks(BACKHAND_RESULT_NONE, a);
}

static void this_server_comes_before_who_is_asked_last(void **state)
{
    (void)state;
    left(a, 0, -1);
    refuses(a);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_CHOSEN);
}

static void who_becomes_ready_meanwhile_is_asked_in_the_second_round(void **state)
{
    (void)state;
    left(a, b, -1);
    is_busy(a);
    asks(BACKHAND_RESULT_NONE, b);
    hear_all(1, 0, 0);
    asks(BACKHAND_RESULT_FAILED, a);
    is_answered(BACKHAND_OFF_NEXT);
}

static void nobody_is_asked_twice(void **state)
{
    (void)state;
    left(a, b, c, -1);
    rules.tries = 100;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_UNREADY, b);
    asks(BACKHAND_RESULT_FAILED, c);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void the_list_stays_as_it_was(void **state)
{
    static const int ids[] = {1, 2, 3};
    (void)state;
    left(a, b, c, -1);
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    asks(BACKHAND_RESULT_UNREADY, c);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(list[i].id, ids[i]);
    }
    assert_int_equal(candidates.n, 3);
}

static void it_goes_on_with_a_shorter_list(void **state)
{
    static ServerSlot shorter[2];
    backhand_candidates rest = candidates;
    (void)state;
    left(a, b, c, -1);
    refuses(a);
    asks(BACKHAND_RESULT_NONE, b);
    rest.list = shorter;
    rest.n = 2;
    shorter[0].id = a;
    shorter[1].id = c;
    memset(asked, 0, sizeof(asked));
    backhand_walk_resume(&walk, &rest, 1, asked);
    asks(BACKHAND_RESULT_FAILED, c);
    rest.n = 1;
    memset(asked, 0, sizeof(asked));
    backhand_walk_resume(&walk, &rest, 1, asked);
    asks(BACKHAND_RESULT_FAILED, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    assert_int_equal(walk.tries, 3);
}

/* --- BackhandSelfRedirect ---------------------------------------------------------------------------------- */

static void this_server_is_asked_at_its_contact(void **state)
{
    (void)state;
    left(0, a, -1);
    rules.asks_self = 1;
    asks(BACKHAND_RESULT_NONE, 0);
    assert_int_equal(step.chosen, 1);
    asks(BACKHAND_RESULT_FAILED, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void where_it_may_not_be_served_the_contact_is_asked(void **state)
{
    (void)state;
    rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, 0);
    assert_int_equal(step.chosen, 0);
    fails(BACKHAND_RESULT_FAILED, BACKHAND_REFUSED_AWAY, 503);
    assert_int_equal(walk.tries, 1);
}

static void the_contact_is_asked_after_the_others_and_once(void **state)
{
    (void)state;
    left(a, 0, b, -1);
    rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, 0);
    asks(BACKHAND_RESULT_FAILED, b);
    fails(BACKHAND_RESULT_FAILED, BACKHAND_REFUSED_AWAY, 503);
}

static void the_contact_is_asked_beyond_the_tries(void **state)
{
    (void)state;
    left(a, b, -1);
    rules.asks_self = rules.tries = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, 0);
    is_answered(BACKHAND_OFF_NEXT);
}

static void over_the_bounds_nobody_may_serve_it(void **state)
{
    (void)state;
    left(a, b, -1);
    rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_LIMIT, 0);
    fails(BACKHAND_RESULT_LIMIT, BACKHAND_REFUSED_AWAY, 503);
    assert_int_equal(walk.tries, 0);
}

static void without_a_contact_nobody_may_serve_it(void **state)
{
    (void)state;
    rules.serves = 0;
    fails(BACKHAND_RESULT_NONE, BACKHAND_REFUSED_AWAY, 503);
}

/* --- requests with a mark ---------------------------------------------------------------------------------- */

static void a_marked_request_goes_nowhere(void **state)
{
    (void)state;
    left(a, b, -1);
    rules.marked = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_MARKED);
}

static void a_marked_request_goes_to_the_contact(void **state)
{
    (void)state;
    rules.marked = rules.asks_self = 1;
    asks(BACKHAND_RESULT_NONE, 0);
    assert_int_equal(step.chosen, 0);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_MARKED);
}

static void a_marked_request_that_may_not_be_served_here(void **state)
{
    (void)state;
    rules.marked = rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, 0);
    fails(BACKHAND_RESULT_UNREADY, BACKHAND_REFUSED_AWAY, 503);
}

static void a_loop_is_refused(void **state)
{
    (void)state;
    rules.marked = rules.loop = rules.asks_self = 1;
    fails(BACKHAND_RESULT_NONE, BACKHAND_REFUSED_LOOP, 508);
}

/* --- what an attempt means --------------------------------------------------------------------------------- */

static void each_attempt_has_its_meaning(void **state)
{
    static const struct {
        backhand_handoff_result attempt;
        backhand_walk_result once, repeatable;
    } each[] = {
        {BACKHAND_ANSWERED, BACKHAND_RESULT_ANSWERED, BACKHAND_RESULT_ANSWERED},
        {BACKHAND_REFUSED, BACKHAND_RESULT_FAILED, BACKHAND_RESULT_FAILED},
        {BACKHAND_STALE, BACKHAND_RESULT_LOST, BACKHAND_RESULT_FAILED},
        {BACKHAND_DROPPED, BACKHAND_RESULT_LOST, BACKHAND_RESULT_FAILED},
        {BACKHAND_UNWANTED, BACKHAND_RESULT_LOST, BACKHAND_RESULT_FAILED},
        {BACKHAND_GONE, BACKHAND_RESULT_GONE, BACKHAND_RESULT_GONE},
        {BACKHAND_BROKEN, BACKHAND_RESULT_LOST, BACKHAND_RESULT_LOST},
        {BACKHAND_TIMED_OUT, BACKHAND_RESULT_TIMED_OUT, BACKHAND_RESULT_TIMED_OUT},
        {BACKHAND_CLIENT, BACKHAND_RESULT_CLIENT, BACKHAND_RESULT_CLIENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        assert_int_equal(backhand_walk_result_of(each[i].attempt, 0), each[i].once);
        assert_int_equal(backhand_walk_result_of(each[i].attempt, 1), each[i].repeatable);
    }
}

static void each_reason_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < BACKHAND_REASONS; i++) {
        const char *text = backhand_reason_text((backhand_reason)i);
        assert_non_null(text);
        assert_non_null(strchr(text, ':'));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(text, backhand_reason_text((backhand_reason)k));
        }
    }
}

int main(void)
{
#define WALK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, teardown)
    const struct CMUnitTest tests[] = {
        WALK_TEST(the_chain_chose_this_server),
        WALK_TEST(the_chain_left_nobody),
        WALK_TEST(all_are_gone),
        WALK_TEST(a_server_that_is_down_is_not_asked),
        WALK_TEST(down_this_server_serves_when_nobody_else_does),
        WALK_TEST(a_step_is_final_when_nobody_is_left),
        WALK_TEST(the_tries_may_end_before_the_list),
        WALK_TEST(a_client_that_has_gone_ends_it),
        WALK_TEST(who_would_wait_for_too_long_is_refused),
        WALK_TEST(with_a_free_place_nobody_is_refused),
        WALK_TEST(a_slot_with_another_server_is_not_asked),
        WALK_TEST(all_are_busy),
        WALK_TEST(at_its_own_turn_this_server_says_why_not_the_others),
        WALK_TEST(a_busy_one_is_asked_by_those_that_let_requests_wait),
        WALK_TEST(a_host_without_tls),
        WALK_TEST(a_body_that_cannot_be_sent),
        WALK_TEST(this_process_is_not_ready_for_a_server),
        WALK_TEST(as_many_wait_as_may),
        WALK_TEST(as_many_tunnels_are_open_as_may),
        WALK_TEST(a_process_that_can_ask_nobody),
        WALK_TEST(as_many_hold_interpreters_as_may),
        WALK_TEST(an_unsafe_request),
        WALK_TEST(what_each_server_says_of_itself),
        WALK_TEST(what_proxypass_has),
        WALK_TEST(the_first_answers),
        WALK_TEST(the_sooner_one_answers),
        WALK_TEST(the_next_answers),
        WALK_TEST(the_first_is_passed_over),
        WALK_TEST(all_fail),
        WALK_TEST(after_a_failure_this_server_s_turn_is_for_that_reason),
        WALK_TEST(no_more_tries_than_may_be),
        WALK_TEST(without_tries_nobody_is_asked),
        WALK_TEST(what_cannot_be_repeated_fails),
        WALK_TEST(what_takes_too_long_fails),
        WALK_TEST(the_client_s_error_ends_it),
        WALK_TEST(the_client_s_error_shows_before),
        WALK_TEST(the_client_is_sent_there),
        WALK_TEST(without_redirects_it_is_asked),
        WALK_TEST(who_refused_lately_is_asked_last),
        WALK_TEST(who_refused_long_ago_is_asked_as_before),
        WALK_TEST(who_fell_silent_is_asked_last),
        WALK_TEST(when_all_are_silent_this_server_hears_nothing),
        WALK_TEST(this_server_comes_before_who_is_asked_last),
        WALK_TEST(who_becomes_ready_meanwhile_is_asked_in_the_second_round),
        WALK_TEST(nobody_is_asked_twice),
        WALK_TEST(the_list_stays_as_it_was),
        WALK_TEST(it_goes_on_with_a_shorter_list),
        WALK_TEST(this_server_is_asked_at_its_contact),
        WALK_TEST(where_it_may_not_be_served_the_contact_is_asked),
        WALK_TEST(the_contact_is_asked_after_the_others_and_once),
        WALK_TEST(the_contact_is_asked_beyond_the_tries),
        WALK_TEST(over_the_bounds_nobody_may_serve_it),
        WALK_TEST(without_a_contact_nobody_may_serve_it),
        WALK_TEST(a_marked_request_goes_nowhere),
        WALK_TEST(a_marked_request_goes_to_the_contact),
        WALK_TEST(a_marked_request_that_may_not_be_served_here),
        WALK_TEST(a_loop_is_refused),
        cmocka_unit_test(each_attempt_has_its_meaning),
        cmocka_unit_test(each_reason_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
