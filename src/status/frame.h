/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file frame.h
 * @brief The frame of all pages of the status handler: headers of the response, head and foot.
 */
#ifndef BACKHAND_STATUS_FRAME_H
#define BACKHAND_STATUS_FRAME_H

#include <httpd.h>

/** Sets the headers of every answer of the handler: its policy, and that nobody keeps it.
 * @param has_forms  1: browsers may send the page's forms to this server; 0: none */
void backhand_frame_headers(request_rec *r, int has_forms);

/**
 * Begins a page of HTML, up to and with `<main>`.
 * @param title    plain text, for the browser's tab
 * @param heading  plain text
 * @param poll     how often page.js asks again, s; 0: the page stands still
 */
void backhand_frame_begin(request_rec *r, const char *title, const char *heading, int poll);

/** Any text, escaped for HTML; bytes that are not printable ASCII become `\x` and two digits. NULL is "". */
const char *backhand_html_escape(request_rec *r, const char *text);

/** Ends the page, with links to the others. */
void backhand_frame_end(request_rec *r);

#endif
