/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/inside.h"

#define READ_TRIES 8

static uint64_t copy_words(char *out, const uint64_t *copy, size_t first, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint64_t word = backhand_acquire(&copy[first + i]);
        memcpy(out + i * sizeof(word), &word, sizeof(word));
    }
    return backhand_acquire(&copy[BACKHAND_COPY_WORDS - 1]);
}

/* The writer publishes the other copy before it overwrites this one. It writes each word with release, and a reader
 * reads it with acquire. So a reader that got an overwritten word sees that `published` has changed. */
int backhand_slot_read(const backhand_slot *slot, void *out, size_t first, size_t words, uint64_t *generation)
{
    for (int i = 0; i < READ_TRIES; i++) {
        uint64_t published = backhand_acquire(&slot->published);
        uint64_t of;
        if (published == 0) {
            return 0;
        }
        of = copy_words(out, slot->copy[published & 1], first, words);
        if (backhand_acquire(&slot->published) == published) {
            if (generation) {
                *generation = of;
            }
            return of != 0;
        }
    }
    return 0;
}
