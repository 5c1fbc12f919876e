/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/checker.h"

#include "announce/check/program.h"
#include "announce/check/side.h"
#include "table/clock.h"

#include <ap_listen.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <http_log.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

/* The shortest time between two starts of the checker. */
#define PAUSE apr_time_from_sec(1)
/* The checker's end of its socket to the moderator. */
#define OWN_LINK 3

static const ap_listen_rec *find_listener(int port)
{
    for (const ap_listen_rec *l = ap_listeners; l; l = l->next) {
        if (l->bind_addr && (port == 0 || l->bind_addr->port == port)) {
            return l;
        }
    }
    return NULL;
}

static int is_any(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

/* The address at which this machine reaches that listener of httpd. */
static const char *address_of(const ap_listen_rec *listener, apr_pool_t *p)
{
    char *address;
    if (!listener || apr_sockaddr_ip_get(&address, listener->bind_addr) != APR_SUCCESS) {
        return "127.0.0.1";
    }
    if (is_any(address)) {
        return listener->bind_addr->family == APR_INET6 ? "::1" : "127.0.0.1";
    }
    return apr_pstrdup(p, address);
}

static void complete_url(backhand_check_url *url, int https, int port, const char *host, apr_pool_t *p)
{
    const ap_listen_rec *listener;

    if (!url->host) {
        listener = find_listener(port);
        url->https = https;
        if (!listener) {
            /* Other servers may reach this one at a port that httpd does not listen on, through NAT for example. */
            listener = find_listener(0);
            url->https = listener && listener->protocol && strcmp(listener->protocol, "https") == 0;
        }
        url->port = listener ? listener->bind_addr->port : port;
        url->host = host;
    }
    url->address = address_of(find_listener(url->port), p);
}

void backhand_checker_init(backhand_checker *checker, const backhand_check *check, int https, int port,
                           const char *host, apr_pool_t *p)
{
    memset(checker, 0, sizeof(*checker));
    checker->check = *check;
    checker->link = -1;
    if (!check->argv) {
        complete_url(&checker->check.url, https, port, host, p);
    }
    if (apr_generate_random_bytes((unsigned char *)&checker->token, sizeof(checker->token)) != APR_SUCCESS ||
        checker->token == 0) {
        checker->token = (uint64_t)apr_time_now();
    }
}

/* Closes all descriptors that the moderator had open, except the link and the log. */
static int keep_only(int link)
{
    if (link != OWN_LINK) {
        dup3(link, OWN_LINK, O_CLOEXEC);
    }
    close_range(OWN_LINK + 1, ~0U, 0);
    return OWN_LINK;
}

static int check_once(const backhand_checker *checker, int link)
{
    const backhand_check *check = &checker->check;
    return check->argv ? backhand_check_program(check->argv, link, check->timeout)
                       : backhand_check_request(&check->url, checker->token, link, check->timeout);
}

static void run(const backhand_checker *checker, int link)
{
    backhand_waited waited = BACKHAND_WAITED_LATE;
    link = keep_only(link);
    while (waited == BACKHAND_WAITED_LATE) {
        apr_time_t next = backhand_clock_now() + checker->check.interval;
        int why = check_once(checker, link);
        if (why < 0 || (send(link, &why, sizeof(why), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)) {
            return;
        }
        do {
            /* A process that an earlier program left behind may end now; that does not end the pause. */
            waited = backhand_check_wait(link, -1, 0, next);
        } while (waited == BACKHAND_WAITED_READY);
    }
}

static void start(backhand_checker *checker, server_rec *s)
{
    int ends[2];
    pid_t pid;

    checker->started = backhand_clock_now();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        ends[0] = -1;
    }
    pid = ends[0] < 0 ? -1 : fork();
    if (pid == 0) {
        backhand_check_signals();
        run(checker, ends[1]);
        /* Not exit(): exit handlers and pool cleanups are for httpd's parent alone. */
        _exit(0);
    }
    if (pid < 0 && !checker->failed) {
        ap_log_error(APLOG_MARK, APLOG_ERR, errno, s,
                     "backhand: cannot start the process that makes the checks of BackhandCheck; this server counts "
                     "as before, and the moderator tries again each second");
    }
    checker->failed = pid < 0;
    if (ends[0] >= 0) {
        close(ends[1]);
    }
    if (pid > 0) {
        checker->pid = pid;
        checker->link = ends[0];
    }
    else if (ends[0] >= 0) {
        close(ends[0]);
    }
}

static void note_end(backhand_checker *checker, server_rec *s)
{
    int status = 0;
    close(checker->link);
    waitpid(checker->pid, &status, 0);
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, s,
        "backhand: the process %" APR_PID_T_FMT
        " that makes the checks of BackhandCheck ended unexpectedly (status %d); the moderator starts another one",
        checker->pid, status);
    checker->link = -1;
    checker->pid = 0;
}

int backhand_checker_take(backhand_checker *checker, server_rec *s, int *why)
{
    ssize_t got;

    if (!checker->pid) {
        if (checker->started == 0 || backhand_clock_now() - checker->started >= PAUSE) {
            start(checker, s);
        }
        return 0;
    }
    got = recv(checker->link, why, sizeof(*why), MSG_DONTWAIT);
    if (got == sizeof(*why)) {
        return 1;
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        note_end(checker, s);
    }
    return 0;
}
