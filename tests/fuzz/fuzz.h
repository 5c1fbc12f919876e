/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file fuzz.h
 * @brief What the fuzz targets share. Each is one file with LLVMFuzzerTestOneInput() of libFuzzer, which gives one
 * input a call; what must hold for every input is a CHECK, and one that does not hold ends the process, as a sanitizer
 * does.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <apr_general.h>
#include <apr_pools.h>

#include "trust/keys.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The key that inputs of the corpus are signed with, as it stands in a file of keys. */
#define FUZZ_KEY "0123456789abcdef0123456789abcdef"

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A pool that lasts as long as the process. */
static inline apr_pool_t *fuzz_pool_create(void)
{
    apr_pool_t *pool;
    apr_initialize();
    CHECK(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    return pool;
}

/* Of the sanitizer that looks for leaks; not there without it. */
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);

/** FUZZ_KEY. The sanitizer does not see what only a pool points to, and would take it for a leak. */
static inline const backhand_keys *fuzz_keys(void)
{
    static backhand_keys *keys;
    if (!keys) {
        if (__lsan_disable) {
            __lsan_disable();
        }
        CHECK(!backhand_keys_parse(&keys, FUZZ_KEY, strlen(FUZZ_KEY), "key", fuzz_pool_create()));
        if (__lsan_enable) {
            __lsan_enable();
        }
    }
    return keys;
}

/** A copy with nothing before or behind it, so that the sanitizer sees a byte too far. Free it. */
static inline char *fuzz_copy(const void *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    CHECK(copy);
    if (size) {
        memcpy(copy, data, size);
    }
    return copy;
}

/** The same with a NUL at its end. */
static inline char *fuzz_text(const void *data, size_t size)
{
    char *text = malloc(size + 1);
    CHECK(text);
    if (size) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

/** The first `n` lines of the input, each a copy with a NUL at its end; empty ones where it has fewer. */
static inline void fuzz_lines(char **lines, int n, const uint8_t *data, size_t size)
{
    for (int i = 0; i < n; i++) {
        const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
        size_t length = end ? (size_t)(end - data) : size;
        size_t used = end ? length + 1 : length;
        lines[i] = fuzz_text(data, length);
        data += used;
        size -= used;
    }
}

static inline void fuzz_lines_free(char **lines, int n)
{
    for (int i = 0; i < n; i++) {
        free(lines[i]);
    }
}

#endif
