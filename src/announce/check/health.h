/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file health.h
 * @brief Judges by the results of checks whether this server's application works. Core: no httpd.
 *
 * The first check after a start decides alone. Later, `fall` failures in a row make the server *down*, and `rise`
 * successes in a row make it up again.
 */
#ifndef BACKHAND_HEALTH_H
#define BACKHAND_HEALTH_H

#include <apr_time.h>
#include <stdint.h>

/** The result of a check, and so the reason why a server is down; announcements carry it. 100 to 599: the response's
 * status. BACKHAND_WHY_EXIT + n: the program's exit status n. BACKHAND_WHY_SIGNAL + n: signal n ended the program. */
enum {
    BACKHAND_WHY_NONE = 0,      /**< the check succeeded */
    BACKHAND_WHY_TIME = 600,    /**< no result within the time limit */
    BACKHAND_WHY_CONNECT = 601, /**< no connection */
    BACKHAND_WHY_TLS = 602,     /**< no TLS handshake */
    BACKHAND_WHY_HTTP = 603,    /**< no complete HTTP response */
    BACKHAND_WHY_RUN = 604,     /**< the program cannot be run */
    BACKHAND_WHY_EXIT = 1000,
    BACKHAND_WHY_SIGNAL = 2000,
    BACKHAND_WHY_MAX = 2999
};

/** Room for backhand_health_text(). */
#define BACKHAND_HEALTH_TEXT 64

/** All zero at first: up, nothing checked. */
typedef struct backhand_health {
    int down;         /**< 1: the server is down */
    int known;        /**< 1: at least one check has ended */
    int row;          /**< checks in a row that contradict `down` */
    int why;          /**< reason of the last failure */
    apr_time_t since; /**< when the server went down, us, by the caller's clock */
} backhand_health;

/**
 * Notes the result of a check.
 * @param why   how it ended
 * @param fall  failures in a row that make the server down, 1 or more
 * @param rise  successes in a row that make it up again, 1 or more
 * @return 1 when the server has gone down or come up
 */
int backhand_health_note(backhand_health *health, int why, int fall, int rise, apr_time_t now);

/** Seconds for which the server has been down, 1 or more; 0: it is up. */
int64_t backhand_health_seconds(const backhand_health *health, apr_time_t now);

/** The reason in words, for example "the response's status was 503". Accepts any number. */
const char *backhand_health_text(int64_t why, char out[BACKHAND_HEALTH_TEXT]);

#endif
