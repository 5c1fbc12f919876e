/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The segment, reading it, and rows of processes. test_update.c tests what announcements do to it. */

#include "farm.h"

#include "table/process.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

static void makes_an_empty_table(void **state)
{
    backhand_table *fresh;
    backhand_announcement said;
    (void)state;
    assert_int_equal(backhand_table_create(&fresh, 4096, 100, NULL, pool), APR_SUCCESS);
    assert_int_equal(fresh->max_servers, 4096);
    assert_int_equal(backhand_table_used(fresh), 1);
    assert_int_equal(backhand_table_generation(fresh), 0);
    for (int id = -1; id <= 4096; id++) {
        assert_false(backhand_table_read(fresh, id, &said, NULL));
        assert_false(backhand_table_usable(fresh, id, UINT64_MAX));
        assert_true(backhand_table_older(fresh, id, INT64_MAX));
        assert_true(backhand_table_silent(fresh, id));
        assert_int_equal(backhand_table_ready(fresh, id), 0);
        assert_false(backhand_table_rival(fresh, id));
    }
    /* The last bytes of each array are there, and nothing lies on top of another. */
    fresh->stats[4095].contact[BACKHAND_CONTACT_SIZE - 1] = 1;
    memset(&fresh->slots[0], 0xff, sizeof(backhand_slot));
    memset(&fresh->processes[99], 0xff, sizeof(backhand_process));
    assert_int_equal(fresh->stats[4095].contact[BACKHAND_CONTACT_SIZE - 1], 1);
    assert_true((char *)(&fresh->processes[99] + 1) <= (char *)fresh->head + fresh->size);
    backhand_table_unmap(fresh);
}

static void refuses_senseless_sizes(void **state)
{
    backhand_table *fresh;
    (void)state;
    assert_int_equal(backhand_table_create(&fresh, 1, 1, NULL, pool), APR_EINVAL);
    assert_int_equal(backhand_table_create(&fresh, 4097, 1, NULL, pool), APR_EINVAL);
    assert_int_equal(backhand_table_create(&fresh, -5, 1, NULL, pool), APR_EINVAL);
    assert_int_equal(backhand_table_create(&fresh, 2, 0, NULL, pool), APR_EINVAL);
    assert_int_equal(backhand_table_create(&fresh, 2, BACKHAND_PROCESSES_MAX + 1, NULL, pool), APR_EINVAL);
    assert_null(fresh);
}

static void adopts_only_what_fits(void **state)
{
    backhand_table *again;
    uint64_t *magic = (uint64_t *)(void *)table->head;
    (void)state;
    hear(1, 9, 1);
    assert_int_equal(backhand_table_adopt(&again, table->head, table->size, SERVERS, PROCESSES, NULL, pool),
                     APR_SUCCESS);
    assert_int_equal(backhand_table_used(again), 2);
    assert_string_equal(again->stats[1].hostname, "server1");
    assert_int_equal(again->counters == table->counters, 1);
    assert_int_equal(backhand_table_adopt(&again, table->head, table->size, SERVERS + 1, PROCESSES, NULL, pool),
                     APR_EMISMATCH);
    assert_int_equal(backhand_table_adopt(&again, table->head, table->size, SERVERS, PROCESSES + 1, NULL, pool),
                     APR_EMISMATCH);
    assert_int_equal(backhand_table_adopt(&again, table->head, table->size - 64, SERVERS, PROCESSES, NULL, pool),
                     APR_EMISMATCH);
    magic[1]++; /* the layout's version */
    assert_int_equal(backhand_table_adopt(&again, table->head, table->size, SERVERS, PROCESSES, NULL, pool),
                     APR_EMISMATCH);
    magic[1]--;
    magic[0] = 0;
    assert_int_equal(backhand_table_adopt(&again, table->head, table->size, SERVERS, PROCESSES, NULL, pool),
                     APR_EMISMATCH);
    assert_null(again);
}

/* --- the file ---------------------------------------------------------------------------------------------- */

