/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The sampler, on trees laid out as /proc that the tests write. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/figures.h"

static apr_pool_t *pool;
static char root[64];
static backhand_sampler *sampler;

static void put(const char *name, const char *text)
{
    char path[128];
    FILE *file;
    snprintf(path, sizeof(path), "%s/%s", root, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    unlink(path);
}

/* Two CPUs that were idle for `idle` ticks (a part of it as iowait) and busy for `busy`. */
static void put_stat(uint64_t busy, uint64_t idle)
{
    char text[512];
    snprintf(text, sizeof(text),
             "cpu  %lu 0 0 %lu %lu 0 0 0 7 9\ncpu0 1 2 3 4 5 6 7 8 9 0\ncpu1 1 2 3 4 5 6 7 8 9 0\nintr 5 6 7\nctxt 1\n",
             (unsigned long)busy, (unsigned long)(idle - idle / 4), (unsigned long)(idle / 4));
    put("stat", text);
}

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    strcpy(root, "/tmp/backhand-figures-XXXXXX");
    assert_non_null(mkdtemp(root));
    put("loadavg", "1.25 0.50 0.10 2/345 6789\n");
    put("meminfo", "MemTotal:       8388608 kB\nMemFree:  1 kB\nMemAvailable:   4194304 kB\nBuffers: 5 kB\n");
    put_stat(1000, 3000);
    sampler = backhand_sampler_create(root, NULL, pool);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    drop("loadavg");
    drop("meminfo");
    drop("stat");
    rmdir(root);
    apr_pool_destroy(pool);
    return 0;
}

static void reads_all(void **state)
{
    serverstat stat;
    serverstat rest;
    (void)state;
    memset(&stat, 0x55, sizeof(stat));
    memset(&rest, 0x55, sizeof(rest));
    assert_int_equal(backhand_sampler_read(sampler, apr_time_from_sec(100), &stat), APR_SUCCESS);
    assert_int_equal(stat.load, 1250);
    assert_int_equal(stat.ncpu, 2);
    assert_int_equal(stat.cpu, 1000);
    assert_int_equal(stat.tmem, INT64_C(8) << 30);
    assert_int_equal(stat.amem, INT64_C(4) << 30);
    rest.load = stat.load;
    rest.ncpu = stat.ncpu;
    rest.cpu = stat.cpu;
    rest.tmem = stat.tmem;
    rest.amem = stat.amem;
    assert_memory_equal(&stat, &rest, sizeof(stat));
}

