/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/attempt.h"
#include "act/proxy/stranded.h"
#include "act/proxy/trailers.h"
#include "table/clock.h"
#include "table/handoff.h"
#include "table/process.h"
#include "table/state.h"

#include <apr_hooks.h>
#include <apr_optional_hooks.h>
#include <apr_portable.h>
#include <http_connection.h>
#include <http_core.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <util_filter.h>

/* A hook of mod_ssl, declared here because Debian does not install mod_ssl's header. mod_ssl need not be loaded. */
#define SSL_DECLARE(type) type
APR_DECLARE_EXTERNAL_HOOK(ssl, SSL, int, pre_handshake, (conn_rec * c, SSL *ssl, int is_proxy))

struct backhand_connection {
    apr_socket_t *socket;
    backhand_attempt *current;   /* the attempt that uses it now; NULL: none; under the lock */
    int secured;                 /* its TLS handshake is done */
    int used;                    /* it has carried another request before */
    int accepted;                /* AcceptStats covers the other end */
    int patient;                 /* its time-out is off */
    apr_interval_time_t timeout; /* the time-out that mod_proxy set */
};

/* The kernel reports a dead machine: after a minute of silence and four unanswered keep-alive probes. */
#define PROBE_AFTER 60 /* s */
#define PROBE_EACH  15 /* s */
#define PROBES      4

/* How long an address may be missing before it counts as gone: it may be set anew. */
#define STRANDED apr_time_from_sec(1)

/* How long a server that was asked although it was silent has for the first byte of its response. */
#define DOUBTED apr_time_from_msec(500)

/* The attempts under way in this process. The mutex is not allocated from a pool, because it must outlive every
 * pool. */
static struct {
    pthread_mutex_t lock;
    backhand_attempt *first;
} attempts = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* The attempt of this thread. mod_proxy opens and uses connections in the request's thread, but its hooks do not name
 * the request. */
static _Thread_local backhand_attempt *current;

static ap_filter_rec_t *output_filter, *input_filter;

static int has_data(apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        if (!APR_BUCKET_IS_METADATA(b) && b->length != 0) {
            return 1;
        }
    }
    return 0;
}

/* Makes the TLS handshake first: bytes here are still plain text, and none may count as sent before the server is
 * verified. */
static apr_status_t secure(ap_filter_t *f)
{
    struct backhand_connection *connection = f->ctx;
    apr_status_t rv;

    if (!current->handshake.wanted || connection->secured) {
        return APR_SUCCESS;
    }
    rv = backhand_handshake_make(f, connection->socket, &current->handshake);
    connection->secured = rv == APR_SUCCESS;
    return rv;
}

/* Called before the first byte of a request is sent. */
static void begin_to_send(struct backhand_connection *connection)
{
    if (!connection->used) {
        apr_socket_timeout_get(connection->socket, &connection->timeout);
    }
    else if (connection->patient) {
        apr_socket_timeout_set(connection->socket, connection->timeout);
        connection->patient = 0;
    }
    pthread_mutex_lock(&attempts.lock);
    current->sent = 1;
    current->reused = connection->used;
    current->accepted = connection->accepted;
    current->connection = connection;
    current->pause_limit = connection->timeout;
    connection->used = 1;
    connection->current = current;
    pthread_mutex_unlock(&attempts.lock);
}

/* True when the connection is readable. With TLS the data need not be a response. Only called after sending took too
 * long. */
static int has_answered(apr_socket_t *socket)
{
    apr_os_sock_t fd;
    struct pollfd ready = {.events = POLLIN};

    if (apr_os_sock_get(&fd, socket) != APR_SUCCESS) {
        return 0;
    }
    ready.fd = fd;
    return poll(&ready, 1, 0) == 1;
}

