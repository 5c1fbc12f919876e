/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Figures on responses. The input is the value of the header. */

#include "fuzz.h"

#include "table/report_text.h"

static void check_number(int64_t number, int64_t max)
{
    CHECK(number >= 0 && number <= max);
}

static void check_report(const backhand_work *report, int64_t usec)
{
#define FIGURE(name, key, least, most, ...) CHECK(report->name >= (least) && report->name <= (most));
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
    check_number(usec, INT32_MAX);
}

/* Read again it says the same, and the keys that nobody knows are gone. */
static void check_written(const backhand_work *report, int64_t usec)
{
    char *out = malloc(BACKHAND_REPORT_SIZE);
    backhand_work again;
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
    backhand_work report, again;
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
    backhand_work report;
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
