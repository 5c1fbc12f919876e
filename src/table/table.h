/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file table.h
 * @brief The table of servers in shared memory, with the last announcement of each server.
 *
 * A server is its contact (scheme, address, port) and has one slot. Slot 0 is this server. Two views of a slot:
 *
 *  - the *live* view, `stats[id]` (a serverstat of the public header): one atomic word a number, read by policies and
 * written by the moderator at each announcement, and by policies; - the *announcement*, kept twice: the moderator
 * fills the copy that is not published, then publishes it. A reader always finds one whole announcement, however the
 * moderator ended. Readers never wait.
 *
 * Only the moderator calls the functions marked [moderator]. Counters are atomics for every process.
 *
 * Generations. A slot that gets another server gets a new generation, a number that grows over the whole table. A
 * request notes `backhand_table_generation()` when it begins, and so can see that a candidate has changed since. Each
 * copy of an announcement carries the generation that it belongs to.
 *
 * Rivals: two servers with one contact. A server that starts again announces a new boot id, and its earlier one is
 * never heard again. Two live servers that announce one contact are heard in turns: A, B, A, B. So a slot remembers
 * its earlier boots with their last sequence numbers, and counts a *turn* whenever an earlier boot announces a newer
 * sequence. BACKHAND_RIVAL_TURNS turns, each within 3 intervals (of the slower server) of the turn before, mean a
 * rival. Late datagrams of a server that has just started again make fewer turns, and then none. A boot that was not
 * heard before resets the count, however soon one restart follows another.
 */
#ifndef BACKHAND_TABLE_H
#define BACKHAND_TABLE_H

#include "mod_backhand.h"
#include "load/meter.h"

#include <apr_network_io.h>
#include <apr_pools.h>
#include <apr_time.h>

/** Version of the shared memory's layout: another one at a graceful restart means a new segment. */
#define BACKHAND_TABLE_LAYOUT 9

#define BACKHAND_SERVERS_MIN     2
#define BACKHAND_SERVERS_MAX     4096
#define BACKHAND_SERVERS_DEFAULT 256
#define BACKHAND_FARM_SIZE       64

#define BACKHAND_PROCESSES_MAX 65536
/** Earlier boots that a slot remembers. */
#define BACKHAND_PAST_BOOTS 3
/** Turns that make a rival. */
#define BACKHAND_RIVAL_TURNS 3
/** Words of one copy of an announcement: the announcement, then its slot's generation. */
#define BACKHAND_COPY_WORDS (sizeof(backhand_announcement) / 8 + 1)

/** Where a server takes requests. */
typedef struct backhand_contact {
    int https;        /**< 0: http, 1: https */
    int port;         /**< 1 to 65535 */
    char address[48]; /**< numeric IPv4 or IPv6, no brackets */
} backhand_contact;

/** The content of one datagram; also this server's own figures. Numbers are in the ranges of backhand_fields(). */
typedef struct backhand_announcement {
    serverstat stat; /**< mtime unused; hostname; contact as backhand_contact_format() writes it */
    backhand_contact contact;
    char farm[BACKHAND_FARM_SIZE];
    uint64_t boot;     /**< random number of this start of the moderator's server; 0: a stock heartbeat node */
    uint64_t sequence; /**< counts the announcements of a boot */
    int64_t interval;  /**< ms between two announcements */
    int64_t keepalive; /**< ms its idle connections stay open; 0: it closes after each response */
    int64_t leaving;   /**< 1: it stops serving now */
    int64_t direct;    /**< 1: sent to one server only, because that one was heard */
    int64_t time;      /**< time of the announcement by its own clock, ms since 1970; 0: not given */
} backhand_announcement;

