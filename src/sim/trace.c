/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/trace.h"
#include "base/number.h"
#include "sim/memory.h"
#include "sim/random.h"

#include <apr_date.h>
#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 65536
/* `10/Oct/2000:13:55:36 -0700` */
#define TIME_SIZE 26
/* Requests for anything beyond so many different things are taken as ones for the first. */
#define ASKS_MAX 100000
/* A day: no request takes longer. */
#define TOOK_MAX INT64_C(86400000000)

typedef struct reading {
    sim_trace *trace;
    uint32_t room;
    apr_hash_t *asks; /* by method and target */
    const sim_ask *any;
    apr_table_t *no_headers;
    backhand_generator random;
    apr_pool_t *pool;
} reading;

/* --- one line ---------------------------------------------------------------------------------------------- */

/* us since 1970, or 0. `text`: what follows the bracket. */
static apr_time_t time_of(const char *text)
{
    char date[40];
    uint64_t zone;
    int sign;
    apr_time_t time;

    if (strlen(text) <= TIME_SIZE || text[TIME_SIZE] != ']' || text[2] != '/' || text[6] != '/' || text[11] != ':' ||
        (text[21] != '+' && text[21] != '-')) {
        return 0;
    }
    apr_snprintf(date, sizeof(date), "Thu, %.2s %.3s %.4s %.8s GMT", text, text + 3, text + 7, text + 12);
    time = apr_date_parse_http(date);
    sign = text[21] == '-' ? -1 : 1;
    backhand_digits_read(&zone, text + 22, text + TIME_SIZE);
    return time ? time - sign * apr_time_from_sec((apr_time_t)(zone / 100 * 3600 + zone % 100 * 60)) : 0;
}

/* Reads a request line: a method, a path and maybe a protocol up to the quote. */
static const sim_ask *ask_of(reading *now, char *line)
{
    char *end = strchr(line, '"'), *target, *protocol;
    const sim_ask *known;
    sim_ask *ask;

    if (!end) {
        return NULL;
    }
    *end = '\0';
    target = strchr(line, ' ');
    if (!target || target[1] != '/') {
        return NULL;
    }
    protocol = strchr(target + 1, ' ');
    if (protocol) {
        *protocol = '\0';
    }
    known = apr_hash_get(now->asks, line, APR_HASH_KEY_STRING);
    if (known || apr_hash_count(now->asks) >= ASKS_MAX) {
        return known ? known : now->any;
    }
    ask = apr_pcalloc(now->pool, sizeof(*ask));
    apr_hash_set(now->asks, apr_pstrdup(now->pool, line), APR_HASH_KEY_STRING, ask);
    ask->times = ask->weight = 1;
    ask->method = apr_pstrmemdup(now->pool, line, (apr_size_t)(target - line));
    ask->headers = now->no_headers;
    sim_ask_target(ask, target + 1, now->pool);
    now->any = now->any ? now->any : ask;
    return ask;
}

/* The last word, if it comes after status and size and is a whole number. */
static int64_t took_of(const char *rest)
{
    const char *last = rest + strlen(rest), *word;
    int words = 0;
    uint64_t took;

    while (last > rest && isspace((unsigned char)last[-1])) {
        last--;
    }
    for (word = last; word > rest && !isspace((unsigned char)word[-1]); word--) {
    }
    for (const char *c = rest; c < word; c++) {
        words += !isspace((unsigned char)*c) && isspace((unsigned char)c[1]);
    }
    if (words < 2 || !isdigit((unsigned char)*word)) {
        return -1;
    }
    return backhand_digits_read(&took, word, last) == last && took <= TOOK_MAX ? (int64_t)took : -1;
}

static void add(reading *now, const sim_entry *entry)
{
    sim_trace *trace = now->trace;

    if (trace->n == now->room) {
        now->room = now->room ? 2 * now->room : 1024;
        trace->entries = sim_memory_resize(trace->entries, now->room, sizeof(*trace->entries));
    }
    trace->entries[trace->n++] = *entry;
    trace->untimed += entry->took < 0;
}

static int read_entry(reading *now, char *line)
{
    char *bracket = strchr(line, '['), *quote = bracket ? strchr(bracket, '"') : NULL, *rest;
    apr_time_t time = quote ? time_of(bracket + 1) : 0;
    sim_entry entry;

    rest = time ? strchr(quote + 1, '"') : NULL;
    if (!rest) {
        return 0;
    }
    entry.took = took_of(rest + 1);
    entry.ask = ask_of(now, quote + 1);
    entry.at = time + (int64_t)(backhand_generator_share(&now->random) * APR_USEC_PER_SEC);
    if (!entry.ask) {
        return 0;
    }
    add(now, &entry);
    return 1;
}

/* --- all of them ------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const sim_entry *one = a, *other = b;
    return (one->at > other->at) - (one->at < other->at);
}

/* A log is in the order in which responses ended. */
static void arrange(sim_trace *trace, double faster)
{
    int64_t first;

    qsort(trace->entries, trace->n, sizeof(*trace->entries), compare);
    first = trace->entries[0].at / APR_USEC_PER_SEC * APR_USEC_PER_SEC;
    for (uint32_t i = 0; i < trace->n; i++) {
        trace->entries[i].at = (int64_t)((double)(trace->entries[i].at - first) / faster);
    }
}

static void read_lines(reading *now, apr_file_t *file)
{
    char *line = apr_palloc(now->pool, LINE_SIZE);

    for (int number = 1; number <= SIM_TRACE_MAX && apr_file_gets(line, LINE_SIZE, file) == APR_SUCCESS; number++) {
        if (!read_entry(now, line) && now->trace->skipped++ == 0) {
            now->trace->first_skipped = number;
        }
    }
}

static apr_status_t free_entries(void *data)
{
    sim_memory_free(((sim_trace *)data)->entries);
    return APR_SUCCESS;
}

const char *sim_trace_read(sim_trace **out, const char *file, double faster, apr_pool_t *p)
{
    char message[120];
    apr_file_t *handle;
    reading now = {.asks = apr_hash_make(p), .no_headers = apr_table_make(p, 1), .pool = p};
    apr_status_t rv = apr_file_open(&handle, file, APR_FOPEN_READ | APR_FOPEN_BUFFERED, APR_OS_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return apr_psprintf(p, "%s: %s", file, apr_strerror(rv, message, sizeof(message)));
    }
    *out = now.trace = apr_pcalloc(p, sizeof(**out));
    apr_pool_cleanup_register(p, now.trace, free_entries, apr_pool_cleanup_null);
    sim_random_seed(&now.random, 0, 4);
    read_lines(&now, handle);
    apr_file_close(handle);
    if (now.trace->n == 0) {
        return apr_psprintf(p,
                            "%s:%d: no line of this file is one of an access log, as "
                            "`192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 200 2326`",
                            file, now.trace->skipped ? now.trace->first_skipped : 1);
    }
    arrange(now.trace, faster);
    return NULL;
}
