/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/explanation.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>
#include <time.h>

void backhand_explanation_begin(backhand_explanation *out, struct request_rec *r, int rehearsal, apr_pool_t *p)
{
    memset(out, 0, sizeof(*out));
    out->pool = p;
    out->request = r;
    out->rehearsal = rehearsal;
    out->functions = apr_array_make(p, 8, sizeof(backhand_explained_function));
}

/* Finer than backhand_clock_now(): most functions take less than a microsecond. */
static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void copy_list(backhand_explained_list *out, const backhand_explanation *e, const ServerSlot *list, int n)
{
    int most = n < BACKHAND_EXPLAINED_SERVERS ? n : BACKHAND_EXPLAINED_SERVERS;

    memset(out, 0, sizeof(*out));
    out->list = apr_palloc(e->pool, (apr_size_t)(most + 1) * sizeof(*out->list));
    for (int i = 0; i < n; i++) {
        ServerSlot slot = list ? list[i] : (ServerSlot){i, BACKHAND_HANDOFF};
        if (slot.id >= e->used) {
            out->unused++;
        }
        else if (out->n < most) {
            out->list[out->n++] = slot;
        }
        else {
            out->more++;
        }
    }
}

void backhand_explanation_enter(backhand_explanation *e, const struct backhand_function *f, const ServerSlot *list,
                                int n, int used)
{
    backhand_explained_function *now;

    if (e->functions->nelts >= BACKHAND_EXPLAINED_FUNCTIONS) {
        e->more++;
        return;
    }
    now = apr_array_push(e->functions);
    memset(now, 0, sizeof(*now));
    now->function = f;
    now->run = e->runs;
    e->used = used;
    e->open = 1;
    copy_list(&now->before, e, list, n);
    e->began = nanoseconds();
}

/* The function that runs; NULL: it is not recorded. */
static backhand_explained_function *present(const backhand_explanation *e)
{
    return e->open ? &APR_ARRAY_IDX(e->functions, e->functions->nelts - 1, backhand_explained_function) : NULL;
}

void backhand_explanation_leave(backhand_explanation *e, const ServerSlot *list, int n)
{
    backhand_explained_function *now = present(e);

    if (now) {
        now->usec = (double)(nanoseconds() - e->began) / 1000;
        copy_list(&now->after, e, list, n);
    }
    e->open = 0;
}

void backhand_explanation_read(backhand_explanation *e, int id, const char *figure, double value)
{
    backhand_explained_function *now = present(e);

    if (!now || id >= e->used) {
        return;
    }
    if (!now->readings) {
        now->readings = apr_array_make(e->pool, 16, sizeof(backhand_reading));
    }
    if (now->readings->nelts < BACKHAND_EXPLAINED_READINGS) {
        APR_ARRAY_PUSH(now->readings, backhand_reading) = (backhand_reading){id, figure, value};
    }
}

static void add_line(backhand_explanation *e, const char *line)
{
    backhand_explained_function *now = present(e);

    if (now && !now->notes) {
        now->notes = apr_array_make(e->pool, 2, sizeof(const char *));
    }
    if (now) {
        APR_ARRAY_PUSH(now->notes, const char *) = line;
    }
}

void backhand_explanation_say(backhand_explanation *e, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_line(e, apr_pvsprintf(e->pool, format, arguments));
    va_end(arguments);
}

void backhand_explanation_note(backhand_explanation *e, const char *text)
{
    if (e->open && text && *text && e->notes < BACKHAND_NOTES) {
        e->notes++;
        add_line(e, apr_pstrndup(e->pool, text, BACKHAND_NOTE_LENGTH));
    }
}

void backhand_explanation_complain(backhand_explanation *e, const char *what)
{
    backhand_explained_function *now = present(e);

    if (now) {
        now->complaint = apr_pstrdup(e->pool, what);
    }
}
