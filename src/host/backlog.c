/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/backlog.h"

#include <httpd.h>
#include <ap_listen.h>
#include <apr_portable.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

/* For a listening socket, the kernel reports the length of the backlog in tcpi_unacked. */
static int64_t length_of(apr_socket_t *listener)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    int fd;

    if (!listener || apr_os_sock_get(&fd, listener) != APR_SUCCESS || fd < 0 ||
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_state != TCP_LISTEN) {
        return 0;
    }
    return info.tcpi_unacked;
}

int64_t backhand_backlog_length(void)
{
    int64_t length = 0;
    for (const ap_listen_rec *l = ap_listeners; l; l = l->next) {
        length += length_of(l->sd);
    }
    return length;
}
