/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/waiting/guard.h"
#include "table/clock.h"
#include "host/scoreboard.h"
#include "act/received/received.h"
#include "act/waiting/room.h"
#include "table/process.h"
#include "table/counters.h"

#include <ap_listen.h>
#include <ap_mpm.h>
#include <apr_portable.h>
#include <errno.h>
#include <http_connection.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <linux/sockios.h>
#include <poll.h>
#include <scoreboard.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <util_filter.h>

APLOG_USE_MODULE(backhand);

/* Longest sleep. No alarm is rung when the process ends or a free worker dies, so sleepers must look from time to
 * time. */
#define SLEEP apr_time_from_sec(1)
/* After a response, a client's connection stays open for this time, because the next request may be on its way.
 * Connections of other servers need no such time: a server sends a request again if the connection closes at that
 * moment. */
#define GRACE apr_time_from_msec(100)
/* Time that a worker needs to take the next connection. Meanwhile no other worker gives up its connection. */
#define TURN apr_time_from_msec(1)
/* Longest time for the rest of a response to reach the client. After that the connection counts as idle in any case. */
#define DRAIN apr_time_from_sec(1)

/* A connection of a client or of another server. Allocated in the connection's pool; only its worker uses it. */
typedef struct guarded {
    backhand_config *conf;
    apr_socket_t *socket;
    apr_time_t since;      /* when the worker began to wait for the next request */
    int waits;             /* no byte of the next request has come */
    int of_server;         /* another server sent the latest request */
    int closing;           /* no further request is read */
    int n_listeners;       /* sockets that this process listens on */
    struct pollfd *polled; /* first the connection, then the listeners */
} guarded;

static ap_filter_rec_t *input_filter, *output_filter;

/* The alarm, shared with all processes of this generation. */
static int alarm_fd = -1;

static int fd_of(apr_socket_t *socket)
{
    apr_os_sock_t fd = -1;
    return apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : -1;
}

static int is_stopping(void)
{
    int state = AP_MPMQ_RUNNING;
    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS || state == AP_MPMQ_STOPPING;
}

/* Waits until the connection or one of the next n descriptors is readable. @return the result of poll() */
static int wait_on(guarded *g, int n, apr_interval_time_t limit)
{
    g->polled[0] = (struct pollfd){.fd = fd_of(g->socket), .events = POLLIN};
    for (int i = 0; i <= n; i++) {
        g->polled[i].revents = 0;
    }
    /* Rounded up: a time-out below 1 ms would otherwise become 0, and the caller's loop would never sleep. */
    return poll(g->polled, (nfds_t)n + 1, (int)((limit + 999) / 1000));
}

/* A stopping process has no listeners left. @return how many were added */
static int add_listeners(guarded *g)
{
    int n = 0;
    for (const ap_listen_rec *l = ap_listeners; l && n < g->n_listeners; l = l->next) {
        int fd = l->sd ? fd_of(l->sd) : -1;
        if (fd >= 0) {
            g->polled[++n] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
    }
    return n;
}

static int any_readable(const guarded *g, int n)
{
    for (int i = 1; i <= n; i++) {
        if (g->polled[i].revents) {
            return 1;
        }
    }
    return 0;
}

/* True when a new connection waits and no worker is free to accept it. */
static int someone_waits(guarded *g)
{
    int n;
    if (backhand_scoreboard_accepts()) {
        return 0;
    }
    n = add_listeners(g);
    return n == 0 || (wait_on(g, n, 0) > 0 && any_readable(g, n));
}

/* Only one worker of the whole server gives up an idle connection in each TURN. */
static int takes_turn(const guarded *g)
{
    return backhand_table_once(g->conf->table, BACKHAND_ONCE_YIELD, TURN);
}

static int may_close(const guarded *g, apr_time_t now)
{
    apr_interval_time_t idle = now - g->since;
    int unsent = 0;
    if (idle < 0) {
        return 1;
    }
    return (g->of_server || idle >= GRACE) &&
           (idle >= DRAIN || ioctl(fd_of(g->socket), SIOCOUTQ, &unsent) != 0 || unsent == 0);
}

/* Ends the wait, unless a request has just arrived. A request that the client sends between the two calls is lost to
 * it, so shutdown() follows at once: httpd's own closing would come later, and wait 2 s for the other side. */
static apr_status_t stop_reading(guarded *g)
{
    int fd = fd_of(g->socket);
    char byte;
    g->closing = 1;
    if (fd < 0) {
        return APR_TIMEUP;
    }
    if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
        return APR_SUCCESS;
    }
    shutdown(fd, SHUT_RDWR);
    return APR_TIMEUP;
}

