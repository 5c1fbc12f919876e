/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The status page as JSON: valid whatever the names hold, and with the numbers of the table. */

#include "written.h"

#include "status/json.h"
#include "table/outcomes.h"
#include "table/skewed.h"
#include "walk/reason.h"

static const char *write_json(const backhand_facts *facts)
{
    backhand_out out = written_begin();
    backhand_json_write(&out, facts);
    return written;
}

static const char *write_table(void)
{
    backhand_facts facts = {.farm = "default", .hostname = "me", .contact = "", .interval = 250000, .table = table};
    return write_json(&facts);
}

/* --- is it JSON? ---------------------------------------------------------------------------------------------------
 */

static const char *skip_value(const char *at);

/* Only printable ASCII, and only the escapes of JSON. NULL: it is no string. */
static const char *skip_string(const char *at)
{
    if (*at++ != '"') {
        return NULL;
    }
    for (; *at != '"'; at++) {
        int escape = *at == '\\';
        at += escape;
        if (*at < ' ' || *at > '~' || (escape && !strchr("\"\\u", *at))) {
            return NULL;
        }
    }
    return at + 1;
}

static const char *skip_number(const char *at)
{
    const char *digits = at += *at == '-';
    at += strspn(at, "0123456789");
    if (at == digits || (*digits == '0' && at > digits + 1)) {
        return NULL;
    }
    if (*at == '.') {
        digits = ++at;
        at += strspn(at, "0123456789");
    }
    return at > digits ? at : NULL;
}

static const char *skip_list(const char *at, int object)
{
    char end = object ? '}' : ']';

    at++;
    if (*at == end) {
        return at + 1;
    }
    for (;;) {
        at += strspn(at, "\n");
        if (object) {
            at = skip_string(at);
            if (!at || *at != ':') {
                return NULL;
            }
            at++;
        }
        at = skip_value(at);
        if (!at) {
            return NULL;
        }
        if (*at == end) {
            return at + 1;
        }
        if (*at++ != ',') {
            return NULL;
        }
    }
}

static const char *skip_value(const char *at)
{
    if (*at == '{' || *at == '[') {
        return skip_list(at, *at == '{');
    }
    if (*at == '"') {
        return skip_string(at);
    }
    return strncmp(at, "null", 4) == 0 ? at + 4 : skip_number(at);
}

static int is_json(const char *text)
{
    const char *end = skip_value(text);
    return end && strcmp(end, "\n") == 0;
}

/* --- tests -----------------------------------------------------------------------------------------------------------
 */

static void the_checker_sees_what_is_no_json(void **state)
{
    (void)state;
    assert_false(is_json("{\"a\":1,}\n"));
    assert_false(is_json("{\"a\":nan}\n"));
    assert_false(is_json("{\"a\":01}\n"));
    assert_false(is_json("{\"a\":1.}\n"));
    assert_false(is_json("{\"a\":\"\n\"}\n"));
    assert_false(is_json("{\"a\":\"\"b\"}\n"));
    assert_false(is_json("{\"a\":[1 2]}\n"));
    assert_false(is_json("{}{}\n"));
    assert_true(is_json("{\"a\":[1,-2.5,null,\"x\\u0041\"]}\n"));
}

static void without_a_table_it_says_so(void **state)
{
    backhand_facts facts = {.interval = -1, .max_tunnels = -1};
    const char *json = write_json(&facts);
    (void)state;
    assert_true(is_json(json));
    assert_holds(json, "\"version\":1");
    assert_holds(json, "\"interval\":null");
    assert_holds(json, "\"error\":\"There is no table of servers: ");
    assert_holds(json, "\"servers\":[]");
}

static void a_server_has_its_figures_by_their_names(void **state)
{
    int id = take(1, NULL);
    uint64_t generation = backhand_table_slot_generation(table, id);
    const char *json;
    (void)state;
    backhand_table_sent(table, id, generation);
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_TIMED_OUT, 1, -1);
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_ANSWERED, 0, 1500);
    backhand_table_decided(table, BACKHAND_OFF_SOONER, 7);
    backhand_table_count_drop(table, BACKHAND_DROP_FARM);
    json = write_table();
    assert_true(is_json(json));
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        char name[64];
        apr_snprintf(name, sizeof(name), "\"%s\":", backhand_figures[i].field.name);
        assert_holds(json, name);
    }
    assert_holds(json, "\"hostname\":\"host1\",\"contact\":\"http://10.0.0.1:80\"");
    assert_holds(json, "\"state\":\"alive\",\"since\":1000000,\"state_changes\":0,\"age\":0,");
    assert_holds(json, "\"sent\":1,\"waiting\":1,");
    assert_holds(json, "\"timed-out\":1,");
    assert_holds(json, "\"retried\":1,");
    assert_holds(json, "\"count\":1,\"sum\":0.0015,\"p50\":0.00175");
    assert_holds(json, "\"handed-off:sooner\":1,");
    assert_holds(json, "\"farm\":1,");
    assert_holds(json, "\"failed_over\":0,");
    assert_holds(json, "\"decision\":{\"bounds\":[0.000001,0.000002,0.000005,0.00001,");
    assert_holds(json, "\"skewed\":[]");
}

static void times_are_by_the_wall_clock(void **state)
{
    (void)state;
    take(1, NULL);
    wall_ahead = apr_time_from_sec(1700000000);
    clock_now += 2500000;
    assert_holds(write_table(), "\"since\":1701000000,\"state_changes\":0,\"age\":2.5,");
    assert_holds(write_table(), "\"time\":1701000002.5,");
}

static void any_name_gives_valid_json(void **state)
{
    static const char *const names[] = {"\"},{\"x\":\"",    "\\",       "a\nb\r\t", "</script><!--",
                                        "\xff\xfe\xc3\xa4", "\x7f\x01", "'&"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        backhand_facts facts = {.machine = names[i],
                                .httpd_version = names[i],
                                .viewer = names[i],
                                .farm = names[i],
                                .hostname = names[i],
                                .contact = names[i],
                                .table = table};
        const char *json;
        take(1, names[i]);
        json = write_json(&facts);
        assert_true(is_json(json));
        assert_null(strchr(json, '<'));
        backhand_table_forget(table, 1);
    }
}

static void any_figure_gives_valid_json(void **state)
{
    static const int64_t numbers[] = {INT64_MIN, -1, INT64_MAX};
    int id = take(1, NULL);
    (void)state;
    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        for (int i = 1; i < BACKHAND_FIGURES; i++) {
            backhand_number_set(backhand_figure_of(&table->stats[id], &backhand_figures[i]), numbers[n]);
        }
        assert_true(is_json(write_table()));
    }
}

static void a_clock_that_is_behind_is_negative(void **state)
{
    backhand_announcement said = said_by_nth("host", 2, 102, 1);
    (void)state;
    backhand_skewed_note(table, &said, -1250);
    assert_true(is_json(write_table()));
    assert_holds(write_table(), "\"contact\":\"http://10.0.0.2:80\",\"ahead\":-1.25}]");
    backhand_skewed_note(table, &said, -50);
    assert_holds(write_table(), "\"ahead\":-0.05}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checker_sees_what_is_no_json),
        cmocka_unit_test(without_a_table_it_says_so),
        cmocka_unit_test_setup_teardown(a_server_has_its_figures_by_their_names, make_table, teardown),
        cmocka_unit_test_setup_teardown(times_are_by_the_wall_clock, make_table, teardown),
        cmocka_unit_test_setup_teardown(any_name_gives_valid_json, make_table, teardown),
        cmocka_unit_test_setup_teardown(any_figure_gives_valid_json, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_behind_is_negative, make_table, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
