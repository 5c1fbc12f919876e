/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/accept.h"

#include <apr_strings.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define WRONG "takes a numeric IPv4 or IPv6 address or network, as in 192.0.2.0/24"

static apr_status_t add(backhand_accept_list *list, const char *address, const char *mask)
{
    apr_ipsubnet_t *subnet;
    apr_status_t rv = apr_ipsubnet_create(&subnet, address, mask, list->pool);
    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(list, apr_ipsubnet_t *) = subnet;
    }
    return rv;
}

/* Adds a network of 0 bits, which apr_ipsubnet_create() does not accept. */
static apr_status_t add_all(backhand_accept_list *list, const char *address)
{
    unsigned char any[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, address, any) == 1) {
        return add(list, address, "0.0.0.0");
    }
    if (inet_pton(AF_INET6, address, any) != 1) {
        return APR_EINVAL;
    }
    add(list, "::", "1");
    return add(list, "8000::", "1");
}

const char *backhand_accept_add(backhand_accept_list *list, const char *text)
{
    char *address = apr_pstrdup(list->pool, text);
    char *mask = strchr(address, '/');
    apr_status_t rv;
    if (mask) {
        *mask++ = '\0';
    }
    if (*address == '\0') {
        return WRONG;
    }
    rv = mask && strcmp(mask, "0") == 0 ? add_all(list, address) : add(list, address, mask);
    if (rv == APR_EBADMASK) {
        return WRONG "; the mask is wrong";
    }
    return rv == APR_SUCCESS ? NULL : WRONG;
}

int backhand_accept_covers(const backhand_accept_list *list, apr_sockaddr_t *address)
{
    int i;
    for (i = 0; i < list->nelts; i++) {
        if (apr_ipsubnet_test(APR_ARRAY_IDX(list, i, apr_ipsubnet_t *), address)) {
            return 1;
        }
    }
    return 0;
}

static int read_address(apr_sockaddr_t *sa, const char *address)
{
    memset(sa, 0, sizeof(*sa));
    if (inet_pton(AF_INET, address, &sa->sa.sin.sin_addr) == 1) {
        sa->family = sa->sa.sin.sin_family = APR_INET;
        sa->ipaddr_ptr = &sa->sa.sin.sin_addr;
        sa->ipaddr_len = sizeof(sa->sa.sin.sin_addr);
        return 1;
    }
    if (inet_pton(AF_INET6, address, &sa->sa.sin6.sin6_addr) == 1) {
        sa->family = sa->sa.sin6.sin6_family = APR_INET6;
        sa->ipaddr_ptr = &sa->sa.sin6.sin6_addr;
        sa->ipaddr_len = sizeof(sa->sa.sin6.sin6_addr);
        return 1;
    }
    return 0;
}

int backhand_accept_covers_text(const backhand_accept_list *list, const char *address)
{
    apr_sockaddr_t sa;
    return read_address(&sa, address) && backhand_accept_covers(list, &sa);
}

int backhand_accept_covers_bytes(const backhand_accept_list *list, const void *bytes)
{
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, bytes, text, sizeof(text)) && backhand_accept_covers_text(list, text);
}

static int has_both(apr_ipsubnet_t *subnet, const char *low, const char *high)
{
    apr_sockaddr_t sa;
    return read_address(&sa, low) && apr_ipsubnet_test(subnet, &sa) && read_address(&sa, high) &&
           apr_ipsubnet_test(subnet, &sa);
}

/* APR does not show the content of a subnet, only whether it covers an address. A subnet that covers both ends of a
 * block covers all of it. */
static int is_wide(apr_ipsubnet_t *subnet)
{
    char low[24], high[24];
    for (unsigned first = 1; first < 224; first++) {
        snprintf(low, sizeof(low), "%u.0.0.0", first);
        snprintf(high, sizeof(high), "%u.255.255.255", first);
        if (first != 10 && first != 127 && has_both(subnet, low, high)) {
            return 1;
        }
    }
    for (unsigned first = 0x2000; first < 0x4000; first++) {
        snprintf(low, sizeof(low), "%x::", first);
        snprintf(high, sizeof(high), "%x:ffff::", first);
        if (has_both(subnet, low, high)) {
            return 1;
        }
    }
    return 0;
}

int backhand_accept_is_wide(const backhand_accept_list *list)
{
    for (int i = 0; i < list->nelts; i++) {
        if (is_wide(APR_ARRAY_IDX(list, i, apr_ipsubnet_t *))) {
            return 1;
        }
    }
    return 0;
}
