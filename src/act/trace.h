/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file trace.h
 * @brief BackhandTrace: the explanation of a real request's decision, in the error log. The thread of the request.
 */
#ifndef BACKHAND_TRACE_H
#define BACKHAND_TRACE_H

#include "candidacy/explanation.h"

#include <httpd.h>

/** An explanation for the request, in its pool, if the expression of its BackhandTrace holds and the log would have the
 * lines; else NULL. */
backhand_explanation *backhand_trace_begin(request_rec *r);

/** Logs the functions of the chain's last run, a line each. NULL: nothing is traced. */
void backhand_trace_run(request_rec *r, const backhand_explanation *e);

/** Logs the outcome, once it is set (act/outcome.h). NULL: nothing is traced. */
void backhand_trace_end(request_rec *r, const backhand_explanation *e);

#endif
