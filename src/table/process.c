/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/inside.h"
#include "table/process.h"

#include <errno.h>
#include <signal.h>

static int is_gone(int64_t pid)
{
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* Gives back the in-flight count of a dead process. */
static void clear(backhand_table *table, backhand_process *row)
{
    int64_t serving = __atomic_exchange_n(&row->serving, 0, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&table->meter->inflight, serving, __ATOMIC_RELAXED);
    for (int kind = 0; kind < BACKHAND_WAITS; kind++) {
        backhand_number_set(&row->waiting[kind], 0);
    }
}

/* The row belongs to nobody while it is cleared. So two processes that release it at the same time do not clear the
 * figures of its next owner. */
static void release(backhand_table *table, backhand_process *row, int64_t pid)
{
    if (__atomic_compare_exchange_n(&row->pid, &pid, -pid, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        clear(table, row);
        __atomic_store_n(&row->pid, 0, __ATOMIC_RELEASE);
    }
}

static backhand_process *find(const backhand_table *table, int64_t pid)
{
    for (int i = 0; i < table->max_processes; i++) {
        if (backhand_number_get(&table->processes[i].pid) == pid) {
            return &table->processes[i];
        }
    }
    return NULL;
}

static backhand_process *take_free(backhand_table *table, int64_t pid)
{
    for (int i = 0; i < table->max_processes; i++) {
        backhand_process *row = &table->processes[i];
        int64_t free_row = 0;
        if (backhand_number_get(&row->pid) == 0 &&
            __atomic_compare_exchange_n(&row->pid, &free_row, pid, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            return row;
        }
    }
    return NULL;
}

backhand_process *backhand_process_claim(backhand_table *table, int64_t pid)
{
    backhand_process *row = pid > 0 ? find(table, pid) : NULL;

    if (pid <= 0) {
        return NULL;
    }
    if (!row) {
        row = take_free(table, pid);
    }
    if (!row && backhand_process_reap(table) > 0) {
        row = take_free(table, pid);
    }
    if (row) {
        clear(table, row);
    }
    return row;
}

int64_t backhand_process_serve(backhand_table *table, backhand_process *row, int by)
{
    __atomic_add_fetch(&row->serving, by, __ATOMIC_RELAXED);
    if (by > 0) {
        return backhand_meter_enter(table->meter, table->now());
    }
    return backhand_meter_leave(table->meter, table->now());
}

int64_t backhand_process_waiting(const backhand_process *row)
{
    int64_t sum = 0;
    for (int kind = 0; kind < BACKHAND_WAITS; kind++) {
        sum += backhand_number_get(&row->waiting[kind]);
    }
    return sum;
}

int64_t backhand_process_wait(backhand_process *row, backhand_wait kind)
{
    __atomic_add_fetch(&row->waiting[kind], 1, __ATOMIC_SEQ_CST);
    return backhand_process_waiting(row);
}

void backhand_process_waited(backhand_process *row, backhand_wait kind)
{
    __atomic_sub_fetch(&row->waiting[kind], 1, __ATOMIC_RELEASE);
}

/* For a moment the tunnel counts twice: so it is never missing where limits are compared. */
void backhand_process_opened(backhand_process *row)
{
    __atomic_add_fetch(&row->waiting[BACKHAND_WAIT_OPEN], 1, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&row->waiting[BACKHAND_WAIT_TUNNEL], 1, __ATOMIC_RELEASE);
}

void backhand_process_release(backhand_table *table, int64_t pid)
{
    backhand_process *row = pid > 0 ? find(table, pid) : NULL;
    if (row) {
        release(table, row, pid);
    }
}

int backhand_process_reap(backhand_table *table)
{
    int reaped = 0;
    for (int i = 0; i < table->max_processes; i++) {
        int64_t pid = backhand_number_get(&table->processes[i].pid);
        if (pid > 0 && is_gone(pid)) {
            release(table, &table->processes[i], pid);
            reaped++;
        }
    }
    return reaped;
}

void backhand_process_sum(const backhand_table *table, int64_t *serving, int64_t *waiting)
{
    int64_t served = 0;
    int64_t waited = 0;

    for (int i = 0; i < table->max_processes; i++) {
        const backhand_process *row = &table->processes[i];
        if (backhand_number_get(&row->pid) > 0) {
            served += backhand_number_get(&row->serving);
            waited += backhand_process_waiting(row);
        }
    }
    if (serving) {
        *serving = served > 0 ? served : 0;
    }
    if (waiting) {
        *waiting = waited > 0 ? waited : 0;
    }
}

int64_t backhand_process_sum_waiting(const backhand_table *table, backhand_wait kind)
{
    int64_t waited = 0;

    for (int i = 0; i < table->max_processes; i++) {
        const backhand_process *row = &table->processes[i];
        if (backhand_number_get(&row->pid) > 0) {
            waited += backhand_number_get(&row->waiting[kind]);
            if (kind == BACKHAND_WAIT_TUNNEL) {
                waited += backhand_number_get(&row->waiting[BACKHAND_WAIT_OPEN]);
            }
        }
    }
    return waited > 0 ? waited : 0;
}

/* Open tunnels have returned. */
static int nobody_waits(const backhand_table *table)
{
    for (int i = 0; i < table->max_processes; i++) {
        const backhand_process *row = &table->processes[i];
        if (__atomic_load_n(&row->waiting[BACKHAND_WAIT_ANSWER], __ATOMIC_ACQUIRE) > 0 ||
            __atomic_load_n(&row->waiting[BACKHAND_WAIT_TUNNEL], __ATOMIC_ACQUIRE) > 0) {
            return 0;
        }
    }
    return 1;
}

/* A request counts first as waiting, then as sent, then as returned, and last as no longer waiting. So if no request
 * waits after `sent` was read, all these requests have returned or never will. And if `sent` is unchanged after
 * `returned` was read, no other request was sent. */
static void settle(const backhand_table *table, backhand_slot *slot)
{
    int64_t sent = (int64_t)backhand_acquire((const uint64_t *)&slot->sent);
    int64_t returned, begun, lost;
    if (sent == backhand_number_get(&slot->returned) || !nobody_waits(table)) {
        return;
    }
    returned = (int64_t)backhand_acquire((const uint64_t *)&slot->returned);
    begun = (int64_t)backhand_acquire((const uint64_t *)&slot->begun);
    lost = sent - returned;
    if (lost > 0 && backhand_number_get(&slot->sent) == sent) {
        __atomic_add_fetch(&slot->begun, sent > begun ? sent - begun : 0, __ATOMIC_RELAXED);
        __atomic_add_fetch(&slot->returned, lost, __ATOMIC_RELAXED);
        backhand_number_set(&slot->outstanding_heard, backhand_number_get(&slot->outstanding_heard) - lost);
    }
}

void backhand_table_settle(backhand_table *table)
{
    int used = backhand_table_used(table);
    for (int id = 0; id < used; id++) {
        settle(table, &table->slots[id]);
    }
}
