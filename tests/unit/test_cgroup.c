/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* What control groups allow, on trees laid out as /proc and /sys/fs/cgroup that the tests write. */

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

#include "host/cgroup.h"
#include "host/figures.h"

#define NONE INT64_MAX
#define GIB  (INT64_C(1) << 30)

static apr_pool_t *pool;
static char root[64];
static const char *proc;
static const char *cgroup;

/* Writes a file, and the folders that it needs. */
static void put(const char *name, const char *text)
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

static void drop(const char *name)
{
    assert_int_equal(unlink(apr_psprintf(pool, "%s/%s", root, name)), 0);
}

static int drop_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

/* A machine of 4 CPUs and 8 GiB, 4 of them available, that was idle for `idle` ticks and busy for `busy`. */
static void put_machine(uint64_t busy, uint64_t idle)
{
    put("proc/stat", apr_psprintf(pool, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\nintr 1\n",
                                  (unsigned long)busy, (unsigned long)idle));
}

static int setup(void **state)
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

static int teardown(void **state)
{
    (void)state;
    nftw(root, drop_one, 8, FTW_DEPTH | FTW_PHYS);
    apr_pool_destroy(pool);
    return 0;
}

static backhand_limits limits(void)
{
    backhand_limits out;
    memset(&out, 0x55, sizeof(out));
    backhand_cgroup_read(proc, cgroup, 4, 8 * GIB, &out);
    return out;
}

static void expect(int64_t cpus, int64_t usec, int64_t memory, int64_t left)
{
    backhand_limits got = limits();
    assert_int_equal(got.cpus, cpus);
    assert_int_equal(got.cpu_usec, usec);
    assert_int_equal(got.memory, memory);
    assert_int_equal(got.memory_left, left);
}

static void expect_no_limit(void)
{
    expect(NONE, -1, NONE, NONE);
}

/* The groups of one that is limited at its parent: /farm.slice 1.5 CPUs and 1 GiB, /farm.slice/web 2 CPUs and 2 GiB. */
static void put_nested(const char *mount)
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

static void nothing_is_no_limit(void **state)
{
    (void)state;
    expect_no_limit();
    drop("proc/self/cgroup");
    expect_no_limit();
    put("proc/self/cgroup", "");
    expect_no_limit();
}

static void follows_parents_in_version_2(void **state)
{
    (void)state;
    put("cg/cgroup.controllers", "cpuset cpu memory\n");
    put_nested("cg");
    expect(1500, 7000000, GIB, GIB / 2);
    /* The other way round: the own limits are the tighter ones, the parent has more of its memory used up. */
    put("cg/farm.slice/web/cpu.max", "50000 100000\n");
    put("cg/farm.slice/web/memory.max", "536870912\n");
    put("cg/farm.slice/memory.current", "1072693248\n");
    put("cg/farm.slice/memory.stat", "inactive_file 0\n");
    expect(500, 5000000, GIB / 2, 1 << 20);
}

static void finds_version_2_beside_version_1(void **state)
{
    (void)state;
    put_nested("cg/unified");
    expect(1500, 7000000, GIB, GIB / 2);
}

static void understands_no_limit(void **state)
{
    (void)state;
    put("cg/cgroup.controllers", "cpuset cpu memory\n");
    put_nested("cg");
    put("cg/farm.slice/cpu.max", "max 100000\n");
    put("cg/farm.slice/memory.max", "max\n");
    put("cg/farm.slice/web/cpu.max", "max 100000\n");
    put("cg/farm.slice/web/memory.max", "max\n");
    put("cg/farm.slice/web/cpuset.cpus.effective", "0-3\n");
    expect_no_limit();
    /* As much as the machine has is none either, nor is more. */
    put("cg/farm.slice/cpu.max", "400000 100000\n");
    put("cg/farm.slice/memory.max", "8589934592\n");
    put("cg/farm.slice/web/cpu.max", "9000000 100000\n");
    put("cg/farm.slice/web/memory.max", "99999999999\n");
    expect_no_limit();
}

