/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file view.h
 * @brief The status page's two forms. Both write the whole body to the client.
 */
#ifndef BACKHAND_VIEW_H
#define BACKHAND_VIEW_H

#include "config/config.h"

/** The box above the table of servers. */
typedef struct backhand_box {
    const char *machine; /**< the system's name for this host */
    const char *viewer;  /**< the client's address */
    char contact[BACKHAND_CONTACT_SIZE];
} backhand_box;

/** Fills the box. Works without a table. */
void backhand_view_box(backhand_box *box, request_rec *r, const backhand_config *conf);

/** Any text as printable ASCII on one line; all other bytes become C escapes. */
const char *backhand_view_plain(request_rec *r, const char *text);

/** Valid HTML5, self-contained. */
void backhand_view_html(request_rec *r, const backhand_config *conf);

/** Lines of `Key: value`. */
void backhand_view_auto(request_rec *r, const backhand_config *conf);

#endif
