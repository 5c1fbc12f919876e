/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file formats.h
 * @brief The forms of `?explain` and `?chains`: HTML for people, JSON for programs. Each writes the whole body.
 */
#ifndef BACKHAND_EXPLAIN_FORMATS_H
#define BACKHAND_EXPLAIN_FORMATS_H

#include "explain/decision.h"

/** The decision; with an error in `about` only that, and `d` is NULL. Valid HTML5. */
void backhand_explain_html(request_rec *r, const backhand_explain_arguments *about, const backhand_decision *d);
/** The same as one JSON object. */
void backhand_explain_json(request_rec *r, const backhand_explain_arguments *about, const backhand_decision *d);

/** Writes a text by backhand_out_json(). */
void backhand_json_text(request_rec *r, const char *text);
/** Writes `"key":` and a text, or a number, for which infinity and the like become `null`. */
void backhand_json_member(request_rec *r, const char *key, const char *text);
void backhand_json_number(request_rec *r, const char *key, double number);

/** The name of how a client is sent to a candidate: `ip` or `name`; NULL: the request is handed off. */
const char *backhand_explain_redirect(const ServerSlot *slot);

#endif