/** Why a datagram, or its announcement, was dropped. */
typedef enum backhand_drop {
    BACKHAND_DROP_NONE = 0,
    BACKHAND_DROP_SENDER,    /**< from an address that AcceptStats does not cover */
    BACKHAND_DROP_LENGTH,    /**< longer than an announcement can be */
    BACKHAND_DROP_TEXT,      /**< bytes that are no printable ASCII */
    BACKHAND_DROP_FORMAT,    /**< no `key=value&...`, another format number, a malformed value */
    BACKHAND_DROP_KEYS,      /**< a key that an announcement must have is missing */
    BACKHAND_DROP_RANGE,     /**< a number out of range */
    BACKHAND_DROP_CONTACT,   /**< a contact that AcceptStats does not cover */
    BACKHAND_DROP_FARM,      /**< another farm's */
    BACKHAND_DROP_OLD,       /**< older than the announcement that we have, or it changes nothing */
    BACKHAND_DROP_FULL,      /**< the table is full of live servers */
    BACKHAND_DROP_SIGNATURE, /**< not signed by a key of BackhandSecretFile */
    BACKHAND_DROP_TIME,      /**< signed, but stamped too long ago, ahead of time, or before this server's start */
    BACKHAND_DROP_REASONS
} backhand_drop;

/** One word for a reason, as in `dropped-sender`. */
const char *backhand_drop_name(backhand_drop reason);

/** The row of a child process: its requests. Cleared when the process is gone. */
typedef struct backhand_process {
    int64_t pid;     /**< 0: free */
    int64_t serving; /**< requests that it serves itself */
    int64_t waiting; /**< requests that it handed off and whose answer is not complete */
    int64_t pad[5];  /**< a cache line of its own */
} backhand_process;

/** The figures on a server's response to a request of ours. Every word is an atomic: figures of two responses that
 * come at the same time may mix; each of them is true. */
typedef struct backhand_report {
    int64_t heard;    /**< when, us, by the table's `now`; 0: never */
    int64_t inflight; /**< as in serverstat, the request that it answered not counted */
    int64_t service, parallel, latency, errors, stall; /**< as in serverstat */
    int64_t outstanding; /**< sent - returned of the slot at that moment, the answered request not counted */
    int64_t sent;        /**< sent of the slot at that moment */
} backhand_report;

/** Sender and key of a slot's last announcement, so that a new configuration can judge it again. All 0: none. */
typedef struct backhand_voucher {
    uint64_t sender[2]; /**< the address it came from, 16 bytes in network order, IPv4 as an IPv4-mapped one */
    uint64_t key;       /**< backhand_keys_id() of the key that signed it; 0: no key was required */
} backhand_voucher;

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
    int64_t sent;              /**< requests handed to it by this server, ever; slot 0: kept for itself */
    int64_t returned;          /**< of these, no longer waiting for it */
    int64_t outstanding_heard; /**< sent - returned when its last announcement came in */
    int64_t sent_heard;        /**< sent when its last announcement came in */
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
    uint64_t copy[2][BACKHAND_COPY_WORDS];
} backhand_slot;

/** Counters of this server, all atomics. */
typedef struct backhand_counters {
    int64_t announced;                      /**< announcements sent */
    int64_t accepted;                       /**< datagrams accepted */
    int64_t dropped[BACKHAND_DROP_REASONS]; /**< datagrams dropped, by reason */
    int64_t received;                       /**< requests received as handed off: `numbacked` */
    int64_t received_usec;                  /**< smoothed time to serve one, us */
    int64_t untrusted;                      /**< marked requests from addresses that AcceptStats does not cover */
    int64_t untrusted_said;                 /**< when the log last heard of one, us */
    int64_t unable_said;                    /**< when the log last heard of a server that cannot be asked by TLS, us */
    int64_t handed_off;                     /**< requests answered by another server */
    int64_t failed_over;                    /**< tries that went on to another candidate */
    int64_t reports;                        /**< figures taken from responses */
    int64_t reports_bad;                    /**< figures on responses that were ignored: malformed, or out of range */
    int64_t moderator_beats;                /**< grows while the moderator works; never set back */
    int64_t stopping;                       /**< 1: this server is stopping, announce that it leaves */
    int64_t yielded;                        /**< when a worker last gave up an idle connection for a new one, us */
} backhand_counters;

