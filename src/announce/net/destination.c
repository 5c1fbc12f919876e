/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/destination.h"
#include "base/number.h"

#include <apr_strings.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#define WRONG    "takes [myaddr[:port]] dest:port[,ttl], as in 192.0.2.1:80 239.255.0.1:4445,1; "
#define TEXT_MAX 400

/* The limits of DNS. */
#define NAME_MAX_LENGTH  253
#define LABEL_MAX_LENGTH 63

/* True for a text that cannot be an address: it has characters other than digits and dots, and no colon. */
static int is_name(const char *text)
{
    return strspn(text, "0123456789.") != strlen(text) && !strchr(text, ':');
}

/* True for labels of 1 to 63 characters; a dot may follow the last one. */
static int is_valid_name(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > NAME_MAX_LENGTH) {
        return 0;
    }
    while (*text) {
        size_t label = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
        if (label == 0 || label > LABEL_MAX_LENGTH || (text[label] && text[label] != '.')) {
            return 0;
        }
        text += label + (text[label] == '.');
    }
    return 1;
}

/* Writes an address as the kernel does; looks up a name. @return its family; 0: no such address or name */
static int resolve(const char **out, const char *text, int family, apr_pool_t *p)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST}, *found;
    char numeric[INET6_ADDRSTRLEN + 32];
    if (is_name(text)) {
        hints.ai_flags = 0;
    }
    if (getaddrinfo(text, NULL, &hints, &found) != 0) {
        return 0;
    }
    family = found->ai_family;
    if (getnameinfo(found->ai_addr, found->ai_addrlen, numeric, sizeof(numeric), NULL, 0, NI_NUMERICHOST) != 0) {
        family = 0;
    }
    freeaddrinfo(found);
    *out = family ? apr_pstrdup(p, numeric) : NULL;
    return family;
}

/* Splits `address[:port]`; the port is 0 when there is none. An IPv6 address without brackets has no port. */
static int split(char *text, char **address, int *port)
{
    char *colon = strchr(text, ':');
    int64_t number;
    *port = 0;
    *address = text;
    if (*text == '[') {
        char *close = strchr(text, ']');
        if (!close || !colon || colon > close || (close[1] && close[1] != ':')) {
            return 0;
        }
        *address = text + 1;
        colon = close[1] ? close + 1 : NULL;
        *close = '\0';
    }
    else if (colon && strchr(colon + 1, ':')) {
        colon = NULL;
    }
    if (colon) {
        *colon = '\0';
        if (!backhand_number_read(&number, colon + 1, 1, 65535)) {
            return 0;
        }
        *port = (int)number;
    }
    return **address != '\0';
}

static int is_any(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static int is_multicast(const char *address)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, address, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 28) == 14;
    }
    return strchr(address, ':') && strncasecmp(address, "ff", 2) == 0;
}

/* `_service._proto.domain`: each of its records names a host and a port. */
static const char *read_service(backhand_destination *out, char *text)
{
    const char *dot = strchr(text, '.');
    if (strchr(text, ':')) {
        return WRONG "a name that begins with _ is one of SRV records, which hold the ports";
    }
    if (!dot || dot[1] != '_' || !strchr(dot + 1, '.') || !is_valid_name(text)) {
        return WRONG "SRV records have a name as _backhand._udp.example.com";
    }
    out->name = text;
    return NULL;
}

/* `family` gets AF_UNSPEC for a name. */
static const char *read_destination(backhand_destination *out, char *text, int *family, apr_pool_t *p)
{
    char *comma = strchr(text, ','), *address;
    int64_t ttl;
    *family = AF_UNSPEC;
    if (comma) {
        *comma = '\0';
        if (!backhand_number_read(&ttl, comma + 1, 0, 255)) {
            return WRONG "ttl is a number from 0 to 255";
        }
        out->ttl = (int)ttl;
    }
    if (*text == '_') {
        return read_service(out, text);
    }
    if (!split(text, &address, &out->port)) {
        return WRONG "port is a number from 1 to 65535";
    }
    if (out->port == 0) {
        return WRONG "dest needs a port, and brackets around an IPv6 address";
    }
    if (is_name(address)) {
        out->name = address;
        return is_valid_name(address) ? NULL : WRONG "dest is no address and no name";
    }
    *family = resolve(&out->address, address, AF_UNSPEC, p);
    if (!*family || is_any(out->address)) {
        return WRONG "dest is no address and no name";
    }
    return NULL;
}

static const char *read_from(backhand_destination *out, char *text, int family, apr_pool_t *p)
{
    char *address;
    if (!split(text, &address, &out->from_port)) {
        return WRONG "myaddr's port is a number from 1 to 65535";
    }
    if (!resolve(&out->from, address, family, p)) {
        return WRONG "myaddr is no address or known name of dest's kind (IPv4 or IPv6)";
    }
    return is_any(out->from) || is_multicast(out->from) ? WRONG "myaddr is one address of this machine" : NULL;
}

/* True for a link-local IPv6 group without `from`: each link has its own group ff02::1, so an interface is needed. */
static int needs_interface(const backhand_destination *d)
{
    struct in6_addr v6;
    return d->address && !d->from && inet_pton(AF_INET6, d->address, &v6) == 1 && IN6_IS_ADDR_MC_LINKLOCAL(&v6);
}

const char *backhand_destination_parse(backhand_destination *out, const char *first, const char *second, apr_pool_t *p)
{
    const char *problem;
    int family;
    memset(out, 0, sizeof(*out));
    out->ttl = 1;
    if (strlen(first) > TEXT_MAX || (second && strlen(second) > TEXT_MAX)) {
        return WRONG "that is too long";
    }
    out->text = second ? apr_pstrcat(p, first, " ", second, NULL) : apr_pstrdup(p, first);
    problem = read_destination(out, apr_pstrdup(p, second ? second : first), &family, p);
    if (!problem && second) {
        problem = read_from(out, apr_pstrdup(p, first), family, p);
    }
    if (!problem && needs_interface(out)) {
        return WRONG "a link-local group needs myaddr or its interface, as in [ff02::4445%eth0]:4445";
    }
    return problem;
}