static void lives_in_a_file(void **state)
{
    char dir[] = "/tmp/backhand-table-XXXXXX";
    char path[96];
    char target[96];
    struct stat about;
    backhand_table *first;
    backhand_table *second;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/table", dir);
    snprintf(target, sizeof(target), "%s/target", dir);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(backhand_table_create(&first, SERVERS, PROCESSES, path, pool), APR_SUCCESS);
    assert_string_equal(first->path, path);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(lstat(path, &about), 0);
    assert_true(S_ISREG(about.st_mode));
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(about.st_size, first->size);
    assert_true(about.st_blocks * 512 >= (off_t)first->size);
    /* One made anew in its place leaves it to those who have it. */
    *first->personal_arriba = 5;
    assert_int_equal(backhand_table_create(&second, SERVERS, PROCESSES, path, pool), APR_SUCCESS);
    assert_int_equal(*second->personal_arriba, 0);
    assert_int_equal(*first->personal_arriba, 5);
    backhand_table_unmap(first);
    backhand_table_unmap(second);
    unlink(path);
    assert_int_equal(backhand_table_create(&first, SERVERS, PROCESSES, dir, pool), EISDIR);
    assert_int_equal(rmdir(dir), 0);
    assert_true(APR_STATUS_IS_ENOENT(backhand_table_create(&first, SERVERS, PROCESSES, path, pool)));
}

static void leaves_no_file_without_room(void **state)
{
    char path[] = "/tmp/backhand-full-XXXXXX";
    struct rlimit before;
    struct rlimit small;
    backhand_table *fresh;
    (void)state;
    close(mkstemp(path));
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(backhand_table_create(&fresh, SERVERS, PROCESSES, path, pool), EFBIG);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(access(path, F_OK), -1);
}

/* --- the public accessors ---------------------------------------------------------------------------------- */

static void answers_without_a_table(void **state)
{
    char hostname[BACKHAND_HOSTNAME_SIZE] = "x";
    char contact[BACKHAND_CONTACT_SIZE] = "x";
    (void)state;
    backhand_table_publish(NULL);
    assert_null(serverstats);
    assert_int_equal(MAXSERVERS, 0);
    assert_null(backhand_personal_arriba());
    assert_int_equal(backhand_identity_get(0, hostname, contact), 0);
    assert_string_equal(hostname, "");
    assert_string_equal(contact, "");
    assert_int_equal(backhand_identity_get(0, NULL, NULL), 0);
}

static void answers_with_one(void **state)
{
    char hostname[BACKHAND_HOSTNAME_SIZE];
    char contact[BACKHAND_CONTACT_SIZE];
    int id = hear(7, 9, 1);
    (void)state;
    assert_ptr_equal(serverstats, table->stats);
    assert_int_equal(MAXSERVERS, SERVERS);
    mod_backhand_personal_arriba = 99;
    assert_int_equal(*table->personal_arriba, 99);
    assert_int_equal(backhand_identity_get(id, hostname, contact), 1);
    assert_string_equal(hostname, "server7");
    assert_string_equal(contact, "http://10.0.0.7:80");
    assert_int_equal(backhand_identity_get(id, NULL, contact), 1);
    assert_int_equal(backhand_identity_get(id + 1, hostname, contact), 0);
    assert_string_equal(hostname, "");
    assert_int_equal(backhand_identity_get(-1, hostname, NULL), 0);
    assert_int_equal(backhand_identity_get(SERVERS, hostname, NULL), 0);
}

static void lists_the_fields(void **state)
{
    static const char *const names[] = {"mtime", "arriba", "aservers", "nservers", "load",      "load_hwm",
                                        "cpu",   "ncpu",   "tmem",     "amem",     "numbacked", "tatime"};
    const backhand_field *field = backhand_fields();
    (void)state;
    for (size_t i = 0; i < 12; i++, field++) {
        assert_string_equal(field->name, names[i]);
        assert_int_equal(field->offset, i * sizeof(int64_t));
        assert_int_equal(field->min, 0);
        assert_true(field->max >= 1000);
    }
    assert_null(field->name);
}

/* --- age --------------------------------------------------------------------------------------------------- */

static void ages(void **state)
{
    backhand_announcement slow = server(2, 9, 1);
    int quick = hear(1, 9, 1);
    int id;
    (void)state;
    slow.interval = 60000;
    assert_int_equal(take(&slow, &id), BACKHAND_DROP_NONE);
    assert_false(backhand_table_silent(table, quick));
    assert_false(backhand_table_older(table, quick, 0));
    wait_ms(3 * INTERVAL);
    assert_false(backhand_table_silent(table, quick));
    wait_ms(1);
    assert_true(backhand_table_silent(table, quick));
    assert_false(backhand_table_silent(table, id));
    wait_ms(20000 - 3 * INTERVAL - 1);
    assert_false(backhand_table_older(table, quick, 20));
    wait_ms(1);
    assert_true(backhand_table_older(table, quick, 20));
    assert_false(backhand_table_older(table, id, 20));
    wait_ms(160000);
    assert_true(backhand_table_older(table, id, 20));
    assert_true(backhand_table_silent(table, id));
    assert_false(backhand_table_older(table, id, 1000));
}