/** The head of the segment; the arrays follow it in the order of the pointers in backhand_table. */
typedef struct backhand_head backhand_head;
/** Finds slots by contact; private to the process that writes announcements. */
typedef struct backhand_index backhand_index;

/** One process's handle on the segment. Made once, inherited by fork. */
typedef struct backhand_table {
    backhand_head *head;
    int max_servers;
    int max_processes;
    serverstat *stats;           /**< [max_servers] */
    backhand_slot *slots;        /**< [max_servers] */
    backhand_process *processes; /**< [max_processes] */
    backhand_counters *counters;
    int64_t *personal_arriba;
    backhand_meter *meter;    /**< this server's own work */
    apr_size_t size;          /**< bytes of the segment */
    const char *path;         /**< the segment's file; NULL: anonymous memory */
    apr_time_t (*now)(void);  /**< backhand_clock_now unless a simulator or test says otherwise: for all times here */
    apr_time_t (*wall)(void); /**< apr_time_now unless ...: for what people and other servers read, as mtime */
    backhand_index *index;
} backhand_table;

/* --- making it --------------------------------------------------------------------------------------------- */

/**
 * Makes an empty table and registers nothing: the memory stays mapped until backhand_table_unmap.
 * @param max_processes  1 to BACKHAND_PROCESSES_MAX
 * @param path  file to hold it, replaced if present (never followed when it is a link); NULL: anonymous memory
 * @return APR_SUCCESS; APR_ENOSPC and the like when the file can't be allocated in full (no file is left then);
 *         APR_EINVAL for sizes out of range
 */
apr_status_t backhand_table_create(backhand_table **table, int max_servers, int max_processes, const char *path,
                                   apr_pool_t *p);

/** A handle on memory that backhand_table_create made in this process or its parent (kept over graceful restarts).
 * @return APR_EMISMATCH if magic, layout or sizes differ from the requested ones */
apr_status_t backhand_table_adopt(backhand_table **table, void *memory, apr_size_t size, int max_servers,
                                  int max_processes, const char *path, apr_pool_t *p);

/** Unmaps the segment. The handle, and all pointers that came from it, are then invalid. The file stays. */
void backhand_table_unmap(backhand_table *table);

/** Makes `table` the one behind the public header's accessors in this process; NULL for none. */
void backhand_table_publish(backhand_table *table);
/** The table behind the accessors, or NULL. */
backhand_table *backhand_table_current(void);

/* --- reading (any process, any thread) --------------------------------------------------------------------- */

/** Slots that were ever used, slot 0 always counted: ids at and above it are empty. */
int backhand_table_used(const backhand_table *table);

/** The newest generation in the table. */
uint64_t backhand_table_generation(const backhand_table *table);

/**
 * Copies one whole announcement and, if asked, its generation. A request may use it if that is no newer than the
 * generation that the request noted. For slot 0: this server's own announcement.
 * @return 0 if the slot has no server or the id is out of range; also if 8 announcements in a row replaced the copy
 *         while it was read, which needs a reader that was stopped 8 times
 */
int backhand_table_read(const backhand_table *table, int id, backhand_announcement *out, uint64_t *generation);

/** True when the slot's server may be asked: used, has not left, and the slot got it no later than `generation`. What
 * is read by backhand_table_read() afterwards may be of a newer generation: check that one then. */
int backhand_table_usable(const backhand_table *table, int id, uint64_t generation);

/**
 * True when the server was heard more than `seconds` and more than 3 of its own intervals ago. Slot 0 follows the same
 * rule. By the live view: where a policy has written another mtime, that is compared with the wall clock. An mtime of 0
 * is always older, one in the future never. Setting the wall clock changes nothing for what no policy wrote.
 */
