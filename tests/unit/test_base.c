/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The small parts that all rooms use. */

#include "base/average.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/number.h"
#include "base/own_file.h"
#include "base/pairs.h"
#include "base/random.h"
#include "base/throttle.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void digits_end_where_no_digit_is(void **state)
{
    const char *text = "184467440737095516159";
    uint64_t value;
    (void)state;
    assert_string_equal(backhand_digits_read(&value, "007x", NULL), "x");
    assert_int_equal(value, 7);
    assert_string_equal(backhand_digits_read(&value, "-1", NULL), "-1");
    assert_int_equal(value, 0);
    assert_ptr_equal(backhand_digits_read(&value, text, text + 20), text + 20);
    assert_true(value == UINT64_MAX);
    assert_ptr_equal(backhand_digits_read(&value, text, text + 19), text + 19);
    assert_true(value == UINT64_C(1844674407370955161));
    assert_ptr_equal(backhand_digits_read(&value, text, NULL), text + 21);
    assert_true(value == UINT64_MAX);
    assert_ptr_equal(backhand_digits_read(&value, "18446744073709551617", NULL) - 20, "18446744073709551617");
    assert_true(value == UINT64_MAX);
    assert_string_equal(backhand_digits_read(&value, "000000000009223372036854775807", NULL), "");
    assert_true(value == INT64_MAX);
}

static void a_number_is_all_of_the_text(void **state)
{
    static const char *const wrong[] = {"", " 5", "5 ", "+5", "-5", "5x", "0x5", "4", "8", "18446744073709551621"};
    int64_t value = -1;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(backhand_number_read(&value, wrong[i], 5, 7));
        assert_int_equal(value, -1);
    }
    assert_true(backhand_number_read(&value, "0007", 5, 7));
    assert_int_equal(value, 7);
    assert_true(backhand_number_read(&value, "9223372036854775807", 0, INT64_MAX));
    assert_true(value == INT64_MAX);
    assert_false(backhand_number_read(&value, "9223372036854775808", 0, INT64_MAX));
}

static void thousandths_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
        const char *rest;
    } cases[] = {
        {"1.25", 1250, ""},
        {"0", 0, ""},
        {"12.3456 x", 12345, " x"},
        {".5", 500, ""},
        {"5.", 5000, ""},
        {"1.2.3", 1200, ".3"},
        {".", 0, "."},
        {"", 0, ""},
        {"-1", 0, "-1"},
        {"18446744073709551.7", UINT64_MAX, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 7;
        assert_string_equal(backhand_thousandths_read(&value, cases[i].text), cases[i].rest);
        assert_true(value == cases[i].value);
    }
}

static void hex_digits_are_those_of_ascii(void **state)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *at = c > 0 ? strchr(digits, c) : NULL;
        int value = at ? (int)(at - digits) : -1;
        assert_int_equal(backhand_hex_value((char)c), value > 15 ? value - 6 : value);
    }
    assert_int_equal(backhand_hex_byte("fF"), 255);
    assert_int_equal(backhand_hex_byte("00"), 0);
    assert_int_equal(backhand_hex_byte("0g"), -1);
    assert_int_equal(backhand_hex_byte("0"), -1);
    assert_int_equal(backhand_hex_byte(""), -1);
}

/* The pairs of a text, as `[name|value]`, `[name]` without an equals sign. */
static const char *cut(char out[80], const char *text)
{
    const char *end = text + strlen(text);
    char *at = out;
    for (const char *next = text; next;) {
        backhand_pair pair;
        next = backhand_pair_next(&pair, next, end);
        at += sprintf(at, pair.value.at ? "[%.*s|%.*s]" : "[%.*s]", (int)pair.name.length, pair.name.at,
                      (int)pair.value.length, pair.value.at ? pair.value.at : "");
    }
    return out;
}

static void pairs_are_cut(void **state)
{
    char out[80] = "";
    (void)state;
    assert_string_equal(cut(out, "a=1&bc=22"), "[a|1][bc|22]");
    assert_string_equal(cut(out, "a=1=2"), "[a|1=2]");
    assert_string_equal(cut(out, "a&=b&c="), "[a][|b][c|]");
    assert_string_equal(cut(out, ""), "[]");
    assert_string_equal(cut(out, "&"), "[][]");
    assert_string_equal(cut(out, "a&b=c&"), "[a][b|c][]");
}

