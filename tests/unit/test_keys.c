/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The farm's keys: what files are read, and what signatures are right. */

#include "trust/keys.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEX32 "0123456789abcdefABCDEF0123456789"

static apr_pool_t *pool;

static int start(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static const char *parse(backhand_keys **keys, const char *text)
{
    return backhand_keys_parse(keys, text, strlen(text), "secret", pool);
}

static backhand_keys *right(const char *text)
{
    backhand_keys *keys;
    assert_null(parse(&keys, text));
    return keys;
}

/* Answers by another program; keys shorter than a block of SHA-256, of one block, and longer. */
static const struct {
    const char *key, *purpose, *text, *answer;
} vectors[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "announce", "Hi There",
     "4ad48c68271214ef9768a45783a63fa16cf6756f92fc66a0e6c130b334215749"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "hand-off", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "034c585dec64d5f0c83f88db31be030f803af2d01b40b32acbc5a173cbf2046a"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819", "announce", "",
     "243b4897767587210e858e7a710b5157f2a82c0e2e7e0e1be4e246512dfcc1f1"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "p", "Test Using Larger Than Block-Size Key - Hash Key First",
     "f187c571df4b7d04cbfbc02c8a6e73fb1c0aca7648674f77216e7c10c637cd22"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"
     "b0b0b0b0b0b0b0b",
     "announce", "v=1&ready=3", "5513dd0d772c14a2049696e6cae5c7e62507712262ccccf61c6f64422d926a75"},
};

static void known_answers_come_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char signature[BACKHAND_SIGNATURE_SIZE];
        const char *text = vectors[i].text;
        backhand_keys *keys = right(vectors[i].key);
        assert_int_equal(backhand_keys_sign(keys, vectors[i].purpose, text, strlen(text), signature), APR_SUCCESS);
        assert_string_equal(signature, vectors[i].answer);
        assert_true(backhand_keys_verify(keys, vectors[i].purpose, text, strlen(text), signature, 64));
    }
}

static void only_what_was_signed_is_right(void **state)
{
    backhand_keys *keys = right(HEX32 "\n"), *other = right("ff" HEX32 "\n");
    char signature[BACKHAND_SIGNATURE_SIZE], text[] = "some text";
    (void)state;
    assert_int_equal(backhand_keys_sign(keys, "one", text, 9, signature), APR_SUCCESS);
    assert_true(backhand_keys_verify(keys, "one", text, 9, signature, 64));
    assert_false(backhand_keys_verify(keys, "two", text, 9, signature, 64));
    assert_false(backhand_keys_verify(keys, "one", text, 8, signature, 64));
    assert_false(backhand_keys_verify(keys, "one", text, 9, signature, 63));
    assert_false(backhand_keys_verify(keys, "one", text, 9, signature, 0));
    assert_false(backhand_keys_verify(other, "one", text, 9, signature, 64));
    for (int i = 0; i < 9; i++) {
        text[i] ^= 1;
        assert_false(backhand_keys_verify(keys, "one", text, 9, signature, 64));
        text[i] ^= 1;
    }
    for (int i = 0; i < 64; i++) {
        signature[i] ^= 1;
        assert_false(backhand_keys_verify(keys, "one", text, 9, signature, 64));
        signature[i] ^= 1;
    }
    assert_true(backhand_keys_verify(keys, "one", text, 9, signature, 64));
}

static void the_first_signs_and_all_verify(void **state)
{
    static const char *const key[] = {"00" HEX32, "11" HEX32, "22" HEX32};
    backhand_keys *one = right(key[0]), *two = right(apr_psprintf(pool, "%s\n%s\n", key[1], key[0]));
    backhand_keys *three = right(apr_psprintf(pool, "%s\n%s", key[2], key[1]));
    char signature[BACKHAND_SIGNATURE_SIZE];
    (void)state;
    assert_int_equal(backhand_keys_count(two), 2);
    backhand_keys_sign(two, "x", "y", 1, signature);
    assert_false(backhand_keys_verify(one, "x", "y", 1, signature, 64));
    assert_true(backhand_keys_verify(three, "x", "y", 1, signature, 64));
    backhand_keys_sign(one, "x", "y", 1, signature);
    assert_true(backhand_keys_verify(two, "x", "y", 1, signature, 64));
    assert_false(backhand_keys_verify(three, "x", "y", 1, signature, 64));
}

static void forms_of_one_key_are_equal(void **state)
{
    /* 16 bytes, "0123456789abcdef". */
    static const char *const forms[] = {
        "30313233343536373839616263646566",
        "30313233343536373839616263646566\n",
        "\n# comment\n   # another, \xc3\xa4\n\t 30313233343536373839616263646566 \t\r\n\r\n",
        "30313233343536373839616263646566\n# end",
        "base64:MDEyMzQ1Njc4OWFiY2RlZg==",
        "  base64:MDEyMzQ1Njc4OWFiY2RlZg==\r\n",
    };
    char first[BACKHAND_SIGNATURE_SIZE], signature[BACKHAND_SIGNATURE_SIZE];
    (void)state;
    backhand_keys_sign(right(forms[0]), "x", "y", 1, first);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        assert_int_equal(backhand_keys_count(right(forms[i])), 1);
        backhand_keys_sign(right(forms[i]), "x", "y", 1, signature);
        assert_string_equal(signature, first);
    }
}

static char *repeated(const char *what, int times)
{
    char *text = apr_pcalloc(pool, strlen(what) * (size_t)times + 1);
    while (times-- > 0) {
        strcat(text, what);
    }
    return text;
}

