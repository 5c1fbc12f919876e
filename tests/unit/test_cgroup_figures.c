/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The figures of a machine whose control groups set limits. */

#include "cgroup_fixture.h"
#include "host/figures.h"

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
    /* The group uses the time that it saved up: more than the limit. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CGROUP_TEST(figures_are_the_containers),
        CGROUP_TEST(idle_is_what_a_limit_leaves),
        CGROUP_TEST(idle_survives_a_change_of_limits),
        CGROUP_TEST(reads_the_kernels_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
