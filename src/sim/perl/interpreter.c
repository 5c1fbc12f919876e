/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "../../../perl/policy.h"
#include "sim/decision.h"
#include "sim/interpreter.h"
#include "sim/words.h"
#include "prelude.h"

#include <apr_strings.h>

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/** Words after the function's name that are passed on. */
#define MAX_WORDS 64

/* Of Perl's DynaLoader, for modules that have C parts. */
EXTERN_C void boot_DynaLoader(pTHX_ CV *cv);

static void load_dynaloader(pTHX)
{
    newXS("DynaLoader::boot_DynaLoader", boot_DynaLoader, __FILE__);
}

/* --- the interpreter --------------------------------------------------------------------------------------- */

/* The Perl module stands beside the folder of commands, where `./run build` has it. */
static void add_own_folder(pTHX)
{
    char path[PATH_MAX], *folder;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0) {
        return;
    }
    path[length] = '\0';
    folder = dirname(dirname(path));
    av_push(GvAVn(PL_incgv), newSVpvf("%s/perl5", folder));
}

/* @return what went wrong, in the interpreter's memory, or NULL */
static const char *evaluate(pTHX_ const char *code)
{
    eval_pv(code, FALSE);
    return SvTRUE(ERRSV) ? SvPV_nolen(ERRSV) : NULL;
}

/* The order of a hash's keys would differ between two runs of one scenario. */
static void make_repeatable(void)
{
    setenv("PERL_HASH_SEED", "0", 1);
    setenv("PERL_PERTURB_KEYS", "NO", 1);
}

static PerlInterpreter *start(void)
{
    static char name[] = "bhsim", option[] = "-e", code[] = "0";
    char *words[] = {name, option, code, NULL}, **argv = words, **env = environ;
    int argc = 3;
    PerlInterpreter *perl;

    make_repeatable();
    PERL_SYS_INIT3(&argc, &argv, &env);
    perl = perl_alloc();
    perl_construct(perl);
    {
        dTHXa(perl);
        PL_exit_flags |= PERL_EXIT_DESTRUCT_END;
        perl_parse(perl, load_dynaloader, 3, words, environ);
        add_own_folder(aTHX);
        if (evaluate(aTHX_ prelude)) {
            fprintf(stderr, "bhsim: %s", SvPV_nolen(ERRSV));
            exit(EXIT_FAILURE);
        }
    }
    return perl;
}

static PerlInterpreter *interpreter(void)
{
    PerlInterpreter *perl = PERL_GET_CONTEXT;
    return perl ? perl : start();
}

void sim_perl_seed(uint64_t seed)
{
    PerlInterpreter *perl = PERL_GET_CONTEXT;
    char code[40];
    if (perl) {
        dTHXa(perl);
        snprintf(code, sizeof(code), "srand %u; 1", (unsigned)(seed & UINT32_MAX));
        (void)evaluate(aTHX_ code);
    }
}

void sim_perl_end(void)
{
    PerlInterpreter *perl = PERL_GET_CONTEXT;
    if (perl) {
        perl_destruct(perl);
        perl_free(perl);
        PERL_SYS_TERM();
    }
}

/* --- what the shim of mod_perl promises -------------------------------------------------------------------- */

static int push_header(void *ctx, const char *name, const char *value)
{
    AV *headers = ctx;
    dTHX;
    av_push(headers, newSVpv(name, 0));
    av_push(headers, newSVpv(value, 0));
    return 1;
}

static void store_text(pTHX_ HV *object, const char *name, const char *text)
{
    (void)hv_store(object, name, (I32)strlen(name), text ? newSVpv(text, 0) : newSV(0), 0);
}

/* Without Perl code: the caller is about to fill Perl's stack. */
SV *modperl_ptr2obj(pTHX_ const char *class, void *request)
{
    const request_rec *r = request;
    HV *object = newHV();
    AV *headers = newAV();

    store_text(aTHX_ object, "uri", r->uri);
    store_text(aTHX_ object, "method", r->method);
    store_text(aTHX_ object, "args", r->args);
    apr_table_do(push_header, headers, r->headers_in, NULL);
    (void)hv_stores(object, "headers", newRV_noinc((SV *)headers));
    return sv_bless(newRV_noinc((SV *)object), gv_stashpv(class, GV_ADD));
}

int modperl_require_module(pTHX_ const char *name, int log)
{
    PERL_UNUSED_CONTEXT;
    (void)name;
    (void)log;
    return TRUE;
}

/* --- directives -------------------------------------------------------------------------------------------- */

