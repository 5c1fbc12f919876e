/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mod_backhand.h
 * @brief What a candidacy function written in C may use.
 *
 * The model in one paragraph: each server of a farm announces its figures to the others several times a second. A
 * table in shared memory holds the last figures of every server, one entry a server; entry 0 is this server. For a
 * request in a place with a `Backhand` chain, each function of the chain in turn gets the list of all entries and
 * edits it. The first server of the remaining list serves the request.
 *
 * A candidacy function is any
 *
 *     int f(request_rec *r, ServerSlot *servers, int *n, char *arg);
 *
 * in a shared object that `BackhandFromSO file.so f [arg]` names. It edits `servers` in place (drop, reorder, or add,
 * up to MAXSERVERS entries), stores the new length in `*n` and returns it. `arg` is the rest of the directive's line,
 * or NULL. httpd's child processes call it, under a threaded MPM in several threads at once, and it must not block.
 * The module checks the list that it leaves: entries that do not exist, duplicates and impossible lengths are never
 * used, and the error log names the function.
 *
 * Besides `f` the object may export `f_check` (see backhand_check_fn) to find mistakes at server start.
 */
#ifndef MOD_BACKHAND_H
#define MOD_BACKHAND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this header and of the table that it describes. Another number means another shape or other meanings. */
#define BACKHAND_API_VERSION 4

#define BACKHAND_API __attribute__((visibility("default")))

/**
 * The version of this header that an object was built with: every object that includes it has this word, and
 * mod_backhand loads no object whose word is not its own version.
 */
extern BACKHAND_API __attribute__((weak)) int backhand_built_for;
BACKHAND_API __attribute__((weak)) int backhand_built_for = BACKHAND_API_VERSION;

/** The version of the mod_backhand that is loaded. */
BACKHAND_API int backhand_api_version(void);

/** Idle pooled connections that one child process keeps to one server. */
#define MAXSESSIONSPERSERVER 10
/** A server that was heard from within this many seconds never loses its place in the table. */
#define SERVER_TIMEOUT 20

/** Room for a server's name, with its terminating NUL (a DNS name has at most 253 bytes). */
#define BACKHAND_HOSTNAME_SIZE 256
/** Room for a contact such as `https://[2001:db8::1]:8443`, with its terminating NUL. */
#define BACKHAND_CONTACT_SIZE 72
/** Room for the name of a zone, with its terminating NUL. */
#define BACKHAND_ZONE_SIZE 32

struct request_rec;
struct server_rec;
struct apr_pool_t;

/**
 * One server, as a policy sees it. Every number is one word, changed by one atomic store; it may change while you read
 * it. The strings change only when the entry gets another server. Every process of this server sees a number that you
 * write at once. It lasts until that server's next announcement.
 */
typedef struct serverstat {
    int64_t mtime;     /**< when this server last heard from it, own clock, seconds; 0: never, or it has left */
    int64_t arriba;    /**< speed score, larger is faster; 0: not measured yet */
    int64_t aservers;  /**< workers (children or threads) that are ready for a request */
    int64_t nservers;  /**< workers that run */
    int64_t load;      /**< 1-minute load average x 1000 */
    int64_t load_hwm;  /**< x 1000: smallest power of two >= the largest speed-normalised load seen */
    int64_t cpu;       /**< idle share of its CPUs x 1000, 0 to 1000 */
    int64_t ncpu;      /**< CPUs */
    int64_t tmem;      /**< memory, bytes */
    int64_t amem;      /**< memory available, bytes */
    int64_t numbacked; /**< handed-off requests that it received since it started */
    int64_t tatime;    /**< average time to serve a handed-off request, milliseconds */
    int64_t inflight;  /**< requests being served there now */
    int64_t service;   /**< mean time to serve a request there without contention, us; 0: not measured yet */
    int64_t parallel;  /**< requests x 1000 that it serves at once without getting slower; 0: not measured yet */
    int64_t
        latency; /**< median time of recent requests that came at a concurrency like the present one, us; 0: none yet */
    int64_t errors; /**< share x 1000 of recent responses with a status of 500 or more, 0 to 1000 */
    int64_t served; /**< requests that it served itself since it started */
    int64_t
        typical; /**< how long a request takes there, for comparisons: exp of the mean of ln(us); 0: not measured yet */
    int64_t samples; /**< number of requests behind `typical`, up to 1024 (announced: 999); 0: hardly any yet */
    int64_t spread;  /**< standard deviation of ln(us) x 1000 */
    int64_t calm;    /**< 1: these requests met no contention; 0: its effect had to be removed */
    int64_t stall;   /**< x 1000: how much longer requests take now, because none completes; 1000: as usual */
    int64_t
        down; /**< seconds since its application failed its checks (`BackhandCheck`); 0: it works, or is not checked */
    int64_t why;      /**< how its last failed check ended, a number of docs/wire.md; 0: it is up */
    int64_t duty;     /**< what an order makes of it; 0: it gets requests as usual; 1: drained; 2: under maintenance */
    int64_t withheld; /**< percent of its fair share of requests that an order withholds from it, 0 to 100 */
    char hostname[BACKHAND_HOSTNAME_SIZE]; /**< its name; empty: entry never used */
    char contact[BACKHAND_CONTACT_SIZE];   /**< the address for requests to it: `http://192.0.2.1:80` */
} serverstat;

/** One candidate. */
typedef struct ServerSlot {
    int id;       /**< entry in the table, 0 to MAXSERVERS - 1; 0 is this server */
    int redirect; /**< BACKHAND_HANDOFF, or how the client is sent there instead */
} ServerSlot;

