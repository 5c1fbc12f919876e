/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Fills in what the configuration leaves open, and checks what only the whole configuration shows. */

#include "config/config.h"
#include "config/directive.h"
#include "announce/wire/message.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

/* --- Listen ------------------------------------------------------------------------------------------------ */

typedef struct listener {
    const char *address; /* NULL for a wildcard */
    int port;            /* 0: there is no Listen */
    int https;
} listener;

/* Returns the next directive of this name after `at` in the server's own configuration; NULL as `at`: the first. */
static const ap_directive_t *next_directive(const ap_directive_t *at, const char *name)
{
    for (at = at ? at->next : ap_conftree; at; at = at->next) {
        if (!strcasecmp(at->directive, name)) {
            return at;
        }
    }
    return NULL;
}

static listener read_listen(const ap_directive_t *directive, apr_pool_t *p)
{
    listener out = {NULL, 0, 0};
    const char *args = directive->args;
    const char *word = ap_getword_conf(p, &args), *protocol = ap_getword_conf(p, &args);
    char *address = NULL, *scope = NULL;
    apr_port_t port = 0;
    if (apr_parse_addr_port(&address, &scope, &port, word, p) != APR_SUCCESS) {
        return out;
    }
    out.address = scope ? NULL : address;
    out.port = port;
    out.https = *protocol ? !strcasecmp(protocol, "https") : port == 443;
    return out;
}

/* True for a numeric address that other machines may reach. */
static int is_public(const char *address)
{
    struct in_addr four;
    struct in6_addr six;
    if (address && inet_pton(AF_INET, address, &four) == 1) {
        return four.s_addr != INADDR_ANY && (ntohl(four.s_addr) >> 24) != 127;
    }
    return address && inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_UNSPECIFIED(&six) &&
           !IN6_IS_ADDR_LOOPBACK(&six) && !IN6_IS_ADDR_LINKLOCAL(&six);
}

/* Returns the first Listen, a plain one before one with TLS; with `public`, only those with a public address count. It
 * reads the configuration, because a graceful restart changes the order of ap_listeners. */
static listener first_listen(int public, apr_pool_t *p)
{
    listener found = {NULL, 0, 0};
    const ap_directive_t *at = NULL;
    while ((at = next_directive(at, "Listen"))) {
        listener now = read_listen(at, p);
        if (!now.port || (public && !is_public(now.address))) {
            continue;
        }
        if (!found.port || (found.https && !now.https)) {
            found = now;
        }
    }
    return found;
}

static int is_https_port(int port, apr_pool_t *p)
{
    const ap_directive_t *at = NULL;
    while ((at = next_directive(at, "Listen"))) {
        listener now = read_listen(at, p);
        if (now.port == port) {
            return now.https;
        }
    }
    return 0;
}

/* --- contact ----------------------------------------------------------------------------------------------- */

static const char *first_from(const backhand_config *conf, int *port)
{
    for (int i = 0; i < conf->destinations->nelts; i++) {
        const backhand_destination *destination = &APR_ARRAY_IDX(conf->destinations, i, backhand_destination);
        if (destination->from) {
            *port = destination->from_port;
            return destination->from;
        }
    }
    return NULL;
}

static void complete_contact(backhand_config *conf, apr_pool_t *p)
{
    backhand_contact *contact = &conf->contact;
    listener first = first_listen(0, p), public = first_listen(1, p);
    const char *from;
    int port = 0, fallback = first.port ? first.port : 80;

    if (conf->contact_text) {
        int has_scheme = strstr(conf->contact_text, "://") != NULL;
        backhand_contact_parse(contact, conf->contact_text, has_scheme ? 0 : fallback);
        contact->https = has_scheme ? contact->https : is_https_port(contact->port, p);
        conf->contact_set = 1;
        return;
    }
    memset(contact, 0, sizeof(*contact));
    from = first_from(conf, &port);
    if (from) {
        contact->port = port ? port : fallback;
    }
    else if (public.port) {
        from = public.address;
        contact->port = public.port;
    }
    else {
        /* The moderator finds the address when it sends its first announcement. */
        contact->port = fallback;
    }
    contact->https = is_https_port(contact->port, p);
    conf->contact_set = from != NULL;
    if (from) {
        apr_cpystrn(contact->address, from, sizeof(contact->address));
    }
}

/* Where no route leads to a group, the contact says which interface is meant. */
static void complete_destinations(backhand_config *conf)
{
    for (int i = 0; i < conf->destinations->nelts; i++) {
        backhand_destination *destination = &APR_ARRAY_IDX(conf->destinations, i, backhand_destination);
        destination->via = conf->contact_set ? conf->contact.address : NULL;
    }
}

/* --- the rest ---------------------------------------------------------------------------------------------- */

static void complete_hostname(backhand_config *conf, apr_pool_t *pconf, server_rec *s)
{
    char system[BACKHAND_HOSTNAME_SIZE];
    if (conf->hostname) {
        return;
    }
    /* Without ServerName, server_hostname is a guess of httpd, often an address. */
    if (next_directive(NULL, "ServerName") && s->server_hostname && backhand_hostname_valid(s->server_hostname)) {
        conf->hostname = s->server_hostname;
        return;
    }
    if (gethostname(system, sizeof(system)) != 0) {
        system[0] = '\0';
    }
    system[sizeof(system) - 1] = '\0';
    conf->hostname = backhand_hostname_valid(system) ? apr_pstrdup(pconf, system) : "localhost";
}

