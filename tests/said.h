/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file said.h
 * @brief An announcement: what all unit tests, fuzz targets and counted paths begin with. Each changes what it is
 * about.
 */
#ifndef TESTS_SAID_H
#define TESTS_SAID_H

#include "announce/wire/message.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** `hostname` at `contact`, in farm "default", each 250 ms; 5 of 8 workers are ready. All other figures are 0. */
static inline backhand_announcement said_by(const char *hostname, const char *contact, uint64_t boot, uint64_t sequence)
{
    backhand_announcement said;
    memset(&said, 0, sizeof(said));
    if (backhand_contact_parse(&said.contact, contact, 0)) {
        fprintf(stderr, "%s is no contact\n", contact);
        abort();
    }
    backhand_contact_format(said.stat.contact, &said.contact);
    snprintf(said.stat.hostname, sizeof(said.stat.hostname), "%s", hostname);
    snprintf(said.farm, sizeof(said.farm), "default");
    said.boot = boot;
    said.sequence = sequence;
    said.interval = 250;
    said.stat.aservers = 5;
    said.stat.nservers = 8;
    return said;
}

/** The same of server `n`, 0 to 65535, at http://10.0.x.y:80: its name is what `prefix` and `n` make. */
static inline backhand_announcement said_by_nth(const char *prefix, int n, uint64_t boot, uint64_t sequence)
{
    char hostname[64], contact[64];
    snprintf(hostname, sizeof(hostname), "%s%d", prefix, n);
    snprintf(contact, sizeof(contact), "http://10.0.%d.%d:80", n >> 8 & 255, n & 255);
    return said_by(hostname, contact, boot, sequence);
}

#endif
