/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The status page as metrics: both formats are well-formed, and no two samples have the same name and labels. */

#include "written.h"

#include "status/metrics.h"
#include "table/outcomes.h"
#include "walk/reason.h"

#include <stdlib.h>

static const char *write_metrics(int open_metrics)
{
    backhand_facts facts = {
        .httpd_version = "Apache/2.4 \"x\"\n\\", .interval = 250000, .max_tunnels = -1, .table = table};
    backhand_out out = written_begin();
    backhand_metrics_write(&out, &facts, open_metrics);
    return written;
}

/* --- is it well-formed? --------------------------------------------------------------------------------------------
 */

#define SAMPLES_MAX 1000

static char name_of_family[128], kind_of_family[16];
static const char *samples[SAMPLES_MAX];
static size_t sample_lengths[SAMPLES_MAX];
static int sample_count;

static size_t name_length(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");
}

/* Returns the place after the labels, or NULL. */
static const char *skip_labels(const char *at)
{
    if (*at != '{') {
        return at;
    }
    do {
        at++;
        at += name_length(at);
        if (at[0] != '=' || at[1] != '"') {
            return NULL;
        }
        at += 2;
        for (; *at != '"'; at++) {
            int escape = *at == '\\';
            at += escape;
            if (*at < ' ' || *at > '~' || (escape && !strchr("\"\\n", *at))) {
                return NULL;
            }
        }
        at++;
    } while (*at == ',');
    return *at == '}' ? at + 1 : NULL;
}

static int is_known(const char *line, size_t length)
{
    for (int i = 0; i < sample_count; i++) {
        if (sample_lengths[i] == length && memcmp(samples[i], line, length) == 0) {
            return 1;
        }
    }
    samples[sample_count] = line;
    sample_lengths[sample_count++] = length;
    return 0;
}

/* The name is the family's, with an ending of its kind. */
static int has_name(const char *line, size_t length, int open_metrics)
{
    size_t family = strlen(name_of_family);
    char end[16] = "";

    if (length < family || strncmp(line, name_of_family, family) != 0 || length - family >= sizeof(end)) {
        return 0;
    }
    memcpy(end, line + family, length - family);
    if (strcmp(kind_of_family, "histogram") == 0) {
        return strcmp(end, "_bucket") == 0 || strcmp(end, "_sum") == 0 || strcmp(end, "_count") == 0;
    }
    if (open_metrics && strcmp(kind_of_family, "counter") == 0) {
        return strcmp(end, "_total") == 0;
    }
    return strcmp(end, open_metrics && strcmp(kind_of_family, "info") == 0 ? "_info" : "") == 0;
}

static int sample_fits(const char *line, int open_metrics)
{
    size_t length = name_length(line);
    const char *end = skip_labels(line + length);
    char *rest;

    if (!has_name(line, length, open_metrics) || !end || *end != ' ' || is_known(line, (size_t)(end - line))) {
        return 0;
    }
    (void)strtod(end + 1, &rest);
    return rest > end + 1 && *rest == '\n' && !strchr("ni", end[1]);
}

static int head_fits(const char *line)
{
    char word[8];
    if (sscanf(line, "# %7s", word) != 1) {
        return 0;
    }
    if (strcmp(word, "HELP") == 0) {
        kind_of_family[0] = '\0';
        return sscanf(line, "# HELP %127s", name_of_family) == 1;
    }
    return strncmp(line + 7, name_of_family, strlen(name_of_family)) == 0 &&
           sscanf(line, "# TYPE %*s %15s", kind_of_family) == 1;
}

/* Returns the first line that is wrong; NULL: none. */
static const char *fault(const char *text, int open_metrics)
{
    sample_count = 0;
    while (*text) {
        const char *end = strchr(text, '\n');
        if (open_metrics && strcmp(text, "# EOF\n") == 0) {
            return NULL;
        }
        if (!end || !(*text == '#' ? head_fits(text) : sample_fits(text, open_metrics))) {
            return text;
        }
        text = end + 1;
    }
    return open_metrics ? "no end" : NULL;
}

#define assert_fits(text, open_metrics)                                                                                \
    do {                                                                                                               \
        const char *wrong = fault((text), (open_metrics));                                                             \
        if (wrong) {                                                                                                   \
            fail_msg("wrong: %.200s", wrong);                                                                          \
        }                                                                                                              \
    } while (0)

/* --- tests -----------------------------------------------------------------------------------------------------------
 */

static void the_checker_sees_what_is_wrong(void **state)
{
    (void)state;
    assert_null(fault("# HELP a b\n# TYPE a gauge\na{x=\"y\"} 1\na{x=\"z\"} 2\n", 0));
    assert_non_null(fault("# HELP a b\n# TYPE a gauge\na{x=\"y\"} 1\na{x=\"y\"} 2\n", 0));
    assert_non_null(fault("# HELP a b\n# TYPE a gauge\nb 1\n", 0));
    assert_non_null(fault("# HELP a b\n# TYPE a gauge\na{x=\"y\"z\"} 1\n", 0));
    assert_non_null(fault("# HELP a b\n# TYPE a gauge\na nan\n", 0));
    assert_non_null(fault("# HELP a b\n# TYPE a counter\na 1\n# EOF\n", 1));
    assert_non_null(fault("# HELP a b\n# TYPE a gauge\na 1\n", 1));
}

