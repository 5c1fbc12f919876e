/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file inside.h
 * @brief What the table's memory holds, and how its words are read and written. Only for the files of this folder, and
 * for their unit tests: all others use the functions of the other headers.
 *
 * The segment: head, stats[max_servers], slots[max_servers], processes[max_processes], histories[max_servers], each at
 * a multiple of 64 bytes.
 */
#ifndef BACKHAND_INSIDE_H
#define BACKHAND_INSIDE_H

#include "load/meter.h"
#include "table/values.h"

#include <string.h>

/** Version of the shared memory's layout: another one at a graceful restart means a new segment. */
#define BACKHAND_TABLE_LAYOUT 22

/** Earlier boots that a slot remembers. */
#define BACKHAND_PAST_BOOTS 3
/** Turns that make a rival. */
#define BACKHAND_RIVAL_TURNS 3
/** Words of one copy of an announcement: the announcement, then its slot's generation. */
#define BACKHAND_COPY_WORDS (sizeof(backhand_announcement) / 8 + 1)

#define BACKHAND_SEGMENT_MAGIC UINT64_C(0x626b686e64746162)

/** The row of a child process: its requests. Cleared when the process is gone. */
struct backhand_process {
    int64_t pid;                     /**< 0: free */
    int64_t serving;                 /**< requests that it serves itself */
    int64_t waiting[BACKHAND_WAITS]; /**< requests that it handed off and whose answer is not complete, by kind */
    int64_t pad[4];                  /**< a cache line of its own */
};

/** Failed requests in a row that blame a server, each of another client and for another path; see table/blame.h. */
#define BACKHAND_BLAME_ROW 3

/** The latest failed requests of a server that may be its own fault; see table/blame.h. */
typedef struct backhand_blame {
    int64_t failures;                        /**< in a row so far, less than BACKHAND_BLAME_ROW */
    int64_t clients[BACKHAND_BLAME_ROW - 1]; /**< of these: hashes */
    int64_t paths[BACKHAND_BLAME_ROW - 1];
    int64_t said[2]; /**< last log lines about failures that it was not blamed for, and about others, us; 0: never */
} backhand_blame;

/** A boot that a slot had before its current one, and the last sequence number heard of it. */
typedef struct backhand_past_boot {
    uint64_t boot;
    uint64_t sequence;
} backhand_past_boot;

/** One server's place. Every word is an atomic: read it with backhand_number_get() or `__atomic_load_n`. */
typedef struct backhand_slot {
    uint64_t generation;       /**< when this slot got its server; 0: never used, or its server was forgotten */
    uint64_t published;        /**< announcements so far; copy[published & 1] is the current one */
    int64_t heard;             /**< when it was last heard from, us, as all times of a slot by the table's `now` */
    int64_t mtime;             /**< the same by the wall clock, s, as written into the live view */
    int64_t left;              /**< 1: it announced that it leaves */
    int64_t duty;              /**< backhand_duty, as announced; see duty.h */
    int64_t withheld;          /**< percent of its fair share that it shall not get, as announced; see duty.h */
    int64_t sent;              /**< requests handed to it by this server, ever; slot 0: kept for itself */
    int64_t returned;          /**< of these, no longer waiting for it */
    int64_t outstanding_heard; /**< sent - returned when its last announcement came in */
    int64_t sent_heard;        /**< sent when its last announcement came in */
    int64_t sent_first;        /**< sent when the slot got its server */
    int64_t begun;             /**< of those sent, whose response has begun, or that failed */
    int64_t begun_last;        /**< when one last began, or was sent while none waited, us */
    int64_t hop;               /**< smoothed time that a hand-off adds to the time of serving there, us; 0: not known */
    backhand_report report;    /**< the figures on its last response to this server */
    int64_t refused; /**< when it was last blamed for a failure, us; 0: not since it (re)started. See table/blame.h */
    backhand_blame blame; /**< the children's */
    int64_t rival_boot;   /**< boot id of another server that announces the same contact */
    int64_t rival_heard;  /**< when it was last heard, us; 0: never. See backhand_table_rival() */
    int64_t rival_window; /**< us: 3 intervals of the slower one of the two */
    int64_t rival_turns;  /**< turns in a row so far */
    int64_t rival_turned; /**< when the last turn was, us */
    backhand_past_boot past[BACKHAND_PAST_BOOTS]; /**< latest first; boot 0: none */
    backhand_voucher voucher;                     /**< of its last announcement; the moderator's */
    int64_t state;              /**< the backhand_row_state that the moderator noticed last; see table/state.h */
    int64_t state_since;        /**< when that began, us; 0: nothing noticed yet */
    int64_t state_changes;      /**< changes since the slot got its server */
    backhand_outcomes outcomes; /**< the children's */
    uint64_t copy[2][BACKHAND_COPY_WORDS];
} backhand_slot;

