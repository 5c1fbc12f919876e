/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/addresses.h"

#include "base/hash.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static uint64_t hash_of(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        return backhand_hash_add(BACKHAND_HASH_SEED, &v4.sin_addr, sizeof(v4.sin_addr));
    }
    memcpy(&v6, address, sizeof(v6));
    return IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)
               ? 0
               : backhand_hash_add(BACKHAND_HASH_SEED, &v6.sin6_addr, sizeof(v6.sin6_addr));
}

uint64_t backhand_addresses_sum(void)
{
    struct ifaddrs *all, *each;
    uint64_t sum = 1;

    if (getifaddrs(&all) != 0) {
        return 0;
    }
    for (each = all; each; each = each->ifa_next) {
        if (each->ifa_addr && !(each->ifa_flags & IFF_LOOPBACK) &&
            (each->ifa_addr->sa_family == AF_INET || each->ifa_addr->sa_family == AF_INET6)) {
            sum += hash_of(each->ifa_addr);
        }
    }
    freeifaddrs(all);
    return sum;
}
