/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file figures.h
 * @brief Reads the figures that another server sends with its response; see act/received/report.h.
 */
#ifndef BACKHAND_RESPONSE_FIGURES_H
#define BACKHAND_RESPONSE_FIGURES_H

#include "act/proxy/attempt.h"

/**
 * Called when the response of an attempt begins: removes the header and stores its figures. Figures that cannot be
 * read, or come from an address that AcceptStats does not cover, are counted and ignored.
 */
void backhand_response_figures_take(backhand_attempt *t, request_rec *r);

#endif