static void counts_cpusets(void **state)
{
    static const struct {
        const char *list;
        int64_t cpus;
    } lists[] = {{"0", 1000},      {"2-3", 2000}, {"0,2-3", 3000}, {"0-1,3", 3000}, {"3\n", 1000},
                 {"0-3", NONE},    {"", NONE},    {"\n", NONE},    {"0-", NONE},    {"-1", NONE},
                 {"3-1", NONE},    {"x", NONE},   {"0,", NONE},    {"0;1", NONE},   {"0-99999999999999999999", NONE},
                 {"0-1023", NONE}, {",", NONE}};
    (void)state;
    put("cg/cgroup.controllers", "cpuset cpu memory\n");
    put("cg/cpu.stat", "usage_usec 11\n");
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        put("cg/cpuset.cpus.effective", lists[i].list);
        expect(lists[i].cpus, lists[i].cpus == NONE ? -1 : 11, NONE, NONE);
    }
    /* The set is the parent's, as is the quota, which is the tighter one. */
    put_nested("cg");
    put("cg/farm.slice/cpuset.cpus.effective", "0-1\n");
    put("cg/farm.slice/web/cpuset.cpus.effective", "0-1\n");
    expect(1500, 7000000, GIB, GIB / 2);
    put("cg/farm.slice/cpuset.cpus.effective", "1\n");
    put("cg/farm.slice/web/cpuset.cpus.effective", "1\n");
    expect(1000, 7000000, GIB, GIB / 2);
}

static void put_version_1(const char *path)
{
    put(apr_pstrcat(pool, "cg/cpu", path, "/cpu.cfs_quota_us", NULL), "250000\n");
    put(apr_pstrcat(pool, "cg/cpu", path, "/cpu.cfs_period_us", NULL), "100000\n");
    put(apr_pstrcat(pool, "cg/cpuacct", path, "/cpuacct.usage", NULL), "9000000000\n");
    put(apr_pstrcat(pool, "cg/memory", path, "/memory.limit_in_bytes", NULL), "1073741824\n");
    put(apr_pstrcat(pool, "cg/memory", path, "/memory.usage_in_bytes", NULL), "805306368\n");
    put(apr_pstrcat(pool, "cg/memory", path, "/memory.stat", NULL), "inactive_file 0\ntotal_inactive_file 268435456\n");
}

static void reads_version_1(void **state)
{
    (void)state;
    put("proc/self/cgroup", "12:pids:/x\n9:name=systemd:/x\n5:memory:/docker/1\n4:cpuset:/docker/1\n"
                            "3:cpu,cpuacct:/docker/1\n0::/x\n");
    put("cg/cpu/cpu.cfs_quota_us", "-1\n");
    put("cg/cpu/cpu.cfs_period_us", "100000\n");
    put("cg/memory/memory.limit_in_bytes", "9223372036854771712\n");
    expect_no_limit();
    put_version_1("/docker/1");
    expect(2500, 9000000, GIB, GIB / 2);
    put("cg/cpuset/docker/1/cpuset.cpus", "1,3\n");
    expect(2000, 9000000, GIB, GIB / 2);
    put("cg/cpu/docker/cpu.cfs_quota_us", "20000\n");
    put("cg/cpu/docker/cpu.cfs_period_us", "100000\n");
    put("cg/cpuacct/docker/cpuacct.usage", "8000000\n");
    expect(200, 8000, GIB, GIB / 2);
    drop("cg/cpuacct/docker/cpuacct.usage");
    expect(200, -1, GIB, GIB / 2);
}

/* What /proc says is the path outside; inside of the container, its group is the root of what is mounted. */
static void finds_a_container_whose_path_is_hidden(void **state)
{
    (void)state;
    put("proc/self/cgroup", "5:memory:/docker/1\n4:cpuset:/\n3:cpu,cpuacct:/docker/1\n");
    put_version_1("");
    expect(2500, 9000000, GIB, GIB / 2);
    for (int i = 0; i < 2; i++) {
        put("proc/self/cgroup", i ? "0::/kubepods/pod1/c\n" : "0::/../../elsewhere\n");
        put("cg/cgroup.controllers", "cpu memory\n");
        put("cg/cpu.max", "100000 100000\n");
        put("cg/cpu.stat", "usage_usec 4\n");
        put("cg/memory.max", "1073741824\n");
        expect(1000, 4, GIB, NONE);
    }
}