static void ages_by_what_policies_write(void **state)
{
    static const int64_t old[] = {0, -1, INT64_MIN};
    static const int64_t young[] = {1000000, 1000001, INT64_MAX / 2, INT64_MAX};
    int id = hear(1, 9, 1);
    (void)state;
    for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++) {
        backhand_number_set(&serverstats[id].mtime, old[i]);
        assert_true(backhand_table_older(table, id, 20));
    }
    for (size_t i = 0; i < sizeof(young) / sizeof(*young); i++) {
        backhand_number_set(&serverstats[id].mtime, young[i]);
        assert_false(backhand_table_older(table, id, 0));
    }
    backhand_number_set(&serverstats[id].mtime, 1);
    assert_true(backhand_table_older(table, id, 20));
    assert_false(backhand_table_silent(table, id));
}

static void counts_ready_workers(void **state)
{
    int id = hear(1, 9, 1); /* 5 of 8 are ready */
    backhand_slot *slot = &table->slots[id];
    (void)state;
    assert_int_equal(backhand_table_ready(table, id), 5);
    slot->sent += 3;
    assert_int_equal(backhand_table_ready(table, id), 2);
    slot->sent += 10;
    assert_int_equal(backhand_table_ready(table, id), 0);
    hear(1, 9, 2); /* knows of these 13 */
    assert_int_equal(backhand_table_ready(table, id), 5);
    slot->returned += 2;
    assert_int_equal(backhand_table_ready(table, id), 7);
    slot->returned += 11;
    assert_int_equal(backhand_table_ready(table, id), 8);
    serverstats[id].aservers = 1000; /* a policy's word makes no workers */
    assert_int_equal(backhand_table_ready(table, id), 8);
}

/* --- processes --------------------------------------------------------------------------------------------- */

static int64_t dead_pid(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return pid;
}

/* A process that waits to be killed. */
static pid_t living_pid(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            pause();
        }
    }
    return pid;
}

static void counts_processes(void **state)
{
    int64_t own = getpid();
    backhand_process *row = backhand_process_claim(table, own);
    backhand_process *other = backhand_process_claim(table, 1);
    int64_t serving;
    int64_t waiting;
    (void)state;
    assert_non_null(row);
    assert_non_null(other);
    row->serving = 3;
    row->waiting[BACKHAND_WAIT_ANSWER] = 4;
    other->serving = 5;
    assert_int_equal(backhand_process_wait(row, BACKHAND_WAIT_TUNNEL), 5);
    assert_int_equal(backhand_process_wait(other, BACKHAND_WAIT_TUNNEL), 1);
    assert_int_equal(backhand_process_wait(other, BACKHAND_WAIT_TUNNEL), 2);
    backhand_process_sum(table, &serving, &waiting);
    assert_int_equal(serving, 8);
    assert_int_equal(waiting, 7);
    assert_int_equal(backhand_process_sum_waiting(table, BACKHAND_WAIT_ANSWER), 4);
    assert_int_equal(backhand_process_sum_waiting(table, BACKHAND_WAIT_TUNNEL), 3);
    backhand_process_opened(row);
    assert_int_equal(row->waiting[BACKHAND_WAIT_TUNNEL], 0);
    assert_int_equal(backhand_process_waiting(row), 5);
    assert_int_equal(backhand_process_sum_waiting(table, BACKHAND_WAIT_TUNNEL), 3);
    backhand_process_waited(row, BACKHAND_WAIT_OPEN);
    assert_int_equal(backhand_process_waiting(row), 4);
    backhand_process_release(table, 1);
    backhand_process_release(table, 1);
    backhand_process_release(table, 0);
    backhand_process_sum(table, &serving, NULL);
    assert_int_equal(serving, 3);
    assert_int_equal(other->serving, 0);
    /* Its pid again: whatever was there is another's. */
    assert_ptr_equal(backhand_process_claim(table, own), row);
    backhand_process_sum(table, &serving, &waiting);
    assert_int_equal(serving + waiting, 0);
    row->serving = -5;
    backhand_process_sum(table, &serving, NULL);
    assert_int_equal(serving, 0);
    assert_null(backhand_process_claim(table, 0));
    assert_null(backhand_process_claim(table, -1));
}

