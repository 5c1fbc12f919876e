/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/received.h"
#include "act/request/remoteip.h"
#include "act/received/mark.h"
#include "act/request/location.h"
#include "act/request/tunnel.h"
#include "act/received/mark_signature.h"
#include "act/received/restore.h"
#include "table/clock.h"
#include "table/process.h"
#include "table/counters.h"
#include "table/down.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include <stdlib.h>
#include <string.h>

APLOG_USE_MODULE(backhand);

/* How often the log hears of marked requests from strangers. */
#define STRANGER_PERIOD apr_time_from_sec(600)

/* What we know of a request; in its request_config. */
typedef struct request_record {
    backhand_config *conf;
    backhand_process *process;
    const request_rec *request;
    apr_time_t began;
    int64_t level;               /* requests that were being served when it came, itself counted */
    apr_time_t met;              /* when it began to be served here */
    backhand_ring_entry entry;   /* in this server's meter; none: it is not measured */
    int elsewhere;               /* another server answers it */
    int away;                    /* another server is asked */
    int tunnel;                  /* it has become one, and is in flight no more */
    int marked;                  /* another server handed it here */
    int doubtful;                /* it says so, and is not believed */
    int check;                   /* this server's own check of its application */
    int again;                   /* its sender had got it with a mark */
    backhand_contact lost;       /* the server that its session was on and that is given up; port 0: none */
    backhand_origin origin;      /* what it came with; client NULL: unknown */
    backhand_user user;          /* whom the server that handed it here, or this one, knows the client as */
    const char *sender;          /* address of the server that handed it here */
    apr_table_t *headers;        /* as they came; NULL: r->headers_in */
    const apr_table_t *outgoing; /* what the present attempt sends */
} request_record;

static request_record *record_get(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &backhand_module);
}

apr_interval_time_t backhand_received_age(const request_rec *r)
{
    const request_record *record = record_get(r);
    return record ? backhand_clock_now() - record->began : 0;
}

int backhand_received_is(const request_rec *r)
{
    const request_record *record = record_get(r);
    return record && record->marked;
}

backhand_origin *backhand_received_origin(const request_rec *r)
{
    request_record *record = record_get(r);
    return record && record->marked ? &record->origin : NULL;
}

backhand_user *backhand_received_user(const request_rec *r)
{
    request_record *record = record_get(r);
    return record && !r->main ? &record->user : NULL;
}

int backhand_received_is_doubtful(const request_rec *r)
{
    const request_record *record = record_get(r);
    return record && record->doubtful;
}

int backhand_received_is_check(const request_rec *r)
{
    const request_record *record = record_get(r);
    return record && record->check;
}

int backhand_received_is_again(const request_rec *r)
{
    const request_record *record = record_get(r);
    return record && record->again;
}

const backhand_contact *backhand_received_lost(const request_rec *r)
{
    const request_record *record = NULL;

    /* An internal redirect has no record, unless the request came from another server. */
    for (; r && !record; r = r->prev) {
        record = record_get(r);
    }
    return record && record->lost.port ? &record->lost : NULL;
}

void backhand_received_set_lost(const request_rec *r, const backhand_contact *lost)
{
    request_record *record = record_get(r);
    if (record) {
        record->lost = *lost;
    }
}

void backhand_received_set_outgoing(const request_rec *r, const apr_table_t *fields)
{
    request_record *record = record_get(r);
    if (record) {
        record->outgoing = fields;
    }
}

const apr_table_t *backhand_received_outgoing(const request_rec *r)
{
    const request_record *record = record_get(r);
    return record ? record->outgoing : NULL;
}

/* What stands before the path in the request line, as `http://example.com`; NULL: nothing. */
static const char *authority_of(request_rec *r)
{
    apr_size_t length = r->unparsed_uri ? backhand_location_prefix(r->unparsed_uri, r->pool) : 0;
    return length ? apr_pstrmemdup(r->pool, r->unparsed_uri, length) : NULL;
}

const char *backhand_received_format(request_rec *r)
{
    const request_record *record = record_get(r);
    const apr_table_t *came = record && record->headers ? record->headers : r->headers_in;
    const char *host = apr_table_get(came, "Host");
    int port = r->useragent_addr->port ? r->useragent_addr->port : r->connection->client_addr->port;
    backhand_mark mark = {.port = r->connection->local_addr->port};

    mark.client.https = strcmp(ap_http_scheme(r), "https") == 0;
    mark.client.port = port > 0 ? port : 1;
    apr_cpystrn(mark.client.address, r->useragent_ip, sizeof(mark.client.address));
    mark.protocol = r->protocol && strcmp(r->protocol, "HTTP/1.1") != 0 ? r->protocol : NULL;
    mark.authority = authority_of(r);
    mark.empty_host = host && !*host;
    mark.no_host = !host || !*host;
    mark.connection = apr_table_get(came, "Connection");
    mark.again = record && (record->marked || record->doubtful);
    backhand_user_tell(r, &mark);
    if (record) {
        mark.lost = record->lost;
    }
    return backhand_mark_write(&mark, r->pool);
}

static int is_loopback(const char *ip)
{
    return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0;
}