static void survives_garbage(void **state)
{
    static const char *const bad[] = {"",         "\n",         "garbage\n",  "-5\n",      "0 0\n",
                                      "100000\n", "100000 0\n", "0 100000\n", "100000 x\n"};
    (void)state;
    put("cg/cgroup.controllers", "cpu memory\n");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        put("cg/cpu.max", bad[i]);
        put("cg/memory.max", bad[i][0] == '1' ? "" : bad[i]);
        expect_no_limit();
    }
    put("cg/cpu.max", "99999999999999999999999 1\n");
    put("cg/memory.max", "99999999999999999999999\n");
    expect_no_limit();
    put("cg/cpu.max", "1 99999999999999999999999\n");
    put("cg/memory.max", "1\n");
    put("cg/memory.current", "99999999999999999999999\n");
    put("cg/memory.stat", "garbage\n\ninactive_file\ninactive_file x\ninactive_filet 7\n");
    put("cg/cpu.stat", "usage_usec 99999999999999999999999\n");
    expect(1, -1, 1, 0);
    put("cg/memory.stat", "inactive_file 99999999999999999999999\n");
    expect(1, -1, 1, 1);
}

static void survives_odd_paths(void **state)
{
    static const char *const odd[] = {"garbage", "0:", "0::", "0::x\n", ":::::\n", "0::/a//b/\n", "1:cpu\n", "::/\n"};
    char *path = apr_pcalloc(pool, 6000);
    (void)state;
    put("cg/cgroup.controllers", "cpu memory\n");
    put("cg/memory.max", "1073741824\n");
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        put("proc/self/cgroup", odd[i]);
        (void)limits();
    }
    for (size_t length = 650; length < 6000; length += length < 1100 ? 1 : 997) {
        memset(path, 'x', length);
        memcpy(path, "0::/", 4);
        path[length - 1] = '\n';
        put("proc/self/cgroup", path);
        expect(NONE, -1, length > 4096 ? NONE : GIB, NONE);
    }
}

/* --- the figures ------------------------------------------------------------------------------------------- */

static void figures_are_the_containers(void **state)
{
    backhand_sampler *sampler = backhand_sampler_create(proc, cgroup, pool);
    serverstat stat;
    (void)state;
    assert_int_equal(backhand_sampler_read(sampler, 0, &stat), APR_SUCCESS);
    assert_int_equal(stat.ncpu, 4);
    assert_int_equal(stat.tmem, 8 * GIB);
    assert_int_equal(stat.amem, 4 * GIB);
    put("cg/cgroup.controllers", "cpuset cpu memory\n");
    put_nested("cg");
    assert_int_equal(backhand_sampler_read(sampler, 0, &stat), APR_SUCCESS);
    assert_int_equal(stat.load, 3500);
    assert_int_equal(stat.ncpu, 2);
    assert_int_equal(stat.tmem, GIB);
    assert_int_equal(stat.amem, GIB / 2);
    /* The machine may have less left than the container may use. */
    put("proc/meminfo", "MemTotal:       8388608 kB\nMemAvailable:   1024 kB\n");
    assert_int_equal(backhand_sampler_read(sampler, 0, &stat), APR_SUCCESS);
    assert_int_equal(stat.tmem, GIB);
    assert_int_equal(stat.amem, 1024 * 1024);
    /* Without the machine's own figures, those of a limit still say nothing. */
    drop("proc/stat");
    stat.ncpu = stat.cpu = -7;
    assert_int_not_equal(backhand_sampler_read(sampler, 0, &stat), APR_SUCCESS);
    assert_int_equal(stat.ncpu, -7);
    assert_int_equal(stat.cpu, -7);
}

static int64_t idle_at(backhand_sampler *sampler, int64_t ms, int64_t usage_usec)
{
    serverstat stat;
    put("cg/cpu.stat", apr_psprintf(pool, "usage_usec %ld\n", (long)usage_usec));
    assert_int_equal(backhand_sampler_read(sampler, apr_time_from_msec(1700000000000 + ms), &stat), APR_SUCCESS);
    return stat.cpu;
}

