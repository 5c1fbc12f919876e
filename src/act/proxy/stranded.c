/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/stranded.h"

#include <apr_portable.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int backhand_socket_is_stranded(apr_socket_t *socket_)
{
    union {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } own;
    socklen_t size = sizeof(own);
    apr_os_sock_t fd;
    int probe, gone;

    memset(&own, 0, sizeof(own));
    if (apr_os_sock_get(&fd, socket_) != APR_SUCCESS || getsockname(fd, &own.sa, &size) != 0) {
        return 0;
    }
    probe = socket(own.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return 0;
    }
    own.v4.sin_port = 0; /* that of IPv6 is at the same place */
    gone = bind(probe, &own.sa, size) != 0 && errno == EADDRNOTAVAIL;
    close(probe);
    return gone;
}