/* Sleeps until something may have changed. @return 1: the connection is readable */
static int sleep_on(guarded *g, apr_interval_time_t limit)
{
    int by_alarm = backhand_scoreboard_accepts();
    int n = 1;

    if (by_alarm) {
        g->polled[1] = (struct pollfd){.fd = alarm_fd, .events = POLLIN};
    }
    else {
        n = add_listeners(g);
    }
    wait_on(g, n, limit < SLEEP ? limit : SLEEP);
    if (by_alarm && g->polled[1].revents && backhand_scoreboard_accepts()) {
        eventfd_t rung;
        eventfd_read(alarm_fd, &rung);
        /* The last free place may have been taken meanwhile. Then the alarm must stay on for all processes. */
        if (!backhand_scoreboard_accepts()) {
            eventfd_write(alarm_fd, 1);
        }
    }
    return g->polled[0].revents != 0;
}

/* Waits for the first byte of the next request. @return APR_TIMEUP: none came; the caller closes the connection */
static apr_status_t wait_for_request(guarded *g)
{
    apr_interval_time_t limit = 0;
    apr_time_t now = backhand_clock_now(), end;

    apr_socket_timeout_get(g->socket, &limit);
    end = limit < 0 ? INT64_MAX : now + limit;
    for (; now < end && !is_stopping(); now = backhand_clock_now()) {
        int readable;
        if (!someone_waits(g)) {
            readable = sleep_on(g, end - now);
        }
        else if (!may_close(g, now) || !takes_turn(g)) {
            readable = wait_on(g, 0, TURN) > 0;
        }
        else {
            break;
        }
        if (readable) {
            return APR_SUCCESS;
        }
    }
    return stop_reading(g);
}

static int has_data(const apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        if (!APR_BUCKET_IS_METADATA(b) && b->length != 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t guard_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                                apr_off_t readbytes)
{
    guarded *g = f->ctx;
    apr_status_t rv;

    if (!g->waits || block != APR_BLOCK_READ || mode == AP_MODE_INIT) {
        return ap_get_brigade(f->next, bb, mode, block, readbytes);
    }
    /* The next request may already be buffered, having arrived with the one before. */
    rv = ap_get_brigade(f->next, bb, mode, APR_NONBLOCK_READ, readbytes);
    if (APR_STATUS_IS_EAGAIN(rv) || APR_STATUS_IS_TIMEUP(rv) || (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(bb))) {
        rv = wait_for_request(g);
        if (rv == APR_SUCCESS) {
            rv = ap_get_brigade(f->next, bb, mode, block, readbytes);
        }
    }
    g->waits = rv == APR_SUCCESS && !has_data(bb);
    return rv;
}

static guarded *guarded_get(const conn_rec *c)
{
    for (const ap_filter_t *f = c->input_filters; f; f = f->next) {
        if (f->frec == input_filter) {
            return f->ctx;
        }
    }
    return NULL;
}

/* True when this connection should be closed after the response. */
static int is_needed(conn_rec *c)
{
    guarded *g = guarded_get(c);
    if (g) {
        /* With several listen buckets a process knows only its own bucket, and not which processes accept from it.
         * httpd starts further workers for those that idle connections hold; connections from other servers may hold at
         * most half of the workers. */
        return g->closing || ap_num_listen_buckets > 1 || (g->of_server && backhand_scoreboard_is_short()) ||
               someone_waits(g);
    }
    if (c->sbh && !c->master && backhand_scoreboard_async()) {
        const backhand_process *process = backhand_config_get(c->base_server)->process;
        return process && !backhand_room_left(backhand_process_waiting(process));
    }
    return 0;
}

void backhand_guard_respond(request_rec *r)
{
    if (!ap_is_HTTP_INFO(r->status) && is_needed(r->connection) &&
        !ap_find_token(r->pool, apr_table_get(r->headers_out, "Connection"), "close")) {
        apr_table_mergen(r->headers_out, "Connection", "close");
    }
}

/* Runs just before the headers are written. */
static apr_status_t guard_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    backhand_guard_respond(f->r);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, bb);
}