static void the_longest_are_read(void **state)
{
    (void)state;
    assert_int_equal(backhand_keys_count(right(repeated("0f", BACKHAND_KEY_BYTES_MAX))), 1);
    /* 126 bytes, and two more. */
    assert_int_equal(backhand_keys_count(right(apr_pstrcat(pool, "base64:", repeated("AbC+", 42), "/bE=", NULL))), 1);
    assert_int_equal(backhand_keys_count(right(repeated(HEX32 "\n", BACKHAND_KEYS_MAX))), BACKHAND_KEYS_MAX);
}

static void malformed_ones_are_named_by_line_and_not_shown(void **state)
{
    const struct {
        const char *text;
        int line;
    } wrong[] = {
        {"", 0},
        {"\n\n", 0},
        {"# only a comment\n", 0},
        {"5ec2e7", 1},
        {HEX32 "\n5ec2e75ec2e75ec2e75ec2e75ec2e7\n", 2},
        {"\n\n" HEX32 "5\n", 3},
        {"5ec2e75ec2e75ec2e75ec2e75ec2e7xx", 1},
        {"5ec2e75ec2e75ec2 5ec2e75ec2e75ec2", 1},
        {"0x" HEX32, 1},
        {HEX32 " # 5ec2e7", 1},
        {"5ec2e7 is my secret", 1},
        {repeated("5e", BACKHAND_KEY_BYTES_MAX + 1), 1},
        {"base64:", 1},
        {"base64:MDEyMzQ1Njc4OWFiY2Rl", 1},
        {"base64:5ec2e75ec2e75ec2e75e", 1},
        {"base64:MDEyMzQ1Njc4OWFiY2RlZg=", 1},
        {"base64:MDEyMzQ1Njc4OWFiY2RlZg", 1},
        {"base64:MDEy=zQ1Njc4OWFiY2RlZg==", 1},
        {"base64:MDEyMzQ1Njc4OWF-Y2RlZg==", 1},
        {"base64: MDEyMzQ1Njc4OWFiY2RlZg==", 1},
        {"base64:====================", 1},
        {"Base64:MDEyMzQ1Njc4OWFiY2RlZg==", 1},
        {apr_pstrcat(pool, "base64:", repeated("5ec2", 43), NULL), 1},
        {repeated(HEX32 "\n", BACKHAND_KEYS_MAX + 1), 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        backhand_keys *keys;
        const char *said = parse(&keys, wrong[i].text);
        assert_non_null(said);
        assert_int_equal(strncmp(said, "secret", 6), 0);
        assert_null(strstr(said, "5ec2"));
        assert_null(strstr(said, "MDEy"));
        if (wrong[i].line) {
            assert_non_null(strstr(said, apr_psprintf(pool, "line %d:", wrong[i].line)));
        }
    }
}

static void a_nul_ends_nothing(void **state)
{
    /* At the end, and at each place in a key of an even length. */
    static const char text[] = HEX32 "\0\n", base64[] = "base64:MDEyMzQ1Njc4OWFiY2RlZg==";
    backhand_keys *keys;
    (void)state;
    assert_non_null(backhand_keys_parse(&keys, text, sizeof(text) - 1, "secret", pool));
    for (size_t i = 0; i < sizeof(HEX32) - 1; i++) {
        char key[] = HEX32;
        key[i] = '\0';
        assert_non_null(backhand_keys_parse(&keys, key, sizeof(key) - 1, "secret", pool));
    }
    for (size_t i = 0; i < sizeof(base64) - 1; i++) {
        char key[sizeof(base64)];
        memcpy(key, base64, sizeof(base64));
        key[i] = '\0';
        assert_non_null(backhand_keys_parse(&keys, key, sizeof(key) - 1, "secret", pool));
    }
}

static const char *read_file(const char *text, mode_t mode, int *count)
{
    char path[] = "/tmp/backhand-keys-XXXXXX";
    backhand_keys *keys;
    const char *said;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    said = backhand_keys_read(&keys, path, pool);
    if (count && !said) {
        *count = backhand_keys_count(keys);
    }
    assert_true(!said || strncmp(said, path, strlen(path)) == 0);
    unlink(path);
    return said;
}

static void only_the_owner_may_read_the_file(void **state)
{
    static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666};
    int count = 0;
    (void)state;
    assert_null(read_file(HEX32 "\n" HEX32 "\n", 0600, &count));
    assert_int_equal(count, 2);
    assert_null(read_file(HEX32, 0400, &count));
    assert_int_equal(count, 1);
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        assert_non_null(strstr(read_file(HEX32, open_modes[i], NULL), "chmod 600"));
    }
}

static void other_files_are_refused(void **state)
{
    char folder[] = "/tmp/backhand-keys-XXXXXX";
    backhand_keys *keys;
    const char *fifo;
    (void)state;
    assert_non_null(backhand_keys_read(&keys, "/nonexistent/secret", pool));
    assert_non_null(mkdtemp(folder));
    assert_non_null(strstr(backhand_keys_read(&keys, folder, pool), "no regular file"));
    fifo = apr_pstrcat(pool, folder, "/fifo", NULL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_non_null(strstr(backhand_keys_read(&keys, fifo, pool), "no regular file"));
    unlink(fifo);
    rmdir(folder);
    assert_non_null(strstr(read_file(repeated("#2345678", BACKHAND_KEYS_FILE_MAX / 8 + 1), 0600, NULL), "larger"));
    assert_non_null(strstr(read_file("# nothing\n", 0600, NULL), "no key"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(known_answers_come_out),
        TEST(only_what_was_signed_is_right),
        TEST(the_first_signs_and_all_verify),
        TEST(forms_of_one_key_are_equal),
        TEST(the_longest_are_read),
        TEST(malformed_ones_are_named_by_line_and_not_shown),
        TEST(a_nul_ends_nothing),
        TEST(only_the_owner_may_read_the_file),
        TEST(other_files_are_refused),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
