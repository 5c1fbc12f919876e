/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file nats_options.h
 * @brief How libnats reaches a broker: addresses, times, login and TLS. Only for nats.c.
 */
#ifndef BACKHAND_NATS_OPTIONS_H
#define BACKHAND_NATS_OPTIONS_H

#include "announce/net/broker.h"

#include <nats/nats.h>

/** Sets the options that follow from the broker, which must last as long as connections made with them. Any thread.
 * @return NATS_OK, or why libnats refuses one */
natsStatus backhand_nats_set_broker(natsOptions *options, const backhand_broker *broker);

#endif
