/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file mod_perl_api.h
 * @brief httpd's, Perl's and mod_perl's headers. Include it first, and with PERL_NO_GET_CONTEXT defined.
 */
#ifndef BACKHAND_MOD_PERL_API_H
#define BACKHAND_MOD_PERL_API_H

/* mod_perl declares functions as inline that it exports as ordinary ones. */
#include <apr.h>
#undef APR_INLINE
#define APR_INLINE

#include <mod_perl.h>

#endif