int backhand_table_older(const backhand_table *table, int id, int64_t seconds);
/** The same at a given time of the table's `now`, us. For callers that look at many servers: reading the clock takes
 * longer than the rest. */
int backhand_table_older_at(const backhand_table *table, int id, int64_t seconds, apr_time_t now);

/** True when the slot has no server: none yet, or the configuration does not accept it any more. */
int backhand_table_forgotten(const backhand_table *table, int id);

/** True when the server has been silent for more than 3 of its own intervals, or was never heard. By the time it was
 * heard, whatever policies wrote. */
int backhand_table_silent(const backhand_table *table, int id);

/**
 * True if all others that were there a moment ago (within SERVER_TIMEOUT, or 3 of their intervals) are silent, and
 * there are at least two. Then it is more likely that this server hears nothing than that all others failed at the
 * same time, and no server counts as silent.
 */
int backhand_table_deaf(const backhand_table *table);

/**
 * The announced ready workers, minus one for each request that this server sent there since, plus one for each that
 * returned since, up to the server's running workers. Never negative. Goes by the announcement, whatever policies
 * wrote.
 */
int64_t backhand_table_ready(const backhand_table *table, int id);

/** Requests that this server handed to it since its last announcement. For slot 0: requests that this server decided to
 * serve itself since its own announcement. Never negative. */
int64_t backhand_table_sent_since(const backhand_table *table, int id);

/** A server's newest figures of itself; for slot 0 those of the own meter, as of now. Atomics, any process.
 * `outstanding`: requests of ours that it had in hand at that time; `sent`: all requests that we had sent until then.
 * */
typedef struct backhand_view {
    int64_t inflight, service, parallel, latency, errors;
    int64_t typical, samples, spread, calm, stall;
    int64_t outstanding, sent;
} backhand_view;

/** The newest of a slot's announcement and its last report. */
void backhand_table_view(const backhand_table *table, int id, backhand_view *view);

/** True while another live server announces this slot's contact: see the top of this file. */
int backhand_table_rival(const backhand_table *table, int id);

/* --- announcements [moderator] ----------------------------------------------------------------------------- */

/**
 * Puts another server's announcement into the table. Finds its slot by contact, else a free slot. If the table is
 * full, it takes the slot of the server that has been silent for longest, if that is more than SERVER_TIMEOUT and,
 * unless that server left, more than 3 of its intervals. Slot 0 is never given away.
 *
 * An announcement with `leaving` sets `left` and mtime 0; a later one brings the server back. Another boot with the
 * contact of a known server takes its place. A stock heartbeat (boot 0) has no sequence: it is always newer, but never
 * takes the place of a server that announces itself in full and is not silent.
 *
 * Own announcements must be sorted out before by their boot id. Another boot with the contact of slot 0 changes
 * nothing but the slot's rival (see backhand_table_rival()).
 *
 * @param id  the slot, if accepted
 * @return BACKHAND_DROP_NONE; _FULL; or _OLD: same boot and not a newer sequence, a late announcement of an earlier
 *         boot, leaving of a server that is not there, a stock heartbeat beside full announcements
 */
backhand_drop backhand_table_update(backhand_table *table, const backhand_announcement *announcement, int *id);

/** Sets slot 0: this server as it will announce itself; `leaving` does not make slot 0 left. Another slot that has the
 * same contact (of a server that had it before) counts as left from then on. */
void backhand_table_set_self(backhand_table *table, const backhand_announcement *self);

/**
 * Forgets the server of a slot other than 0, as if it had never been heard. The slot becomes free. Requests of any
 * process that have chosen it and were not sent yet see that it has changed; requests under way end as usual. Called
 * by the moderator, or by the parent while there is none.
 */
void backhand_table_forget(backhand_table *table, int id);

/**
 * Corrects all mtimes after the wall clock was set, because they are compared with that clock. Checks whether it was
 * set by more than a second since the last call, by any process. [moderator]
 * @return the step, us; 0: it was not set
 */
