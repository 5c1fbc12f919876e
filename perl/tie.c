/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "tie.h"
#include "attached.h"
#include "symbols.h"

/* Numbers of the values of a hash: the three strings, then the numbers of backhand_fields(), then those of
 * backhand_read_only_fields(). A MAGIC's mg_len holds both the number of the entry and this number. Its mg_obj is the
 * owner of the attached table, or NULL: the table of the httpd that this code runs in. */
enum { FIELD_HOSTNAME, FIELD_CONTACT, FIELD_ZONE, FIELD_NUMBERS, FIELD_BITS = 6, FIELDS_MAX = 1 << FIELD_BITS };

#define MG_ENTRY(mg) ((int)((mg)->mg_len >> FIELD_BITS))
#define MG_FIELD(mg) ((int)((mg)->mg_len & ((1 << FIELD_BITS) - 1)))

/* Keys of the two structures in PL_modglobal, which is copied into clones. */
static const char servers_key[] = "Apache::Backhand::serverstats";
static const char arriba_key[] = "Apache::Backhand::personal_arriba";

typedef serverstat *serverstats_fn(void);
typedef int64_t *arriba_fn(void);

#define MY_CXT_KEY "Apache::Backhand::_guts" XS_VERSION
typedef struct {
    serverstats_fn *stats;
    int (*maxservers)(void);
    arriba_fn *arriba;
    int (*identity)(int, char *, char *);
    int (*zone)(int, char *);
    backhand_field fields[FIELDS_MAX];
    int n_fields;
    int read_only; /* first read-only number */
    int arriba_field;
    AV *servers;      /* owned by PL_modglobal */
    SV *arriba_value; /* owned by PL_modglobal */
} my_cxt_t;
START_MY_CXT

PERL_STATIC_NO_RET void croak_no_table(pTHX)
{
    croak(
        "Apache::Backhand: there is no table of servers yet: it is made once httpd has read its configuration and has "
        "found a directive of mod_backhand there; ask for it in a PerlChildInitHandler or later, as in a policy");
}

static void require_httpd(pTHX_ const my_cxt_t *cxt)
{
    if (!cxt->stats) {
        symbol_croak_outside(aTHX);
    }
}

/* --- numbers ----------------------------------------------------------------------------------------------- */

#define NUMBER_AT(stats, mg, cxt) ((char *)((stats) + MG_ENTRY(mg)) + (cxt)->fields[MG_FIELD(mg)].offset)

/* Computes the address at each access, because the table may be at another one after a restart. */
static int64_t *number_find(pTHX_ const my_cxt_t *cxt, const MAGIC *mg)
{
    serverstat *stats = cxt->stats();
    if (!stats || MG_ENTRY(mg) >= cxt->maxservers()) {
        croak_no_table(aTHX);
    }
    return (int64_t *)NUMBER_AT(stats, mg, cxt);
}

/* Converts the value as Perl does, limited to the field's range; undef and NaN are 0. */
static int64_t number_of(pTHX_ SV *sv, const backhand_field *field)
{
    int64_t value = 0;
    if (SvOK(sv)) {
        NV nv = SvNV(sv);
        if (nv >= 9223372036854775807.0) {
            value = INT64_MAX;
        }
        else if (nv <= -9223372036854775808.0) {
            value = INT64_MIN;
        }
        else if (nv > -9007199254740992.0 && nv < 9007199254740992.0) {
            value = (int64_t)nv;
        }
        else if (nv == nv) {
            value = SvIV(sv);
        }
    }
    return value < field->min ? field->min : value > field->max ? field->max : value;
}

static int number_get(pTHX_ SV *sv, MAGIC *mg)
{
    dMY_CXT;
    sv_setiv(sv, (IV)backhand_number_get(number_find(aTHX_ & MY_CXT, mg)));
    return 0;
}

static int attached_number_get(pTHX_ SV *sv, MAGIC *mg)
{
    dMY_CXT;
    const serverstat *stats = backhand_attached_serverstats(attached_of(aTHX_ mg->mg_obj));
    sv_setiv(sv, (IV)backhand_number_get((const int64_t *)NUMBER_AT(stats, mg, &MY_CXT)));
    return 0;
}

static int number_set(pTHX_ SV *sv, MAGIC *mg)
{
    dMY_CXT;
    int64_t value;
    /* `local` empties the variable before it gets its value. */
    if (PL_localizing == 1) {
        return 0;
    }
    value = number_of(aTHX_ sv, &MY_CXT.fields[MG_FIELD(mg)]);
    backhand_number_set(number_find(aTHX_ & MY_CXT, mg), value);
    sv_setiv(sv, (IV)value);
    return 0;
}

