/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "policy.h"

/* Key in PL_modglobal, which is copied into clones, of the function that runs the steps below under an eval. */
static const char guard_key[] = "Apache::Backhand::byPerl";

/* One step of a call. It may run Perl code, and so may die at any point. */
typedef struct policy_step {
    void (*run)(pTHX_ policy_call *call, SV *argument);
    policy_call *call;
    SV *argument;
    int finished;
} policy_step;

static XSPROTO(policy_guard)
{
    dXSARGS;
    policy_step *step = INT2PTR(policy_step *, SvIV(ST(0)));
    PERL_UNUSED_VAR(items);
    step->run(aTHX_ step->call, step->argument);
    step->finished = 1;
    XSRETURN_EMPTY;
}

/* Runs one step under an eval. If it dies, the error is in $@. Returns whether it came to its end. */
static int guarded(pTHX_ SV *guard, void (*run)(pTHX_ policy_call *, SV *), policy_call *call, SV *argument)
{
    policy_step step = {run, call, argument, 0};
    dSP;
    ENTER;
    SAVETMPS;
    PUSHMARK(SP);
    XPUSHs(sv_2mortal(newSViv(PTR2IV(&step))));
    PUTBACK;
    call_sv(guard, G_EVAL | G_VOID | G_DISCARD);
    FREETMPS;
    LEAVE;
    return step.finished;
}

/* --- which function ---------------------------------------------------------------------------------------- */

static int has_body(const CV *cv)
{
    return cv && (CvROOT(cv) || CvXSUB(cv));
}

/* `arrow`: the `->` in the name of a method; NULL for a function. */
static CV *resolve(pTHX_ const char *name, const char *arrow)
{
    HV *stash;
    GV *gv;
    if (!arrow) {
        CV *cv = get_cv(name, 0);
        return has_body(cv) ? cv : NULL;
    }
    stash = gv_stashpvn(name, (U32)(arrow - name), 0);
    gv = stash ? gv_fetchmethod_autoload(stash, arrow + 2, TRUE) : NULL;
    return gv && isGV(gv) && has_body(GvCV(gv)) ? GvCV(gv) : NULL;
}

int policy_defined(pTHX_ const char *name)
{
    return resolve(aTHX_ name, strstr(name, "->")) != NULL;
}

/* --- what it returned -------------------------------------------------------------------------------------- */

/* The element as an id below `room`; -1: it is none. */
static int id_of(pTHX_ SV *sv, int room)
{
    NV number;
    SvGETMAGIC(sv);
    if (!SvOK(sv) || (SvROK(sv) ? !SvAMAGIC(sv) : !looks_like_number(sv))) {
        return -1;
    }
    number = SvNV_nomg(sv);
    return number >= 0 && number < room && number == (NV)(int)number ? (int)number : -1;
}

static void take_id(policy_call *call, int id)
{
    if (id < 0) {
        call->strangers++;
    }
    else if (call->seen[id]) {
        call->duplicates++;
    }
    else {
        call->seen[id] = 1;
        call->ids[call->n++] = id;
    }
}

/* Takes an element that may run code when it is read: a tied one, or an object with overloaded numeric conversion. */
static void take_element(pTHX_ policy_call *call, AV *array, SSize_t i)
{
    SV **element = av_fetch(array, i, 0);
    if (element) {
        take_id(call, id_of(aTHX_ sv_2mortal(SvREFCNT_inc_simple_NN(*element)), call->room));
    }
    else {
        call->strangers++;
    }
    FREETMPS;
}

/* Takes an element that is a plain whole number, as nearly all are. Returns whether it was one. */
static int take_plain(policy_call *call, AV *array, SSize_t i)
{
    const SV *sv = SvRMAGICAL(array) || i > AvFILLp(array) ? NULL : AvARRAY(array)[i];
    if (!sv || !SvIOK(sv) || SvROK(sv) || SvGMAGICAL(sv)) {
        return 0;
    }
    take_id(call, !SvIsUV(sv) && SvIVX(sv) >= 0 && SvIVX(sv) < call->room ? (int)SvIVX(sv) : -1);
    return 1;
}

static void take_array(pTHX_ policy_call *call, AV *array)
{
    SSize_t i, most = 2 * (SSize_t)call->room;
    ENTER;
    SAVETMPS;
    /* Reading an element may run code that changes or frees the array. */
    SvREFCNT_inc_simple_void_NN(sv_2mortal((SV *)array));
    SAVETMPS;
    for (i = 0; i <= av_len(array); i++) {
        if (i == most) {
            call->unseen = 1;
            break;
        }
        if (!take_plain(call, array, i)) {
            take_element(aTHX_ call, array, i);
        }
    }
    LEAVE;
}

static void describe_result(pTHX_ policy_call *call, SV *sv)
{
    if (!SvOK(sv)) {
        my_snprintf(call->text, sizeof(call->text), "undef");
    }
    else if (SvROK(sv)) {
        my_snprintf(call->text, sizeof(call->text), "a reference to a thing of type %s", sv_reftype(SvRV(sv), 1));
    }
    else {
        my_snprintf(call->text, sizeof(call->text), "`%.60s`", SvPV_nomg_nolen(sv));
    }
}