static void settles_what_the_killed_sent(void **state)
{
    int id = hear(1, 9, 1);
    backhand_slot *slot = &table->slots[id];
    backhand_process *row = backhand_process_claim(table, getpid());
    backhand_process *killed = backhand_process_claim(table, 1);
    (void)state;
    row->waiting[BACKHAND_WAIT_TUNNEL] = 1;
    killed->waiting[BACKHAND_WAIT_ANSWER] = 2;
    slot->sent = 13;
    slot->returned = 10;
    hear(1, 9, 2);
    backhand_process_release(table, 1);
    backhand_table_settle(table);
    assert_int_equal(slot->returned, 10);
    slot->returned = 11;
    row->waiting[BACKHAND_WAIT_TUNNEL] = 0;
    backhand_table_settle(table);
    assert_int_equal(slot->returned, 13);
    /* 5 of 8 were ready while three waited, and one of them has returned. */
    assert_int_equal(backhand_table_ready(table, id), 6);
    backhand_table_settle(table);
    assert_int_equal(slot->returned, 13);
}

static void settles_while_tunnels_are_open(void **state)
{
    int id = hear(1, 9, 1);
    backhand_slot *slot = &table->slots[id];
    backhand_process *row = backhand_process_claim(table, getpid());
    backhand_process *killed = backhand_process_claim(table, 1);
    uint64_t generation = backhand_table_slot_generation(table, id);
    (void)state;
    backhand_process_wait(row, BACKHAND_WAIT_TUNNEL);
    backhand_table_sent(table, id, generation);
    backhand_process_wait(killed, BACKHAND_WAIT_ANSWER);
    backhand_table_sent(table, id, generation);
    backhand_process_release(table, 1);
    backhand_table_settle(table);
    assert_int_equal(slot->returned, 0);
    backhand_table_returned(table, id, generation);
    backhand_process_opened(row);
    backhand_table_settle(table);
    assert_int_equal(slot->sent, 2);
    assert_int_equal(slot->returned, 2);
    backhand_process_waited(row, BACKHAND_WAIT_OPEN);
    assert_int_equal(backhand_process_waiting(row), 0);
}

static void reaps_the_dead(void **state)
{
    int64_t dead = dead_pid();
    pid_t living[PROCESSES];
    backhand_process *row;
    int64_t serving;
    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        living[i] = living_pid();
    }
    backhand_process_claim(table, getpid())->serving = 1;
    row = backhand_process_claim(table, dead);
    row->serving = 7;
    assert_int_equal(backhand_process_reap(table), 1);
    backhand_process_sum(table, &serving, NULL);
    assert_int_equal(serving, 1);
    assert_int_equal(backhand_process_reap(table), 0);
    /* Full: the row of a dead process is taken, those of the living never. */
    row = backhand_process_claim(table, dead);
    row->serving = 7;
    for (int i = 0; i < PROCESSES - 2; i++) {
        assert_non_null(backhand_process_claim(table, living[i]));
    }
    assert_ptr_equal(backhand_process_claim(table, living[PROCESSES - 2]), row);
    assert_int_equal(row->serving, 0);
    assert_null(backhand_process_claim(table, living[PROCESSES - 1]));
    for (int i = 0; i < PROCESSES; i++) {
        kill(living[i], SIGKILL);
        waitpid(living[i], NULL, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(makes_an_empty_table),
        FARM_TEST(refuses_senseless_sizes),
        FARM_TEST(adopts_only_what_fits),
        FARM_TEST(lives_in_a_file),
        FARM_TEST(leaves_no_file_without_room),
        FARM_TEST(answers_without_a_table),
        FARM_TEST(answers_with_one),
        FARM_TEST(lists_the_fields),
        FARM_TEST(ages),
        FARM_TEST(ages_by_what_policies_write),
        FARM_TEST(counts_ready_workers),
        FARM_TEST(counts_processes),
        FARM_TEST(settles_what_the_killed_sent),
        FARM_TEST(settles_while_tunnels_are_open),
        FARM_TEST(reaps_the_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