static int arriba_get(pTHX_ SV *sv, MAGIC *mg)
{
    dMY_CXT;
    const int64_t *arriba = MY_CXT.arriba();
    PERL_UNUSED_ARG(mg);
    if (!arriba) {
        croak_no_table(aTHX);
    }
    sv_setiv(sv, (IV)backhand_number_get(arriba));
    return 0;
}

static int arriba_set(pTHX_ SV *sv, MAGIC *mg)
{
    dMY_CXT;
    int64_t *arriba = MY_CXT.arriba();
    PERL_UNUSED_ARG(mg);
    if (PL_localizing == 1) {
        return 0;
    }
    if (!arriba) {
        croak_no_table(aTHX);
    }
    backhand_number_set(arriba, number_of(aTHX_ sv, &MY_CXT.fields[MY_CXT.arriba_field]));
    return 0;
}

/* --- strings ----------------------------------------------------------------------------------------------- */

static void zone_copy(pTHX_ const MAGIC *mg, char zone[BACKHAND_ZONE_SIZE])
{
    if (mg->mg_obj) {
        backhand_attached_zone(attached_of(aTHX_ mg->mg_obj), MG_ENTRY(mg), zone);
    }
    else {
        dMY_CXT;
        MY_CXT.zone(MG_ENTRY(mg), zone);
    }
}

static int zone_get(pTHX_ SV *sv, MAGIC *mg)
{
    char zone[BACKHAND_ZONE_SIZE];
    zone_copy(aTHX_ mg, zone);
    sv_setpv(sv, zone);
    return 0;
}

static int identity_get(pTHX_ SV *sv, MAGIC *mg)
{
    char text[BACKHAND_HOSTNAME_SIZE > BACKHAND_CONTACT_SIZE ? BACKHAND_HOSTNAME_SIZE : BACKHAND_CONTACT_SIZE];
    char *hostname = MG_FIELD(mg) == FIELD_HOSTNAME ? text : NULL;
    char *contact = hostname ? NULL : text;
    if (mg->mg_obj) {
        backhand_attached_identity(attached_of(aTHX_ mg->mg_obj), MG_ENTRY(mg), hostname, contact);
    }
    else {
        dMY_CXT;
        MY_CXT.identity(MG_ENTRY(mg), hostname, contact);
    }
    sv_setpv(sv, text);
    return 0;
}

static int fixed_set(pTHX_ SV *sv, MAGIC *mg)
{
    dMY_CXT;
    /* `local` sets the variable at both its ends. */
    if (PL_localizing) {
        return 0;
    }
    sv_setsv(sv, &PL_sv_undef);
    croak("Apache::Backhand: %s is read-only%s", MY_CXT.fields[MG_FIELD(mg)].name,
          mg->mg_obj ? ", as all of an attached table" : "");
}

/* --- one server's hash ------------------------------------------------------------------------------------- */

/* Called before a value leaves its hash. */
static int value_clear(pTHX_ SV *sv, MAGIC *mg)
{
    dMY_CXT;
    PERL_UNUSED_ARG(sv);
    croak("Apache::Backhand: %s cannot be deleted from a server's hash", MY_CXT.fields[MG_FIELD(mg)].name);
}

static const MGVTBL number_vtbl = {number_get, number_set, NULL, value_clear, NULL, NULL, NULL, NULL};
static const MGVTBL fixed_number_vtbl = {number_get, fixed_set, NULL, value_clear, NULL, NULL, NULL, NULL};
static const MGVTBL attached_number_vtbl = {attached_number_get, fixed_set, NULL, value_clear, NULL, NULL, NULL, NULL};
static const MGVTBL identity_vtbl = {identity_get, fixed_set, NULL, value_clear, NULL, NULL, NULL, NULL};
static const MGVTBL zone_vtbl = {zone_get, fixed_set, NULL, value_clear, NULL, NULL, NULL, NULL};
static const MGVTBL arriba_vtbl = {arriba_get, arriba_set, NULL, NULL, NULL, NULL, NULL, NULL};

static void hash_fill(pTHX_ HV *hash, int entry, SV *owner)
{
    dMY_CXT;
    int field;
    for (field = 0; field < MY_CXT.n_fields; field++) {
        const MGVTBL *vtbl = field == FIELD_ZONE        ? &zone_vtbl
                             : field < FIELD_NUMBERS    ? &identity_vtbl
                             : owner                    ? &attached_number_vtbl
                             : field < MY_CXT.read_only ? &number_vtbl
                                                        : &fixed_number_vtbl;
        const char *name = MY_CXT.fields[field].name;
        SV *value = newSV_type(SVt_PVMG);
        sv_magicext(value, owner, PERL_MAGIC_ext, vtbl, NULL, ((I32)entry << FIELD_BITS) | field);
        (void)hv_store(hash, name, (I32)strlen(name), value, 0);
    }
}

