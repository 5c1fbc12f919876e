/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file identity.h
 * @brief The identity that this server announces: boot id, farm, hostname, contact.
 */
#ifndef BACKHAND_IDENTITY_H
#define BACKHAND_IDENTITY_H

#include "announce/moderator/brokered.h"
#include "announce/net/transport.h"
#include "announce/moderator/journal.h"
#include "config/config.h"

/** Fills in everything but the contact and the figures: a new boot id, farm, hostname, interval, keepalive. */
void backhand_identity_make(backhand_announcement *announcement, const backhand_config *conf);

/**
 * Fills in the contact: the configured one, or else the address that announcements leave from, by UDP or, without
 * MulticastStats, by the broker. Until that is known, any address of this machine.
 * @return 1 when the contact is final
 */
int backhand_identity_contact(backhand_announcement *announcement, const backhand_config *conf,
                              backhand_transport *transport, const backhand_brokered *brokered,
                              backhand_journal *journal);

#endif
