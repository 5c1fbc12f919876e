/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file written.h
 * @brief Keeps what a form of the status page writes, for a test to look at.
 */
#ifndef BACKHAND_TEST_WRITTEN_H
#define BACKHAND_TEST_WRITTEN_H

#include "status/out.h"

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

#endif