/* Without the newline and the `at (eval 1) line 1` that Perl puts behind it. */
static const char *trimmed(apr_pool_t *p, const char *message)
{
    char *text = apr_pstrdup(p, message);
    size_t length = strlen(text);
    while (length && isSPACE(text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

static const char *require(pTHX_ SV *what, apr_pool_t *p)
{
    dSP;
    const char *error = NULL;
    ENTER;
    SAVETMPS;
    PUSHMARK(SP);
    XPUSHs(sv_2mortal(what));
    PUTBACK;
    call_pv("Backhand::Sim::load", G_EVAL | G_DISCARD);
    if (SvTRUE(ERRSV)) {
        error = trimmed(p, SvPV_nolen(ERRSV));
    }
    FREETMPS;
    LEAVE;
    return error;
}

/* A path of the scenario's, from where it stands. */
static const char *path_of(apr_pool_t *p, const char *folder, const char *path)
{
    return *path == '/' ? path : apr_pstrcat(p, folder, "/", path, NULL);
}

static const char *add_folders(pTHX_ sim_words *words, const char *folder)
{
    const char *word;
    while ((word = sim_words_next(words))) {
        if (strncmp(word, "-I", 2) != 0 || !word[2]) {
            return "PerlSwitches takes -Ifolder only";
        }
        av_unshift(GvAVn(PL_incgv), 1);
        av_store(GvAVn(PL_incgv), 0, newSVpv(path_of(words->pool, folder, word + 2), 0));
    }
    return NULL;
}

const char *sim_perl_directive(const char *line, const char *folder, apr_pool_t *p)
{
    sim_words words = {line, p};
    const char *name = sim_words_next(&words), *word, *error = NULL;
    dTHXa(interpreter());

    if (!strcmp(name, "PerlSwitches")) {
        return add_folders(aTHX_ & words, folder);
    }
    if (strcmp(name, "PerlModule") != 0 && strcmp(name, "PerlRequire") != 0 &&
        strcmp(name, "PerlPostConfigRequire") != 0) {
        return apr_psprintf(p, "of Perl's directives there are PerlModule, PerlRequire and PerlSwitches, not %s", name);
    }
    while (!error && (word = sim_words_next(&words))) {
        int is_module = !strcmp(name, "PerlModule");
        error = require(aTHX_ newSVpv(is_module ? word : path_of(p, folder, word), 0), p);
    }
    return error;
}

/* --- the function ------------------------------------------------------------------------------------------ */

static const char *text_of(const policy_call *call, apr_pool_t *p)
{
    switch (call->outcome) {
    case POLICY_UNDEFINED:
        return apr_psprintf(p, "%s is not defined: load its package with PerlModule", call->name);
    case POLICY_DIED:
        return apr_psprintf(p, "%s died: %s", call->name, call->text);
    case POLICY_EXITED:
        return apr_psprintf(p, "%s called exit", call->name);
    case POLICY_WRONG:
        return apr_psprintf(p, "%s returned %s, and no reference to an array of ids", call->name, call->text);
    case POLICY_STOPPED:
        return apr_psprintf(p, "%s was stopped: its calls went too deep", call->name);
    case POLICY_PASSED_OVER:
    case POLICY_OK:
        break;
    }
    return apr_psprintf(p, "%s returned %d entries that are no id and %d that came twice", call->name, call->strangers,
                        call->duplicates);
}

static void read_words(policy_call *call, apr_pool_t *p, const char *arg)
{
    sim_words words = {arg, p};
    const char *word;
    call->name = sim_words_next(&words);
    call->words = apr_palloc(p, MAX_WORDS * sizeof(*call->words));
    while (call->n_words < MAX_WORDS && (word = sim_words_next(&words))) {
        call->words[call->n_words++] = word;
    }
}

static int by_perl(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    policy_call *call = apr_pcalloc(r->pool, sizeof(*call));
    int *given = apr_palloc(r->pool, (apr_size_t)(*n + 1) * sizeof(int));
    dTHXa(interpreter());

    call->request = r;
    call->room = MAXSERVERS;
    read_words(call, r->pool, arg);
    for (int i = 0; i < *n; i++) {
        given[i] = servers[i].id;
    }
    call->given = given;
    call->n_given = *n;
    call->ids = apr_palloc(r->pool, (apr_size_t)call->room * sizeof(int));
    call->seen = apr_pcalloc(r->pool, (apr_size_t)call->room);
    policy_run(aTHX_ call);
    if (call->outcome != POLICY_OK || call->strangers || call->duplicates || call->unseen) {
        sim_decision_complain(text_of(call, r->pool));
    }
    for (int i = 0; call->outcome == POLICY_OK && i < call->n; i++) {
        servers[i] = (ServerSlot){call->ids[i], BACKHAND_HANDOFF};
    }
    return *n = call->outcome == POLICY_OK ? call->n : *n;
}

const char *sim_perl_function(backhand_function *function, apr_pool_t *p)
{
    policy_call words = {0};
    dTHXa(interpreter());

    if (!function->arg) {
        return "byPerl names no Perl function: BackhandFromSO .../byPerl.so byPerl Package::function [arguments]";
    }
    read_words(&words, p, function->arg);
    policy_prepare(aTHX);
    if (!policy_defined(aTHX_ words.name)) {
        return apr_psprintf(p, "%s is not defined: load its package with PerlModule", words.name);
    }
    function->call = by_perl;
    return NULL;
}
