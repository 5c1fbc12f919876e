/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file undo_parts.h
 * @brief Saves and restores the single parts for undo.h. Each `end` function adds the names of the parts that the
 * policy changed to `names`, a list in the request's pool that is NULL at first.
 */
#ifndef BACKHAND_UNDO_PARTS_H
#define BACKHAND_UNDO_PARTS_H

#include "undo_state.h"

/* Fields, tables and lists of the request: undo_fields.c */

/** Adds a name to the list, unless it is the last one in it. */
void undo_add_name(const undo *what, const char **names, const char *name);
/** Restores the fields of request_rec. */
void undo_members_end(undo *what, const char **names);
/** Returns the table that the policy writes to: the original if it is empty, else a copy. */
apr_table_t *undo_table_begin(apr_pool_t *p, apr_table_t *table);
void undo_table_end(const undo *what, apr_table_t **now, apr_table_t *then, apr_table_t *work, const char **names,
                    const char *name);
ap_method_list_t *undo_methods_begin(apr_pool_t *p, ap_method_list_t *methods);
void undo_methods_end(undo *what, const char **names);
void undo_responses_begin(undo *what);
void undo_responses_end(undo *what, const char **names);

/* Handlers, pnotes and filters: undo_filters.c */

void undo_handlers_begin(apr_pool_t *p, MpAV **then, MpAV **now, int n);
/** @return whether something was changed */
int undo_handlers_end(pTHX_ const undo *what, MpAV *const *then, MpAV **now, int n);
/** Notes the filters of mod_perl in a list. */
void undo_filters_note(undo *what, ap_filter_t *f);
void undo_filters_end(pTHX_ undo *what, const char **names);
/** Discards output to the response from now on. */
void undo_sink_begin(undo *what);
/** Drops pnotes that the policy set: another interpreter will serve the request. */
void undo_pnotes_end(pTHX_ const undo *what, const char **names);

#endif