/* Handles a failure to send. The server may have answered and closed; reading the response will show it. */
static apr_status_t stop_sending(ap_filter_t *f, apr_status_t rv)
{
    struct backhand_connection *connection = f->ctx;
    apr_os_sock_t fd;

    if (!current->sent || (APR_STATUS_IS_TIMEUP(rv) && !has_answered(connection->socket))) {
        return rv;
    }
    current->unwanted = 1;
    if (apr_os_sock_get(&fd, connection->socket) == APR_SUCCESS) {
        /* Half of a request was sent, so no further request may use this connection. */
        shutdown(fd, SHUT_WR);
    }
    /* mod_ssl reads nothing from a connection marked as aborted. */
    f->c->aborted = 0;
    return APR_SUCCESS;
}

static apr_status_t attempt_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    apr_status_t rv;

    if (!current) {
        return ap_pass_brigade(f->next, bb);
    }
    if (current->unwanted) {
        apr_brigade_cleanup(bb);
        return APR_SUCCESS;
    }
    if (current->chunked) {
        backhand_trailers_add(current->chunked, bb);
    }
    if (!current->sent && has_data(bb)) {
        rv = secure(f);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        begin_to_send(f->ctx);
    }
    rv = ap_pass_brigade(f->next, bb);
    return rv == APR_SUCCESS ? rv : stop_sending(f, rv);
}

/* Takes the time-out off: from now on the response may pause for as long as its server announces itself.
 * backhand_attempt_watch() ends pauses that are too long. */
static void wait_patiently(struct backhand_connection *connection)
{
    static const struct {
        int option, value;
    } probes[] = {{TCP_KEEPIDLE, PROBE_AFTER}, {TCP_KEEPINTVL, PROBE_EACH}, {TCP_KEEPCNT, PROBES}};
    apr_os_sock_t fd;

    apr_socket_opt_set(connection->socket, APR_SO_KEEPALIVE, 1);
    if (apr_os_sock_get(&fd, connection->socket) == APR_SUCCESS) {
        for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
            setsockopt(fd, IPPROTO_TCP, probes[i].option, &probes[i].value, sizeof(probes[i].value));
        }
    }
    apr_socket_timeout_set(connection->socket, -1);
    connection->patient = 1;
}

/* The connection becomes a tunnel: no other server can have the request, and silence no longer means a failure.
 * mod_proxy ends a tunnel by the longer time-out of both sides. */
static void become_tunnel(struct backhand_connection *connection)
{
    apr_socket_t *client = ap_get_conn_socket(current->r->connection);

    backhand_attempt_response(current);
    if (current->upgrades && !current->opened) {
        current->opened = 1;
        backhand_table_returned(current->conf->table, current->id, current->generation);
        backhand_process_opened(current->conf->process);
    }
    wait_patiently(connection);
    if (client && apr_socket_timeout_get(client, &current->client_timeout) == APR_SUCCESS) {
        current->client = client;
        apr_socket_timeout_set(client, -1);
    }
}

static void note_input(backhand_attempt *t, apr_status_t rv, const apr_bucket_brigade *bb, apr_read_type_e block)
{
    if (APR_STATUS_IS_TIMEUP(rv)) {
        t->timed_out = 1;
    }
    else if (rv == APR_SUCCESS ? block == APR_BLOCK_READ && APR_BRIGADE_EMPTY(bb) : !APR_STATUS_IS_EAGAIN(rv)) {
        t->lost = 1;
    }
    else {
        __atomic_store_n(&t->moved, backhand_clock_now(), __ATOMIC_RELAXED);
    }
}

/* True when the keeper shut the connection down: the response has then not ended by itself. */
static int was_ended(const backhand_attempt *t)
{
    if (__atomic_load_n(&t->abandoned, __ATOMIC_RELAXED)) {
        t->r->connection->aborted = 1;
        return 1;
    }
    return __atomic_load_n(&t->silenced, __ATOMIC_RELAXED);
}