static void reads_the_kernels_own(void **state)
{
    serverstat stat;
    backhand_sampler *real = backhand_sampler_create("/proc", NULL, pool);
    (void)state;
    memset(&stat, 0, sizeof(stat));
    assert_int_equal(backhand_sampler_read(real, apr_time_now(), &stat), APR_SUCCESS);
    assert_int_equal(stat.ncpu, sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(stat.tmem > stat.amem && stat.amem > 0);
}

static int64_t load_of(const char *text)
{
    serverstat stat = {.load = -7};
    put("loadavg", text);
    (void)backhand_sampler_read(sampler, 0, &stat);
    return stat.load;
}

static void reads_loads(void **state)
{
    (void)state;
    assert_int_equal(load_of("0.00 0 0\n"), 0);
    assert_int_equal(load_of("0.07 0 0\n"), 70);
    assert_int_equal(load_of("12.345678 0 0\n"), 12345);
    assert_int_equal(load_of("3 0 0\n"), 3000);
    assert_int_equal(load_of("99999999999999999999999.5 0 0\n"), INT32_MAX);
    assert_int_equal(load_of("nan 0 0\n"), -7);
    assert_int_equal(load_of("-1.5 0 0\n"), -7);
    assert_int_equal(load_of(""), -7);
}

/* At each interval from 50 ms to 60 s: idle for a while, then busy. The answer may lag by the span, and no more. */
static void spans_a_second(void **state)
{
    static const int intervals[] = {10, 50, 90, 250, 999, 1000, 1500, 60000};
    (void)state;
    for (size_t i = 0; i < sizeof(intervals) / sizeof(*intervals); i++) {
        int64_t step = intervals[i];
        int64_t span = step >= 1000 ? step : 1000 + step + 30;
        int64_t ms = 0;
        uint64_t busy = 0;
        uint64_t idle = 0;
        serverstat stat;
        sampler = backhand_sampler_create(root, NULL, pool);
        for (; ms <= 4 * span; ms += step, idle += (uint64_t)step) {
            put_stat(busy, idle);
            assert_int_equal(backhand_sampler_read(sampler, apr_time_from_msec(ms), &stat), APR_SUCCESS);
            assert_int_equal(stat.cpu, 1000);
        }
        for (int64_t spent = step; spent < 3 * span; spent += step, ms += step) {
            busy += (uint64_t)step;
            put_stat(busy, idle);
            assert_int_equal(backhand_sampler_read(sampler, apr_time_from_msec(ms), &stat), APR_SUCCESS);
            if (spent > span) {
                assert_int_equal(stat.cpu, 0);
            }
            else {
                /* Not shorter than a second either. */
                assert_in_range(stat.cpu + 2, spent < 1000 ? 1000 - spent : 0, 1002);
            }
        }
    }
}

static void survives_ticks_and_clocks_that_go_back(void **state)
{
    serverstat stat;
    (void)state;
    put_stat(1000, 1000);
    backhand_sampler_read(sampler, apr_time_from_sec(100), &stat);
    put_stat(2000, 1000);
    backhand_sampler_read(sampler, apr_time_from_sec(102), &stat);
    assert_int_equal(stat.cpu, 0);
    put_stat(3000, 500);
    backhand_sampler_read(sampler, apr_time_from_sec(104), &stat);
    assert_int_equal(stat.cpu, 0);
    put_stat(10, 500);
    backhand_sampler_read(sampler, apr_time_from_sec(106), &stat);
    assert_int_equal(stat.cpu, 0);
    backhand_sampler_read(sampler, apr_time_from_sec(6), &stat);
    put_stat(20, 510);
    backhand_sampler_read(sampler, apr_time_from_sec(7), &stat);
    assert_in_range(stat.cpu, 450, 550);
}

static void leaves_what_cannot_be_read(void **state)
{
    serverstat stat = {.load = 1, .cpu = 2, .ncpu = 3, .tmem = 4, .amem = 5};
    (void)state;
    put("stat", "intr 1 2 3\n");
    put("meminfo", "MemTotal: 5 kB\n");
    drop("loadavg");
    assert_true(APR_STATUS_IS_ENOENT(backhand_sampler_read(sampler, 0, &stat)));
    assert_int_equal(stat.load, 1);
    assert_int_equal(stat.cpu, 2);
    assert_int_equal(stat.ncpu, 3);
    assert_int_equal(stat.tmem, 4);
    assert_int_equal(stat.amem, 5);
    put("loadavg", "2.00 0 0\n");
    assert_int_not_equal(backhand_sampler_read(sampler, 0, &stat), APR_SUCCESS);
    assert_int_equal(stat.load, 2000);
    put_stat(1, 1);
    put("meminfo", "MemTotal: 99999999999999999999 kB\nMemAvailable: 7 kB\n");
    assert_int_equal(backhand_sampler_read(sampler, 0, &stat), APR_SUCCESS);
    assert_int_equal(stat.tmem, INT64_MAX);
    assert_int_equal(stat.amem, 7 * 1024);
}

static void counts_very_many_cpus(void **state)
{
    char path[128];
    FILE *file;
    serverstat stat;
    (void)state;
    snprintf(path, sizeof(path), "%s/stat", root);
    file = fopen(path, "w");
    fputs("cpu  1 1 1 1 1 1 1 1 1 1\n", file);
    for (int i = 0; i < 4096; i++) {
        fprintf(file, "cpu%d 123456789 2345 3456 45678901 5 6 7 8 9 10\n", i);
    }
    fprintf(file, "intr 1%09000d\n", 0);
    fclose(file);
    assert_int_equal(backhand_sampler_read(sampler, 0, &stat), APR_SUCCESS);
    assert_int_equal(stat.ncpu, 4096);
}

#define FIGURES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIGURES_TEST(reads_all),
        FIGURES_TEST(reads_the_kernels_own),
        FIGURES_TEST(reads_loads),
        FIGURES_TEST(spans_a_second),
        FIGURES_TEST(survives_ticks_and_clocks_that_go_back),
        FIGURES_TEST(leaves_what_cannot_be_read),
        FIGURES_TEST(counts_very_many_cpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
