/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file values.h
 * @brief The values in the table's memory that other rooms see too, besides announcements. Core: no httpd.
 */
#ifndef BACKHAND_TABLE_VALUES_H
#define BACKHAND_TABLE_VALUES_H

#include "base/histogram.h"
#include "figures/figures.h"
#include "table/announcement.h"

#include <apr_time.h>

/** Entries that a table may have. */
#define BACKHAND_SERVERS_MIN     2
#define BACKHAND_SERVERS_MAX     4096
#define BACKHAND_SERVERS_DEFAULT 256

/** One process's handle on the segment. Made once, inherited by fork. */
typedef struct backhand_table backhand_table;
/** The row of a child process; see table/process.h. */
typedef struct backhand_process backhand_process;

/** For what a request waits that was handed to another server. Answers have one bound, all tunnels another. */
typedef enum backhand_wait {
    BACKHAND_WAIT_ANSWER, /**< for an answer */
    BACKHAND_WAIT_TUNNEL, /**< for a tunnel that it asks for, as of a WebSocket */
    BACKHAND_WAIT_OPEN,   /**< for the end of an open tunnel; the server has answered, so the request has returned */
    BACKHAND_WAITS
} backhand_wait;

/** What is counted. */
typedef enum backhand_counter {
    BACKHAND_COUNT_ANNOUNCED,          /**< announcements sent */
    BACKHAND_COUNT_ACCEPTED,           /**< datagrams accepted */
    BACKHAND_COUNT_RECEIVED,           /**< requests received as handed off: `numbacked` */
    BACKHAND_COUNT_UNTRUSTED,          /**< marked requests that were not believed */
    BACKHAND_COUNT_HANDED_OFF,         /**< requests answered by another server */
    BACKHAND_COUNT_FAILED_OVER,        /**< tries that went on to another candidate */
    BACKHAND_COUNT_REPORTS,            /**< figures taken from responses */
    BACKHAND_COUNT_REPORTS_IGNORED,    /**< figures on responses that were malformed, or out of range */
    BACKHAND_COUNT_ORDERS_IGNORED,     /**< announced orders that were not signed */
    BACKHAND_COUNT_SESSION_HERE,       /**< requests with a session that this server owns */
    BACKHAND_COUNT_SESSION_ELSEWHERE,  /**< requests that their session's owner, another server, answered */
    BACKHAND_COUNT_SESSION_LOST,       /**< requests whose session's owner was lost: another server took it over */
    BACKHAND_COUNT_SESSION_REDIRECTED, /**< requests whose client was redirected to the session's owner */
    BACKHAND_COUNT_SESSION_REFUSED,    /**< requests refused because the session's owner could not be asked */
    BACKHAND_COUNT_BROKER_LOST,        /**< messages of a broker that were not taken in time */
    BACKHAND_COUNT_BROKER_UNSENT,      /**< messages that no broker took */
    BACKHAND_COUNTERS
} backhand_counter;

/** Room for the reasons of walk/reason.h. */
#define BACKHAND_REASONS_MAX 48

/** How a try ended: the hand-off of one request to one server. */
typedef enum backhand_outcome {
    BACKHAND_OUTCOME_ANSWERED,   /**< answered: its response was passed on in full */
    BACKHAND_OUTCOME_ERROR,      /**< error: the same, with a status of 500 or more */
    BACKHAND_OUTCOME_BROKEN_OFF, /**< broken-off: its response broke off after it had begun */
    BACKHAND_OUTCOME_UNWANTED,   /**< unwanted: it answered with a status of BackhandRetryStatus, not passed on */
    BACKHAND_OUTCOME_UNUSABLE,   /**< unusable: it sent a response that cannot be passed on */
    BACKHAND_OUTCOME_REFUSED,    /**< refused: no connection to it, or no TLS */
    BACKHAND_OUTCOME_DROPPED,    /**< dropped: it closed the connection, or fell silent, before its response began */
    BACKHAND_OUTCOME_TIMED_OUT,  /**< timed-out: no response within BackhandResponseTimeout */
    BACKHAND_OUTCOME_CLIENT,     /**< client: its client went away, or sent a wrong body */
    BACKHAND_OUTCOME_UNABLE,     /**< unable: this server could open no connection at all, see the error log */
    BACKHAND_OUTCOMES
} backhand_outcome;