static void the_hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(backhand_hash_add(BACKHAND_HASH_SEED, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(backhand_hash_add(BACKHAND_HASH_SEED, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(backhand_hash_add(BACKHAND_HASH_SEED, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(backhand_hash_add(backhand_hash_add(BACKHAND_HASH_SEED, "foo", 3), "bar", 3) ==
                UINT64_C(0x85944171f73967e8));
}

/* The first numbers that the authors' programs give: xoshiro256** from 1, 2, 3, 4, and splitmix64 from 1234567. */
static void numbers_are_those_of_the_authors(void **state)
{
    backhand_generator generator = {{1, 2, 3, 4}};
    uint64_t seed = 1234567;
    (void)state;
    assert_true(backhand_generator_next(&generator) == 11520);
    assert_true(backhand_generator_next(&generator) == 0);
    assert_true(backhand_generator_next(&generator) == 1509978240);
    assert_true(backhand_generator_next(&generator) == UINT64_C(1215971899390074240));
    assert_true(backhand_random_mix(&seed) == UINT64_C(6457827717110365317));
    assert_true(backhand_random_mix(&seed) == UINT64_C(3203168211198807973));
}

static void a_seed_gives_a_sequence(void **state)
{
    backhand_generator one, same, other;
    (void)state;
    backhand_generator_begin(&one, 0);
    backhand_generator_begin(&same, 0);
    backhand_generator_begin(&other, 1);
    for (int i = 0; i < 1000; i++) {
        uint64_t word = backhand_generator_next(&one);
        assert_true(word == backhand_generator_next(&same));
        assert_true(word != backhand_generator_next(&other));
    }
    for (uint32_t bound = 1; bound < 1000; bound++) {
        double share = backhand_generator_share(&one);
        assert_true(share > 0 && share < 1);
        assert_true(backhand_generator_below(&one, bound) < bound);
    }
}

/* Of 3 * 2^30 values the lower third would come up twice as often as the others without the second draw. */
static void bounds_are_fair(void **state)
{
    backhand_generator generator;
    int low = 0;
    (void)state;
    backhand_generator_begin(&generator, 3);
    for (int i = 0; i < 30000; i++) {
        low += backhand_generator_below(&generator, UINT32_C(3) << 30) % 3 == 0;
    }
    assert_in_range(low, 9500, 10500);
}

static void an_average_follows_by_an_eighth(void **state)
{
    int64_t average = 0;
    (void)state;
    assert_int_equal(backhand_average_add(0, 1000), 125);
    assert_int_equal(backhand_average_add(1000, 0), 875);
    assert_int_equal(backhand_average_add_time(0, 1000), 1000);
    assert_int_equal(backhand_average_add_time(1000, 2000), 1125);
    /* It never looks as if there had been none. */
    assert_int_equal(backhand_average_add_time(0, 0), 1);
    assert_int_equal(backhand_average_add_time(1, 0), 1);
    for (int i = 0; i < 100; i++) {
        average = backhand_average_add_time(average, 500);
    }
    assert_int_equal(average, 500);
}

static void one_line_for_each_period(void **state)
{
    int64_t last = 0;
    (void)state;
    assert_true(backhand_throttle(&last, 5, 10));
    assert_int_equal(last, 5);
    assert_false(backhand_throttle(&last, 5, 10));
    assert_false(backhand_throttle(&last, 15, 10));
    assert_int_equal(last, 5);
    assert_true(backhand_throttle(&last, 16, 10));
    assert_false(backhand_throttle(&last, 17, 10));
    /* A clock that was set back. */
    assert_true(backhand_throttle(&last, 3, 10));
    assert_int_equal(last, 3);
}

static char folder[] = "/tmp/backhand-base-XXXXXX";
static char path[80], fresh[80];

static int print_word(FILE *file, const void *word)
{
    return fputs(word, file) >= 0;
}

static int print_half(FILE *file, const void *word)
{
    fputs(word, file);
    errno = EPERM;
    return 0;
}

static const char *content(void)
{
    static char text[80];
    int fd;
    ssize_t n;
    assert_null(backhand_own_file_open(&fd, path));
    assert_true(fd >= 0);
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    assert_true(n >= 0);
    text[n] = '\0';
    return text;
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    struct stat about;
    (void)state;
    assert_int_equal(backhand_own_file_replace(path, 0600, print_word, "one"), APR_SUCCESS);
    assert_string_equal(content(), "one");
    assert_int_equal(backhand_own_file_replace(path, 0600, print_half, "two"), EPERM);
    assert_string_equal(content(), "one");
    assert_int_not_equal(access(fresh, F_OK), 0);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(backhand_own_file_replace("/tmp/backhand-none/x", 0600, print_word, "x"), ENOENT);
}

/* Nothing is written through what somebody left under the name of the new file, or of the file. */
static void links_are_replaced(void **state)
{
    char other[80];
    struct stat about;
    (void)state;
    snprintf(other, sizeof(other), "%s/other", folder);
    assert_int_equal(symlink(other, fresh), 0);
    unlink(path);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(backhand_own_file_replace(path, 0600, print_word, "three"), APR_SUCCESS);
    assert_string_equal(content(), "three");
    assert_int_not_equal(stat(other, &about), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/file", folder);
    snprintf(fresh, sizeof(fresh), "%s/file.new", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(fresh);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_end_where_no_digit_is),
        cmocka_unit_test(a_number_is_all_of_the_text),
        cmocka_unit_test(thousandths_are_read),
        cmocka_unit_test(hex_digits_are_those_of_ascii),
        cmocka_unit_test(pairs_are_cut),
        cmocka_unit_test(the_hash_is_fnv_1a),
        cmocka_unit_test(numbers_are_those_of_the_authors),
        cmocka_unit_test(a_seed_gives_a_sequence),
        cmocka_unit_test(bounds_are_fair),
        cmocka_unit_test(an_average_follows_by_an_eighth),
        cmocka_unit_test(one_line_for_each_period),
        cmocka_unit_test(a_file_is_replaced_as_a_whole),
        cmocka_unit_test(links_are_replaced),
    };
    return cmocka_run_group_tests_name("base", tests, make_folder, remove_folder);
}
