/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file symbols.h
 * @brief Finds mod_backhand's functions in the process that loads Apache::Backhand.
 */
#ifndef BACKHAND_SYMBOLS_H
#define BACKHAND_SYMBOLS_H

#include "EXTERN.h"
#include "perl.h"
#include "mod_backhand.h"

/** The function of that name. Croaks, saying what to do, outside httpd and when mod_backhand is not loaded. */
void *symbol_find(pTHX_ const char *name);

/** Croaks when the mod_backhand that is loaded is not of the version of mod_backhand.h. */
void symbols_check_version(pTHX);

#endif
