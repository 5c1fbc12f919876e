/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file cgroup_fixture.h
 * @brief A machine's /proc and /sys/fs/cgroup in a folder of the test. A test includes it once.
 */
#ifndef BACKHAND_TEST_CGROUP_H
#define BACKHAND_TEST_CGROUP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_strings.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIB (INT64_C(1) << 30)

static apr_pool_t *pool;
static char root[64];
static const char *proc;
static const char *cgroup;

/* Writes a file, and the folders that it needs. */
__attribute__((unused)) static void put(const char *name, const char *text)
{
    char *path = apr_psprintf(pool, "%s/%s", root, name);
    FILE *file;
    for (char *slash = path + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(path, 0700);
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

__attribute__((unused)) static void drop(const char *name)
{
    assert_int_equal(unlink(apr_psprintf(pool, "%s/%s", root, name)), 0);
}

__attribute__((unused)) static int drop_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

/* A machine of 4 CPUs and 8 GiB, 4 of them available, that was idle for `idle` ticks and busy for `busy`. */
__attribute__((unused)) static void put_machine(uint64_t busy, uint64_t idle)
{
    put("proc/stat", apr_psprintf(pool, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\nintr 1\n",
                                  (unsigned long)busy, (unsigned long)idle));
}

__attribute__((unused)) static int setup(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    strcpy(root, "/tmp/backhand-cgroup-XXXXXX");
    assert_non_null(mkdtemp(root));
    proc = apr_pstrcat(pool, root, "/proc", NULL);
    cgroup = apr_pstrcat(pool, root, "/cg", NULL);
    put("proc/loadavg", "3.50 0.50 0.10 2/345 6789\n");
    put("proc/meminfo", "MemTotal:       8388608 kB\nMemAvailable:   4194304 kB\n");
    put("proc/self/cgroup", "0::/\n");
    put_machine(1000, 3000);
    return 0;
}

__attribute__((unused)) static int teardown(void **state)
{
    (void)state;
    nftw(root, drop_one, 8, FTW_DEPTH | FTW_PHYS);
    apr_pool_destroy(pool);
    return 0;
}

/* The groups of one that is limited at its parent: /farm.slice 1.5 CPUs and 1 GiB, /farm.slice/web 2 CPUs and 2 GiB. */
__attribute__((unused)) static void put_nested(const char *mount)
{
    put("proc/self/cgroup", "0::/farm.slice/web\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/cpu.max", NULL), "150000 100000\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/cpu.stat", NULL), "usage_usec 7000000\nuser_usec 1\nsystem_usec 1\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/memory.max", NULL), "1073741824\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/memory.current", NULL), "805306368\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/memory.stat", NULL), "anon 1\nfile 9\ninactive_file 268435456\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/web/cpu.max", NULL), "200000 100000\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/web/cpu.stat", NULL), "usage_usec 5000000\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/web/memory.max", NULL), "2147483648\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/web/memory.current", NULL), "4096\n");
    put(apr_pstrcat(pool, mount, "/farm.slice/web/memory.stat", NULL), "inactive_file 0\n");
}

#define CGROUP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
