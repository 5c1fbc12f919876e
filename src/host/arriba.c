/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/figures.h"
#include "trust/own_file.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SCORE_TEXT_MAX 32
#define SCORE_MAX      INT32_MAX
/* One slice: long enough for the clock, short enough that some slices run undisturbed. */
#define SLICE      2000000 /* ns */
#define SLICES_MIN 3
#define ITERATIONS 64

/* One unit of the task: points of the Mandelbrot set, whose iteration no compiler can shorten or reorder. */
static double task(int units)
{
    double sum = 0.0;
    for (int unit = 0; unit < units; unit++) {
        double cx = -0.4 + 0.001 * (unit & 127);
        double x = 0.0;
        double y = 0.0;
        for (int i = 0; i < ITERATIONS; i++) {
            double next = x * x - y * y + cx;
            y = 2.0 * x * y + 0.1;
            x = next;
        }
        sum += x + y;
    }
    return sum;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* CPU time of so many units, ns. */
static int64_t time_units(int units)
{
    int64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    volatile double result = task(units);
    (void)result;
    return clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
}

/* The best slice counts: everything that disturbs one makes it slower. Ends by the wall clock too, as on a busy machine
 * the thread may hardly get CPU time. */
int64_t backhand_arriba_measure(apr_interval_time_t budget)
{
    int64_t end = clock_ns(CLOCK_MONOTONIC) + 4 * 1000 * budget;
    int64_t left = 1000 * budget;
    int units = 256;
    double best = 0.0;

    for (int slices = 0; slices < SLICES_MIN || (left > 0 && clock_ns(CLOCK_MONOTONIC) < end);) {
        int64_t spent = time_units(units);
        left -= spent;
        if (spent < SLICE && units < INT32_MAX / 2) {
            units *= 2;
            continue;
        }
        slices++;
        if (units * 1e6 / (double)spent > best) {
            best = units * 1e6 / (double)spent;
        }
    }
    return best < 1.0 ? 1 : best > SCORE_MAX ? SCORE_MAX : (int64_t)best;
}

static int64_t parse_score(const char *text)
{
    char *end;
    long long score;

    if (*text < '0' || *text > '9') {
        return 0;
    }
    errno = 0;
    score = strtoll(text, &end, 10);
    if (*end == '\n') {
        end++;
    }
    return errno == 0 && *end == '\0' && score <= SCORE_MAX ? score : 0;
}

int64_t backhand_arriba_load(const char *path, const char **wrong)
{
    char text[SCORE_TEXT_MAX + 1];
    ssize_t n;
    int fd;

    *wrong = backhand_own_file_open(&fd, path);
    if (fd < 0) {
        return 0;
    }
    n = read(fd, text, sizeof(text));
    close(fd);
    if (n <= 0 || n > SCORE_TEXT_MAX) {
        return 0;
    }
    text[n] = '\0';
    return parse_score(text);
}

static apr_status_t write_score(int fd, int64_t score)
{
    char text[SCORE_TEXT_MAX];
    int length = apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT "\n", (apr_int64_t)score);
    ssize_t n;

    do {
        n = write(fd, text, (size_t)length);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno;
    }
    return n == length ? APR_SUCCESS : APR_ENOSPC;
}

apr_status_t backhand_arriba_save(const char *path, int64_t score, apr_pool_t *p)
{
    char *temporary = apr_pstrcat(p, path, ".XXXXXX", NULL);
    int fd = mkostemp(temporary, O_CLOEXEC);
    apr_status_t rv;

    if (fd < 0) {
        return errno;
    }
    rv = write_score(fd, score);
    if (close(fd) != 0 && rv == APR_SUCCESS) {
        rv = errno;
    }
    if (rv == APR_SUCCESS && rename(temporary, path) != 0) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        unlink(temporary);
    }
    return rv;
}
