/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file segment.h
 * @brief The shared memory's head, and how its words are read and written. Only for the files of this folder.
 *
 * The segment: head, stats[max_servers], slots[max_servers], processes[max_processes], each at a multiple of 64 bytes.
 */
#ifndef BACKHAND_SEGMENT_H
#define BACKHAND_SEGMENT_H

#include "table/skewed.h"

#include <string.h>

#define BACKHAND_SEGMENT_MAGIC UINT64_C(0x626b686e64746162)

struct backhand_head {
    uint64_t magic; /**< BACKHAND_SEGMENT_MAGIC; written last */
    uint64_t layout;
    uint64_t size; /**< bytes of the segment */
    uint64_t max_servers;
    uint64_t max_processes;
    uint64_t used;       /**< see backhand_table_used() */
    uint64_t generation; /**< see backhand_table_generation() */
    int64_t personal_arriba;
    int64_t wall_ahead; /**< of `now`, us, when the moderator last looked; 0: never. See backhand_table_follow_wall() */
    int64_t wall_before; /**< the same before the wall clock was last set */
    int64_t wall_set;    /**< when the moderator saw that, by `now`; 0: never */
    backhand_meter meter;
    backhand_counters counters;
    backhand_skewed skewed[BACKHAND_SKEWED];
};

/** A word of a struct that has other types in it too. */
typedef uint64_t __attribute__((may_alias)) backhand_word;

/** Reads a word. Then everything that its writer wrote before it is visible. */
static inline uint64_t backhand_acquire(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/** Writes a word after everything that the caller wrote before. */
static inline void backhand_release(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/** The copy that holds announcement number `n`. */
static inline uint64_t *backhand_slot_copy(backhand_slot *slot, uint64_t n)
{
    return slot->copy[n & 1];
}

/** One number of the current announcement; 0 when there is none. `offset`: of an 8-byte member of
 * backhand_announcement. */
static inline int64_t backhand_slot_number(const backhand_slot *slot, size_t offset)
{
    uint64_t published = backhand_acquire(&slot->published);
    return published ? (int64_t)backhand_acquire(&slot->copy[published & 1][offset / 8]) : 0;
}

/** `stat.load` or the like of a slot's current announcement. */
#define BACKHAND_ANNOUNCED(slot, member) backhand_slot_number((slot), offsetof(backhand_announcement, member))

/** 3 of the server's own intervals, us. */
static inline int64_t backhand_slot_silence_limit(const backhand_slot *slot)
{
    return 3 * 1000 * BACKHAND_ANNOUNCED(slot, interval);
}

/**
 * Copies the words of the current announcement from `first` on, all from the same announcement; then, if asked, its
 * generation.
 * @return 0 when there is none, its server was forgotten, or it was replaced 8 times while it was read
 */
int backhand_slot_read(const backhand_slot *slot, void *out, size_t first, size_t words, uint64_t *generation);

#endif
