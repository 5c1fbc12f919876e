/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/places.h"

#include <apr_strings.h>
#include <ap_regex.h>

#include <strings.h>

/* Beyond this number of such directives the configuration is not examined. */
#define DIRECTIVES_MAX 2000

static const char *first_word(const char *args, apr_pool_t *p)
{
    return ap_getword_conf(p, &args);
}

static const char *path_of(const char *text, apr_pool_t *p)
{
    apr_size_t length = strlen(text);
    while (length && (text[length - 1] == '/' || text[length - 1] == '>')) {
        length--;
    }
    return apr_pstrmemdup(p, text, length);
}

/* --- patterns ---------------------------------------------------------------------------------------------- */

/* @return the text with which all matches of the expression begin; NULL: not known */
static const char *literal_of(const char *regex, apr_pool_t *p)
{
    apr_size_t length = strcspn(regex, "\\.[](){}*+?|$");

    if (*regex != '^' || regex[length] == '|') {
        return NULL;
    }
    /* A character that need not be there. */
    if (length > 1 && regex[length] && strchr("*?{", regex[length])) {
        length--;
    }
    return apr_pstrmemdup(p, regex + 1, length - 1);
}

static void set_regex(backhand_place *at, const char *regex, apr_pool_t *p)
{
    at->kind = BACKHAND_PLACE_PATTERN;
    at->regex = ap_pregcomp(p, regex, 0);
    at->literal = literal_of(regex, p);
}

static int matches(const backhand_place *pattern, const char *path, apr_pool_t *p)
{
    return pattern->regex && (ap_regexec(pattern->regex, path, 0, NULL, 0) == 0 ||
                              ap_regexec(pattern->regex, apr_pstrcat(p, path, "/", NULL), 0, NULL, 0) == 0);
}

/* One of the two begins with the other. A slash alone says nothing. */
static int begin_alike(const char *a, const char *b)
{
    apr_size_t of_a = a ? strlen(a) : 0, of_b = b ? strlen(b) : 0;
    return of_a > 1 && of_b > 1 && strncmp(a, b, of_a < of_b ? of_a : of_b) == 0;
}

static int pattern_meets(const backhand_place *pattern, const backhand_place *other, apr_pool_t *p)
{
    if (other->kind == BACKHAND_PLACE_LOCATION) {
        return matches(pattern, other->path, p) || begin_alike(pattern->literal, other->path);
    }
    return other->kind == BACKHAND_PLACE_PATTERN && begin_alike(pattern->literal, other->literal);
}

/* --- finding ----------------------------------------------------------------------------------------------- */

