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

void backhand_words_publish(void *to, const void *from, size_t words)
{
    uint64_t *word = to;
    const char *source = from;
    uint64_t value;

    backhand_release(&word[0], 0);
    for (size_t i = 1; i < words; i++) {
        memcpy(&value, source + i * sizeof(value), sizeof(value));
        backhand_release(&word[i], value);
    }
    memcpy(&value, source, sizeof(value));
    backhand_release(&word[0], value);
}

int backhand_words_read(void *out, const void *from, size_t words)
{
    const uint64_t *word = from;
    uint64_t first = backhand_acquire(&word[0]);

    for (size_t i = 0; i < words; i++) {
        uint64_t value = i ? backhand_acquire(&word[i]) : first;
        memcpy((char *)out + i * sizeof(value), &value, sizeof(value));
    }
    return first != 0 && backhand_acquire(&word[0]) == first;
}
