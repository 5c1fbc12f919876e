/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/*
 * mod_bench_policy: what byPerl costs beside the least that calling Perl can cost, measured inside httpd. A request for
 * the handler bench-policy, as /policy?ms=500, answers with a line for each thing: its name, nanoseconds, nanoseconds
 * of its floor, by turns in one thread, medians.
 *
 *     BenchByPerl FILE        byPerl.so
 *
 * Needs functions in Perl: Bench::unchanged and Bench::by_figure, policies; Bench::plain(\$x), Bench::tied() and
 * Bench::number(\$x), each of which reads a value READS times.
 */

#define PERL_NO_GET_CONTEXT
#include "mod_perl_api.h"

#include "mod_backhand.h"

#include <apr_dso.h>
#include <http_protocol.h>

#include <time.h>

module AP_MODULE_DECLARE_DATA __attribute__((visibility("default"))) bench_policy_module;

#define CANDIDATES  16
#define ENTRIES     256 /* of the table */
#define BATCH       50
#define READS       1000
#define SAMPLES_MAX 20000

typedef struct measured {
    double *ns;
    int n;
} measured;

/* The call that is timed, with a list of its own. */
typedef struct contest {
    request_rec *r;
    backhand_candidacy_fn by_perl;
    const char *policy;
    char *function; /* in Perl, that reads */
    SV *value;
    PerlInterpreter *perl;
} contest;

static const char *by_perl_file;

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(measured *all)
{
    qsort(all->ns, (size_t)all->n, sizeof(*all->ns), by_size);
    return all->n ? all->ns[all->n / 2] : 0;
}

static void fill(ServerSlot *list)
{
    for (int i = 0; i < CANDIDATES; i++) {
        list[i] = (ServerSlot){i, BACKHAND_HANDOFF};
    }
}

/* --- a policy ---------------------------------------------------------------------------------------------- */

static void ours(const contest *c)
{
    ServerSlot list[ENTRIES];
    int n = CANDIDATES;
    char name[64];
    fill(list);
    apr_cpystrn(name, c->policy, sizeof(name));
    c->by_perl(c->r, list, &n, name);
}

/* As anybody would write it who needs nothing but the call. */
static void by_hand(const contest *c)
{
    static char request_class[] = "Apache2::RequestRec";
    ServerSlot list[ENTRIES];
    request_rec *r = c->r;
    SV *result;
    AV *ids;
    int i, n = 0;
    fill(list);
    MP_dINTERPa(r, r->connection, r->server);
    if (MP_HAS_INTERP(interp)) {
        dSP;
        ENTER;
        SAVETMPS;
        ids = newAV();
        for (i = 0; i < CANDIDATES; i++) {
            av_push(ids, newSViv(list[i].id));
        }
        PUSHMARK(SP);
        XPUSHs(sv_2mortal(modperl_ptr2obj(aTHX_ request_class, r)));
        XPUSHs(sv_2mortal(newRV_noinc((SV *)ids)));
        PUTBACK;
        call_sv((SV *)get_cv(c->policy, 0), G_EVAL | G_SCALAR);
        SPAGAIN;
        result = POPs;
        if (!SvTRUE(ERRSV) && SvROK(result) && SvTYPE(SvRV(result)) == SVt_PVAV) {
            ids = (AV *)SvRV(result);
            for (i = 0; i <= av_len(ids) && i < CANDIDATES; i++) {
                SV **id = av_fetch(ids, i, 0);
                list[n++].id = id ? (int)SvIV(*id) : 0;
            }
        }
        PUTBACK;
        FREETMPS;
        LEAVE;
        MP_INTERP_PUTBACK(interp, aTHX);
    }
}

/* --- a value ----------------------------------------------------------------------------------------------- */

/* A word that stands where its MAGIC says. */
static int word_get(pTHX_ SV *sv, MAGIC *mg)
{
    sv_setiv(sv, (IV)backhand_number_get((const int64_t *)(const void *)mg->mg_ptr));
    return 0;
}

static const MGVTBL word_vtbl = {word_get, NULL, NULL, NULL, NULL, NULL, NULL, NULL};

static void read_value(const contest *c)
{
    pTHX = c->perl;
    dSP;
    ENTER;
    SAVETMPS;
    PUSHMARK(SP);
    XPUSHs(sv_2mortal(newRV_inc(c->value)));
    PUTBACK;
    call_pv(c->function, G_VOID | G_DISCARD);
    FREETMPS;
    LEAVE;
}

