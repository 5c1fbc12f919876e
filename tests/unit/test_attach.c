/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* A process that is not httpd reads the table from its file. */

#include "table_file.h"

#include "base/random.h"
#include "conditions/conditions.h"
#include "status/json.h"
#include "status/rows.h"
#include "table/counters.h"
#include "table/skewed.h"

#include <fcntl.h>

static const char *wrong;

static apr_status_t attach(backhand_table **other, int writable)
{
    return backhand_table_attach(other, dir, writable, &wrong, pool);
}

static void drop(void *ctx, const char *text, size_t length)
{
    (void)ctx;
    (void)text;
    (void)length;
}

/* Every number and text that a row and the tallies have, so that a sanitizer sees each word that they are made of. */
static void read_all(const backhand_table *of)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    static backhand_condition conditions[BACKHAND_CONDITIONS];
    backhand_skewed skewed;
    const backhand_out out = {.append = drop};
    const backhand_facts facts = {.table = of};
    int used = backhand_table_used(of);

    for (int id = 0; id < used; id++) {
        backhand_row row;
        if (backhand_row_read(&row, of, id, backhand_table_now(of))) {
            assert_true(strlen(row.announcement.stat.hostname) < BACKHAND_HOSTNAME_SIZE);
        }
        backhand_table_ready(of, id);
        backhand_table_silent(of, id);
        backhand_table_sent_since(of, id);
    }
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        backhand_skewed_read(&skewed, of, i);
    }
    assert_in_range(backhand_tallies_read(tallies, of), 1, BACKHAND_TALLIES);
    backhand_table_deaf(of);
    backhand_json_write(&out, &facts);
    assert_in_range(backhand_conditions_read(conditions, of), 0, BACKHAND_CONDITIONS);
}

static void shows_what_the_server_has(void **state)
{
    backhand_table *other;
    backhand_row row;
    (void)state;
    hear(3, 7);
    assert_int_equal(attach(&other, 0), APR_SUCCESS);
    assert_null(wrong);
    assert_int_equal(backhand_table_max(other), SERVERS);
    assert_int_equal(backhand_table_used(other), 2);
    assert_int_equal(backhand_row_read(&row, other, 1, backhand_table_now(other)), 1);
    assert_string_equal(row.announcement.stat.hostname, "server3");
    assert_int_equal(row.announcement.stat.aservers, 7);
    assert_int_equal(row.state, BACKHAND_ROW_ALIVE);
    hear(3, 8);
    assert_int_equal(backhand_row_read(&row, other, 1, backhand_table_now(other)), 1);
    assert_int_equal(row.announcement.stat.aservers, 8);
    assert_int_equal(backhand_table_idle(other), -1);
    read_all(other);
    backhand_table_unmap(other);
}

static void writes_if_asked_to(void **state)
{
    backhand_table *other;
    (void)state;
    assert_int_equal(attach(&other, 1), APR_SUCCESS);
    backhand_table_set_speed(other, 12);
    assert_int_equal(backhand_table_speed(table), 12);
    backhand_table_unmap(other);
}

/* Attaches and expects an error of that kind whose line has the text. */
static void refuses(apr_status_t error, const char *text)
{
    backhand_table *other;

    assert_int_equal(attach(&other, 0), error);
    assert_null(other);
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, text));
    assert_non_null(strstr(wrong, path));
    assert_null(strchr(wrong, '\n'));
}

static void says_what_is_wrong(void **state)
{
    uint64_t *head = (void *)table->head;
    char target[] = "/tmp/backhand-target-XXXXXX";
    (void)state;
    head[1]++;
    refuses(APR_EMISMATCH, "another release");
    head[1]--;
    head[0] = 0;
    refuses(APR_EMISMATCH, "not a whole one");
    head[0] = BACKHAND_SEGMENT_MAGIC;
    table->slots[0].heard = backhand_table_now(table) + apr_time_from_sec(3600);
    refuses(APR_EMISMATCH, "earlier start");
    table->slots[0].heard = 0;
    assert_int_equal(truncate(path, (off_t)table->size - 1), 0);
    refuses(APR_EMISMATCH, "not a whole one");
    assert_int_equal(truncate(path, 0), 0);
    refuses(APR_EMISMATCH, "not a whole one");
    unlink(path);
    refuses(APR_ENOENT, "there is no ");
    close(mkstemp(target));
    assert_int_equal(symlink(target, path), 0);
    refuses(APR_EMISMATCH, "is no table");
    unlink(target);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuses(APR_EMISMATCH, "is no table");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    refuses(APR_EMISMATCH, "is no table");
    rmdir(path);
    assert_int_equal(chdir("/"), 0);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    if (geteuid() != 0) {
        assert_int_equal(chmod(path, 0), 0);
        refuses(APR_EACCES, "no permission");
    }
}

/* Each number of the head, a slot and a row out of range, one at a time: refused, or read without harm. */
static void survives_any_word(void **state)
{
    static const uint64_t words[] = {UINT64_MAX,        UINT64_C(1) << 63, INT64_MAX, UINT64_C(0x4141414141414141),
                                     UINT64_C(1) << 62, UINT64_C(1) << 40, 4097};
    uint64_t *memory = (void *)table->head;
    size_t ring = offsetof(backhand_head, meter.ring) / 8, after = ring + sizeof(backhand_ring) / 8;
    size_t slot_end = ((char *)&table->slots[2] - (char *)memory) / 8;
    int refused = 0, read = 0;
    (void)state;
    hear(3, 1);
    hear(3, 2);
    for (size_t at = 0; at < table->size / 8; at++) {
        uint64_t before = memory[at];
        if ((at > ring && at < after) || (at > slot_end && (char *)&memory[at] < (char *)table->processes)) {
            continue;
        }
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            backhand_table *other;
            apr_pool_t *own;
            apr_pool_create(&own, pool);
            memory[at] = words[i];
            if (backhand_table_attach(&other, dir, 0, &wrong, own) == APR_SUCCESS) {
                read_all(other);
                backhand_table_unmap(other);
                read++;
            }
            else {
                refused++;
            }
            memory[at] = before;
            apr_pool_destroy(own);
        }
    }
    assert_true(read > 100);
    assert_true(refused > 100);
}

static void survives_garbage(void **state)
{
    uint64_t *memory = (void *)table->head;
    backhand_generator random = {{0}};
    uint64_t used = table->head->used;
    (void)state;
    hear(3, 1);
    backhand_generator_begin(&random, 42);
    for (int i = 0; i < 2000; i++) {
        backhand_table *other;
        size_t at = 8 + backhand_generator_below(&random, (uint32_t)(table->size / 8 - 8));
        memory[at] = backhand_generator_next(&random) >> backhand_generator_below(&random, 64);
        table->head->used = used;
        if (attach(&other, 0) == APR_SUCCESS) {
            read_all(other);
            backhand_table_unmap(other);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_what_the_server_has, make_table, remove_table),
        cmocka_unit_test_setup_teardown(writes_if_asked_to, make_table, remove_table),
        cmocka_unit_test_setup_teardown(says_what_is_wrong, make_table, remove_table),
        cmocka_unit_test_setup_teardown(survives_any_word, make_table, remove_table),
        cmocka_unit_test_setup_teardown(survives_garbage, make_table, remove_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
