/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/since.h"
#include "table/inside.h"

#include <apr_strings.h>

/* A moderator that looks again only after so long stood still, so it cannot know what held in between. */
#define GAP apr_time_from_sec(3)

#define WORDS (sizeof(backhand_since) / 8)

_Static_assert(sizeof(backhand_since) % 8 == 0, "it is copied by words");

static backhand_since *find(const backhand_table *table, uint64_t key)
{
    for (int i = 0; i < BACKHAND_SINCES; i++) {
        if (backhand_acquire(&table->head->sinces[i].key) == key) {
            return &table->head->sinces[i];
        }
    }
    return NULL;
}

static void begin(backhand_since *place, uint64_t key, apr_time_t began, apr_time_t now, const char *text)
{
    backhand_since since;

    memset(&since, 0, sizeof(since));
    since.key = key;
    since.began = began ? began : now;
    since.seen = since.held = now;
    apr_cpystrn(since.text, text, sizeof(since.text));
    backhand_words_publish(place, &since, WORDS);
}

int backhand_since_hold(backhand_table *table, uint64_t key, apr_time_t began, apr_interval_time_t wait,
                        const char *text)
{
    apr_time_t now = table->now();
    backhand_since *since = find(table, key);

    if (!since) {
        since = find(table, 0);
        if (!since) {
            return 0;
        }
        begin(since, key, began, now, text);
    }
    if (now - since->held >= GAP) {
        since->seen = now;
    }
    since->held = now;
    if (since->said || now - since->seen < wait) {
        return 0;
    }
    since->said = 1;
    /* The condition may be about another server now than when it began. */
    apr_cpystrn(since->text, text, sizeof(since->text));
    return 1;
}

int backhand_since_ended(backhand_table *table, apr_interval_time_t linger, char text[BACKHAND_SINCE_TEXT])
{
    apr_time_t now = table->now();

    for (int i = 0; i < BACKHAND_SINCES; i++) {
        backhand_since *since = &table->head->sinces[i];
        if (since->key == 0 || now - since->held < linger) {
            continue;
        }
        apr_cpystrn(text, since->text, BACKHAND_SINCE_TEXT);
        backhand_release(&since->key, 0);
        if (since->said) {
            return 1;
        }
    }
    return 0;
}

apr_time_t backhand_since_get(const backhand_table *table, uint64_t key)
{
    const backhand_since *since = find(table, key);
    backhand_since copy;
    return since && backhand_words_read(&copy, since, WORDS) && copy.key == key ? copy.began : 0;
}
