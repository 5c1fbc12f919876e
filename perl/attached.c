/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "attached.h"

static const char class_name[] = "Apache::Backhand::Attached";

static int owner_free(pTHX_ SV *sv, MAGIC *mg)
{
    PERL_UNUSED_CONTEXT;
    PERL_UNUSED_ARG(sv);
    backhand_attached_release((backhand_attached *)mg->mg_ptr);
    return 0;
}

/* A clone of the interpreter has one more owner. */
static int owner_clone(pTHX_ MAGIC *mg, CLONE_PARAMS *param)
{
    PERL_UNUSED_CONTEXT;
    PERL_UNUSED_ARG(param);
    backhand_attached_keep((backhand_attached *)mg->mg_ptr);
    return 0;
}

static const MGVTBL owner_vtbl = {NULL, NULL, NULL, NULL, owner_free, NULL, owner_clone, NULL};

SV *attached_create(pTHX_ const char *folder)
{
    char error[BACKHAND_ATTACHED_ERROR_SIZE];
    backhand_attached *attached = backhand_attached_open(folder, NULL, error);
    SV *owner, *object;

    if (!attached) {
        croak("Apache::Backhand: %s", error);
    }
    owner = newSV_type(SVt_PVMG);
    sv_magicext(owner, NULL, PERL_MAGIC_ext, &owner_vtbl, (char *)attached, 0)->mg_flags |= MGf_DUP;
    object = sv_bless(newRV_noinc(owner), gv_stashpv(class_name, GV_ADD));
    SvREADONLY_on(owner);
    return object;
}

backhand_attached *attached_of(pTHX_ const SV *owner)
{
    PERL_UNUSED_CONTEXT;
    return (backhand_attached *)mg_findext(owner, PERL_MAGIC_ext, &owner_vtbl)->mg_ptr;
}

SV *attached_owner(pTHX_ SV *object)
{
    if (!SvROK(object) || SvTYPE(SvRV(object)) < SVt_PVMG || !mg_findext(SvRV(object), PERL_MAGIC_ext, &owner_vtbl)) {
        croak("Apache::Backhand: this is no table that Apache::Backhand->attach returned");
    }
    return SvRV(object);
}
