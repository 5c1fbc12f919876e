/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file report.h
 * @brief Writes this server's figures on a response, as `Backhand-Figures`. The front server removes the header
 * (act/proxy/figures.h).
 *
 * `Backhand-Figures: inflight=3&service=11800&parallel=8000&latency=12100&errors=0&usec=15322`: the figures of
 * serverstat without the answered request, and the microseconds from its arrival to this header. A server writes the
 * header only on the response to a request that another server handed to it. The client never gets the header.
 */
#ifndef BACKHAND_RECEIVED_REPORT_H
#define BACKHAND_RECEIVED_REPORT_H

#include "config/config.h"

#define BACKHAND_REPORT_HEADER "Backhand-Figures"

/** Registers the filter that writes the header. */
void backhand_report_register(void);

#endif
