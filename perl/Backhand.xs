/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "tie.h"
#include "XSUB.h"

MODULE = Apache::Backhand    PACKAGE = Apache::Backhand

PROTOTYPES: DISABLE

BOOT:
{
    HV *stash = gv_stashpv("Apache::Backhand", GV_ADD);
    tie_boot(aTHX);
    newCONSTSUB(stash, "MAXSESSIONSPERSERVER", newSViv(MAXSESSIONSPERSERVER));
    newCONSTSUB(stash, "SERVER_TIMEOUT", newSViv(SERVER_TIMEOUT));
}

void
CLONE(...)
  CODE:
    PERL_UNUSED_VAR(items);
    tie_clone(aTHX);

SV *
load_serverstats(...)
  CODE:
    PERL_UNUSED_VAR(items);
    RETVAL = tie_serverstats(aTHX);
  OUTPUT:
    RETVAL

SV *
load_personal_arriba(...)
  CODE:
    PERL_UNUSED_VAR(items);
    RETVAL = tie_personal_arriba(aTHX);
  OUTPUT:
    RETVAL

int
MAXSERVERS(...)
  CODE:
    PERL_UNUSED_VAR(items);
    RETVAL = tie_maxservers(aTHX);
  OUTPUT:
    RETVAL
