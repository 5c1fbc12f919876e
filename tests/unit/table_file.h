/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file table_file.h
 * @brief A table in a file of a folder of its own, by the real clocks, for processes that attach it.
 */
#ifndef BACKHAND_TEST_TABLE_FILE_H
#define BACKHAND_TEST_TABLE_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../said.h"
#include "table/attach.h"
#include "table/inside.h"
#include "table/update.h"

#define SERVERS   8
#define PROCESSES 4

static apr_pool_t *pool;
static backhand_table *table;
static char dir[] = "/tmp/backhand-attach-XXXXXX";
static char path[96];

static void create_table(void)
{
    assert_int_equal(backhand_table_create(&table, SERVERS, PROCESSES, path, pool), APR_SUCCESS);
}

static int make_table(void **state)
{
    (void)state;
    memcpy(strrchr(dir, '-'), "-XXXXXX", 8);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/%s", dir, BACKHAND_TABLE_FILE);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    create_table();
    return 0;
}

static int remove_table(void **state)
{
    (void)state;
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
    backhand_table_unmap(table);
    apr_pool_destroy(pool);
    return 0;
}

/* An announcement whose load and workers are its sequence number. */
static backhand_announcement heard_from(int host, uint64_t sequence)
{
    backhand_announcement said = said_by_nth("server", host, 100 + (uint64_t)host, sequence);
    said.stat.aservers = said.stat.load = (int64_t)sequence;
    return said;
}

static void hear(int host, uint64_t sequence)
{
    backhand_announcement said = heard_from(host, sequence);
    backhand_table_update(table, &said, NULL);
}

#endif
