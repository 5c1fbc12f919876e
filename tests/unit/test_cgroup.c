/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The limits of control groups, on trees laid out as /proc and /sys/fs/cgroup that the tests write. */

#include "cgroup_fixture.h"
#include "host/cgroup.h"

#define NONE INT64_MAX

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
