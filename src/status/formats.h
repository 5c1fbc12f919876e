/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file formats.h
 * @brief The forms of the status page. Each writes the whole body to the client.
 */
#ifndef BACKHAND_STATUS_FORMATS_H
#define BACKHAND_STATUS_FORMATS_H

#include "config/config.h"
#include "status/filter.h"

/** The box above the table of servers. */
typedef struct backhand_status_box {
    const char *machine; /**< the system's name for this host */
    const char *viewer;  /**< the client's address */
    char contact[BACKHAND_CONTACT_SIZE];
} backhand_status_box;

/** Fills the box. Works without a table. */
void backhand_status_box_fill(backhand_status_box *box, request_rec *r, const backhand_config *conf);

/** Any text as printable ASCII on one line; all other bytes become C escapes. */
const char *backhand_status_plain(request_rec *r, const char *text);

/** Writes the conditions as a list in HTML, those with the highest severity first; nothing when there are none. */
void backhand_status_conditions(request_rec *r, const backhand_table *table);

/** The value of an argument of the request; "": it has none, or an empty one; NULL: the request has no such argument.
 */
const char *backhand_status_argument(request_rec *r, const char *word);

/** Reads the arguments `name`, `zone` and `state` of the request. */
void backhand_status_filter(backhand_filter *filter, request_rec *r);

/** True if the page for people has a form to search with: its servers do not fit on one page, or it has a filter. */
int backhand_status_searches(request_rec *r, const backhand_config *conf);

/** Valid HTML5. Its style sheet and its script are backhand_assets. */
void backhand_status_html(request_rec *r, const backhand_config *conf);

/** Lines of `Key: value`. */
void backhand_status_auto(request_rec *r, const backhand_config *conf);

#endif