/* --- measuring --------------------------------------------------------------------------------------------- */

static void sample(measured *to, void (*run)(const contest *), const contest *c, int batch, int each)
{
    apr_pool_t *outer = c->r->pool;
    int64_t began;

    /* Memory that is taken for one request would pile up. */
    apr_pool_create(&c->r->pool, outer);
    began = nanoseconds();
    for (int i = 0; i < batch; i++) {
        run(c);
    }
    if (to->n < SAMPLES_MAX) {
        to->ns[to->n++] = (double)(nanoseconds() - began) / batch / each;
    }
    apr_pool_destroy(c->r->pool);
    c->r->pool = outer;
}

static measured samples(apr_pool_t *p)
{
    measured none = {apr_palloc(p, SAMPLES_MAX * sizeof(double)), 0};
    return none;
}

static void measure_policy(contest *c, const char *policy, int ms)
{
    request_rec *r = c->r;
    measured own = samples(r->pool), least = samples(r->pool);
    int64_t end;

    c->policy = policy;
    for (int i = 0; i < 10; i++) {
        sample(&own, ours, c, BATCH, 1);
        sample(&least, by_hand, c, BATCH, 1);
    }
    own.n = least.n = 0;
    end = nanoseconds() + ms * INT64_C(1000000);
    do {
        sample(&own, ours, c, BATCH, 1);
        sample(&least, by_hand, c, BATCH, 1);
    } while (nanoseconds() < end);
    ap_rprintf(r, "%s %.0f %.0f\n", policy + strlen("Bench::"), median(&own), median(&least));
}

/* The loop around the reads is in both; a plain variable tells what it takes. */
static void measure_values(contest *c, int ms)
{
    static char tied_name[] = "Bench::tied", number_name[] = "Bench::number";
    request_rec *r = c->r;
    int64_t end = nanoseconds() + ms * INT64_C(1000000);
    contest tied = *c, number = *c, plain = *c;
    measured of_tied = samples(r->pool), of_number = samples(r->pool), of_plain = samples(r->pool);
    MP_dINTERPa(r, r->connection, r->server);

    if (!MP_HAS_INTERP(interp)) {
        return;
    }
    tied.perl = number.perl = plain.perl = aTHX;
    tied.function = tied_name;
    number.function = plain.function = number_name;
    plain.value = tied.value = newSViv(1);
    number.value = newSV_type(SVt_PVMG);
    sv_magicext(number.value, NULL, PERL_MAGIC_ext, &word_vtbl, (const char *)&serverstats[0].load, 0);
    do {
        sample(&of_tied, read_value, &tied, 1, READS);
        sample(&of_number, read_value, &number, 1, READS);
        sample(&of_plain, read_value, &plain, 1, READS);
    } while (nanoseconds() < end);
    SvREFCNT_dec(plain.value);
    SvREFCNT_dec(number.value);
    MP_INTERP_PUTBACK(interp, aTHX);
    ap_rprintf(r, "tied %.1f %.1f %.1f\n", median(&of_tied), median(&of_number), median(&of_plain));
}

static int handle(request_rec *r)
{
    contest c = {.r = r};
    apr_dso_handle_t *object;
    apr_dso_handle_sym_t symbol;
    int ms;

    if (!r->handler || strcmp(r->handler, "bench-policy") != 0) {
        return DECLINED;
    }
    ms = r->args && strncmp(r->args, "ms=", 3) == 0 ? atoi(r->args + 3) : 100;
    if (!by_perl_file || !serverstats || apr_dso_load(&object, by_perl_file, r->server->process->pool) ||
        apr_dso_sym(&symbol, object, "byPerl")) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    memcpy(&c.by_perl, &symbol, sizeof(symbol));
    ap_set_content_type(r, "text/plain");
    measure_policy(&c, "Bench::unchanged", ms);
    measure_policy(&c, "Bench::by_figure", ms);
    measure_values(&c, ms);
    return OK;
}

static const char *set_file(cmd_parms *cmd, void *dir, const char *file)
{
    (void)cmd;
    (void)dir;
    by_perl_file = file;
    return NULL;
}

static const command_rec commands[] = {
    AP_INIT_TAKE1("BenchByPerl", set_file, NULL, RSRC_CONF, "byPerl.so"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}

module bench_policy_module = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, commands, register_hooks, 0};
