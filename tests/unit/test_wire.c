/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Datagrams of every format that was ever released, as recorded, are understood in every field. Each file of tests/wire
 * holds the datagram in its first line, then a blank one, then all fields that it means, a line each; fields that came
 * later may be missing there, and are the least that there is. A file stays as it is when the format changes; a new
 * format gets files of its own. */

#include "announcements.h"

#include <glob.h>
#include <inttypes.h>

#define CURRENT_FORMAT "&bh=1&"

typedef struct field {
    const char *name;
    size_t offset;
} field;

static const field numbers[] = {{"sequence", offsetof(backhand_announcement, sequence)},
                                {"interval", offsetof(backhand_announcement, interval)},
                                {"keepalive", offsetof(backhand_announcement, keepalive)},
                                {"leaving", offsetof(backhand_announcement, leaving)},
                                {"direct", offsetof(backhand_announcement, direct)},
#define FIGURE(name, ...) {#name, offsetof(backhand_announcement, stat.name)},
                                BACKHAND_ALL_FIGURES(FIGURE)
#undef FIGURE
};

static const field texts[] = {
    {"hostname", offsetof(backhand_announcement, stat.hostname)},
    {"contact", offsetof(backhand_announcement, stat.contact)},
    {"farm", offsetof(backhand_announcement, farm)},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One line of a file, without its end. @return 0: there is none */
static int read_line(char *line, int size, FILE *file)
{
    if (!fgets(line, size, file)) {
        return 0;
    }
    line[strcspn(line, "\n")] = '\0';
    return 1;
}

static void print_field(char out[512], const backhand_announcement *heard, const char *name)
{
    const char *base = (const char *)heard;
    strcpy(out, "no such field");
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (strcmp(numbers[i].name, name) == 0) {
            snprintf(out, 512, "%" PRId64, *(const int64_t *)(const void *)(base + numbers[i].offset));
        }
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (strcmp(texts[i].name, name) == 0) {
            snprintf(out, 512, "%s", base + texts[i].offset);
        }
    }
    if (strcmp(name, "boot") == 0) {
        snprintf(out, 512, "%" PRIx64, heard->boot);
    }
}

static void check_field(const char *path, const backhand_announcement *heard, const char *name, const char *wanted)
{
    char got[512];
    print_field(got, heard, name);
    if (strcmp(got, wanted) != 0) {
        fail_msg("%s: %s is %s and not %s", path, name, got, wanted);
    }
}

/* A figure that the file does not know is the least that there is. */
static void check_least(const char *path, const backhand_announcement *heard, uint64_t seen)
{
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        const backhand_figure *figure = &backhand_figures[i];
        char least[32];
        snprintf(least, sizeof(least), "%" PRId64, figure->field.min);
        if (!(seen & UINT64_C(1) << i)) {
            assert_true(figure->field.offset == offsetof(serverstat, mtime) || figure->ways & BACKHAND_BY_ADDITION);
            check_field(path, heard, figure->field.name, least);
        }
    }
}

static void check_fields(const char *path, FILE *file, const backhand_announcement *heard)
{
    char line[512];
    size_t others = 0;
    uint64_t seen = 0;
    while (read_line(line, sizeof(line), file)) {
        char *blank = strchr(line, ' ');
        int figure = 0;
        if (blank) {
            *blank = '\0';
        }
        check_field(path, heard, line, blank ? blank + 1 : "");
        while (figure < BACKHAND_FIGURES && strcmp(backhand_figures[figure].field.name, line) != 0) {
            figure++;
        }
        others += figure == BACKHAND_FIGURES;
        seen |= figure < BACKHAND_FIGURES ? UINT64_C(1) << figure : 0;
    }
    assert_int_equal(others, COUNT(numbers) - BACKHAND_FIGURES + COUNT(texts) + 1); /* and the boot id */
    check_least(path, heard, seen);
}

/* @return 1 when it is of the format that this release writes */
static int check_file(const char *path)
{
    FILE *file = fopen(path, "r");
    backhand_announcement heard;
    char datagram[2 * BACKHAND_MESSAGE_SIZE], line[8], written[BACKHAND_MESSAGE_SIZE], detail[32];
    int current;
    assert_non_null(file);
    assert_true(read_line(datagram, sizeof(datagram), file));
    assert_true(read_line(line, sizeof(line), file));
    assert_string_equal(line, "");
    if (decode(&heard, datagram, strlen(datagram), detail) != BACKHAND_DROP_NONE) {
        fail_msg("%s: not understood: %s", path, detail);
    }
    check_fields(path, file, &heard);
    fclose(file);
    current = strstr(datagram, CURRENT_FORMAT) != NULL;
    if (current) {
        assert_int_equal(backhand_message_encode(written, &heard), strlen(datagram));
        assert_string_equal(written, datagram);
    }
    return current;
}

static void recorded_datagrams_are_understood(void **state)
{
    glob_t found;
    int current = 0;
    (void)state;
    assert_int_equal(glob(WIRE_DIR "/*.txt", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        current += check_file(found.gl_pathv[i]);
    }
    assert_true(found.gl_pathc >= 5);
    assert_true(current >= 4);
    globfree(&found);
}

static void the_present_format_is_recorded(void **state)
{
    char bh[16];
    (void)state;
    snprintf(bh, sizeof(bh), "&bh=%d&", BACKHAND_WIRE_FORMAT);
    assert_string_equal(bh, CURRENT_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_datagrams_are_understood),
        cmocka_unit_test(the_present_format_is_recorded),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