static void both_formats_are_well_formed(void **state)
{
    int id = take(1, NULL);
    (void)state;
    take(2, NULL);
    backhand_table_decided(table, BACKHAND_HERE_FREE, 3);
    backhand_table_tried(table, id, backhand_table_slot_generation(table, id), BACKHAND_OUTCOME_ANSWERED, 0, 1500000);
    assert_fits(write_metrics(0), 0);
    assert_holds(written, "# TYPE backhand_build_info gauge\n");
    assert_holds(written, "# TYPE backhand_decisions_total counter\n");
    assert_holds(written, "\nbackhand_decisions_total{reason=\"served-here:free\"} 1\n");
    assert_fits(write_metrics(1), 1);
    assert_holds(written, "# TYPE backhand_build info\n");
    assert_holds(written, "# TYPE backhand_decisions counter\n");
    assert_holds(written, "\nbackhand_decisions_total{reason=\"served-here:free\"} 1\n");
}

static void units_are_base_units(void **state)
{
    backhand_announcement said = said_by_nth("host", 1, 101, 1);
    (void)state;
    said.stat.load = 1250;
    said.stat.tatime = 35;
    said.stat.service = 1500;
    said.stat.tmem = INT64_C(8) << 30;
    backhand_table_update(table, &said, NULL);
    write_metrics(0);
#define LABELS "{server=\"http://10.0.0.1:80\",hostname=\"host1\"} "
    assert_holds(written, "\nbackhand_server_load1" LABELS "1.25\n");
    assert_holds(written, "\nbackhand_server_received_time_seconds" LABELS "0.035\n");
    assert_holds(written, "\nbackhand_server_service_time_seconds" LABELS "0.0015\n");
    assert_holds(written, "\nbackhand_server_memory_bytes" LABELS "8589934592\n");
    assert_holds(written,
                 "\nbackhand_server_state{server=\"http://10.0.0.1:80\",hostname=\"host1\",state=\"alive\"} 1\n");
    assert_holds(written,
                 "\nbackhand_server_state{server=\"http://10.0.0.1:80\",hostname=\"host1\",state=\"dead\"} 0\n");
    assert_null(strstr(written, "backhand_refused_age_seconds" LABELS));
}

static void a_histogram_is_cumulative(void **state)
{
    (void)state;
    backhand_table_served(table, 900);
    backhand_table_served(table, 1000000);
    backhand_table_served(table, 60000000);
    write_metrics(1);
    assert_holds(written, "\nbackhand_served_seconds_bucket{le=\"0.001\"} 1\n");
    assert_holds(written, "\nbackhand_served_seconds_bucket{le=\"1.0\"} 2\n");
    assert_holds(written, "\nbackhand_served_seconds_bucket{le=\"10.0\"} 2\n");
    assert_holds(written, "\nbackhand_served_seconds_bucket{le=\"+Inf\"} 3\n");
    assert_holds(written, "\nbackhand_served_seconds_sum 61.0009\n");
    assert_holds(written, "\nbackhand_served_seconds_count 3\n");
}

static void any_name_is_a_label(void **state)
{
    static const char *const names[] = {"\"} 1\nx{y=\"", "\\", "a\nb\r", "\xff\xc3\xa4"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        take(1, names[i]);
        assert_fits(write_metrics(0), 0);
        assert_fits(write_metrics(1), 1);
        backhand_table_forget(table, 1);
    }
}

static void a_contact_has_one_server(void **state)
{
    backhand_announcement self = said_by_nth("host", 1, 999, 1);
    (void)state;
    backhand_table_set_self(table, &self);
    take(2, NULL);
    self = said_by_nth("host", 2, 999, 2);
    backhand_table_set_self(table, &self);
    assert_fits(write_metrics(0), 0);
    assert_holds(written, "\nbackhand_server_cpus{server=\"http://10.0.0.2:80\",hostname=\"host2\"}");
}

static void without_a_table_it_says_so(void **state)
{
    backhand_facts facts = {.interval = -1};
    backhand_out out = written_begin();
    (void)state;
    backhand_metrics_write(&out, &facts, 1);
    assert_fits(written, 1);
    assert_holds(written, "\nbackhand_table_present 0\n");
    assert_holds(written, "no table of servers");
}

static void the_client_chooses_the_format(void **state)
{
    (void)state;
    assert_false(backhand_metrics_wants_open(NULL));
    assert_false(backhand_metrics_wants_open("*/*"));
    assert_false(backhand_metrics_wants_open("text/plain;version=0.0.4"));
    assert_true(backhand_metrics_wants_open("application/openmetrics-text"));
    assert_true(backhand_metrics_wants_open("application/openmetrics-text;version=1.0.0,text/plain;q=0"));
    assert_true(backhand_metrics_wants_open("text/plain;q=0.5, application/openmetrics-text; version=1.0.0; q=0.75"));
    assert_false(backhand_metrics_wants_open("application/openmetrics-text;q=0"));
    assert_false(backhand_metrics_wants_open("application/openmetrics-text;q=0.00, text/plain"));
    assert_true(backhand_metrics_wants_open("application/openmetrics-text;q=0.05, text/plain"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checker_sees_what_is_wrong),
        cmocka_unit_test_setup_teardown(both_formats_are_well_formed, make_table, teardown),
        cmocka_unit_test_setup_teardown(units_are_base_units, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_histogram_is_cumulative, make_table, teardown),
        cmocka_unit_test_setup_teardown(any_name_is_a_label, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_contact_has_one_server, make_table, teardown),
        cmocka_unit_test(without_a_table_it_says_so),
        cmocka_unit_test(the_client_chooses_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
