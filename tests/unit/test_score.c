/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The speed score and its file; the high-water mark of load. */

#include "farm.h"

#include "host/figures.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[96];

static int setup_dir(void **state)
{
    strcpy(dir, "/tmp/backhand-score-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/mod_backhand-Arriba", dir);
    return setup(state);
}

static int teardown_dir(void **state)
{
    unlink(path);
    assert_int_equal(rmdir(dir), 0); /* no temporary file is left */
    return teardown(state);
}

static void put(const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void measures_about_the_same_twice(void **state)
{
    apr_time_t start = apr_time_now();
    int64_t first = backhand_arriba_measure(apr_time_from_msec(50));
    int64_t second = backhand_arriba_measure(apr_time_from_msec(50));
    (void)state;
    assert_true(apr_time_now() - start < apr_time_from_sec(2));
    assert_true(first > 10);
    assert_in_range(second, first / 4, first * 4);
    assert_true(backhand_arriba_measure(0) > 0);
}

static const char *wrong_with_file;

static int64_t load(const char *file)
{
    return backhand_arriba_load(file, &wrong_with_file);
}

static void saves_and_loads(void **state)
{
    struct stat about;
    (void)state;
    assert_int_equal(load(path), 0);
    assert_int_equal(backhand_arriba_save(path, 4711), APR_SUCCESS);
    assert_int_equal(load(path), 4711);
    assert_int_equal(backhand_arriba_save(path, INT32_MAX), APR_SUCCESS);
    assert_int_equal(load(path), INT32_MAX);
    assert_int_equal(stat(path, &about), 0);
    assert_true(S_ISREG(about.st_mode));
    assert_int_not_equal(backhand_arriba_save("/tmp/backhand-no-such-folder/score", 1), APR_SUCCESS);
}

static void loads_numbers_only(void **state)
{
    static const char *const wrong[] = {"",
                                        "\n",
                                        "x",
                                        "-5\n",
                                        " 5",
                                        "5 \n",
                                        "5\n\n",
                                        "5x",
                                        "0\n",
                                        "2147483648",
                                        "99999999999999999999999",
                                        "000000000000000000000000000000005"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        put(wrong[i]);
        assert_int_equal(load(path), 0);
    }
    put("77");
    assert_int_equal(load(path), 77);
    put("78\n");
    assert_int_equal(load(path), 78);
}

static void follows_no_link(void **state)
{
    char target[96];
    struct stat about;
    (void)state;
    snprintf(target, sizeof(target), "%s/target", dir);
    put("5\n");
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(load(path), 0);
    assert_int_equal(backhand_arriba_save(path, 6), APR_SUCCESS);
    assert_int_equal(lstat(path, &about), 0);
    assert_true(S_ISREG(about.st_mode));
    assert_int_equal(load(target), 5);
    unlink(target);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(load(path), 0);
    assert_string_equal(wrong_with_file, "it is no regular file");
}

static void believes_its_own_files_only(void **state)
{
    char second[96];
    (void)state;
    unlink(path);
    assert_int_equal(load(path), 0);
    assert_null(wrong_with_file);
    put("5\n");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(load(path), 5);
    assert_null(wrong_with_file);
    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(load(path), 0);
    assert_string_equal(wrong_with_file, "others than its owner may write it");
    assert_int_equal(chmod(path, 0600), 0);
    snprintf(second, sizeof(second), "%s/second", dir);
    assert_int_equal(link(path, second), 0);
    assert_int_equal(load(path), 0);
    assert_string_equal(wrong_with_file, "it has another name, too");
    unlink(second);
    assert_int_equal(load(path), 5);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 0), 0);
        assert_int_equal(load(path), 0);
        assert_string_equal(wrong_with_file, "it belongs to another user");
    }
}

/* --- the mark ---------------------------------------------------------------------------------------------- */

static uint64_t sequence;

static void say(int n, int64_t load, int64_t arriba)
{
    backhand_announcement said = server(n, (uint64_t)n + 1, ++sequence);
    int id;
    said.stat.load = load;
    said.stat.arriba = arriba;
    if (n == 0) {
        backhand_table_set_self(table, &said);
        return;
    }
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
}

static void rises_to_a_power_of_two(void **state)
{
    backhand_highwater mark = {0, 0};
    (void)state;
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 1000);
    say(1, 1000, 0);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 1000);
    say(1, 1001, 0);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 2000);
    say(0, 16000, 0);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 16000);
    say(0, 0, 0);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 16000);
    assert_int_equal(backhand_highwater_update(&mark, table, 64000), 64000);
    assert_int_equal(backhand_highwater_update(&mark, table, 64001), 128000);
    assert_int_equal(backhand_highwater_update(&mark, table, INT32_MAX), 2097152000);
}

static void normalises_by_speed(void **state)
{
    backhand_highwater mark = {0, 0};
    (void)state;
    say(1, 1000, 100);
    say(2, 0, 400);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 4000);
    mark = (backhand_highwater){0, 0};
    say(3, 1000, 0); /* not measured: as fast as the fastest */
    say(1, 0, 100);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 1000);
}

static void heeds_the_live_only(void **state)
{
    backhand_highwater mark = {0, 0};
    backhand_announcement leaving = server(1, 2, UINT64_MAX);
    int id;
    (void)state;
    say(1, 50000, 0);
    leaving.leaving = 1;
    leaving.stat.load = 50000;
    assert_int_equal(take(&leaving, &id), BACKHAND_DROP_NONE);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 1000);
    say(2, 50000, 0);
    wait_ms(3 * INTERVAL + 1);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 1000);
}

static void decays(void **state)
{
    backhand_highwater mark = {0, 0};
    int64_t before = 0;
    (void)state;
    say(0, 16000, 0);
    assert_int_equal(backhand_highwater_update(&mark, table, 0), 16000);
    for (int s = 0; s < 3600; s++) {
        int64_t now;
        wait_ms(1000);
        say(0, 1900, 0);
        now = backhand_highwater_update(&mark, table, 0);
        if (s < 599) {
            assert_int_equal(now, 16000);
        }
        else {
            assert_true(now == before || now == before / 2);
        }
        before = now;
    }
    assert_int_equal(before, 2000); /* 1900 is more than half of it */
}

#define SCORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_dir, teardown_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCORE_TEST(measures_about_the_same_twice),
        SCORE_TEST(saves_and_loads),
        SCORE_TEST(loads_numbers_only),
        SCORE_TEST(follows_no_link),
        SCORE_TEST(believes_its_own_files_only),
        FARM_TEST(rises_to_a_power_of_two),
        FARM_TEST(normalises_by_speed),
        FARM_TEST(heeds_the_live_only),
        FARM_TEST(decays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