/** How a slot's server was; see table/history.h. The moderator writes it, all words are atomics. */
typedef struct backhand_slot_history {
    uint64_t generation; /**< the slot's when the samples were taken; 0: there are none, or they are being cleared */
    backhand_history history; /**< the sample of a period is at its number modulo BACKHAND_HISTORY_LENGTH */
} backhand_slot_history;

/** Counters of this server, all atomics. */
typedef struct backhand_counters {
    int64_t counted[BACKHAND_COUNTERS];
    int64_t dropped[BACKHAND_DROP_REASONS]; /**< datagrams dropped, by reason */
    int64_t once[BACKHAND_OCCASIONS];       /**< when it was last done, us */
    int64_t received_usec;                  /**< smoothed time to serve a received request, us */
    int64_t moderator_beats;                /**< grows while the moderator works; never set back */
    int64_t moderator_beat;                 /**< when it last did, us; 0: never */
    int64_t stopping;                       /**< 1: this server is stopping, announce that it leaves */
    int64_t decided[BACKHAND_REASONS_MAX];  /**< decisions, by backhand_reason */
    backhand_histogram decisions;           /**< times of decisions */
    backhand_histogram served;              /**< times of requests served here */
} backhand_counters;

/** A place of the mailbox for orders; all words are atomics. See orders.h. */
typedef struct backhand_order_place {
    uint64_t state; /**< see orders.c */
    int64_t since;  /**< when an order was begun, then when it was answered, us */
    int64_t kind, weight;
    uint64_t contact[BACKHAND_CONTACT_SIZE / 8];
    uint64_t by[BACKHAND_ORDER_BY_SIZE / 8];
    int64_t result;
} backhand_order_place;

typedef struct backhand_head {
    uint64_t magic; /**< BACKHAND_SEGMENT_MAGIC; written last */
    uint64_t layout;
    uint64_t size; /**< bytes of the segment */
    uint64_t max_servers;
    uint64_t max_processes;
    uint64_t used;       /**< see backhand_table_used() */
    uint64_t generation; /**< see backhand_table_generation() */
    int64_t personal_arriba;
    int64_t passed_over;  /**< servers on this backhand_duty or a worse one get no new requests; 0: all get them. See
                           * duty.h */
    int64_t weighted;     /**< 1: some server gets less than its fair share; see duty.h */
    uint64_t check_token; /**< see backhand_table_check_token() */
    int64_t wall_ahead; /**< of `now`, us, when the moderator last looked; 0: never. See backhand_table_follow_wall() */
    int64_t wall_before;     /**< the same before the wall clock was last set */
    int64_t wall_set;        /**< when the moderator saw that, by `now`; 0: never */
    int64_t moved;           /**< see backhand_table_moved() */
    uint64_t history_period; /**< number of the period of the last sample: `now` by BACKHAND_HISTORY_PERIOD */
    uint64_t zone[BACKHAND_ZONE_SIZE / 8];    /**< this server's zone, see zone.h; all 0: none */
    uint64_t near[BACKHAND_SERVERS_MAX / 64]; /**< a bit for each slot: its server is in this server's zone */
    backhand_meter meter;
    backhand_counters counters;
    backhand_skewed skewed[BACKHAND_SKEWED];
    backhand_trouble troubles[BACKHAND_TROUBLES];
    backhand_link link;
    backhand_since sinces[BACKHAND_SINCES];
    backhand_order_place orders[BACKHAND_ORDER_PLACES];
} backhand_head;

/** Finds slots by contact; private to the process that writes announcements. */
typedef struct backhand_index backhand_index;

/** The arrays follow the head in the order of the pointers. */
struct backhand_table {
    backhand_head *head;
    int max_servers;
    int max_processes;
    serverstat *stats;                /**< [max_servers] */
    backhand_slot *slots;             /**< [max_servers] */
    backhand_process *processes;      /**< [max_processes] */
    backhand_slot_history *histories; /**< [max_servers] */
    backhand_counters *counters;
    int64_t *personal_arriba;
    backhand_meter *meter;    /**< this server's own work */
    apr_size_t size;          /**< bytes of the segment */
    const char *path;         /**< the segment's file; NULL: anonymous memory */
    apr_time_t (*now)(void);  /**< see backhand_table_set_clocks() */
    apr_time_t (*wall)(void); /**< the same */
    backhand_index *index;
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

/** Empties what a slot counts of its server. */
void backhand_outcomes_clear(backhand_outcomes *outcomes);

/** Notices the state of a slot. @param fresh  1: the slot has just got its server [moderator] */
void backhand_slot_note_state(backhand_table *table, int id, int fresh);

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

/** Writes a struct of so many words. Its first word says that it is there: that word is 0 while the others change. For
 * one writer at a time. */
void backhand_words_publish(void *to, const void *from, size_t words);

/** Reads a struct that backhand_words_publish() writes. @return 0: its first word is 0, or it has just changed */
int backhand_words_read(void *out, const void *from, size_t words);

#endif
