/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/lookup.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest DNS message, in bytes. */
#define ANSWER_SIZE 65535
/* Bytes of a SRV record before its target: priority, weight, port. */
#define SRV_TARGET 6

void backhand_found_add(backhand_found *found, const struct sockaddr *address, int port)
{
    backhand_address *to = &found->at[found->count];
    int i;
    if (found->count >= BACKHAND_NAMED_MAX || (address->sa_family != AF_INET && address->sa_family != AF_INET6)) {
        return;
    }
    memset(to, 0, sizeof(*to));
    memcpy(to, address, address->sa_family == AF_INET6 ? sizeof(to->v6) : sizeof(to->v4));
    to->v4.sin_port = htons((in_port_t)port);
    for (i = 0; i < found->count; i++) {
        if (backhand_address_same(&found->at[i], to)) {
            return;
        }
    }
    found->count++;
}

/* @return 0, or the error of getaddrinfo() */
static int add_host(backhand_found *found, const char *name, int port, int family)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM}, *all, *each;
    int rc;
    if (family == AF_UNSPEC) {
        /* Only addresses of a family in which this machine can send. */
        hints.ai_flags = AI_ADDRCONFIG;
    }
    rc = getaddrinfo(name, NULL, &hints, &all);
    if (rc != 0) {
        return rc;
    }
    for (each = all; each; each = each->ai_next) {
        backhand_found_add(found, each->ai_addr, port);
    }
    freeaddrinfo(all);
    return 0;
}

static int fail(backhand_found *found, const char *problem)
{
    found->count = 0;
    snprintf(found->problem, sizeof(found->problem), "%s", problem);
    return 0;
}

/* A target that does not exist is left out: the record is out of date. If a target cannot be looked up for now, the
 * lookup fails: the target may still exist. */
static int add_target(backhand_found *found, const ns_msg *message, const ns_rr *record, int family)
{
    char target[NS_MAXDNAME];
    int rc;
    if (ns_rr_type(*record) != ns_t_srv || ns_rr_rdlen(*record) <= SRV_TARGET ||
        dn_expand(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record) + SRV_TARGET, target,
                  sizeof(target)) <= 0 ||
        !*target) {
        return 0;
    }
    rc = add_host(found, target, ns_get16(ns_rr_rdata(*record) + 4), family);
    return rc == EAI_NONAME || rc == EAI_NODATA || rc == EAI_ADDRFAMILY ? 0 : rc;
}

static int read_records(backhand_found *found, const unsigned char *answer, int length, int family)
{
    ns_msg message;
    int i, rc;
    if (ns_initparse(answer, length, &message) != 0) {
        return fail(found, "the answer is malformed");
    }
    for (i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, i, &record) != 0) {
            return fail(found, "the answer is malformed");
        }
        rc = add_target(found, &message, &record, family);
        if (rc != 0) {
            return fail(found, gai_strerror(rc));
        }
    }
    return found->count > 0 ? 1 : fail(found, "no SRV record leads to an address");
}

static int look_up_service(backhand_found *found, const char *name, int family)
{
    struct __res_state resolver;
    unsigned char *answer = malloc(ANSWER_SIZE);
    int length, done;
    memset(&resolver, 0, sizeof(resolver));
    if (!answer || res_ninit(&resolver) != 0) {
        free(answer);
        return fail(found, "no memory, or no resolver");
    }
    length = res_nquery(&resolver, name, ns_c_in, ns_t_srv, answer, ANSWER_SIZE);
    done = length > 0 && length <= ANSWER_SIZE ? read_records(found, answer, length, family)
                                               : fail(found, hstrerror(resolver.res_h_errno));
    res_nclose(&resolver);
    free(answer);
    return done;
}

int backhand_lookup(backhand_found *found, const char *name, int port, int family)
{
    int rc;
    found->count = 0;
    found->problem[0] = '\0';
    if (port == 0) {
        return look_up_service(found, name, family);
    }
    rc = add_host(found, name, port, family);
    if (rc != 0) {
        return fail(found, gai_strerror(rc));
    }
    return found->count > 0 ? 1 : fail(found, "no address");
}