/** Values of ServerSlot.redirect. */
enum { BACKHAND_HANDOFF = 0, BACKHAND_REDIRECT_IP = 1, BACKHAND_REDIRECT_NAME = 2 };

/** A candidacy function; see the top of this file. */
typedef int (*backhand_candidacy_fn)(struct request_rec *r, ServerSlot *servers, int *n, char *arg);

/**
 * Checks a directive's argument at server start, after all modules are configured. A shared object that exports
 * `f` may export one as `f_check`. Called once a directive in httpd's parent process.
 * @param p    for the message
 * @param s    the main server
 * @param arg  what `f` will get: the rest of the directive's line, or NULL
 * @return NULL, or the error; the module writes it to the error log, and the server starts in any case
 */
typedef const char *(*backhand_check_fn)(struct apr_pool_t *p, struct server_rec *s, const char *arg);

/** The table's MAXSERVERS entries, or NULL before it exists (httpd makes it after reading its configuration). */
BACKHAND_API serverstat *backhand_serverstats(void);

/** Entries in the table (`BackhandMaxServers`), or 0 before it exists. */
BACKHAND_API int backhand_maxservers(void);

/** This machine's own speed score, shared by all processes of this server, or NULL before the table exists. */
BACKHAND_API int64_t *backhand_personal_arriba(void);

#define serverstats                  (backhand_serverstats())
#define MAXSERVERS                   (backhand_maxservers())
#define mod_backhand_personal_arriba (*backhand_personal_arriba())

/** A number in serverstat, with its name in Perl. */
typedef struct backhand_field {
    const char *name; /**< `load` */
    size_t offset;    /**< of its int64_t in serverstat */
    int64_t min, max; /**< a written value is brought into this range */
} backhand_field;

/** The twelve writable numbers, mtime to tatime in serverstat's order; ended by an entry whose name is NULL. */
BACKHAND_API const backhand_field *backhand_fields(void);

/** The numbers that policies only read, inflight to withheld in serverstat's order; ended as above. */
BACKHAND_API const backhand_field *backhand_read_only_fields(void);

/** Reads one number of a serverstat, whichever process writes it. */
static inline int64_t backhand_number_get(const int64_t *number)
{
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

/** Writes one number of a serverstat, at once for every process. */
static inline void backhand_number_set(int64_t *number, int64_t value)
{
    __atomic_store_n(number, value, __ATOMIC_RELAXED);
}

/** How long a policy may take for one request (`BackhandPolicyTimeout`), microseconds; 0: no limit. byPerl stops
 * policies that take longer; a function in C is not stopped. */
BACKHAND_API int64_t backhand_policy_timeout(void);

/** Interpreters that each child process keeps for policies in Perl (`BackhandPolicyInterpreters`), 1 to 64. */
BACKHAND_API int backhand_policy_interpreters(void);

/**
 * The beginning of the request's body, as far as `BackhandBufferBody` has taken it in. For functions of a chain, and
 * for others that run after it.
 * @param length  of the result, without the NUL byte behind it
 * @return a copy from the request's pool; NULL: the request has no body
 */
BACKHAND_API const char *backhand_request_body(struct request_rec *r, size_t *length);

/**
 * Copies both strings of an entry as its server announced them together; either buffer may be NULL.
 * @return 1, or 0 (and empty strings) when the entry was never used or there is no table
 */
BACKHAND_API int backhand_identity_get(int id, char hostname[BACKHAND_HOSTNAME_SIZE],
                                       char contact[BACKHAND_CONTACT_SIZE]);

/**
 * Copies the zone of an entry (`BackhandZone` of its server) as that server announced it.
 * @return 1; 0, and an empty string, when the server has no zone, the entry was never used or there is no table
 */
BACKHAND_API int backhand_zone_get(int id, char zone[BACKHAND_ZONE_SIZE]);

/** The most notes of a decision, and the most bytes of a note. */
#define BACKHAND_NOTES       16
#define BACKHAND_NOTE_LENGTH 200

/**
 * Adds a line to the explanation of the decision that is being made for `r`: the page `?explain` and the lines of
 * BackhandTrace show it with the function that said it. For functions of a chain; does nothing while no explanation is
 * wanted, and for another request than the function's.
 * @param text  copied; only its first BACKHAND_NOTE_LENGTH bytes count. An empty one, and any after BACKHAND_NOTES
 *              notes, is ignored. It is shown as ASCII: all other bytes as escapes
 */
BACKHAND_API void backhand_note(struct request_rec *r, const char *text);

/**
 * Gives an order to a server, as backhandctl does (docs/steer.md), and waits for its end: about a second for this
 * server, at most 12 s for another one. For handlers and the like, in httpd's children, in any thread. Functions of a
 * chain may not wait, so theirs are refused.
 * @param order   `normal`, `drain`, `maintenance`, `weight` or `forget`
 * @param server  its name, contact or entry, as text; `www2` is enough for www2.example.com where no other server fits;
 *                NULL: this server
 * @param weight  percent, 0 to 100, for the order `weight`; otherwise ignored
 * @param by      who gives it, for the error log; its first 95 bytes count
 * @return NULL: the order is obeyed; else why not, or why this is not known yet. Static
 */
BACKHAND_API const char *backhand_steer(const char *order, const char *server, int weight, const char *by);

#ifdef __cplusplus
}
#endif
#endif
