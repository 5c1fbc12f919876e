/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mod_perl.h
 * @brief What perl/policy.c uses of mod_perl, as the simulator has it: that file is compiled for bhsim with this one in
 * place of mod_perl's.
 */
#ifndef BACKHAND_SIM_MOD_PERL_H
#define BACKHAND_SIM_MOD_PERL_H

#include "EXTERN.h"
#include "perl.h"
#include "XSUB.h"

#include <httpd.h>

/** The value that the `exit` of prelude.pl dies with. */
#define MODPERL_RC_EXIT 120000

/** The `$r` of a simulated request. `class` is a name that prelude.pl knows. */
SV *modperl_ptr2obj(pTHX_ const char *class, void *request);

/** Loads nothing: prelude.pl stands in for the modules. @return TRUE */
int modperl_require_module(pTHX_ const char *name, int log);

#endif