static void idle_is_what_a_limit_leaves(void **state)
{
    backhand_sampler *sampler = backhand_sampler_create(proc, cgroup, pool);
    int64_t base = 123456789;
    (void)state;
    put("cg/cgroup.controllers", "cpu\n");
    put("cg/cpu.max", "150000 100000\n");
    assert_int_equal(idle_at(sampler, 0, base), 1000);
    /* 1.5 CPUs for a second; the machine's own ticks do not count. */
    put_machine(99999, 3000);
    assert_int_equal(idle_at(sampler, 1000, base += 750000), 500);
    assert_int_equal(idle_at(sampler, 2000, base += 1500000), 0);
    assert_int_equal(idle_at(sampler, 3000, base += 0), 1000);
    /* Over a second at least: half of it was used up in the last 100 ms. */
    assert_int_equal(idle_at(sampler, 3900, base), 1000);
    assert_in_range(idle_at(sampler, 4000, base += 150000), 899, 901);
    assert_in_range(idle_at(sampler, 5000, base += 150000), 899, 901);
    /* What was saved up is used: more than the limit. */
    assert_int_equal(idle_at(sampler, 6000, base += 2500000), 0);
    assert_int_equal(idle_at(sampler, 7000, base += 0), 1000);
    /* Clocks and counts that go back. */
    (void)idle_at(sampler, 100, base);
    assert_int_equal(idle_at(sampler, 1100, base += 750000), 500);
    assert_int_equal(idle_at(sampler, 2100, 5), 1000);
    assert_int_equal(idle_at(sampler, 3100, 5 + 750000), 500);
}

static void idle_survives_a_change_of_limits(void **state)
{
    backhand_sampler *sampler = backhand_sampler_create(proc, cgroup, pool);
    (void)state;
    put("cg/cgroup.controllers", "cpu\n");
    put("cg/cpu.max", "100000 100000\n");
    (void)idle_at(sampler, 0, 1000000);
    assert_int_equal(idle_at(sampler, 1000, 1250000), 750);
    /* The last answer stands until there is a better one. */
    put("cg/cpu.max", "200000 100000\n");
    assert_int_equal(idle_at(sampler, 2000, 1250000), 750);
    assert_int_equal(idle_at(sampler, 3000, 2250000), 500);
    put("cg/cpu.max", "max 100000\n");
    put_machine(1000, 3000);
    assert_int_equal(idle_at(sampler, 4000, 2250000), 500);
    put_machine(1090, 3010);
    assert_int_equal(idle_at(sampler, 5000, 2250000), 100);
}

static void reads_the_kernels_own(void **state)
{
    backhand_sampler *sampler = backhand_sampler_create("/proc", "/sys/fs/cgroup", pool);
    serverstat stat;
    (void)state;
    memset(&stat, 0, sizeof(stat));
    assert_int_equal(backhand_sampler_read(sampler, apr_time_now(), &stat), APR_SUCCESS);
    assert_in_range(stat.ncpu, 1, sysconf(_SC_NPROCESSORS_ONLN));
    assert_in_range(stat.cpu, 0, 1000);
    assert_true(stat.tmem > 0 && stat.amem >= 0 && stat.amem <= stat.tmem);
    assert_true(stat.tmem <= (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
}

#define CGROUP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CGROUP_TEST(nothing_is_no_limit),
        CGROUP_TEST(follows_parents_in_version_2),
        CGROUP_TEST(finds_version_2_beside_version_1),
        CGROUP_TEST(understands_no_limit),
        CGROUP_TEST(counts_cpusets),
        CGROUP_TEST(reads_version_1),
        CGROUP_TEST(finds_a_container_whose_path_is_hidden),
        CGROUP_TEST(survives_garbage),
        CGROUP_TEST(survives_odd_paths),
        CGROUP_TEST(figures_are_the_containers),
        CGROUP_TEST(idle_is_what_a_limit_leaves),
        CGROUP_TEST(idle_survives_a_change_of_limits),
        CGROUP_TEST(reads_the_kernels_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