static apr_status_t attempt_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                                  apr_off_t readbytes)
{
    struct backhand_connection *connection = f->ctx;
    /* A local copy, because each access to a thread-local variable calls the dynamic linker. */
    backhand_attempt *t = current;
    apr_status_t rv;

    if (!t) {
        return ap_get_brigade(f->next, bb, mode, block, readbytes);
    }
    if (block == APR_BLOCK_READ && !connection->patient && backhand_response_head_is_final(&t->head)) {
        wait_patiently(connection);
    }
    rv = ap_get_brigade(f->next, bb, mode, block, readbytes);
    if (was_ended(t)) {
        apr_brigade_cleanup(bb);
        rv = APR_ECONNABORTED;
    }
    note_input(t, rv, bb, block);
    if (rv == APR_SUCCESS && mode == AP_MODE_GETLINE) {
        rv = backhand_response_head_read(&t->head, bb, f->next, block);
        /* The rest of a long line could not be read. With the two excluded codes it was read, but cannot be passed
         * on. */
        if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOSPC(rv) && rv != APR_EGENERAL) {
            note_input(t, rv, bb, block);
        }
        if (t->head.complete && t->head.status == HTTP_SWITCHING_PROTOCOLS && !t->client) {
            become_tunnel(connection);
        }
    }
    return rv;
}

/* Runs before the socket is closed. Afterwards its descriptor may belong to another connection. */
static apr_status_t forget_connection(void *data)
{
    struct backhand_connection *connection = data;
    pthread_mutex_lock(&attempts.lock);
    if (connection->current) {
        connection->current->connection = NULL;
        connection->current = NULL;
    }
    pthread_mutex_unlock(&attempts.lock);
    return APR_SUCCESS;
}

static int attempt_connection(conn_rec *c, void *csd)
{
    if (current) {
        struct backhand_connection *connection = apr_pcalloc(c->pool, sizeof(*connection));
        connection->socket = csd;
        connection->accepted = backhand_accept_covers(current->conf->accept, c->client_addr);
        apr_pool_pre_cleanup_register(c->pool, connection, forget_connection);
        ap_add_output_filter_handle(output_filter, connection, NULL, c);
        ap_add_input_filter_handle(input_filter, connection, NULL, c);
    }
    return OK;
}

static int before_handshake(conn_rec *c, SSL *ssl, int is_proxy)
{
    (void)c;
    if (is_proxy && current) {
        backhand_handshake_watch(ssl);
    }
    return OK;
}

void backhand_attempt_register(void)
{
    APR_OPTIONAL_HOOK(ssl, pre_handshake, before_handshake, NULL, NULL, APR_HOOK_MIDDLE);
    output_filter = ap_register_output_filter("BACKHAND_ATTEMPT", attempt_output, NULL, AP_FTYPE_CONNECTION);
    input_filter = ap_register_input_filter("BACKHAND_ATTEMPT", attempt_input, NULL, AP_FTYPE_CONNECTION);
    ap_hook_pre_connection(attempt_connection, NULL, NULL, APR_HOOK_MIDDLE);
}

apr_status_t backhand_attempt_child_init(void)
{
    /* A child forked while another thread held the lock would inherit a locked mutex. */
    attempts.first = NULL;
    return pthread_mutex_init(&attempts.lock, NULL);
}

void backhand_attempt_begin(backhand_attempt *t)
{
    t->asked = backhand_clock_now();
    t->from = backhand_table_moved(t->conf->table);
    t->doubted = backhand_table_silent(t->conf->table, t->id);
    pthread_mutex_lock(&attempts.lock);
    t->next = attempts.first;
    t->link = &attempts.first;
    if (t->next) {
        t->next->link = &t->next;
    }
    attempts.first = t;
    pthread_mutex_unlock(&attempts.lock);
    current = t;
}

void backhand_attempt_end(backhand_attempt *t)
{
    current = NULL;
    if (t->client) {
        apr_socket_timeout_set(t->client, t->client_timeout);
    }
    pthread_mutex_lock(&attempts.lock);
    *t->link = t->next;
    if (t->next) {
        t->next->link = t->link;
    }
    if (t->connection) {
        t->connection->current = NULL;
    }
    pthread_mutex_unlock(&attempts.lock);
}

