/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/request.h"

#include "announce/check/health.h"
#include "announce/check/side.h"
#include "table/clock.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A longer response is not read to its end: the result is known without the rest. */
#define RESPONSE_MAX 65536
/* The longest path of a directive fits; see PATH_MAX_BYTES in check.c. */
#define REQUEST_MAX 9000
/* The length of `HTTP/1.1 200` */
#define STATUS_LENGTH 12

/* A request under way. */
typedef struct exchange {
    int fd;
    int link;
    apr_time_t until;
    SSL *tls; /* NULL: plain */
    int why;  /* reason of the failure; 0: none so far */
} exchange;

/* @return 1: the socket is ready; 0: the exchange is over */
static int wait_for(exchange *x, short events)
{
    switch (backhand_check_wait(x->link, x->fd, events, x->until)) {
    case BACKHAND_WAITED_READY:
        return 1;
    case BACKHAND_WAITED_LATE:
        x->why = BACKHAND_WHY_TIME;
        return 0;
    default:
        x->why = -1;
        return 0;
    }
}

static int fail(exchange *x, int why)
{
    x->why = why;
    return 0;
}

static socklen_t address_of(const backhand_check_url *url, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, url->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((in_port_t)url->port);
        return sizeof(*v4);
    }
    if (inet_pton(AF_INET6, url->address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((in_port_t)url->port);
        return sizeof(*v6);
    }
    return 0;
}

static int open_connection(exchange *x, const backhand_check_url *url)
{
    struct sockaddr_storage address;
    socklen_t length = address_of(url, &address), size = sizeof(int);
    int error = 0;

    x->fd = length ? socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    if (x->fd < 0) {
        return fail(x, BACKHAND_WHY_CONNECT);
    }
    if (connect(x->fd, (struct sockaddr *)&address, length) == 0) {
        return 1;
    }
    if (errno != EINPROGRESS) {
        return fail(x, BACKHAND_WHY_CONNECT);
    }
    if (!wait_for(x, POLLOUT)) {
        return 0;
    }
    if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        return fail(x, BACKHAND_WHY_CONNECT);
    }
    return 1;
}

/* Waits after a call of OpenSSL that did not succeed. @return 1: repeat the call; 0: the exchange is over */
static int wait_for_tls(exchange *x, int rc)
{
    switch (SSL_get_error(x->tls, rc)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(x, POLLIN);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(x, POLLOUT);
    default:
        return 0;
    }
}

static int open_tls(exchange *x, const char *host)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    char name[256];
    int rc = 0;

    x->tls = context ? SSL_new(context) : NULL;
    SSL_CTX_free(context);
    if (!x->tls || SSL_set_fd(x->tls, x->fd) != 1) {
        return fail(x, BACKHAND_WHY_TLS);
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(host, ":"), host);
    if (*host != '[' && strspn(name, "0123456789.") != strlen(name)) {
        SSL_set_tlsext_host_name(x->tls, name);
    }
    do {
        rc = SSL_connect(x->tls);
    } while (rc != 1 && wait_for_tls(x, rc));
    ERR_clear_error();
    return rc == 1 || x->why ? rc == 1 : fail(x, BACKHAND_WHY_TLS);
}

/* @return the number of bytes; 0 at the end of the response or once x->why is set */
static size_t receive(exchange *x, char *data, size_t size)
{
    ssize_t got;

    if (x->tls) {
        size_t read = 0;
        int rc;
        do {
            rc = SSL_read_ex(x->tls, data, size, &read);
        } while (rc != 1 && wait_for_tls(x, rc));
        ERR_clear_error();
        return rc == 1 ? read : 0;
    }
    do {
        got = recv(x->fd, data, size, 0);
    } while (got < 0 && (errno == EINTR || ((errno == EAGAIN || errno == EWOULDBLOCK) && wait_for(x, POLLIN))));
    return got > 0 ? (size_t)got : 0;
}

static size_t send_some(exchange *x, const char *data, size_t size)
{
    ssize_t sent;

    if (x->tls) {
        size_t written = 0;
        int rc;
        do {
            rc = SSL_write_ex(x->tls, data, size, &written);
        } while (rc != 1 && wait_for_tls(x, rc));
        ERR_clear_error();
        return rc == 1 ? written : 0;
    }
    do {
        sent = send(x->fd, data, size, MSG_NOSIGNAL);
    } while (sent < 0 && (errno == EINTR || ((errno == EAGAIN || errno == EWOULDBLOCK) && wait_for(x, POLLOUT))));
    return sent > 0 ? (size_t)sent : 0;
}

static int send_request(exchange *x, const backhand_check_url *url, uint64_t token)
{
    char text[REQUEST_MAX];
    int length = snprintf(text, sizeof(text),
                          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: mod_backhand\r\n" BACKHAND_CHECK_HEADER
                          ": %016" PRIx64 "\r\nConnection: close\r\n\r\n",
                          url->path, url->host, token);
    size_t done = 0;

    if (length <= 0 || (size_t)length >= sizeof(text)) {
        return fail(x, BACKHAND_WHY_HTTP);
    }
    while (done < (size_t)length) {
        size_t more = send_some(x, text + done, (size_t)length - done);
        if (more == 0) {
            return x->why ? 0 : fail(x, BACKHAND_WHY_HTTP);
        }
        done += more;
    }
    return 1;
}

/* @return the status; 0: the line is no status line of HTTP */
static int read_status(const char *line)
{
    int status = 0;
    if (strncmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ') {
        return 0;
    }
    for (int i = 9; i < STATUS_LENGTH; i++) {
        if (line[i] < '0' || line[i] > '9') {
            return 0;
        }
        status = 10 * status + line[i] - '0';
    }
    return status >= 100 && status <= 599 ? status : 0;
}

static int read_response(exchange *x)
{
    char line[STATUS_LENGTH + 1] = "", data[4096];
    size_t had = 0, all = 0, more;
    int status;

    while (all < RESPONSE_MAX && (more = receive(x, data, sizeof(data))) > 0) {
        size_t part = had + more > STATUS_LENGTH ? STATUS_LENGTH - had : more;
        memcpy(line + had, data, part);
        had += part;
        all += more;
    }
    if (x->why) {
        return x->why;
    }
    status = had == STATUS_LENGTH ? read_status(line) : 0;
    if (!status) {
        return BACKHAND_WHY_HTTP;
    }
    return status >= 200 && status <= 399 ? BACKHAND_WHY_NONE : status;
}

int backhand_check_request(const backhand_check_url *url, uint64_t token, int link, apr_interval_time_t limit)
{
    exchange x = {.fd = -1, .link = link, .until = backhand_clock_now() + limit};
    int why;

    if (open_connection(&x, url) && (!url->https || open_tls(&x, url->host)) && send_request(&x, url, token)) {
        why = read_response(&x);
    }
    else {
        why = x.why;
    }
    SSL_free(x.tls);
    if (x.fd >= 0) {
        close(x.fd);
    }
    return why;
}