/* The hash has just lost its values, by an assignment to the whole hash or by undef. */
static int hash_clear(pTHX_ SV *sv, MAGIC *mg)
{
    if (PL_dirty) {
        return 0;
    }
    hash_fill(aTHX_(HV *) sv, (int)mg->mg_len, mg->mg_obj);
    croak("Apache::Backhand: a server's hash cannot be assigned to as a whole, nor emptied; assign to its values");
}

/* Called before a new value enters the hash. */
static int hash_copy(pTHX_ SV *sv, MAGIC *mg, SV *value, const char *key, I32 length)
{
    PERL_UNUSED_ARG(sv);
    PERL_UNUSED_ARG(mg);
    /* No other code would free it. */
    sv_2mortal(value);
    if (length == HEf_SVKEY) {
        croak("Apache::Backhand: a server's hash takes no further key, as `%" SVf "`", SVfARG((const SV *)key));
    }
    croak("Apache::Backhand: a server's hash takes no further key, as `%.*s`", (int)length, key);
}

static const MGVTBL hash_vtbl = {NULL, NULL, NULL, hash_clear, NULL, hash_copy, NULL, NULL};

static HV *hash_create(pTHX_ int entry, SV *owner)
{
    HV *hash = newHV();
    MAGIC *mg;
    hash_fill(aTHX_ hash, entry, owner);
    /* Perl calls the values' magic before a delete, and the hash's magic before a store, only if the hash has magic of
     * a kind with a capital letter. No other code attaches anything to env's. */
    mg = sv_magicext((SV *)hash, owner, PERL_MAGIC_env, &hash_vtbl, NULL, entry);
    mg->mg_flags |= MGf_COPY;
    return hash;
}

/* --- the array --------------------------------------------------------------------------------------------- */

/* The first access to an element makes its hash. From then on the element is an ordinary reference. */
static int element_get(pTHX_ SV *sv, MAGIC *mg)
{
    HV *hash = hash_create(aTHX_(int) mg->mg_len, mg->mg_obj);
    sv_unmagicext(sv, PERL_MAGIC_ext, mg->mg_virtual);
    SvRV_set(sv, (SV *)hash);
    SvROK_on(sv);
    /* Perl clears this flag during the call, and restores it only for variables with magic. */
    SvREADONLY_on(sv);
    return 0;
}

/* `local` gets an ordinary variable until its scope ends. */
static int element_local(pTHX_ SV *sv, MAGIC *mg)
{
    PERL_UNUSED_CONTEXT;
    PERL_UNUSED_ARG(sv);
    PERL_UNUSED_ARG(mg);
    return 0;
}

static const MGVTBL element_vtbl = {element_get, NULL, NULL, NULL, NULL, NULL, NULL, element_local};

static SV *element_create(pTHX_ int entry, SV *owner)
{
    SV *element = newSV_type(SVt_PVMG);
    sv_magicext(element, owner, PERL_MAGIC_ext, &element_vtbl, NULL, entry)->mg_flags |= MGf_LOCAL;
    SvREADONLY_on(element);
    return element;
}

static int element_is_ours(const SV *element, int entry, const SV *owner)
{
    const MAGIC *mg;
    if (!element || SvTYPE(element) < SVt_PVMG) {
        return 0;
    }
    mg = SvROK(element) ? mg_findext(SvRV(element), PERL_MAGIC_env, &hash_vtbl)
                        : mg_findext(element, PERL_MAGIC_ext, &element_vtbl);
    return mg && mg->mg_len == entry && mg->mg_obj == owner;
}

static void array_fill(pTHX_ AV *array, int servers, SV *owner)
{
    int entry;
    SvREADONLY_off(array);
    av_extend(array, servers - 1);
    for (entry = 0; entry < servers; entry++) {
        SV **element = av_fetch(array, entry, 0);
        if (!element || !element_is_ours(*element, entry, owner)) {
            (void)av_store(array, entry, element_create(aTHX_ entry, owner));
        }
    }
    SvREADONLY_on(array);
}

/* Needed because an assignment to $#array can shorten even a read-only array, and its elements can become aliases of
 * other variables. */