void backhand_attempt_response(backhand_attempt *t)
{
    if (!t->begun) {
        backhand_table_begun(t->conf->table, t->id, t->generation);
    }
    pthread_mutex_lock(&attempts.lock);
    t->begun = 1;
    pthread_mutex_unlock(&attempts.lock);
}

/* True when the server no longer announces itself with this contact. A server that has left announces nothing, but
 * finishes its requests, so it does not count; nor does a server that was forgotten, or one that announces nothing but
 * answers. */
static int has_fallen_silent(const backhand_table *table, const backhand_attempt *t)
{
    if (backhand_table_replaced(table, t->id, t->generation)) {
        return !backhand_table_deaf(table);
    }
    if (t->doubted && backhand_clock_now() - t->asked <= DOUBTED) {
        return 0;
    }
    return backhand_table_slot_generation(table, t->id) == t->generation && backhand_table_silent(table, t->id) &&
           !backhand_table_answers(table, t->id) && !backhand_table_left(table, t->id) && !backhand_table_deaf(table);
}

/* True when the request was sent from an address that this machine has no longer. */
static int is_stranded(const backhand_table *table, const backhand_attempt *t)
{
    apr_time_t moved = backhand_table_moved(table);
    return moved != t->from && backhand_table_now(table) - moved > STRANDED &&
           backhand_socket_is_stranded(t->connection->socket);
}

/* True when a response has paused for longer than its limit. */
static int is_pausing(const backhand_attempt *t)
{
    return t->begun && t->pause_limit > 0 &&
           backhand_clock_now() - __atomic_load_n(&t->moved, __ATOMIC_RELAXED) > t->pause_limit;
}

/* A response that has begun is ended only if it also pauses for too long. */
static int can_be_given_up(const backhand_attempt *t)
{
    return t->begun ? is_pausing(t) : t->repeatable && (!t->body || backhand_body_is_kept(t->body));
}

/* True when the client has closed its sending side. Some clients do this and then wait for their answer, but not
 * through a long pause. Requests of HTTP/2 share a socket, which mod_http2 watches: it says when the client has reset
 * the stream or closed the connection. */
static int has_client_closed(const backhand_attempt *t)
{
    apr_socket_t *socket = ap_get_conn_socket(t->r->connection);
    struct pollfd closed = {.events = POLLRDHUP};

    if (t->r->connection->master) {
        return t->r->connection->aborted;
    }
    if (!socket || apr_os_sock_get(&closed.fd, socket) != APR_SUCCESS) {
        return 0;
    }
    return poll(&closed, 1, 0) == 1 && (closed.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void end_waiting(backhand_attempt *t, int *why)
{
    apr_os_sock_t fd;
    if (apr_os_sock_get(&fd, t->connection->socket) == APR_SUCCESS) {
        __atomic_store_n(why, 1, __ATOMIC_RELAXED);
        shutdown(fd, SHUT_RDWR);
    }
}

int backhand_attempt_watch(const backhand_table *table)
{
    int n = 0;
    pthread_mutex_lock(&attempts.lock);
    for (backhand_attempt *t = attempts.first; t; t = t->next, n++) {
        if (!t->connection || t->silenced || t->abandoned) {
            continue;
        }
        if (can_be_given_up(t) && is_stranded(table, t)) {
            t->stranded = 1;
            end_waiting(t, &t->silenced);
        }
        else if (can_be_given_up(t) && has_fallen_silent(table, t)) {
            end_waiting(t, &t->silenced);
        }
        else if ((is_pausing(t) || (!t->begun && t->safe)) && has_client_closed(t)) {
            end_waiting(t, &t->abandoned);
        }
    }
    pthread_mutex_unlock(&attempts.lock);
    return n;
}
