/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/skewed.h"
#include "table/index.h"

#include <apr_strings.h>

#define WORDS (sizeof(backhand_skewed) / 8)

_Static_assert(sizeof(backhand_skewed) % 8 == 0, "it is copied by words");

static backhand_skewed *place_for(backhand_table *table, const char *contact)
{
    backhand_skewed *all = table->head->skewed;
    backhand_skewed *oldest = &all[0];
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        if (strcmp(all[i].contact, contact) == 0) {
            return &all[i];
        }
        oldest = all[i].heard < oldest->heard ? &all[i] : oldest;
    }
    return oldest;
}

void backhand_skewed_note(backhand_table *table, const backhand_announcement *announcement, int64_t ahead)
{
    int id = backhand_index_find(table, &announcement->contact);
    backhand_skewed what;
    if (id >= 0 && !backhand_table_silent(table, id)) {
        return;
    }
    memset(&what, 0, sizeof(what));
    what.heard = table->now();
    what.ahead = ahead;
    apr_cpystrn(what.hostname, announcement->stat.hostname, sizeof(what.hostname));
    apr_cpystrn(what.contact, announcement->stat.contact, sizeof(what.contact));
    backhand_words_publish(place_for(table, what.contact), &what, WORDS);
}

void backhand_skewed_forget(backhand_table *table, const char *contact)
{
    backhand_skewed *all = table->head->skewed;
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        if (all[i].heard != 0 && strcmp(all[i].contact, contact) == 0) {
            backhand_number_set(&all[i].heard, 0);
        }
    }
}

void backhand_skewed_clear(backhand_table *table)
{
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        backhand_number_set(&table->head->skewed[i].heard, 0);
    }
}

int backhand_skewed_read(backhand_skewed *out, const backhand_table *table, int i)
{
    int64_t ago;
    if (!backhand_words_read(out, &table->head->skewed[i], WORDS)) {
        return 0;
    }
    ago = table->now() - out->heard;
    return ago >= -apr_time_from_sec(SERVER_TIMEOUT) && ago <= apr_time_from_sec(SERVER_TIMEOUT);
}

int backhand_skewed_self(const backhand_table *table)
{
    backhand_skewed one;
    int used = backhand_table_used(table);
    int skewed = 0;
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        skewed += backhand_skewed_read(&one, table, i);
    }
    for (int id = 1; id < used && skewed; id++) {
        if (!backhand_table_silent(table, id)) {
            return 0;
        }
    }
    return skewed > 0;
}
