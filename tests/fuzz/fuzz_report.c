/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Figures on responses. The input is the value of the header. */

#include "fuzz.h"

#include "table/report_text.h"

static void check_number(int64_t number, int64_t max)
{
    CHECK(number >= 0 && number <= max);
}

static void check_report(const backhand_report *report, int64_t usec)
{
    check_number(report->inflight, INT32_MAX);
    check_number(report->service, INT32_MAX);
    check_number(report->parallel, INT32_MAX);
    check_number(report->latency, INT32_MAX);
    check_number(report->errors, 1000);
    check_number(usec, INT32_MAX);
    CHECK(!report->heard && !report->outstanding && !report->sent);
}

/* Read again it says the same, and the keys that nobody knows are gone. */
static void check_written(const backhand_report *report, int64_t usec)
{
    char *out = malloc(BACKHAND_REPORT_SIZE);
    backhand_report again;
    int64_t usec_again;
    CHECK(out);
    backhand_report_write(out, report, usec);
    CHECK(backhand_report_read(&again, &usec_again, out));
    CHECK(memcmp(&again, report, sizeof(again)) == 0 && usec_again == usec);
    free(out);
}

/* Whatever figures there are, they can be read once written. */
static void check_any(const uint8_t *data, size_t size)
{
    backhand_report report, again;
    char out[BACKHAND_REPORT_SIZE];
    int64_t usec;
    memset(&report, 0, sizeof(report));
    memcpy(&report, data, size < sizeof(report) ? size : sizeof(report));
    backhand_report_write(out, &report, report.service);
    CHECK(backhand_report_read(&again, &usec, out));
    check_report(&again, usec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    backhand_report report;
    int64_t usec;
    if (backhand_report_read(&report, &usec, text)) {
        check_report(&report, usec);
        check_written(&report, usec);
    }
    if (size) {
        check_any(data, size);
    }
    free(text);
    return 0;
}
