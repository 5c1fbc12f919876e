/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/trouble.h"
#include "base/throttle.h"
#include "table/inside.h"

#include <apr_strings.h>

#define WORDS  (sizeof(backhand_trouble) / 8)
#define PERIOD apr_time_from_msec(100)

_Static_assert(sizeof(backhand_trouble) % 8 == 0, "it is copied by words");

/* A writer that is held up for longer than PERIOD may write at the same time as another one. Then a reader may get a
 * mixture of two texts, each of which ends with a zero. */
void backhand_trouble_note(backhand_table *table, backhand_trouble_kind kind, const char *who, const char *what)
{
    backhand_trouble *to = &table->head->troubles[kind];
    apr_time_t now = table->now();
    backhand_trouble trouble;

    if (!backhand_throttle(&to->noted, now, PERIOD)) {
        return;
    }
    memset(&trouble, 0, sizeof(trouble));
    trouble.last = trouble.noted = now;
    apr_cpystrn(trouble.who, who, sizeof(trouble.who));
    apr_cpystrn(trouble.what, what, sizeof(trouble.what));
    backhand_words_publish(to, &trouble, WORDS);
}

void backhand_trouble_end(backhand_table *table, backhand_trouble_kind kind)
{
    backhand_number_set(&table->head->troubles[kind].last, 0);
    backhand_number_set(&table->head->troubles[kind].noted, 0);
}

void backhand_trouble_end_all(backhand_table *table)
{
    for (int kind = 0; kind < BACKHAND_TROUBLES; kind++) {
        backhand_trouble_end(table, kind);
    }
}

int backhand_trouble_read(backhand_trouble *out, const backhand_table *table, backhand_trouble_kind kind)
{
    int found = backhand_words_read(out, &table->head->troubles[kind], WORDS);
    /* Also in a table that is damaged. */
    out->who[sizeof(out->who) - 1] = out->what[sizeof(out->what) - 1] = '\0';
    return found;
}