static int smallest_keepalive(const server_rec *s)
{
    apr_interval_time_t smallest = s->keep_alive_timeout;
    for (; s; s = s->next) {
        if (!s->keep_alive) {
            return 0;
        }
        if (s->keep_alive_timeout < smallest) {
            smallest = s->keep_alive_timeout;
        }
    }
    return (int)apr_time_as_msec(smallest);
}

/* True when a word of BackhandLogLevel asks for more in the log; a word that begins with `-` asks for less. */
static int asks_for_more(const char *words, apr_pool_t *p)
{
    static const char *const less[] = {"off", "none", "0"};
    const char *word;
    while (*(word = ap_getword_conf(p, &words))) {
        int more = *word != '-';
        for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
            more = more && strcasecmp(word, less[i]) != 0;
        }
        if (more) {
            return 1;
        }
    }
    return 0;
}

/* LogLevel for this module goes before BackhandLogLevel. */
static void complete_log_level(const backhand_config *conf, apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    int index = backhand_module.module_index, more;
    if (!conf->log_words) {
        return;
    }
    more = asks_for_more(conf->log_words, ptemp);
    for (server_rec *host = s; more && host; host = host->next) {
        if (!host->log.module_levels || host->log.module_levels[index] < 0) {
            ap_set_module_loglevel(pconf, &host->log, index, APLOG_DEBUG);
        }
    }
    if (!backhand_config_is_rehearsal()) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "backhand: BackhandLogLevel %s is a directive of an earlier release%s; write \"LogLevel "
                     "backhand:debug\" instead, or another level",
                     conf->log_words, more ? " and taken as debug" : " and changes nothing");
    }
}

/* Without a secret, any address that AcceptStats covers could claim to be any user. */
static int check_trust_user(const backhand_config *conf, const server_rec *s)
{
    if (!conf->trust_user || conf->keys) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                 "backhand: BackhandTrustUser On needs a BackhandSecretFile, with which the servers sign the users' "
                 "names; add it to all servers of the farm, or take BackhandTrustUser away");
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* Without both, the others would not hear this server. */
static int check_zone_summary(const backhand_config *conf, const server_rec *s)
{
    if (!conf->zone_summary || (conf->zone && conf->broker)) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                 "backhand: BackhandZoneSummary needs %s; add it to all servers of the farm, or take "
                 "BackhandZoneSummary away",
                 conf->zone ? "BackhandTransport, because UDP has no subjects for zones"
                            : "BackhandZone with the name of this server's zone");
    return HTTP_INTERNAL_SERVER_ERROR;
}

static void warn_of_accept(const backhand_config *conf, const server_rec *s)
{
    char contact[BACKHAND_CONTACT_SIZE];
    if ((conf->destinations->nelts > 0 || conf->broker) && conf->accept->nelts == 0) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: %s is set and AcceptStats is not: no announcement will be accepted; add "
                     "AcceptStats with the addresses of this farm's servers",
                     conf->destinations->nelts > 0 ? "MulticastStats" : "BackhandTransport");
        return;
    }
    if (conf->accept->nelts > 0 && conf->contact_set &&
        !backhand_accept_covers_text(conf->accept, conf->contact.address)) {
        backhand_contact_format(contact, &conf->contact);
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: AcceptStats does not cover this server's own contact %s: servers with the same "
                     "AcceptStats will drop its announcements; add the address there, or set BackhandContact",
                     contact);
    }
}

/* A chain with byZone is of use only to a server that has a zone. */
static void warn_of_zone(const backhand_config *conf, const server_rec *s)
{
    const backhand_function *found = conf->zone ? NULL : backhand_config_zone_function(conf);

    if (found) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: %s: byZone changes nothing, because this server has no BackhandZone; add BackhandZone "
                     "with the name of its zone, or take byZone away",
                     found->where);
    }
}

int backhand_config_complete(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s)
{
    backhand_config *conf = backhand_config_get(s);
    if (!conf->used) {
        return OK;
    }
    backhand_directives_complete(conf, p);
    complete_hostname(conf, p, s);
    complete_contact(conf, ptemp);
    complete_destinations(conf);
    conf->keepalive = smallest_keepalive(s);
    complete_log_level(conf, p, ptemp, s);
    if (!backhand_config_is_rehearsal()) {
        warn_of_accept(conf, s);
        warn_of_zone(conf, s);
    }
    return check_zone_summary(conf, s) == OK ? check_trust_user(conf, s) : HTTP_INTERNAL_SERVER_ERROR;
}

void backhand_config_check_functions(apr_pool_t *ptemp, server_rec *s)
{
    const backhand_config *conf = backhand_config_get(s);
    for (int i = 0; i < conf->functions->nelts; i++) {
        const backhand_function *f = &APR_ARRAY_IDX(conf->functions, i, backhand_function);
        const char *problem = f->check ? f->check(ptemp, s, f->arg) : NULL;
        if (problem) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "backhand: %s: %s%s%s: %s", f->where, f->name, f->arg ? " " : "",
                         f->arg ? f->arg : "", problem);
        }
    }
}
