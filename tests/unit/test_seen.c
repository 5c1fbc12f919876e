/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* No signed announcement is taken in twice, not over restarts either. */

#include "trust/seen.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define START apr_time_from_sec(1000)
#define SKEW  apr_time_from_sec(30)

static apr_pool_t *pool;
static char folder[64];
static const char *path;

static int start(void **state)
{
    (void)state;
    apr_pool_create(&pool, NULL);
    strcpy(folder, "/tmp/backhand-seen-XXXXXX");
    assert_non_null(mkdtemp(folder));
    path = apr_pstrcat(pool, folder, "/" BACKHAND_SEEN_FILE, NULL);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    apr_pool_destroy(pool);
    return 0;
}

static backhand_seen *make(int most)
{
    return backhand_seen_create(most, SKEW, pool);
}

static int fresh(const backhand_seen *seen, uint64_t boot, uint64_t sequence, apr_time_t stamped)
{
    return backhand_seen_judge(seen, boot, sequence, stamped, START) == BACKHAND_SEEN_FRESH;
}

static void numbers_only_grow(void **state)
{
    backhand_seen *seen = make(8);
    (void)state;
    assert_true(fresh(seen, 1, 5, START));
    assert_true(backhand_seen_note(seen, 1, 5, START, START));
    assert_false(fresh(seen, 1, 5, START));
    assert_false(fresh(seen, 1, 4, START + 5));
    assert_true(fresh(seen, 1, 6, START));
    assert_true(fresh(seen, 2, 1, START));
}

static void nothing_from_before_the_start(void **state)
{
    backhand_seen *seen = make(8);
    (void)state;
    assert_false(fresh(seen, 1, 5, START - 1));
    assert_true(fresh(seen, 1, 5, START));
}

static void the_file_brings_all_back(void **state)
{
    backhand_seen *seen = make(1000), *later = make(1000);
    struct stat info;
    (void)state;
    assert_false(backhand_seen_changed(seen));
    for (uint64_t boot = 1; boot <= 1000; boot++) {
        assert_true(backhand_seen_note(seen, boot << 54 | boot, UINT64_MAX - boot, START - 7, START));
    }
    assert_true(backhand_seen_changed(seen));
    assert_int_equal(backhand_seen_write(seen, path), APR_SUCCESS);
    assert_false(backhand_seen_changed(seen));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_null(backhand_seen_read(later, path, START));
    for (uint64_t boot = 1; boot <= 1000; boot++) {
        assert_false(fresh(later, boot << 54 | boot, UINT64_MAX - boot, START));
        assert_true(fresh(later, boot << 54 | boot, UINT64_MAX - boot + 1, START - 1));
    }
    assert_int_equal(backhand_seen_write(later, path), APR_SUCCESS);
}

static void bad_files_are_as_none(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "mod_backhand seen 2\n1 5 1000000000\n",
        "1 5 1000000000\n",
        "mod_backhand seen 1\nx 5 1\n\n1 2\n0 1 1\n1 5 1000000000 extra\n1 5 1000000000",
    };
    (void)state;
    assert_null(backhand_seen_read(make(8), path, START));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        backhand_seen *seen = make(8);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        backhand_seen_read(seen, path, START);
        assert_true(fresh(seen, 1, 1, START));
        assert_false(fresh(seen, 1, 6, START - 1));
    }
}

static void what_cannot_be_written_is_said(void **state)
{
    backhand_seen *seen = make(8);
    (void)state;
    backhand_seen_note(seen, 1, 5, START, START);
    assert_int_not_equal(backhand_seen_write(seen, apr_pstrcat(pool, folder, "/none/file", NULL)), APR_SUCCESS);
    assert_true(backhand_seen_changed(seen));
    assert_int_equal(symlink("/nonexistent/elsewhere", apr_pstrcat(pool, path, ".new", NULL)), 0);
    assert_int_equal(backhand_seen_write(seen, path), APR_SUCCESS);
}

static void room_is_made_of_what_time_protects(void **state)
{
    backhand_seen *seen = make(100);
    apr_time_t now = START;
    (void)state;
    for (uint64_t boot = 1; boot <= 100; boot++) {
        assert_true(backhand_seen_note(seen, boot, 1, now, now));
    }
    now += SKEW;
    assert_false(backhand_seen_note(seen, 101, 1, now, now));
    assert_true(backhand_seen_note(seen, 100, 2, now, now));
    now += SKEW + 1;
    assert_true(backhand_seen_note(seen, 101, 1, now, now));
    assert_false(fresh(seen, 100, 2, now));
    assert_false(fresh(seen, 101, 1, now));
    for (uint64_t boot = 1000; boot < 100000; boot++) {
        now += SKEW / 20;
        assert_true(fresh(seen, boot, 1, now));
        assert_true(backhand_seen_note(seen, boot, 1, now, now));
        assert_false(fresh(seen, boot, 1, now));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_only_grow),     TEST(nothing_from_before_the_start),  TEST(the_file_brings_all_back),
        TEST(bad_files_are_as_none), TEST(what_cannot_be_written_is_said), TEST(room_is_made_of_what_time_protects),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