static int is_partial(const char *section)
{
    static const char *const names[] = {"<If", "<ElseIf", "<Else", "<Files", "<FilesMatch", "<Limit", "<LimitExcept"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(section, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *without_bracket(const char *word, apr_pool_t *p)
{
    apr_size_t length = strlen(word);
    return length && word[length - 1] == '>' ? apr_pstrmemdup(p, word, length - 1) : word;
}

/* <Location> and <Directory>, their forms with Match or ~, and wildcards. */
static void set_path(backhand_place *at, const ap_directive_t *section, apr_pool_t *p)
{
    const char *args = section->args, *word = ap_getword_conf(p, &args);
    int is_location = strncasecmp(section->directive, "<Location", 9) == 0;
    int is_match = strcasecmp(section->directive, "<LocationMatch") == 0 ||
                   strcasecmp(section->directive, "<DirectoryMatch") == 0 || strcmp(word, "~") == 0;

    if (is_match) {
        at->kind = BACKHAND_PLACE_PATTERN;
        word = strcmp(word, "~") == 0 ? ap_getword_conf(p, &args) : word;
        if (is_location) {
            set_regex(at, without_bracket(word, p), p);
        }
        return;
    }
    at->kind = is_location ? BACKHAND_PLACE_LOCATION : BACKHAND_PLACE_DIRECTORY;
    at->path = path_of(word, p);
    if (strpbrk(word, "*?[")) {
        at->kind = BACKHAND_PLACE_PATTERN;
        at->literal = is_location ? apr_pstrmemdup(p, word, strcspn(word, "*?[")) : NULL;
    }
}

static void set_section(backhand_place *at, const ap_directive_t *section, apr_pool_t *p)
{
    if (strncasecmp(section->directive, "<VirtualHost", 12) == 0) {
        at->host = section;
    }
    else if (is_partial(section->directive)) {
        at->partial = 1;
    }
    else if (at->kind == BACKHAND_PLACE_SERVER && (strncasecmp(section->directive, "<Location", 9) == 0 ||
                                                   strncasecmp(section->directive, "<Directory", 10) == 0)) {
        set_path(at, section, p);
    }
}

static backhand_place *note(apr_array_header_t *list, const ap_directive_t *d, apr_pool_t *p)
{
    backhand_place *at = &APR_ARRAY_PUSH(list, backhand_place);

    memset(at, 0, sizeof(*at));
    at->d = d;
    at->path = "";
    for (const ap_directive_t *section = d->parent; section; section = section->parent) {
        set_section(at, section, p);
    }
    return at;
}

/* --- requests that mod_proxy takes ------------------------------------------------------------------------- */

/* The flag P or proxy is among those of a RewriteRule, as in [L,P]. */
static int has_proxy_flag(const char *flags, apr_pool_t *p)
{
    char *last = NULL;

    if (*flags != '[') {
        return 0;
    }
    for (char *flag = apr_strtok(apr_pstrdup(p, flags + 1), ", ]", &last); flag;
         flag = apr_strtok(NULL, ", ]", &last)) {
        if (strcasecmp(flag, "P") == 0 || strcasecmp(flag, "proxy") == 0) {
            return 1;
        }
    }
    return 0;
}

/* Of a rule's pattern `!` means all other URLs. */
static void look_at_rule(backhand_places *found, const ap_directive_t *d)
{
    const char *args = d->args;
    const char *pattern = ap_getword_conf(found->p, &args);
    backhand_place *at;

    (void)ap_getword_conf(found->p, &args);
    if (!has_proxy_flag(ap_getword_conf(found->p, &args), found->p)) {
        return;
    }
    at = note(found->proxied, d, found->p);
    if (at->kind == BACKHAND_PLACE_SERVER && *pattern != '!') {
        set_regex(at, pattern, found->p);
    }
}

static void look_at_pass(backhand_places *found, const ap_directive_t *d)
{
    const char *args = d->args;
    const char *path = ap_getword_conf(found->p, &args);
    backhand_place *at = note(found->proxied, d, found->p);
    const char *target = at->kind == BACKHAND_PLACE_SERVER ? ap_getword_conf(found->p, &args) : path;

    if (strcmp(target, "!") == 0) {
        (void)apr_array_pop(found->proxied);
    }
    else if (at->kind == BACKHAND_PLACE_SERVER && strcasecmp(d->directive, "ProxyPassMatch") == 0) {
        set_regex(at, path, found->p);
    }
    else if (at->kind == BACKHAND_PLACE_SERVER) {
        at->kind = BACKHAND_PLACE_LOCATION;
        at->path = path_of(path, found->p);
    }
}

/* --- the others -------------------------------------------------------------------------------------------- */

static int is_login(const char *type)
{
    static const char *const types[] = {"Digest", "Form", "openid-connect", "auth-openidc"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(type, types[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void look_at(backhand_places *found, const ap_directive_t *d)
{
    const char *word = first_word(d->args ? d->args : "", found->p);
    apr_array_header_t *list = NULL;

    if (strcasecmp(d->directive, "AuthType") == 0 && is_login(word)) {
        list = found->logins;
    }
    else if (strcasecmp(d->directive, "BackhandTrustUser") == 0) {
        list = found->trusts;
    }
    else if (strcasecmp(d->directive, "BackhandProxyPass") == 0) {
        list = found->passes;
    }
    else if (strcasecmp(d->directive, "Backhand") == 0) {
        list = strcasecmp(word, "off") == 0 || strcasecmp(word, "backhand_off") == 0 ? found->offs : found->chains;
    }
    else if (strcasecmp(d->directive, "BackhandFromSO") == 0) {
        list = found->chains;
    }
    else if (strcasecmp(d->directive, "DocumentRoot") == 0) {
        list = found->roots;
    }
    if (list) {
        (void)note(list, d, found->p);
        found->directives++;
    }
}

static void walk(backhand_places *found, const ap_directive_t *d)
{
    for (; d && found->directives < DIRECTIVES_MAX; d = d->next) {
        look_at(found, d);
        if (d->args && strcasecmp(d->directive, "RewriteRule") == 0) {
            look_at_rule(found, d);
        }
        else if (d->args &&
                 (strcasecmp(d->directive, "ProxyPass") == 0 || strcasecmp(d->directive, "ProxyPassMatch") == 0)) {
            look_at_pass(found, d);
        }
        if (d->first_child) {
            walk(found, d->first_child);
        }
    }
}

/* True when `path` is the other path, or below it. */
static int is_within(const char *path, const char *other)
{
    apr_size_t length = strlen(other);
    return strncmp(path, other, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static int overlap(const char *a, const char *b)
{
    return is_within(a, b) || is_within(b, a);
}

/* True when a URL below `location` may lead into the directory. It follows no aliases. */
static int leads_into(const backhand_places *found, const backhand_place *location, const backhand_place *directory)
{
    for (int i = 0; i < found->roots->nelts; i++) {
        const backhand_place *root = &APR_ARRAY_IDX(found->roots, i, backhand_place);
        const char *path = path_of(first_word(root->d->args, found->p), found->p);
        if (is_within(path, directory->path)) {
            return 1;
        }
        if (is_within(directory->path, path) && overlap(directory->path + strlen(path), location->path)) {
            return 1;
        }
    }
    return !*location->path || !*directory->path;
}

/* True when one request may be in both places. */
static int meet(const backhand_places *found, const backhand_place *a, const backhand_place *b)
{
    if (a->host && b->host && a->host != b->host) {
        return 0;
    }
    if (a->kind == BACKHAND_PLACE_SERVER || b->kind == BACKHAND_PLACE_SERVER) {
        return 1;
    }
    if ((a->kind == BACKHAND_PLACE_LOCATION && !*a->path) || (b->kind == BACKHAND_PLACE_LOCATION && !*b->path)) {
        return 1;
    }
    if (a->kind == BACKHAND_PLACE_PATTERN || b->kind == BACKHAND_PLACE_PATTERN) {
        return (a->kind == BACKHAND_PLACE_PATTERN && pattern_meets(a, b, found->p)) ||
               (b->kind == BACKHAND_PLACE_PATTERN && pattern_meets(b, a, found->p));
    }
    if (a->kind == b->kind) {
        return overlap(a->path, b->path);
    }
    return a->kind == BACKHAND_PLACE_LOCATION ? leads_into(found, a, b) : leads_into(found, b, a);
}

/* In the order in which httpd merges sections, `a` comes after `b`. */
static int comes_after(const backhand_place *a, const backhand_place *b)
{
    if (a->d->parent == b->d->parent) {
        return a->d->line_num > b->d->line_num;
    }
    if (a->kind != b->kind) {
        return a->kind > b->kind;
    }
    if (strlen(a->path) != strlen(b->path)) {
        return strlen(a->path) > strlen(b->path);
    }
    return a->host && !b->host;
}

/* True when all of `place` is within the place of `at`. */
static int is_inside(const backhand_place *place, const backhand_place *at, apr_pool_t *p)
{
    const char *path = place->kind == BACKHAND_PLACE_PATTERN ? place->literal : place->path;

    if (at->kind == BACKHAND_PLACE_SERVER) {
        return 1;
    }
    if (!path || (place->kind == BACKHAND_PLACE_SERVER) ||
        (place->kind == BACKHAND_PLACE_DIRECTORY) != (at->kind == BACKHAND_PLACE_DIRECTORY)) {
        return 0;
    }
    return at->kind == BACKHAND_PLACE_PATTERN ? matches(at, path, p) : is_within(path, at->path);
}

/* True when the directive at `at` holds for the whole place. */
static int covers(const backhand_place *at, const backhand_place *place, apr_pool_t *p)
{
    int within =
        (at->d->parent == place->d->parent && place->kind == at->kind) || (!at->partial && is_inside(place, at, p));
    return within && (!at->host || at->host == place->host);
}

/* `Backhand off` for the whole of the place, after the chain. */
static int is_off(const backhand_places *found, const backhand_place *place, const backhand_place *chain)
{
    for (int i = 0; i < found->offs->nelts; i++) {
        const backhand_place *off = &APR_ARRAY_IDX(found->offs, i, backhand_place);
        if (covers(off, place, found->p) && comes_after(off, chain)) {
            return 1;
        }
    }
    return 0;
}

const char *backhand_place_word(const backhand_place *place, apr_pool_t *p)
{
    return first_word(place->d->args, p);
}

int backhand_place_is_on(const backhand_places *found, const apr_array_header_t *list, const backhand_place *place)
{
    const backhand_place *last = NULL;
    for (int i = 0; i < list->nelts; i++) {
        const backhand_place *at = &APR_ARRAY_IDX(list, i, backhand_place);
        if (covers(at, place, found->p) && (!last || comes_after(at, last))) {
            last = at;
        }
    }
    return last && strcasecmp(backhand_place_word(last, found->p), "on") == 0;
}

const backhand_place *backhand_place_chain(const backhand_places *found, const backhand_place *place)
{
    for (int i = 0; i < found->chains->nelts; i++) {
        const backhand_place *chain = &APR_ARRAY_IDX(found->chains, i, backhand_place);
        if (meet(found, place, chain) && !is_off(found, place, chain)) {
            return chain;
        }
    }
    return NULL;
}

void backhand_places_find(backhand_places *found, apr_pool_t *p)
{
    apr_array_header_t **const lists[] = {&found->logins, &found->proxied, &found->chains, &found->offs,
                                          &found->trusts, &found->passes,  &found->roots};

    memset(found, 0, sizeof(*found));
    found->p = p;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        *lists[i] = apr_array_make(p, 4, sizeof(backhand_place));
    }
    walk(found, ap_conftree);
}
