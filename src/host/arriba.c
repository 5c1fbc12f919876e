/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/figures.h"
#include "base/number.h"
#include "base/own_file.h"
#include "table/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SCORE_TEXT_MAX 32
#define SCORE_MAX      INT32_MAX
/* The CPU time of one slice: long enough for the clock, short enough that some slices run undisturbed. */
#define SLICE      2000000 /* ns */
#define SLICES_MIN 3
#define ITERATIONS 64

/* The task computes points of the Mandelbrot set. No compiler can shorten or reorder this iteration. */
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

/* Returns the CPU time of this thread, ns. */
static int64_t cpu_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Returns the CPU time that these units take, ns. */
static int64_t time_units(int units)
{
    int64_t start = cpu_time();
    volatile double result = task(units);
    (void)result;
    return cpu_time() - start;
}

/* The best slice counts, because every disturbance makes a slice slower. The loop has a time limit as well: on a busy
 * machine the thread may hardly get CPU time. */
int64_t backhand_arriba_measure(apr_interval_time_t budget)
{
    apr_time_t end = backhand_clock_now() + 4 * budget;
    int64_t left = 1000 * budget;
    int units = 256;
    double best = 0.0;

    for (int slices = 0; slices < SLICES_MIN || (left > 0 && backhand_clock_now() < end);) {
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
    uint64_t score;
    const char *end = backhand_digits_read(&score, text, NULL);

    return end > text && (!*end || strcmp(end, "\n") == 0) && score <= SCORE_MAX ? (int64_t)score : 0;
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

static int print_score(FILE *file, const void *score)
{
    return fprintf(file, "%" PRId64 "\n", *(const int64_t *)score) > 0;
}

apr_status_t backhand_arriba_save(const char *path, int64_t score)
{
    return backhand_own_file_replace(path, 0600, print_score, &score);
}