static int array_set(pTHX_ SV *sv, MAGIC *mg)
{
    if (PL_dirty) {
        return 0;
    }
    array_fill(aTHX_(AV *) sv, (int)mg->mg_len, mg->mg_obj);
    croak("Apache::Backhand: the array of servers keeps its length and its elements");
}

static const MGVTBL array_vtbl = {NULL, array_set, NULL, NULL, NULL, NULL, NULL, NULL};

static AV *array_create(pTHX_ int servers, SV *owner)
{
    AV *array = newAV();
    array_fill(aTHX_ array, servers, owner);
    sv_magicext((SV *)array, owner, PERL_MAGIC_ext, &array_vtbl, NULL, servers);
    return array;
}

/* Stores a structure where clones find their own copy. */
static void keep(pTHX_ const char *key, SV *what)
{
    (void)hv_store(PL_modglobal, key, (I32)strlen(key), newRV_noinc(what), 0);
}

static SV *kept(pTHX_ const char *key)
{
    SV **found = hv_fetch(PL_modglobal, key, (I32)strlen(key), 0);
    return found && SvROK(*found) ? SvRV(*found) : NULL;
}

/* --- what Backhand.xs uses --------------------------------------------------------------------------------- */

static void fields_add(pTHX_ my_cxt_t *cxt, const backhand_field *field)
{
    for (; field->name; field++) {
        if (cxt->n_fields == FIELDS_MAX) {
            croak("Apache::Backhand was built for another version of mod_backhand: build it again");
        }
        if (strEQ(field->name, "arriba")) {
            cxt->arriba_field = cxt->n_fields;
        }
        cxt->fields[cxt->n_fields++] = *field;
    }
}

/* The library that is linked in has the same fields as an httpd of this version. */
void tie_boot(pTHX)
{
    static const backhand_field strings[FIELD_NUMBERS] = {
        {"hostname", 0, 0, 0}, {"contact", 0, 0, 0}, {"zone", 0, 0, 0}};
    MY_CXT_INIT;

    Zero(&MY_CXT, 1, my_cxt_t);
    if (symbols_inside()) {
        symbols_check_version(aTHX);
        MY_CXT.stats = (serverstats_fn *)symbol_find(aTHX_ "backhand_serverstats");
        MY_CXT.maxservers = (int (*)(void))symbol_find(aTHX_ "backhand_maxservers");
        MY_CXT.arriba = (arriba_fn *)symbol_find(aTHX_ "backhand_personal_arriba");
        MY_CXT.identity = (int (*)(int, char *, char *))symbol_find(aTHX_ "backhand_identity_get");
        MY_CXT.zone = (int (*)(int, char *))symbol_find(aTHX_ "backhand_zone_get");
    }
    Copy(strings, MY_CXT.fields, FIELD_NUMBERS, backhand_field);
    MY_CXT.n_fields = FIELD_NUMBERS;
    fields_add(aTHX_ & MY_CXT, backhand_fields());
    MY_CXT.read_only = MY_CXT.n_fields;
    fields_add(aTHX_ & MY_CXT, backhand_read_only_fields());
}

void tie_clone(pTHX)
{
    MY_CXT_CLONE;
    MY_CXT.servers = (AV *)kept(aTHX_ servers_key);
    MY_CXT.arriba_value = kept(aTHX_ arriba_key);
}

int tie_maxservers(pTHX)
{
    dMY_CXT;
    require_httpd(aTHX_ & MY_CXT);
    if (!MY_CXT.stats()) {
        croak_no_table(aTHX);
    }
    return MY_CXT.maxservers();
}

SV *tie_serverstats(pTHX)
{
    dMY_CXT;
    int servers = tie_maxservers(aTHX);
    if (!MY_CXT.servers || AvFILLp(MY_CXT.servers) + 1 != servers) {
        MY_CXT.servers = array_create(aTHX_ servers, NULL);
        keep(aTHX_ servers_key, (SV *)MY_CXT.servers);
    }
    return newRV_inc((SV *)MY_CXT.servers);
}

SV *tie_personal_arriba(pTHX)
{
    dMY_CXT;
    (void)tie_maxservers(aTHX);
    if (!MY_CXT.arriba_value) {
        SV *value = newSV_type(SVt_PVMG);
        sv_magicext(value, NULL, PERL_MAGIC_ext, &arriba_vtbl, NULL, 0);
        keep(aTHX_ arriba_key, value);
        MY_CXT.arriba_value = value;
    }
    return newRV_inc(MY_CXT.arriba_value);
}

SV *tie_attached(pTHX_ SV *owner)
{
    int servers = backhand_attached_maxservers(attached_of(aTHX_ owner));
    return newRV_noinc((SV *)array_create(aTHX_ servers, owner));
}