static void insert(request_rec *r)
{
    backhand_config *conf = backhand_config_get(r->server);
    guarded *g = guarded_get(r->connection);

    if (g && !r->main) {
        g->of_server = backhand_received_is(r);
    }
    if (!r->main && conf->table && conf->proxy) {
        ap_add_output_filter_handle(output_filter, NULL, r, r->connection);
    }
}

static void before_request(request_rec *r, conn_rec *c)
{
    guarded *g = guarded_get(c);
    (void)r;
    if (g) {
        g->waits = c->keepalives > 0;
        g->since = backhand_clock_now();
    }
}

static int before_connection(conn_rec *c, void *csd)
{
    backhand_config *conf = backhand_config_get(c->base_server);
    guarded *g;

    /* mod_proxy's connections to other servers have no scoreboard handle; streams of HTTP/2 have a master
     * connection. */
    if (!c->sbh || c->master || !conf->table || backhand_scoreboard_async()) {
        return DECLINED;
    }
    g = apr_pcalloc(c->pool, sizeof(*g));
    g->conf = conf;
    g->socket = csd;
    for (const ap_listen_rec *l = ap_listeners; l; l = l->next) {
        g->n_listeners++;
    }
    g->polled = apr_pcalloc(c->pool, sizeof(*g->polled) * (size_t)(g->n_listeners + 2));
    ap_add_input_filter_handle(input_filter, g, NULL, c);
    return OK;
}

/* This worker is no longer free. It writes that into the scoreboard before it counts the free workers. So if two
 * workers take the last two places at once, at least one of them sees that both are taken. */
static int begin_connection(conn_rec *c)
{
    if (guarded_get(c)) {
        ap_update_child_status_from_conn(c->sbh, SERVER_BUSY_READ, c);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (!backhand_scoreboard_accepts()) {
            eventfd_write(alarm_fd, 1);
        }
    }
    return DECLINED;
}

static apr_status_t alarm_close(void *data)
{
    (void)data;
    close(alarm_fd);
    alarm_fd = -1;
    return APR_SUCCESS;
}

int backhand_guard_post_config(apr_pool_t *pconf, server_rec *s)
{
    if (backhand_scoreboard_async()) {
        return OK;
    }
    alarm_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (alarm_fd < 0) {
        ap_log_error(
            APLOG_MARK, APLOG_ERR, errno, s,
            "backhand: cannot create an eventfd, by which workers give up idle connections; raise the limit of "
            "open files");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_pool_cleanup_register(pconf, NULL, alarm_close, apr_pool_cleanup_null);
    return OK;
}

void backhand_guard_register(void)
{
    /* The filter stands next to the socket, below mod_ssl and mod_reqtimeout. These then wait as they do in an httpd
     * without it. */
    input_filter =
        ap_register_input_filter("BACKHAND_GUARD", guard_input, NULL, (ap_filter_type)(AP_FTYPE_NETWORK - 1));
    output_filter =
        ap_register_output_filter("BACKHAND_GUARD", guard_output, NULL, (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
    ap_hook_pre_connection(before_connection, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_process_connection(begin_connection, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_pre_read_request(before_request, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(insert, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(insert, NULL, NULL, APR_HOOK_MIDDLE);
}
