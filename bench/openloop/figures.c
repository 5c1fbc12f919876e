/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "figures.h"

#include <math.h>
#include <stdlib.h>

#define SERVERS "abcdefgh"

void figures_add(figures *f, sample s)
{
    if (f->n == f->room) {
        f->room = f->room ? 2 * f->room : 4096;
        sample *larger = realloc(f->samples, f->room * sizeof(*larger));
        if (!larger) {
            abort();
        }
        f->samples = larger;
    }
    f->samples[f->n++] = s;
}

void figures_free(figures *f)
{
    free(f->samples);
    f->samples = NULL;
    f->n = f->room = 0;
}

static int by_latency(const void *a, const void *b)
{
    const sample *x = a;
    const sample *y = b;
    if (x->failed != y->failed) {
        return x->failed - y->failed;
    }
    return (x->latency > y->latency) - (x->latency < y->latency);
}

static int by_lag(const void *a, const void *b)
{
    const sample *x = a;
    const sample *y = b;
    return (x->lag > y->lag) - (x->lag < y->lag);
}

static int by_planned(const void *a, const void *b)
{
    const sample *x = a;
    const sample *y = b;
    return (x->planned > y->planned) - (x->planned < y->planned);
}

/* The smallest sample that this share of them does not exceed. */
static const sample *at_share(const sample *sorted, size_t n, double share)
{
    size_t rank = (size_t)ceil(share * (double)n);
    return &sorted[rank > 0 ? rank - 1 : 0];
}

static double quantile(const sample *sorted, size_t n, double share)
{
    const sample *s = n ? at_share(sorted, n, share) : NULL;
    return !s ? NAN : s->failed ? INFINITY : (double)s->latency / 1e6;
}

static size_t count_failed(const sample *samples, size_t n)
{
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        failed += samples[i].failed != 0;
    }
    return failed;
}

static double mean(const sample *samples, size_t n)
{
    double sum = 0.0;
    size_t answered = 0;
    for (size_t i = 0; i < n; i++) {
        if (!samples[i].failed) {
            sum += (double)samples[i].latency / 1e6;
            answered++;
        }
    }
    return answered ? sum / (double)answered : NAN;
}

static void print_shares(const figures *f, FILE *out)
{
    for (const char *server = SERVERS; *server; server++) {
        size_t served = 0;
        for (size_t i = 0; i < f->n; i++) {
            served += f->samples[i].server == *server;
        }
        if (served) {
            fprintf(out, " share_%c=%.4f", *server, (double)served / (double)f->n);
        }
    }
}

void figures_print(figures *f, FILE *out)
{
    size_t failed = count_failed(f->samples, f->n);
    double lag;

    qsort(f->samples, f->n, sizeof(*f->samples), by_lag);
    lag = f->n ? (double)at_share(f->samples, f->n, 0.99)->lag / 1e6 : NAN;
    qsort(f->samples, f->n, sizeof(*f->samples), by_latency);
    fprintf(out,
            "asked=%llu count=%zu failed=%zu again=%llu mean=%.3f p50=%.3f p90=%.3f p99=%.3f p999=%.3f max=%.3f "
            "lag99=%.3f answered99=%.3f",
            (unsigned long long)f->asked, f->n, failed, (unsigned long long)f->again, mean(f->samples, f->n),
            quantile(f->samples, f->n, 0.5), quantile(f->samples, f->n, 0.9), quantile(f->samples, f->n, 0.99),
            quantile(f->samples, f->n, 0.999), quantile(f->samples, f->n - failed, 1.0), lag,
            quantile(f->samples, f->n - failed, 0.99));
    print_shares(f, out);
    fputc('\n', out);
}

void figures_timeline(figures *f, int from, int seconds, FILE *out)
{
    size_t first = 0;
    qsort(f->samples, f->n, sizeof(*f->samples), by_planned);
    for (int second = 0; second < seconds; second++) {
        int64_t end = (int64_t)(from + second + 1) * 1000000000;
        size_t next = first;
        while (next < f->n && f->samples[next].planned < end) {
            next++;
        }
        if (next > first) {
            sample *of = f->samples + first;
            size_t n = next - first;
            qsort(of, n, sizeof(*of), by_latency);
            fprintf(out, "%d %zu %zu %.3f %.3f %.3f\n", second, n, count_failed(of, n), mean(of, n),
                    quantile(of, n, 0.5), quantile(of, n, 0.99));
        }
        first = next;
    }
}