static void take_result(pTHX_ policy_call *call, SV *sv)
{
    SvGETMAGIC(sv);
    if (SvROK(sv) && SvAMAGIC(sv)) {
        sv = amagic_deref_call(sv, to_av_amg);
    }
    if (!SvROK(sv) || SvTYPE(SvRV(sv)) != SVt_PVAV) {
        call->outcome = POLICY_WRONG;
        describe_result(aTHX_ call, sv);
        return;
    }
    take_array(aTHX_ call, (AV *)SvRV(sv));
    call->outcome = POLICY_OK;
}

/* --- the call ---------------------------------------------------------------------------------------------- */

static SV *list_of(pTHX_ const policy_call *call)
{
    AV *list = newAV();
    int i;
    if (call->n_given) {
        av_extend(list, call->n_given - 1);
    }
    for (i = 0; i < call->n_given; i++) {
        AvARRAY(list)[i] = newSViv(call->given[i]);
    }
    AvFILLp(list) = call->n_given - 1;
    return newRV_noinc((SV *)list);
}

static void step_call(pTHX_ policy_call *call, SV *argument)
{
    static char request_class[] = "Apache2::RequestRec";
    const char *arrow = strstr(call->name, "->");
    CV *cv = resolve(aTHX_ call->name, arrow);
    int i;
    SV *result, *request;
    dSP;
    PERL_UNUSED_ARG(argument);
    if (!cv) {
        call->outcome = POLICY_UNDEFINED;
        return;
    }
    ENTER;
    SAVETMPS;
    PUSHMARK(SP);
    EXTEND(SP, 3 + call->n_words);
    if (arrow) {
        mPUSHp(call->name, (STRLEN)(arrow - call->name));
    }
    request = modperl_ptr2obj(aTHX_ request_class, call->request);
    PUSHs(sv_2mortal(request));
    PUSHs(sv_2mortal(list_of(aTHX_ call)));
    for (i = 0; i < call->n_words; i++) {
        mPUSHp(call->words[i], strlen(call->words[i]));
    }
    PUTBACK;
    call_sv((SV *)cv, G_SCALAR);
    SPAGAIN;
    result = POPs;
    PUTBACK;
    take_result(aTHX_ call, result);
    FREETMPS;
    LEAVE;
}

/* The error may be an object whose conversion to text or number runs code. */
static void step_explain(pTHX_ policy_call *call, SV *error)
{
    const char *text;
    STRLEN length;
    if (SvROK(error) && sv_derived_from(error, "APR::Error") && SvIV(error) == MODPERL_RC_EXIT) {
        call->outcome = POLICY_EXITED;
        return;
    }
    text = SvPV(error, length);
    while (length && isSPACE(text[length - 1])) {
        length--;
    }
    if (length >= sizeof(call->text)) {
        length = sizeof(call->text) - 1;
    }
    memcpy(call->text, text, length);
    call->text[length] = '\0';
}

static void explain(pTHX_ SV *guard, policy_call *call)
{
    SV *error = newSVsv(ERRSV);
    call->outcome = POLICY_DIED;
    if (!guarded(aTHX_ guard, step_explain, call, error)) {
        my_snprintf(call->text, sizeof(call->text), "something that cannot be turned into text");
    }
    SvREFCNT_dec(error);
}

/* Perl marks a file whose loading failed by an undefined value in %INC, and refuses to load it again. Removes these
 * marks, because the next call may have more time, or find what the file needs. */
static void forget_failed_files(pTHX)
{
    HV *files = GvHV(PL_incgv);
    HE *file;
    if (!files) {
        return;
    }
    hv_iterinit(files);
    while ((file = hv_iternext(files))) {
        if (!SvOK(HeVAL(file))) {
            (void)hv_delete_ent(files, hv_iterkeysv(file), G_DISCARD, 0);
        }
    }
}

void policy_run(pTHX_ policy_call *call)
{
    GV *selected = PL_defoutgv;
    SV *guard;
    dSAVE_ERRNO;
    TAINT_NOT;
    ENTER;
    save_scalar(PL_errgv);
    save_scalar(PL_defgv);
    SvREFCNT_inc_simple_void(selected);
    guard = policy_prepare(aTHX);
    policy_limit_begin(aTHX_ & call->limit, call->timeout);
    if (!guarded(aTHX_ guard, step_call, call, NULL)) {
        explain(aTHX_ guard, call);
        forget_failed_files(aTHX);
    }
    if (PL_defoutgv != selected) {
        setdefout(selected);
    }
    SvREFCNT_dec(selected);
    /* The error may be an object with a destructor. */
    LEAVE;
    policy_limit_end(aTHX_ & call->limit);
    if (call->limit.over) {
        call->outcome = POLICY_STOPPED;
    }
    TAINT_NOT;
    RESTORE_ERRNO;
}

SV *policy_prepare(pTHX)
{
    static const char *const classes[] = {"Apache2::RequestRec", "Apache2::RequestUtil", "Apache2::RequestIO",
                                          "Apache2::Connection", "Apache2::ServerRec",   "Apache2::Log",
                                          "APR::Table",          "APR::Error",           NULL};
    SV **guard = hv_fetch(PL_modglobal, guard_key, sizeof(guard_key) - 1, 0);
    size_t i;
    if (guard) {
        return *guard;
    }
    for (i = 0; classes[i]; i++) {
        modperl_require_module(aTHX_ classes[i], TRUE);
    }
    guard = hv_store(PL_modglobal, guard_key, sizeof(guard_key) - 1,
                     newRV_noinc((SV *)newXS(NULL, policy_guard, __FILE__)), 0);
    return *guard;
}
