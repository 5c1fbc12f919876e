/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/track.h"

#include <apr_portable.h>
#include <http_connection.h>
#include <pthread.h>
#include <sys/socket.h>
#include <util_filter.h>

struct backhand_tracked {
    apr_socket_t *socket;
    backhand_try *current; /* the try that uses it now, or NULL; under the lock */
    int secured;           /* its TLS handshake is done */
    int used;              /* some request went over it before */
    int accepted;          /* its other end is a server by AcceptStats */
};

/* The tries under way in this process. A plain mutex, not one from a pool: it must outlive every pool. */
static struct {
    pthread_mutex_t lock;
    backhand_try *first;
} tries = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* mod_proxy opens and uses its connections in the thread of the request, and tells nobody for which. */
static _Thread_local backhand_try *current;

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

/* What passes here has not yet been encrypted: nothing may be taken for sent before the other side is known. */
static apr_status_t secure(ap_filter_t *f)
{
    struct backhand_tracked *tracked = f->ctx;
    apr_status_t rv;

    if (!current->handshake.wanted || tracked->secured) {
        return APR_SUCCESS;
    }
    rv = backhand_handshake_make(f, tracked->socket, &current->handshake);
    tracked->secured = rv == APR_SUCCESS;
    return rv;
}

static int add_trailer(void *data, const char *name, const char *value)
{
    apr_bucket_brigade *bb = data;
    return apr_brigade_putstrs(bb, NULL, NULL, name, ": ", value, CRLF, NULL) == APR_SUCCESS;
}

/* mod_proxy_http ends a body in chunks without the trailers that came with it. They are known once it has read its end. */
static void add_trailers(const request_rec *r, apr_bucket_brigade *bb)
{
    static const char end[] = "0" CRLF CRLF;
    apr_bucket *last = APR_BRIGADE_LAST(bb);
    const char *data;
    apr_size_t length;

    if (apr_is_empty_table(r->trailers_in)) {
        return;
    }
    while (last != APR_BRIGADE_SENTINEL(bb) && APR_BUCKET_IS_METADATA(last)) {
        last = APR_BUCKET_PREV(last);
    }
    if (last == APR_BRIGADE_SENTINEL(bb) || apr_bucket_read(last, &data, &length, APR_BLOCK_READ) != APR_SUCCESS ||
        length != sizeof(end) - 1 || memcmp(data, end, length) != 0) {
        return;
    }
    apr_bucket *rest = APR_BUCKET_NEXT(last);
    apr_bucket_brigade *meta = rest == APR_BRIGADE_SENTINEL(bb) ? NULL : apr_brigade_split(bb, rest);
    apr_bucket_delete(last);
    apr_brigade_puts(bb, NULL, NULL, "0" CRLF);
    apr_table_do(add_trailer, bb, r->trailers_in, NULL);
    apr_brigade_puts(bb, NULL, NULL, CRLF);
    if (meta) {
        APR_BRIGADE_CONCAT(bb, meta);
    }
}

static apr_status_t track_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    if (current && current->chunked) {
        add_trailers(current->chunked, bb);
    }
    if (current && !current->sent && has_data(bb)) {
        struct backhand_tracked *tracked = f->ctx;
        apr_status_t rv = secure(f);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        pthread_mutex_lock(&tries.lock);
        current->sent = 1;
        current->reused = tracked->used;
        current->accepted = tracked->accepted;
        current->connection = tracked;
        tracked->used = 1;
        tracked->current = current;
        pthread_mutex_unlock(&tries.lock);
    }
    return ap_pass_brigade(f->next, bb);
}

static apr_status_t track_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                                apr_off_t readbytes)
{
    apr_status_t rv = ap_get_brigade(f->next, bb, mode, block, readbytes);

    if (rv == APR_SUCCESS && mode == AP_MODE_GETLINE && current) {
        rv = backhand_head_take(&current->head, bb);
        /* What follows is no response any more: nobody else can have the request, and silence means nothing. */
        if (current->head.status == HTTP_SWITCHING_PROTOCOLS) {
            backhand_track_response(current);
        }
    }
    return rv;
}

/* Runs before the socket is closed: from here on its descriptor may belong to somebody else. */
static apr_status_t forget_connection(void *data)
{
    struct backhand_tracked *tracked = data;
    pthread_mutex_lock(&tries.lock);
    if (tracked->current) {
        tracked->current->connection = NULL;
        tracked->current = NULL;
    }
    pthread_mutex_unlock(&tries.lock);
    return APR_SUCCESS;
}

static int track_connection(conn_rec *c, void *csd)
{
    if (current) {
        struct backhand_tracked *tracked = apr_pcalloc(c->pool, sizeof(*tracked));
        tracked->socket = csd;
        tracked->accepted = backhand_accept_covers(current->conf->accept, c->client_addr);
        apr_pool_pre_cleanup_register(c->pool, tracked, forget_connection);
        ap_add_output_filter_handle(output_filter, tracked, NULL, c);
        ap_add_input_filter_handle(input_filter, NULL, NULL, c);
    }
    return OK;
}

void backhand_track_register(void)
{
    output_filter = ap_register_output_filter("BACKHAND_TRACK", track_output, NULL, AP_FTYPE_CONNECTION);
    input_filter = ap_register_input_filter("BACKHAND_TRACK", track_input, NULL, AP_FTYPE_CONNECTION);
    ap_hook_pre_connection(track_connection, NULL, NULL, APR_HOOK_MIDDLE);
}

apr_status_t backhand_track_child_init(void)
{
    /* A child that was forked while another thread of its parent held the lock would inherit it locked. */
    tries.first = NULL;
    return pthread_mutex_init(&tries.lock, NULL);
}

void backhand_track_begin(backhand_try *t)
{
    t->asked = apr_time_now();
    pthread_mutex_lock(&tries.lock);
    t->next = tries.first;
    t->link = &tries.first;
    if (t->next) {
        t->next->link = &t->next;
    }
    tries.first = t;
    pthread_mutex_unlock(&tries.lock);
    current = t;
}

void backhand_track_end(backhand_try *t)
{
    current = NULL;
    pthread_mutex_lock(&tries.lock);
    *t->link = t->next;
    if (t->next) {
        t->next->link = t->link;
    }
    if (t->connection) {
        t->connection->current = NULL;
    }
    pthread_mutex_unlock(&tries.lock);
}

int backhand_track_current(void)
{
    return current != NULL;
}

void backhand_track_response(backhand_try *t)
{
    if (!t->begun) {
        backhand_table_begun(t->conf->table, t->id);
    }
    pthread_mutex_lock(&tries.lock);
    t->begun = 1;
    pthread_mutex_unlock(&tries.lock);
}

/* The silence of a server that the table has forgotten says nothing: it may well answer what it was asked before. */
static int can_be_given_up(const backhand_try *t)
{
    return !backhand_table_forgotten(t->conf->table, t->id) && t->repeatable &&
           (!t->body || backhand_body_is_kept(t->body)) && t->connection && !t->begun && !t->silenced;
}

int backhand_track_watch(const backhand_table *table)
{
    int n = 0;
    pthread_mutex_lock(&tries.lock);
    for (backhand_try *t = tries.first; t; t = t->next, n++) {
        apr_os_sock_t fd;
        if (can_be_given_up(t) && backhand_table_silent(table, t->id) && !backhand_table_deaf(table) &&
            apr_os_sock_get(&fd, t->connection->socket) == APR_SUCCESS) {
            t->silenced = 1;
            shutdown(fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&tries.lock);
    return n;
}
