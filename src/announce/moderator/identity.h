/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file identity.h
 * @brief The identity that this server announces: boot id, farm, zone, hostname, contact.
 */
#ifndef BACKHAND_IDENTITY_H
#define BACKHAND_IDENTITY_H

#include "announce/moderator/brokered.h"
#include "announce/net/transport.h"
#include "announce/moderator/journal.h"
#include "config/config.h"

/** Fills in everything but the contact and the figures: a new boot id, farm, zone, hostname, interval, keepalive. */
void backhand_identity_make(backhand_announcement *announcement, const backhand_config *conf);

/** Finds the address that announcements leave from at present: by UDP or, without MulticastStats, by the broker.
 * @return APR_SUCCESS; APR_INCOMPLETE while no name is looked up, or the broker is not connected; or an error */
apr_status_t backhand_identity_source(char out[48], const backhand_config *conf, backhand_transport *transport,
                                      const backhand_brokered *brokered);

/**
 * Fills in the contact: the configured one, or else backhand_identity_source(). Until that is known, any address of
 * this machine; once it was known, a contact stays until another one is. Logs each contact.
 * @param known  1: the contact is known, and may have changed since
 * @return 1 when the contact is known
 */
int backhand_identity_contact(backhand_announcement *announcement, const backhand_config *conf, int known,
                              backhand_transport *transport, const backhand_brokered *brokered,
                              backhand_journal *journal);

#endif
