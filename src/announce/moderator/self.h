/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file self.h
 * @brief Announces this server: measures, encodes and sends its figures. Only for the moderator.
 */
#ifndef BACKHAND_SELF_H
#define BACKHAND_SELF_H

#include "announce/check/health.h"
#include "announce/moderator/brokered.h"
#include "announce/moderator/direct.h"
#include "announce/moderator/identity.h"
#include "announce/moderator/journal.h"
#include "announce/moderator/office.h"
#include "announce/moderator/work.h"
#include "host/figures.h"

/** State of this server's announcements. All zero at first. */
typedef struct backhand_self {
    const backhand_config *conf;
    backhand_table *table;
    backhand_transport *transport;
    backhand_brokered *brokered; /**< BackhandTransport; NULL: none */
    backhand_journal *journal;
    const backhand_health *health; /**< result of BackhandCheck */
    backhand_direct direct;        /**< servers that no destination reaches */
    backhand_sampler *sampler;
    backhand_highwater mark;
    backhand_announcement announcement;
    backhand_working working;
    int64_t raised;         /**< the largest load_hwm that another server newly announced since the last measurement */
    uint64_t addresses;     /**< stands for this machine's addresses; 0: not known yet */
    int contact_known;      /**< 1: the contact is configured, or was found */
    uint64_t sent;          /**< announcements that could be sent to all of MulticastStats */
    int ready;              /**< 1: a ready worker was announced */
    backhand_office office; /**< whether it is a representative of its zone */
    int left;               /**< 1: it was announced that this server leaves; nothing is sent any more */
} backhand_self;

/** Makes the identity, and finds the contact if possible. All arguments must live as long as `self`. */
void backhand_self_init(backhand_self *self, const backhand_config *conf, backhand_transport *transport,
                        backhand_journal *journal, const backhand_health *health, apr_pool_t *p);

/** Notices when this machine has other addresses than before, and tells the children. */
void backhand_self_look_addresses(backhand_self *self);

/** Looks for the contact again, unless the configuration says it. This machine's addresses may have changed. Costs some
 * system calls. @return 1 if it is another one than before */
int backhand_self_find_contact(backhand_self *self);

/** Measures this server, writes its figures into the table and sends them. */
void backhand_self_announce(backhand_self *self);

/** Between two announcements: reads the meter if it has changed, and announces news that cannot wait. */
void backhand_self_look(backhand_self *self);

/** After a new connection to a broker. */
void backhand_self_connected(backhand_self *self);

/** Announces twice that this server leaves. */
void backhand_self_leave(backhand_self *self);

/** The same for an announcement that came by the broker. It reaches the sender, too. */
void backhand_self_hear_brokered(backhand_self *self, const backhand_update *update);

/** After a datagram: answers a new server, and remembers a server that no destination reaches.
 * @param listener_id  the listener that received the datagram, see transport.h */
void backhand_self_hear(backhand_self *self, const backhand_update *update, const struct sockaddr *from,
                        int listener_id);

#endif