/** The counts of a slot's server. They start anew when the slot gets another server. */
typedef struct backhand_outcomes {
    int64_t tries[BACKHAND_OUTCOMES]; /**< by outcome */
    int64_t retried;                  /**< of them, tries after which another server, or this one, could have it */
    backhand_histogram took;          /**< answers and errors: from asking to the end of the response, us, by
                                         backhand_request_bounds. Without tunnels */
} backhand_outcomes;

/** What this server does at most once in a period, all processes together. */
typedef enum backhand_occasion {
    BACKHAND_ONCE_UNTRUSTED, /**< log a marked request that is not believed */
    BACKHAND_ONCE_UNABLE,    /**< log a server that cannot be asked by TLS */
    BACKHAND_ONCE_YIELD,     /**< give up an idle connection for a new one */
    BACKHAND_OCCASIONS
} backhand_occasion;

/** The figures on a server's response to a request of ours. Every word is an atomic: figures of two responses that
 * come at the same time may mix; each of them is true. */
typedef struct backhand_report {
    int64_t heard;       /**< when, us, by the table's `now`; 0: never */
    backhand_work work;  /**< those that come by a response; `inflight` without the request that was answered */
    int64_t outstanding; /**< sent - returned of the slot at that moment, the answered request not counted */
    int64_t sent;        /**< sent of the slot at that moment */
} backhand_report;

/** Sender and key of a slot's last announcement, so that a new configuration can judge it again. All 0: none. */
typedef struct backhand_voucher {
    uint64_t sender[2]; /**< the address it came from, 16 bytes in network order, IPv4 as an IPv4-mapped one */
    uint64_t key;       /**< backhand_keys_id() of the key that signed it; 0: no key was required */
} backhand_voucher;

/* Of the mailbox for orders, see table/orders.h. */
/** Orders that can wait at once, answers that nobody has read included. */
#define BACKHAND_ORDER_PLACES 16
/** Room for who gives an order, as "user root, by backhandctl", with its NUL. */
#define BACKHAND_ORDER_BY_SIZE 96

/** Servers that are kept because their clock is wrong: the last ones heard. */
#define BACKHAND_SKEWED 4

/** One of them; see table/skewed.h. */
typedef struct backhand_skewed {
    int64_t heard; /**< when it was last dropped for its time, us, this server's clock; 0: none */
    int64_t ahead; /**< ms by which its clock is ahead of this server's; negative: behind */
    char hostname[BACKHAND_HOSTNAME_SIZE];
    char contact[BACKHAND_CONTACT_SIZE];
} backhand_skewed;

