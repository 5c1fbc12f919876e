/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/cookie.h"
#include "candidacy/session_id.h"
#include "base/words.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>
#include <strings.h>

/* Browsers keep no cookie for longer. */
#define MAX_AGE_MAX     (apr_time_from_sec(400 * 86400))
#define DOMAIN_MAX      253
#define PATH_LENGTH_MAX 1024
#define NAME_LENGTH_MAX 255

typedef struct attributes {
    const char *path, *domain, *max_age, *same_site;
    int secure;
} attributes;

/* @return the value of `name=value`, or NULL if the word has another name */
static const char *value_of(const char *word, const char *name)
{
    size_t length = strlen(name);
    return strncasecmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static const char *set_once(const char **where, const char *value)
{
    if (*where) {
        return "has an attribute twice";
    }
    *where = value;
    return NULL;
}

static const char *set_path(attributes *a, const char *value)
{
    for (const char *c = value; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || *c == ';') {
            value = "";
            break;
        }
    }
    if (*value != '/' || strlen(value) > PATH_LENGTH_MAX) {
        return "path= takes a path that begins with /, of up to 1024 visible characters but ;";
    }
    return set_once(&a->path, value);
}

/* Labels of letters, digits and hyphens; at least one. A dot in front has no meaning. */
static const char *set_domain(attributes *a, const char *value)
{
    const char *name = *value == '.' ? value + 1 : value;
    int label = 0, good = strlen(name) <= DOMAIN_MAX;

    for (const char *c = name; *c && good; c++) {
        label = *c == '.' ? 0 : label + 1;
        good = *c == '.' ? c[-1] != '.' && c > name : apr_isalnum(*c) || *c == '-';
    }
    if (!good || label == 0) {
        return "domain= takes the name of a domain, as in domain=example.com";
    }
    return set_once(&a->domain, name);
}

static const char *set_max_age(attributes *a, const char *value, apr_pool_t *p)
{
    apr_interval_time_t age;

    if (!backhand_word_time(&age, value, apr_time_from_sec(1), MAX_AGE_MAX)) {
        return "max-age= takes a time from 1s to 9600h, as in 30min; a number alone is seconds";
    }
    return set_once(&a->max_age, apr_psprintf(p, "%" APR_INT64_T_FMT, (apr_int64_t)apr_time_sec(age)));
}

static const char *set_same_site(attributes *a, const char *value)
{
    static const char *const names[] = {"Lax", "Strict", "None"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(value, names[i]) == 0) {
            return set_once(&a->same_site, names[i]);
        }
    }
    return "samesite= takes lax, strict or none (default lax)";
}

static const char *set(attributes *a, const char *word, apr_pool_t *p)
{
    const char *value;

    if (strcasecmp(word, "secure") == 0) {
        return a->secure++ ? "has an attribute twice" : NULL;
    }
    if ((value = value_of(word, "path")) != NULL) {
        return set_path(a, value);
    }
    if ((value = value_of(word, "domain")) != NULL) {
        return set_domain(a, value);
    }
    if ((value = value_of(word, "max-age")) != NULL) {
        return set_max_age(a, value, p);
    }
    if ((value = value_of(word, "samesite")) != NULL) {
        return set_same_site(a, value);
    }
    return "takes path=, domain=, max-age=, samesite= and secure after the name";
}

/* Browsers refuse such cookies, and tell nobody. */
static const char *check(const char *name, const attributes *a)
{
    if (strlen(name) > NAME_LENGTH_MAX) {
        return "a name has up to 255 characters: browsers drop cookies that are too long";
    }
    if (a->same_site && strcmp(a->same_site, "None") == 0 && !a->secure) {
        return "samesite=none needs secure: browsers drop the cookie without";
    }
    if (strncasecmp(name, "__Secure-", 9) == 0 && !a->secure) {
        return "a name that begins with __Secure- needs secure: browsers drop the cookie without";
    }
    if (strncasecmp(name, "__Host-", 7) == 0 && (!a->secure || a->domain || (a->path && strcmp(a->path, "/") != 0))) {
        return "a name that begins with __Host- needs secure, the path / and no domain: browsers drop other cookies";
    }
    return NULL;
}

const char *backhand_cookie_parse(backhand_cookie *out, const char *const *words, int n, apr_pool_t *p)
{
    attributes a = {NULL, NULL, NULL, NULL, 0};
    const char *error;

    memset(out, 0, sizeof(*out));
    out->name = out->attributes = "";
    if (strcasecmp(words[0], "off") == 0) {
        return n == 1 ? NULL : "takes nothing after off";
    }
    error = backhand_session_check_name(words[0]);
    if (error) {
        return apr_pstrcat(p, error, "; or off (default off)", NULL);
    }
    for (int i = 1; i < n && !error; i++) {
        error = set(&a, words[i], p);
    }
    error = error ? error : check(words[0], &a);
    if (error) {
        return error;
    }
    out->name = words[0];
    out->secure = a.secure;
    out->ends = a.max_age != NULL;
    out->attributes = apr_pstrcat(p, "; Path=", a.path ? a.path : "/", a.domain ? "; Domain=" : "",
                                  a.domain ? a.domain : "", a.max_age ? "; Max-Age=" : "", a.max_age ? a.max_age : "",
                                  "; HttpOnly; SameSite=", a.same_site ? a.same_site : "Lax", NULL);
    return NULL;
}
