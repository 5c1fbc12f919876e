/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file symbols.h
 * @brief Finds mod_backhand's functions in the process that loads Apache::Backhand.
 */
#ifndef BACKHAND_SYMBOLS_H
#define BACKHAND_SYMBOLS_H

#include "EXTERN.h"
#include "perl.h"
#include "mod_backhand.h"

/** True inside httpd, with or without mod_backhand, and in bhsim. */
int symbols_inside(void);

/** Croaks, saying that this works only inside httpd. */
void symbol_croak_outside(pTHX) __attribute__((noreturn));

/** The function of that name. Croaks, saying what to do, outside httpd and when mod_backhand is not loaded. */
void *symbol_find(pTHX_ const char *name);

/** Croaks when the mod_backhand that is loaded is not of the version of mod_backhand.h. */
void symbols_check_version(pTHX);

#endif
