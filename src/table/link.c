/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/link.h"

#include "table/inside.h"

#include <apr_strings.h>

#define WORDS (sizeof(backhand_link) / 8)

_Static_assert(sizeof(backhand_link) % 8 == 0, "it is copied by words");

void backhand_link_note(backhand_table *table, int connected, const char *broker)
{
    backhand_link link;

    memset(&link, 0, sizeof(link));
    link.noted = table->now();
    link.connected = connected;
    apr_cpystrn(link.broker, broker, sizeof(link.broker));
    backhand_words_publish(&table->head->link, &link, WORDS);
}

void backhand_link_clear(backhand_table *table)
{
    backhand_number_set(&table->head->link.noted, 0);
}

int backhand_link_read(backhand_link *out, const backhand_table *table)
{
    int found = backhand_words_read(out, &table->head->link, WORDS);
    /* Also in a table that is damaged. */
    out->broker[sizeof(out->broker) - 1] = '\0';
    return found;
}