/** Kinds of trouble that this server's processes see; see table/trouble.h. */
typedef enum backhand_trouble_kind {
    /* They last until they end. By the moderator. */
    BACKHAND_TROUBLE_NO_DESTINATION, /**< neither MulticastStats nor BackhandTransport is set */
    BACKHAND_TROUBLE_NO_ACCEPT,      /**< AcceptStats is not set */
    BACKHAND_TROUBLE_SOCKET,         /**< a socket of MulticastStats cannot be opened */
    BACKHAND_TROUBLE_NAME,           /**< a name in MulticastStats cannot be looked up */
    BACKHAND_TROUBLE_SEND,           /**< announcements cannot be sent */
    BACKHAND_TROUBLE_CONTACT,        /**< this server's contact is not known */
    BACKHAND_TROUBLE_FIGURES,        /**< this machine's figures cannot be read */
    BACKHAND_TROUBLE_SEEN,           /**< accepted announcements cannot be remembered across restarts */
    BACKHAND_TROUBLE_DUTY,           /**< orders cannot be remembered across restarts */
    BACKHAND_TROUBLE_ECHO,           /**< own announcements do not come back, though they are sent to a group */
    BACKHAND_TROUBLE_BROKER,         /**< no broker of BackhandTransport is connected */
    /* They are events. An announcement was dropped: by the moderator. */
    BACKHAND_TROUBLE_SENDER,      /**< its sender is not covered by AcceptStats */
    BACKHAND_TROUBLE_ITS_CONTACT, /**< its contact is not covered */
    BACKHAND_TROUBLE_FARM,        /**< it is of another farm */
    BACKHAND_TROUBLE_SIGNATURE,   /**< it is not signed with a key of BackhandSecretFile */
    BACKHAND_TROUBLE_TIME,        /**< its time differs too much */
    BACKHAND_TROUBLE_RELEASE,     /**< this release does not understand it */
    BACKHAND_TROUBLE_FULL,        /**< no entry is free */
    /* A marked request was not believed: by the children. */
    BACKHAND_TROUBLE_MARK,     /**< AcceptStats does not cover its sender */
    BACKHAND_TROUBLE_BAD_MARK, /**< its signature, time or contact is wrong */
    BACKHAND_TROUBLES
} backhand_trouble_kind;

#define BACKHAND_TROUBLE_WHO  64
#define BACKHAND_TROUBLE_WHAT 320

/** The latest trouble of a kind; see table/trouble.h. Times are us by the table's `now`. */
typedef struct backhand_trouble {
    int64_t last;                     /**< when it was last noted; 0: never, or it has ended */
    int64_t noted;                    /**< of the processes that note it at the same time, only one writes */
    char who[BACKHAND_TROUBLE_WHO];   /**< the sender's address; empty: none */
    char what[BACKHAND_TROUBLE_WHAT]; /**< what is wrong, as part of a sentence; may be empty */
} backhand_trouble;

#define BACKHAND_LINK_BROKER 128

/** The connection to a broker of BackhandTransport; see table/link.h. */
typedef struct backhand_link {
    int64_t noted; /**< when it began to be like this, us by the table's `now`; 0: there is no BackhandTransport */
    int64_t connected;
    char broker[BACKHAND_LINK_BROKER]; /**< URL of the broker that it leads to, or last led to; empty: none yet */
} backhand_link;

/** Conditions whose beginning is remembered. */
#define BACKHAND_SINCES     96
#define BACKHAND_SINCE_TEXT 512

/** Since when a condition holds; see table/since.h. Times are us by the table's `now`. */
typedef struct backhand_since {
    uint64_t key;                   /**< of the condition; 0: none */
    int64_t began;                  /**< when it began */
    int64_t seen;                   /**< when the moderator first saw it, without a gap in which it looked at nothing */
    int64_t held;                   /**< when the moderator last saw it */
    int64_t said;                   /**< 1: the log has a line about it */
    char text[BACKHAND_SINCE_TEXT]; /**< of that line */
} backhand_since;

/** Samples in the history of a server: five minutes. */
#define BACKHAND_HISTORY_LENGTH 60

/** The figures in the history of a server. */
typedef enum backhand_trace {
    BACKHAND_TRACE_LOAD,     /**< 1-minute load average x 1000 */
    BACKHAND_TRACE_INFLIGHT, /**< requests being served there */
    BACKHAND_TRACE_LATENCY,  /**< us, as serverstat's `latency` */
    BACKHAND_TRACE_SERVED,   /**< requests that it served since it started, modulo 2^31 */
    BACKHAND_TRACES
} backhand_trace;

/** The samples of a server, the oldest first. -1: the server was not live then, or nobody measured. */
typedef struct backhand_history {
    int32_t sample[BACKHAND_TRACES][BACKHAND_HISTORY_LENGTH];
} backhand_history;

#endif
