/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file session.h
 * @brief The candidacy functions that read the request.
 */
#ifndef BACKHAND_SESSION_H
#define BACKHAND_SESSION_H

#include "candidacy/builtins.h"
#include "candidacy/chain.h"

/** The built-in functions that read the request, for example bySession; ended by a NULL name. */
const backhand_builtin *backhand_request_builtins(void);

#endif
