/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Explanations: the lists before and after each function, what it went by, notes and complaints, and that a rehearsal
 * changes nothing. */

#include "live.h"

#include "candidacy/explanation.h"
#include "candidacy/standing.h"

#include <stdlib.h>

static struct request_rec *const request = (struct request_rec *)&list;
static backhand_explanation explanation;
static backhand_candidates out;
static backhand_chain chain;
static int64_t warned;
static int complaints;

static void complain(void *ctx, const backhand_function *f, const char *what)
{
    (void)ctx;
    (void)f;
    (void)what;
    complaints++;
}

static void add(const char *name, backhand_candidacy_fn foreign, const char *arg)
{
    backhand_function f = {.name = name, .call = foreign, .foreign = foreign != NULL, .where = "test:1"};
    f.call = foreign ? foreign : backhand_builtin_find(name)->call;
    f.arg = arg ? apr_pstrdup(pool, arg) : NULL;
    f.warned = &warned;
    backhand_chain_append(&chain, &f, pool);
}

static void begin(void)
{
    chain = (backhand_chain){NULL, NULL, 0};
    warned = 0;
    complaints = 0;
}

static void run(int rehearsal)
{
    out = (backhand_candidates){.list = list, .explanation = &explanation};
    backhand_explanation_begin(&explanation, request, rehearsal, pool);
    backhand_chain_run(&chain, table, request, &out, complain, NULL);
}

static const backhand_explained_function *at(int i)
{
    assert_in_range(i, 0, explanation.functions->nelts - 1);
    return &APR_ARRAY_IDX(explanation.functions, i, backhand_explained_function);
}

/* `0 1 2 +93`: the ids, and the number of unused entries. */
static const char *text_of(const backhand_explained_list *of)
{
    char *text = apr_pstrdup(pool, "");
    for (int i = 0; i < of->n; i++) {
        text = apr_psprintf(pool, "%s%d ", text, of->list[i].id);
    }
    return apr_psprintf(pool, "%s+%d", text, of->unused);
}

/* The number of that name that the function read of the server; -1: none. */
static double reading(int i, int id, const char *figure)
{
    const apr_array_header_t *all = at(i)->readings;
    for (int k = 0; all && k < all->nelts; k++) {
        const backhand_reading *r = &APR_ARRAY_IDX(all, k, backhand_reading);
        if (r->id == id && strcmp(r->figure, figure) == 0) {
            return r->value;
        }
    }
    return -1;
}

/* Servers 0 to 2, with the loads 0.3, 0.1 and 0.2. */
static void three(void)
{
    static const int64_t loads[] = {300, 100, 200};
    figures f = {.service = 80000, .parallel = 12000, .typical = 45000, .samples = 500, .spread = 1200, .calm = 1};
    for (int id = 0; id < 3; id++) {
        announce(id, f);
        backhand_number_set(&serverstats[id].load, loads[id]);
    }
    table->meter->parallel = table->meter->room = 12000;
    table->meter->steady = 80000;
}

static void lists_before_and_after(void **state)
{
    (void)state;
    three();
    begin();
    add("byAge", NULL, NULL);
    add("byLoad", NULL, "0.25");
    add("removeSelf", NULL, NULL);
    run(0);
    assert_int_equal(explanation.functions->nelts, 3);
    assert_string_equal(text_of(&at(0)->before), apr_psprintf(pool, "0 1 2 +%d", SERVERS - 3));
    assert_string_equal(text_of(&at(0)->after), "0 1 2 +0");
    assert_string_equal(text_of(&at(1)->before), "0 1 2 +0");
    assert_string_equal(text_of(&at(1)->after), "0 1 2 +0");
    assert_string_equal(text_of(&at(2)->after), "1 2 +0");
    assert_string_equal(at(1)->function->name, "byLoad");
    /* With the bias. */
    assert_int_equal(1000 * reading(1, 0, "load"), 50);
    assert_int_equal(1000 * reading(1, 1, "load"), 100);
    assert_int_equal(reading(0, 1, "age"), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(at(i)->usec > 0);
    }
    assert_null(backhand_chain_explanation());
}

/* The function that needs no list gets one to show, and shows what it compared. */
static void a_list_that_was_not_written(void **state)
{
    (void)state;
    three();
    begin();
    add("byExpectedTime", NULL, NULL);
    run(0);
    assert_string_equal(text_of(&at(0)->before), apr_psprintf(pool, "0 1 2 +%d", SERVERS - 3));
    assert_string_equal(text_of(&at(0)->after), "0 +0");
    assert_int_equal(reading(0, 0, "at_once"), 12);
    assert_int_equal(reading(0, 1, "expected_ms"), -1);
    assert_non_null(at(0)->notes);
    /* Without the shortcut the others are compared. */
    backhand_number_set(&table->meter->slower, 1);
    run(0);
    assert_true(reading(0, 1, "expected_ms") > 0);
    assert_int_equal(reading(0, 1, "samples"), 500);
    assert_true(reading(0, 0, "expected_ms") > 0);
}

