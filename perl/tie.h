/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file tie.h
 * @brief Perl's view of the table of servers: each read or write of a variable reads or writes shared memory.
 *
 * Each interpreter has one structure: an array of MAXSERVERS elements, which become references to hashes at their
 * first use. A value holds no address, only its entry's number and its field, so it works in interpreters cloned from
 * this one. The functions of the httpd around it are looked up at run time. Those for an attached table are linked in.
 *
 * The array and the hashes keep their shape: an operation that would change it dies and changes nothing.
 */
#ifndef BACKHAND_TIE_H
#define BACKHAND_TIE_H

#include "EXTERN.h"
#include "perl.h"
#include "mod_backhand.h"

/** Finds mod_backhand inside httpd. Croaks, saying what to do, when httpd has not loaded mod_backhand, or another
 * version. */
void tie_boot(pTHX);

/** Gives a cloned interpreter its own copy of the data of tie_boot() and of the functions below. */
void tie_clone(pTHX);

/** A new reference to this interpreter's array. Croaks before the table exists, and outside httpd. */
SV *tie_serverstats(pTHX);

/** A new reference to the scalar that is this machine's speed score. Croaks before the table exists, and outside httpd.
 */
SV *tie_personal_arriba(pTHX);

/** A reference to a new array for the attached table of this owner, see attached.h. It may only be read. */
SV *tie_attached(pTHX_ SV *owner);

/** Entries in the table of httpd. Croaks before the table exists, and outside httpd. */
int tie_maxservers(pTHX);

#endif
