/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "tie.h"
#include "attached.h"
#include "symbols.h"
#include "XSUB.h"

#include <dlfcn.h>

/* What BackhandBufferBody took in of the body of a request; undef: it has none. */
static SV *body_of(pTHX_ SV *r)
{
    struct request_rec *(*request_of)(pTHX_ SV *);
    const char *(*get)(struct request_rec *, size_t *);
    struct request_rec *request;
    const char *text;
    size_t length = 0;

    *(void **)&request_of = dlsym(RTLD_DEFAULT, "modperl_sv2request_rec");
    *(void **)&get = dlsym(RTLD_DEFAULT, "backhand_request_body");
    if (!request_of || !get) {
        symbol_croak_outside(aTHX);
    }
    request = sv_isobject(r) && sv_derived_from(r, "Apache2::RequestRec") ? request_of(aTHX_ r) : NULL;
    if (!request) {
        croak("Apache::Backhand::body takes a request, the first argument of a policy");
    }
    text = get(request, &length);
    return text ? newSVpvn(text, length) : newSV(0);
}

/* Adds a line to the explanation of the request's decision. bhsim explains nothing, and has no request_rec. */
static void note_for(pTHX_ SV *r, SV *text)
{
    struct request_rec *(*request_of)(pTHX_ SV *);
    void (*note)(struct request_rec *, const char *);
    struct request_rec *request;

    *(void **)&note = symbol_find(aTHX_ "backhand_note");
    *(void **)&request_of = dlsym(RTLD_DEFAULT, "modperl_sv2request_rec");
    if (!request_of) {
        return;
    }
    request = sv_isobject(r) && sv_derived_from(r, "Apache2::RequestRec") ? request_of(aTHX_ r) : NULL;
    if (!request) {
        croak("Apache::Backhand::note takes a request, the first argument of a policy, and a text");
    }
    note(request, SvOK(text) ? SvPV_nolen(text) : "");
}

/* Gives an order, and croaks if it is not obeyed. `server` undef: this server. */
static void give_order(pTHX_ const char *sub, const char *order, SV *server, int weight)
{
    const char *(*steer)(const char *, const char *, int, const char *), *why;
    SV *by;

    *(void **)&steer = symbol_find(aTHX_ "backhand_steer");
    by = sv_2mortal(newSVpvf("Perl at %s line %" UVuf, CopFILE(PL_curcop), (UV)CopLINE(PL_curcop)));
    why = steer(order, SvOK(server) ? SvPV_nolen(server) : NULL, weight, SvPV_nolen(by));
    if (why) {
        croak("Apache::Backhand::%s: %" SVf ": %s", sub,
              SVfARG(SvOK(server) ? server : sv_2mortal(newSVpvs("this server"))), why);
    }
}

/* A number that is no percentage becomes -1, which no server takes. */
static int percent_of(pTHX_ SV *sv)
{
    UV value = 0;
    STRLEN length;
    const char *text = SvOK(sv) ? SvPV(sv, length) : NULL;

    return text && grok_number(text, length, &value) == IS_NUMBER_IN_UV && value <= 100 ? (int)value : -1;
}

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

SV *
body(r)
    SV *r
  CODE:
    RETVAL = body_of(aTHX_ r);
  OUTPUT:
    RETVAL

void
note(r, text)
    SV *r
    SV *text
  CODE:
    note_for(aTHX_ r, text);

bool
drain(server = &PL_sv_undef)
    SV *server
  ALIAS:
    undrain = 1
    maintenance = 2
  CODE:
    give_order(aTHX_ GvNAME(CvGV(cv)), ix == 0 ? "drain" : ix == 1 ? "normal" : "maintenance", server, 0);
    RETVAL = 1;
  OUTPUT:
    RETVAL

bool
forget(server)
    SV *server
  CODE:
    give_order(aTHX_ "forget", "forget", server, 0);
    RETVAL = 1;
  OUTPUT:
    RETVAL

bool
weight(server, percent)
    SV *server
    SV *percent
  CODE:
    give_order(aTHX_ "weight", "weight", server, percent_of(aTHX_ percent));
    RETVAL = 1;
  OUTPUT:
    RETVAL

SV *
attach(class, folder)
    SV *class
    const char *folder
  CODE:
    PERL_UNUSED_VAR(class);
    RETVAL = attached_create(aTHX_ folder);
  OUTPUT:
    RETVAL

MODULE = Apache::Backhand    PACKAGE = Apache::Backhand::Attached

void
drain(...)
  ALIAS:
    undrain = 1
    maintenance = 2
    weight = 3
    forget = 4
  CODE:
    PERL_UNUSED_VAR(items);
    PERL_UNUSED_VAR(ix);
    croak("Apache::Backhand: an attached table takes no orders; backhandctl gives them outside httpd");

SV *
load_serverstats(self)
    SV *self
  CODE:
    RETVAL = tie_attached(aTHX_ attached_owner(aTHX_ self));
  OUTPUT:
    RETVAL

int
MAXSERVERS(self)
    SV *self
  CODE:
    RETVAL = backhand_attached_maxservers(attached_of(aTHX_ attached_owner(aTHX_ self)));
  OUTPUT:
    RETVAL

SV *
state(self, id)
    SV *self
    int id
  PREINIT:
    const char *state;
  CODE:
    state = backhand_attached_state(attached_of(aTHX_ attached_owner(aTHX_ self)), id);
    RETVAL = state ? newSVpv(state, 0) : newSV(0);
  OUTPUT:
    RETVAL

SV *
idle(self)
    SV *self
  PREINIT:
    int64_t idle;
  CODE:
    idle = backhand_attached_idle(attached_of(aTHX_ attached_owner(aTHX_ self)));
    RETVAL = idle < 0 ? newSV(0) : newSVnv((NV)idle / 1e6);
  OUTPUT:
    RETVAL

bool
is_current(self)
    SV *self
  CODE:
    RETVAL = backhand_attached_is_current(attached_of(aTHX_ attached_owner(aTHX_ self)));
  OUTPUT:
    RETVAL
