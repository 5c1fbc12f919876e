/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file report.h
 * @brief The figures on a response: `Backhand-Figures`, written by the server that answers, taken off by the one that
 * asked (act/proxy/figures.h).
 *
 * `Backhand-Figures: inflight=3&service=11800&parallel=8000&latency=12100&errors=0&usec=15322`: the figures of
 * serverstat with the answered request not counted, and the microseconds from its arrival to this header. A server
 * writes the header on the response to a request that another server handed to it, and on no other; that one never lets
 * its client see it.
 */
#ifndef BACKHAND_RECEIVED_REPORT_H
#define BACKHAND_RECEIVED_REPORT_H

#include "config/config.h"

#define BACKHAND_REPORT_HEADER "Backhand-Figures"

/** Registers the filter that writes the header. */
void backhand_report_register(void);

#endif
