/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file written.h
 * @brief A table of four servers for the forms of the status page, and the text that a form writes of it.
 */
#ifndef BACKHAND_TEST_WRITTEN_H
#define BACKHAND_TEST_WRITTEN_H

#include "table_fixture.h"

#include "../said.h"
#include "status/out.h"

#include <apr_strings.h>
#include <string.h>

/* The text, and its length. */
static char written[1 << 18];
static size_t written_length;

static void written_append(void *ctx, const char *text, size_t length)
{
    (void)ctx;
    assert_true(written_length + length < sizeof(written));
    memcpy(written + written_length, text, length);
    written_length += length;
    written[written_length] = '\0';
}

static backhand_out written_begin(void)
{
    backhand_out out = {.append = written_append};
    written_length = 0;
    written[0] = '\0';
    return out;
}

static int make_table(void **state)
{
    (void)state;
    begin_table(4, 4);
    return 0;
}

/* Takes an announcement. `name`: the server's host name; NULL: one of its own. @return its entry */
static int take(int host, const char *name)
{
    backhand_announcement said = said_by_nth("host", host, 100 + (uint64_t)host, 1);
    if (name) {
        apr_cpystrn(said.stat.hostname, name, sizeof(said.stat.hostname));
    }
    return backhand_table_update(table, &said, NULL).id;
}

#define assert_holds(text, part)                                                                                       \
    do {                                                                                                               \
        if (!strstr((text), (part))) {                                                                                 \
            fail_msg("no %s in %s", (part), (text));                                                                   \
        }                                                                                                              \
    } while (0)

#endif