/* A slow server asks for trials, and a rehearsal must not use one up. */
static void a_rehearsal_changes_nothing(void **state)
{
    backhand_meter before;
    figures f = {.service = 80000, .parallel = 12000, .typical = 900000, .samples = 500, .spread = 100, .calm = 1};
    static const char *const names[] = {"byExpectedTime", "byPrequal"};

    (void)state;
    three();
    announce(0, f);
    table->meter->inflight = 1;
    backhand_number_set(&table->meter->slower, 1);
    for (int i = 0; i < 2; i++) {
        begin();
        add(names[i], NULL, NULL);
        memcpy(&before, table->meter, sizeof(before));
        for (int k = 0; k < 100; k++) {
            run(1);
        }
        assert_memory_equal(&before, table->meter, sizeof(before));
        run(0);
        assert_true(table->meter->given > before.given);
        assert_true(table->meter->trials.sent > before.trials.sent);
    }
}

static int says(struct request_rec *r, ServerSlot *servers, int *n_, char *arg)
{
    (void)servers;
    for (int i = 0; i < (arg ? atoi(arg) : 1); i++) {
        backhand_note(r, "because");
        backhand_note(r, "");
        backhand_note(r, NULL);
    }
    return *n_;
}

static int says_of_another(struct request_rec *r, ServerSlot *servers, int *n_, char *arg)
{
    char long_text[BACKHAND_NOTE_LENGTH + 50];
    (void)r;
    (void)servers;
    (void)arg;
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    backhand_note(NULL, "of another request");
    backhand_note(r, long_text);
    return *n_;
}

static void notes(void **state)
{
    (void)state;
    begin();
    add("says", says, NULL);
    add("says_of_another", says_of_another, NULL);
    add("says", says, "99");
    run(1);
    assert_int_equal(at(0)->notes->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(at(0)->notes, 0, const char *), "because");
    assert_int_equal(at(1)->notes->nelts, 1);
    assert_int_equal(strlen(APR_ARRAY_IDX(at(1)->notes, 0, const char *)), BACKHAND_NOTE_LENGTH);
    assert_int_equal(at(2)->notes->nelts, BACKHAND_NOTES - 2);
    /* Outside of a run, and in one that nobody asks about. */
    backhand_note(request, "nobody hears");
    out.explanation = NULL;
    backhand_chain_run(&chain, table, request, &out, complain, NULL);
}

static int impossible(struct request_rec *r, ServerSlot *servers, int *n_, char *arg)
{
    (void)r;
    (void)servers;
    (void)arg;
    return *n_ = -1;
}

/* A rehearsal tells its own reader, not the log. */
static void complaints_(void **state)
{
    (void)state;
    begin();
    add("impossible", impossible, NULL);
    for (int i = 0; i < 3; i++) {
        run(1);
        assert_non_null(strstr(at(0)->complaint, "left a list of -1 servers"));
    }
    assert_int_equal(complaints, 0);
    run(0);
    assert_int_equal(complaints, 1);
    run(0);
    assert_int_equal(complaints, 1);
    assert_non_null(at(0)->complaint);
}

static void long_ones_are_cut(void **state)
{
    (void)state;
    for (int id = 0; id < BACKHAND_EXPLAINED_SERVERS + 10; id++) {
        announce(id, (figures){.service = 1000});
    }
    begin();
    for (int i = 0; i < BACKHAND_EXPLAINED_FUNCTIONS + 3; i++) {
        add("says", says, NULL);
    }
    run(1);
    assert_int_equal(explanation.functions->nelts, BACKHAND_EXPLAINED_FUNCTIONS);
    assert_int_equal(explanation.more, 3);
    assert_int_equal(at(0)->before.n, BACKHAND_EXPLAINED_SERVERS);
    assert_int_equal(at(0)->before.more, 10);
    assert_int_equal(at(0)->before.unused, SERVERS - BACKHAND_EXPLAINED_SERVERS - 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_before_and_after, setup, teardown),
        cmocka_unit_test_setup_teardown(a_list_that_was_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rehearsal_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(notes, setup, teardown),
        cmocka_unit_test_setup_teardown(complaints_, setup, teardown),
        cmocka_unit_test_setup_teardown(long_ones_are_cut, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