apr_interval_time_t backhand_table_follow_wall(backhand_table *table);

/**
 * Makes all other servers silent, and older than any age, until they are heard again; they stay in the table. For a
 * server whose clock the others may no longer believe. [moderator]
 */
void backhand_table_doubt(backhand_table *table);

/* --- the wall clock (any process, any thread) -------------------------------------------------------------- */

/** The wall clock, us since 1970. From the moment when it is set until the moderator notices: the time that it would
 * have shown. For times that others compare with their clocks. */
apr_time_t backhand_table_wall(const backhand_table *table);

/** The time that the wall clock would show if it had not been set within the last 5 s; otherwise as
 * backhand_table_wall(). The others have not noticed the step yet. */
apr_time_t backhand_table_wall_before(const backhand_table *table);

/* --- hand-offs (any process, any thread) ------------------------------------------------------------------- */

/** The slot's generation; 0: never used. A request notes it with its candidate, and passes it to every function that
 * counts. */
uint64_t backhand_table_slot_generation(const backhand_table *table, int id);

/* The functions below count nothing once the slot has another server than that of `generation`: the work of an earlier
 * server says nothing about the new one. */

/** A request is about to be sent to slot `id`. */
void backhand_table_sent(backhand_table *table, int id, uint64_t generation);
/** Its response has begun, or it failed. Once for each backhand_table_sent(), before backhand_table_returned(). */
void backhand_table_begun(backhand_table *table, int id, uint64_t generation);
/** The exchange is over. */
void backhand_table_returned(backhand_table *table, int id, uint64_t generation);
/** Keeps the figures that the response carried. `hop`: time that the hand-off added, us, or -1 if not known.
 * Called between backhand_table_begun() and backhand_table_returned(). @return 0: the slot has got another server */
int backhand_table_report(backhand_table *table, int id, uint64_t generation, const backhand_report *report,
                          int64_t hop);

/* --- processes --------------------------------------------------------------------------------------------- */

/**
 * Claims a row for a child process, and clears the data of a dead process with the same pid. If no row is free, takes
 * one of a process that is gone. NULL: none free. Any process may call it for its own pid.
 */
backhand_process *backhand_process_claim(backhand_table *table, int64_t pid);
/** Adds `by`, 1 or -1, to the requests that the process serves itself. @return requests that this server serves then */
int64_t backhand_process_serve(backhand_table *table, backhand_process *row, int by);
/** Clears the row of a process that is gone. */
void backhand_process_release(backhand_table *table, int64_t pid);
/** Clears the rows of all processes that are gone. @return how many */
int backhand_process_reap(backhand_table *table);
/**
 * Counts requests as returned if the process that handed them off was killed before the answer came; no other process
 * can. These requests are known only while no request waits, so at other times the function does nothing. [moderator]
 */
void backhand_table_settle(backhand_table *table);
/** Sums over all rows; either may be NULL. Never negative. */
void backhand_process_sum(const backhand_table *table, int64_t *serving, int64_t *waiting);

/* --- contacts ---------------------------------------------------------------------------------------------- */

/**
 * Reads `[scheme://]addr[:port]`; addr is numeric IPv4, or IPv6 (in brackets when a port follows). The address is kept
 * in its canonical form, an IPv4-mapped IPv6 one as IPv4. Addresses of no single host (any, multicast) are wrong.
 * @param port  used when the text has none; 0: 80 for http, 443 for https
 * @return NULL, or the error (static text)
 */
const char *backhand_contact_parse(backhand_contact *contact, const char *text, int port);

/** Writes `http://192.0.2.1:80`, IPv6 in brackets; the port always. */
void backhand_contact_format(char out[BACKHAND_CONTACT_SIZE], const backhand_contact *contact);

/** True for the same scheme, port and address, both as backhand_contact_parse() leaves them. */
int backhand_contact_equal(const backhand_contact *a, const backhand_contact *b);

#endif