/* Reads the header into the record. @return 0 when it is not what a server of this farm writes. */
static int read_header(request_rec *r, const char *header, backhand_mark *mark, backhand_origin *origin)
{
    if (!backhand_mark_read(mark, header, r->pool)) {
        return 0;
    }
    origin->https = mark->client.https;
    origin->port = mark->port;
    origin->protocol = mark->protocol;
    origin->authority = mark->authority;
    origin->no_host = mark->no_host;
    origin->empty_host = mark->empty_host;
    origin->connection = mark->connection;
    origin->again = mark->again;
    origin->client_ip = apr_pstrdup(r->pool, mark->client.address);
    if (is_loopback(origin->client_ip) && !is_loopback(r->connection->client_ip)) {
        /* A client on the sender's machine. Here a loopback address would stand for one on this machine. */
        origin->client_ip = apr_pstrdup(r->pool, r->connection->client_ip);
    }
    /* For any family the system is asked each time which ones it has: ten calls of the kernel. */
    return apr_sockaddr_info_get(&origin->client, origin->client_ip,
                                 strchr(origin->client_ip, ':') ? APR_INET6 : APR_INET, (apr_port_t)mark->client.port,
                                 0, r->pool) == APR_SUCCESS;
}

/* Counts a mark that is not believed. @return 1 when the log shall hear of it */
static int count_untrusted(const backhand_config *conf)
{
    backhand_table_count(conf->table, BACKHAND_COUNT_UNTRUSTED);
    return backhand_table_once(conf->table, BACKHAND_ONCE_UNTRUSTED, STRANGER_PERIOD);
}

static void log_stranger(request_rec *r, const backhand_config *conf)
{
    if (count_untrusted(conf)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_WARNING, 0, r,
            "backhand: %s sent a request marked as handed off, but is no accepted sender; it counts as the client, "
            "and the request is not handed on. If it is a server of this farm, or translates the addresses of some, "
            "add "
            "\"AcceptStats %s\"",
            r->connection->client_ip, r->connection->client_ip);
    }
}

static void log_unsigned(request_rec *r, const backhand_config *conf, const char *wrong)
{
    if (count_untrusted(conf)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_WARNING, 0, r,
            "backhand: %s sent a request whose mark is ignored: %s. It counts as the client, and the request is not "
            "handed on. If it is a server of this farm, give both the same keys in BackhandSecretFile, and the right "
            "time",
            r->connection->client_ip, wrong);
    }
}

/* Served for the server that sent it, a request could get what access control keeps for servers. */
static int refuse_unreadable(request_rec *r, const backhand_config *conf)
{
    int say = count_untrusted(conf);
    ap_log_rerror(APLOG_MARK, say ? APLOG_WARNING : APLOG_DEBUG, 0, r,
                  "backhand: server %s handed off a request with a " BACKHAND_MARK_HEADER
                  " header that cannot be read; the request is answered by 400. Does that server run another release?",
                  r->connection->client_ip);
    return HTTP_BAD_REQUEST;
}

static void restore(request_rec *r, request_record *record)
{
    backhand_restore(r, &record->origin);
    apr_table_setn(r->subprocess_env, "BACKHAND_RECEIVED", record->sender);
    apr_table_setn(r->notes, "BACKHAND_RECEIVED", record->sender);
}

/* Leaves a sample of a request that was served here; none when its client went away or it became a tunnel. */
static void leave_sample(request_record *record, apr_time_t now)
{
    backhand_meter *meter = backhand_table_meter(record->conf->table);
    const request_rec *r = record->request;

    while (r->next) {
        r = r->next;
    }
    if (!record->elsewhere && !r->connection->aborted && r->status != HTTP_SWITCHING_PROTOCOLS) {
        backhand_meter_count(meter);
        backhand_meter_end(meter, &record->entry, now - record->met, ap_is_HTTP_SERVER_ERROR(r->status), now);
    }
    else {
        backhand_meter_void(meter, &record->entry);
    }
}

/* A tunnel is idle, or its work is the application's: it is in flight no more, and nothing waits for its end. */
static void becomes_tunnel(void *data)
{
    request_record *record = data;

    if (!record->away) {
        record->tunnel = 1;
        backhand_meter_void(backhand_table_meter(record->conf->table), &record->entry);
        backhand_process_serve(record->conf->table, record->process, -1);
    }
}

static apr_status_t request_ends(void *data)
{
    request_record *record = data;
    backhand_table *table = record->conf->table;
    apr_time_t now = backhand_clock_now();

    leave_sample(record, now);
    if (!record->tunnel) {
        backhand_process_serve(table, record->process, -1);
    }
    if (record->marked) {
        backhand_table_received_took(table, now - record->began);
    }
    return APR_SUCCESS;
}

void backhand_received_elsewhere(const request_rec *r)
{
    request_record *record = record_get(r);
    if (record) {
        record->elsewhere = 1;
    }
}

