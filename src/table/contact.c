/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/number.h"
#include "table/contact.h"

#include <apr_strings.h>

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static const char *const not_numeric =
    "the address must be a numeric IPv4 or IPv6 address, as in 192.0.2.1 or [2001:db8::1]";
static const char *const no_host =
    "the address must be one server's own: not a wildcard, multicast or broadcast address";

/* `text` is canonical: inet_pton() accepts exactly four numbers without leading zeros. */
static const char *set_ipv4(backhand_contact *contact, const struct in_addr *address, const char *text)
{
    uint32_t host = ntohl(address->s_addr);
    if (host >> 24 == 0 || host >> 28 >= 0xe) {
        return no_host;
    }
    apr_cpystrn(contact->address, text, sizeof(contact->address));
    return NULL;
}

static const char *set_ipv6(backhand_contact *contact, const struct in6_addr *address)
{
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        struct in_addr ipv4;
        char text[INET_ADDRSTRLEN];
        memcpy(&ipv4, &address->s6_addr[12], sizeof(ipv4));
        return set_ipv4(contact, &ipv4, inet_ntop(AF_INET, &ipv4, text, sizeof(text)));
    }
    if (IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_MULTICAST(address)) {
        return no_host;
    }
    inet_ntop(AF_INET6, address, contact->address, sizeof(contact->address));
    return NULL;
}

static const char *set_address(backhand_contact *contact, const char *text, apr_size_t length, int ipv6)
{
    char address[sizeof(contact->address)];
    struct in_addr v4;
    struct in6_addr v6;

    if (length >= sizeof(address)) {
        return not_numeric;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    if (ipv6) {
        return inet_pton(AF_INET6, address, &v6) == 1 ? set_ipv6(contact, &v6) : not_numeric;
    }
    return inet_pton(AF_INET, address, &v4) == 1 ? set_ipv4(contact, &v4, address) : not_numeric;
}

static const char *set_port(backhand_contact *contact, const char *text)
{
    int64_t port = 0;
    int right = backhand_number_read(&port, text, 1, 65535);
    contact->port = (int)port;
    return right ? NULL : "the port must be a number from 1 to 65535";
}

static const char *skip_scheme(backhand_contact *contact, const char *text)
{
    const char *rest = strstr(text, "://");
    if (!rest) {
        return text;
    }
    contact->https = rest - text == 5 && strncasecmp(text, "https", 5) == 0;
    if (!contact->https && (rest - text != 4 || strncasecmp(text, "http", 4) != 0)) {
        return NULL;
    }
    return rest + 3;
}

const char *backhand_contact_parse(backhand_contact *contact, const char *text, int port)
{
    const char *colon;
    const char *end;
    const char *wrong;
    int ipv6;

    memset(contact, 0, sizeof(*contact));
    text = skip_scheme(contact, text);
    if (!text) {
        return "the scheme must be http or https";
    }
    contact->port = port ? port : contact->https ? 443 : 80;
    if (*text == '[') {
        text++;
        end = strchr(text, ']');
        if (!end || (end[1] != '\0' && end[1] != ':')) {
            return not_numeric;
        }
        wrong = set_address(contact, text, (apr_size_t)(end - text), 1);
        return wrong || end[1] == '\0' ? wrong : set_port(contact, end + 2);
    }
    colon = strchr(text, ':');
    ipv6 = colon && strchr(colon + 1, ':');
    end = colon && !ipv6 ? colon : text + strlen(text);
    wrong = set_address(contact, text, (apr_size_t)(end - text), ipv6);
    return wrong || *end == '\0' ? wrong : set_port(contact, end + 1);
}

void backhand_contact_format(char out[BACKHAND_CONTACT_SIZE], const backhand_contact *contact)
{
    int ipv6 = strchr(contact->address, ':') != NULL;
    apr_snprintf(out, BACKHAND_CONTACT_SIZE, "%s://%s%s%s:%d", contact->https ? "https" : "http", ipv6 ? "[" : "",
                 contact->address, ipv6 ? "]" : "", contact->port);
}

int backhand_contact_equal(const backhand_contact *a, const backhand_contact *b)
{
    return !a->https == !b->https && a->port == b->port && strncmp(a->address, b->address, sizeof(a->address)) == 0;
}
