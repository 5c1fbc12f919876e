/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file brokered.h
 * @brief Announcements by the brokers of BackhandTransport. Only for the moderator; no function waits for a broker.
 */
#ifndef BACKHAND_BROKERED_H
#define BACKHAND_BROKERED_H

#include "announce/moderator/journal.h"
#include "announce/net/nats.h"
#include "announce/net/transport.h"
#include "config/config.h"

typedef struct backhand_brokered backhand_brokered;

/** Called for each message that came by the broker; `suffix` is the end of its subject. */
typedef void (*backhand_brokered_fn)(void *ctx, const char *suffix, const char *data, apr_size_t length);

/** The suffix of the subject by which servers without BackhandZoneSummary announce themselves. As all subjects here,
 * it is for all servers of the farm to listen to, unless it says otherwise. */
#define BACKHAND_SUBJECT_ALL "all"
/** Of those with it: what representatives of zones say to all. */
#define BACKHAND_SUBJECT_FAR "far"
/** Ahead of a zone's name: the subject of announcements that stay within this zone. */
#define BACKHAND_SUBJECT_ZONE "zone."
/** Where the answer to one server goes: this, and its boot id in hex. */
#define BACKHAND_SUBJECT_ONE "to."

/** Begins to connect, and makes backhand_transport_poll() wake for what comes.
 * @return NULL: BackhandTransport is not set, or there is no thread, which is logged */
backhand_brokered *backhand_brokered_start(const backhand_config *conf, uint64_t boot, backhand_transport *transport,
                                           backhand_journal *journal, apr_pool_t *p);

/** Publishes to the farm's subject with this suffix. `brokered` may be NULL in all functions from here on. */
void backhand_brokered_send(backhand_brokered *brokered, const char *suffix, const char *data, apr_size_t length);

/** Publishes to the server with this boot id alone. */
void backhand_brokered_answer(backhand_brokered *brokered, uint64_t boot, const char *data, apr_size_t length);

/** Takes what came, at most 1,000 messages. Call it after each backhand_transport_poll(). */
void backhand_brokered_take(backhand_brokered *brokered, backhand_brokered_fn receive, void *ctx);

/** Looks at the connection, for the log, conditions and the status page. @return 1: it was made anew */
int backhand_brokered_look(backhand_brokered *brokered);

/** This machine's address on the connection, numeric. @return 0: there is no connection */
int backhand_brokered_source(const backhand_brokered *brokered, char out[48]);

/** Waits for at most 100 ms until the broker has everything. For the last words of a server that stops. */
void backhand_brokered_flush(backhand_brokered *brokered);

#endif