/* An internal redirect makes a new request of the same one: what was said of it stays true. */
static void inherit(request_rec *r)
{
    static const char *const names[] = {"BACKHAND_SERVER", "BACKHAND_REASON", "BACKHAND_TRIES", "BACKHAND_USEC"};
    request_record *record = record_get(r->prev);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = apr_table_get(r->prev->notes, names[i]);
        if (value) {
            apr_table_setn(r->subprocess_env, names[i], value);
            apr_table_setn(r->notes, names[i], value);
        }
    }
    if (record && record->marked) {
        ap_set_module_config(r->request_config, &backhand_module, record);
        restore(r, record);
    }
}

/* It is served here from now on, and measured: a policy kept it here, or another server's handed it here. All others,
 * as what each server delivers itself, say nothing of how long that takes which is balanced. */
static void meet(request_record *record)
{
    if (record->process && !record->entry.word) {
        record->met = backhand_clock_now();
        backhand_meter_begin(backhand_table_meter(record->conf->table), &record->entry, record->level, record->met);
    }
}

void backhand_received_leave(const request_rec *r)
{
    request_record *record = record_get(r);
    if (record) {
        record->away = 1;
        backhand_meter_void(backhand_table_meter(record->conf->table), &record->entry);
    }
}

void backhand_received_stay(const request_rec *r, int trial)
{
    request_record *record = record_get(r);

    if (!record) {
        return;
    }
    record->away = 0;
    meet(record);
    if (trial) {
        backhand_meter_trial(backhand_table_meter(record->conf->table), &record->entry);
    }
}

static request_record *record_make(request_rec *r, backhand_config *conf)
{
    request_record *record = apr_pcalloc(r->pool, sizeof(*record));
    record->conf = conf;
    record->request = r;
    record->began = backhand_clock_now();
    record->process = conf->process;
    if (record->process) {
        record->level = backhand_process_serve(conf->table, record->process, 1);
        apr_pool_cleanup_register(r->pool, record, request_ends, apr_pool_cleanup_null);
        if (backhand_tunnel_is_asked(r)) {
            backhand_tunnel_watch(r, becomes_tunnel, record);
        }
    }
    ap_set_module_config(r->request_config, &backhand_module, record);
    return record;
}

/* Takes the mark off the request. @return DECLINED, or the status that the request is answered by */
static int receive_mark(request_rec *r, request_record *record, const char *header)
{
    backhand_config *conf = record->conf;
    const char *text = apr_pstrdup(r->pool, header), *wrong;
    backhand_mark mark;
    int readable;

    apr_table_unset(r->headers_in, BACKHAND_MARK_HEADER);
    readable = read_header(r, text, &mark, &record->origin);
    record->again = readable && record->origin.again;
    if (!backhand_accept_covers(conf->accept, r->connection->client_addr)) {
        record->doubtful = 1;
        log_stranger(r, conf);
        return DECLINED;
    }
    wrong = backhand_mark_check(r, conf, text);
    if (wrong) {
        record->doubtful = 1;
        log_unsigned(r, conf, wrong);
        return DECLINED;
    }
    if (!readable) {
        return refuse_unreadable(r, conf);
    }
    record->marked = 1;
    backhand_user_hear(r, &record->user, &mark, text);
    record->lost = mark.lost;
    meet(record);
    if (backhand_number_get(&backhand_table_meter(record->conf->table)->trials.offers)) {
        backhand_meter_trial(backhand_table_meter(record->conf->table), &record->entry);
    }
    record->sender = r->connection->client_ip;
    backhand_table_count(conf->table, BACKHAND_COUNT_RECEIVED);
    restore(r, record);
    return DECLINED;
}

/* The application need not see the token, and a log can leave these requests out. */
static int is_check(request_rec *r, const backhand_config *conf)
{
    const char *header = apr_table_get(r->headers_in, BACKHAND_CHECK_HEADER);
    char *end;

    if (!header || strlen(header) != 16 || !backhand_table_check_token(conf->table) ||
        strtoull(header, &end, 16) != backhand_table_check_token(conf->table) || *end) {
        return 0;
    }
    apr_table_unset(r->headers_in, BACKHAND_CHECK_HEADER);
    apr_table_setn(r->subprocess_env, "BACKHAND_CHECK", "1");
    return 1;
}

int backhand_received_read(request_rec *r)
{
    backhand_config *conf = backhand_config_get(r->server);
    request_record *record;
    const char *header;
    int rc;

    if (r->main) {
        return DECLINED;
    }
    if (r->prev) {
        inherit(r);
        return DECLINED;
    }
    if (!conf->table || !conf->proxy) {
        return DECLINED;
    }
    record = record_make(r, conf);
    record->check = is_check(r, conf);
    header = apr_table_get(r->headers_in, BACKHAND_MARK_HEADER);
    rc = header ? receive_mark(r, record, header) : DECLINED;
    record->headers = apr_table_copy(r->pool, r->headers_in);
    return rc;
}

int backhand_received_keep(request_rec *r)
{
    request_record *record = record_get(r);

    if (record && !r->main && !r->prev) {
        backhand_remoteip_follow(record->headers, r->headers_in);
    }
    return DECLINED;
}

apr_table_t *backhand_received_headers(request_rec *r)
{
    const request_record *record = record_get(r);
    return apr_table_copy(r->pool, record && record->headers ? record->headers : r->headers_in);
}
