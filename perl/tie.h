/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file tie.h
 * @brief Perl's view of the table of servers: each read or write of a variable reads or writes shared memory.
 *
 * Each interpreter has one structure: an array of MAXSERVERS elements, which become references to hashes at their
 * first use. A value holds no address, only its entry's number and its field, so it works in interpreters cloned from
 * this one. mod_backhand's functions are looked up at run time: nothing here is linked with it.
 *
 * The array and the hashes keep their shape: an operation that would change it dies and changes nothing.
 */
#ifndef BACKHAND_TIE_H
#define BACKHAND_TIE_H

#include "EXTERN.h"
#include "perl.h"
#include "mod_backhand.h"

/** Finds mod_backhand. Croaks, saying what to do, outside httpd and when mod_backhand is not loaded. */
void tie_boot(pTHX);

/** Gives a cloned interpreter its own copy of the data of tie_boot() and of the functions below. */
void tie_clone(pTHX);

/** A new reference to this interpreter's array. Croaks before the table exists. */
SV *tie_serverstats(pTHX);

/** A new reference to the scalar that is this machine's speed score. Croaks before the table exists. */
SV *tie_personal_arriba(pTHX);

/** Entries in the table. Croaks before the table exists. */
int tie_maxservers(pTHX);

#endif
