/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/redirect.h"
#include "candidacy/name_format.h"
#include "act/request/location.h"
#include "act/request/target.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include <string.h>

APLOG_USE_MODULE(backhand);

/* Scheme and port at which a client reaches a server. */
typedef struct entrance {
    int https;
    int port;
} entrance;

/* A client that used this server's contact is sent to the other server's contact. Any other client keeps its scheme and
 * port; for example, a client with TLS keeps TLS in a farm whose contacts are plain http. */
static entrance entrance_of(const request_rec *r, const backhand_announcement *announcement)
{
    const backhand_contact *own = &backhand_config_get(r->server)->contact;
    entrance asked = {strcmp(ap_http_scheme(r), "https") == 0, ap_get_server_port(r)};
    if (asked.https == own->https && asked.port == own->port) {
        return (entrance){announcement->contact.https, announcement->contact.port};
    }
    return asked;
}

static const char *name_of(request_rec *r, const char *format, const backhand_announcement *announcement)
{
    char name[BACKHAND_NAME_SIZE];
    const char *host = r->hostname ? r->hostname : r->server->server_hostname;
    if (backhand_name_make(name, format, announcement->stat.hostname, host)) {
        return apr_pstrdup(r->pool, name);
    }
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                  "backhand: HTTPRedirectToName %s makes no host name for server %s (%s); the client is sent to its "
                  "address",
                  format ? format : "%S", announcement->stat.contact, announcement->stat.hostname);
    return NULL;
}

static const char *address_of(request_rec *r, const backhand_announcement *announcement)
{
    int ipv6 = strchr(announcement->contact.address, ':') != NULL;
    return apr_pstrcat(r->pool, ipv6 ? "[" : "", announcement->contact.address, ipv6 ? "]" : "", NULL);
}

int backhand_redirect(request_rec *r, int redirect, const char *format, const backhand_announcement *announcement)
{
    const entrance to = entrance_of(r, announcement);
    const char *host = redirect == BACKHAND_REDIRECT_NAME ? name_of(r, format, announcement) : NULL;

    apr_table_setn(r->headers_out, "Location",
                   backhand_location_write(to.https, host ? host : address_of(r, announcement), to.port,
                                           backhand_target(r), r->pool));
    return r->method_number == M_GET ? HTTP_MOVED_TEMPORARILY : HTTP_TEMPORARY_REDIRECT;
}
