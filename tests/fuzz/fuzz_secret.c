/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Files of keys. The input is one. */

#include "fuzz.h"

#include "trust/keys.h"

#include <ctype.h>

#define NAME "keys"
/* No word of any message has so many characters. */
#define SHOWN_MAX 12

static const char text[] = "what is signed";

static void check_keys(const backhand_keys *keys, char signature[BACKHAND_SIGNATURE_SIZE])
{
    CHECK(backhand_keys_count(keys) >= 1 && backhand_keys_count(keys) <= BACKHAND_KEYS_MAX);
    CHECK(backhand_keys_sign(keys, "one", text, sizeof(text), signature) == APR_SUCCESS);
    CHECK(strlen(signature) == BACKHAND_SIGNATURE_SIZE - 1);
    CHECK(strspn(signature, "0123456789abcdef") == BACKHAND_SIGNATURE_SIZE - 1);
    CHECK(backhand_keys_verify(keys, "one", text, sizeof(text), signature, BACKHAND_SIGNATURE_SIZE - 1));
    CHECK(!backhand_keys_verify(keys, "two", text, sizeof(text), signature, BACKHAND_SIGNATURE_SIZE - 1));
    CHECK(!backhand_keys_verify(keys, "one", text, sizeof(text) - 1, signature, BACKHAND_SIGNATURE_SIZE - 1));
    CHECK(!backhand_keys_verify(keys, "one", text, sizeof(text), signature, BACKHAND_SIGNATURE_SIZE - 2));
}

/* No part of a key is in the message. */
static void check_message(const char *wrong, const char *data, size_t size)
{
    char part[SHOWN_MAX + 1] = "";
    CHECK(strncmp(wrong, NAME, strlen(NAME)) == 0);
    CHECK(strlen(wrong) < 200);
    for (size_t i = 0; i + SHOWN_MAX <= size; i++) {
        memcpy(part, data + i, SHOWN_MAX);
        CHECK(strlen(part) < SHOWN_MAX || strpbrk(part, " \t") || !strstr(wrong, part));
    }
}

/* The same keys in a file of another system: lines end otherwise, and begin with a blank. */
static char *rewrite(const char *data, size_t size, size_t *length)
{
    char *out = malloc(3 * size + 1);
    CHECK(out);
    *length = 0;
    out[(*length)++] = ' ';
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n') {
            out[(*length)++] = '\r';
        }
        out[(*length)++] = data[i];
        if (data[i] == '\n') {
            out[(*length)++] = '\t';
        }
    }
    return out;
}

static void check_rewritten(const char *data, size_t size, const char *signature, int count, apr_pool_t *pool)
{
    char other[BACKHAND_SIGNATURE_SIZE];
    backhand_keys *keys;
    size_t length;
    char *again = rewrite(data, size, &length);
    CHECK(!backhand_keys_parse(&keys, again, length, NAME, pool));
    CHECK(backhand_keys_count(keys) == count);
    check_keys(keys, other);
    CHECK(strcmp(other, signature) == 0);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    char *copy = fuzz_copy(data, size), signature[BACKHAND_SIGNATURE_SIZE];
    backhand_keys *keys;
    const char *wrong;

    pool = pool ? pool : fuzz_pool_create();
    wrong = backhand_keys_parse(&keys, copy, size, NAME, pool);
    if (wrong) {
        check_message(wrong, copy, size);
    }
    else {
        check_keys(keys, signature);
        check_rewritten(copy, size, signature, backhand_keys_count(keys), pool);
    }
    free(copy);
    apr_pool_clear(pool);
    return 0;
}
