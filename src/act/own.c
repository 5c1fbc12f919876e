/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/own.h"
#include "config/config.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>

#include <strings.h>

#define ACME "/.well-known/acme-challenge"
/* The location of Apache2::Status in mod_perl's manual. */
#define PERL_STATUS "/perl-status"

/* Paths of the <Location> sections of Apache2::Status: char *. Made with the configuration, read-only then. */
static apr_array_header_t *perl_places;

static int is_perl_status(const ap_directive_t *d)
{
    return (strcasecmp(d->directive, "PerlResponseHandler") == 0 || strcasecmp(d->directive, "PerlHandler") == 0) &&
           d->args && ap_strstr_c(d->args, "Apache2::Status");
}

static void find_in(const ap_directive_t *d, apr_pool_t *p)
{
    for (; d; d = d->next) {
        const ap_directive_t *section = d->parent;
        if (d->first_child) {
            find_in(d->first_child, p);
        }
        else if (is_perl_status(d) && section && strcasecmp(section->directive, "<Location") == 0) {
            const char *args = section->args;
            APR_ARRAY_PUSH(perl_places, const char *) = ap_getword_conf(p, &args);
        }
    }
}

void backhand_own_find(apr_pool_t *p)
{
    perl_places = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(perl_places, const char *) = PERL_STATUS;
    find_in(ap_conftree, p);
}

/* Matches as <Location> does: the path itself and all paths below it. */
static int is_below(const char *uri, const char *place)
{
    apr_size_t length = strcspn(place, ">");

    while (length > 1 && place[length - 1] == '/') {
        length--;
    }
    return strncmp(uri, place, length) == 0 && (uri[length] == '\0' || uri[length] == '/');
}

static int is_status_handler(const char *handler)
{
    static const char *const names[] = {BACKHAND_HANDLER, "server-status", "server-info", "balancer-manager",
                                        "ldap-status",    "http2-status",  "md-status"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(handler, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_perl_handler(const request_rec *r)
{
    if (strcmp(r->handler, "modperl") != 0 && strcmp(r->handler, "perl-script") != 0) {
        return 0;
    }
    for (int i = 0; perl_places && i < perl_places->nelts; i++) {
        if (is_below(r->uri, APR_ARRAY_IDX(perl_places, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

/* Only the server that asked for the certificate has the file. If a chain is configured for this very place, all
 * servers have it. */
static int is_challenge(const request_rec *r)
{
    const char *place = backhand_config_dir(r)->place;
    return r->uri && is_below(r->uri, ACME) && !(place && ap_strstr_c(place, "acme-challenge"));
}

int backhand_own_is(const request_rec *r)
{
    return (r->handler && (is_status_handler(r->handler) || is_perl_handler(r))) || is_challenge(r);
}
