/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file attached.h
 * @brief Objects that stand for an attached table, mod_backhand_attached.h: references to a scalar, its *owner*, which
 * keeps the table mapped. Clones of an interpreter share the mapping.
 */
#ifndef BACKHAND_PERL_ATTACHED_H
#define BACKHAND_PERL_ATTACHED_H

#include "EXTERN.h"
#include "perl.h"
#include "mod_backhand_attached.h"

/** A new object of the class Apache::Backhand::Attached. Croaks with one line when the table cannot be attached. */
SV *attached_create(pTHX_ const char *folder);

/** The table of an owner. */
backhand_attached *attached_of(pTHX_ const SV *owner);

/** The owner that a method's first argument refers to. Croaks when it is no such object. */
SV *attached_owner(pTHX_ SV *object);

#endif
