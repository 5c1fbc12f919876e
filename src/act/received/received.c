/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/received.h"
#include "act/request/remoteip.h"
#include "act/received/mark.h"
#include "act/received/user.h"
#include "act/request/location.h"
#include "act/received/mark_signature.h"
#include "act/received/restore.h"
#include "table/clock.h"
#include "table/counters.h"
#include "table/duty.h"
#include "table/trouble.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include <stdlib.h>
#include <string.h>

APLOG_USE_MODULE(backhand);

/* Least time between two log lines about marks that are not believed. */
#define STRANGER_PERIOD apr_time_from_sec(600)

/* Text before the path in the request line, such as `http://example.com`; NULL: none. */
static const char *authority_of(request_rec *r)
{
    apr_size_t length = r->unparsed_uri ? backhand_location_prefix(r->unparsed_uri, r->pool) : 0;
    return length ? apr_pstrmemdup(r->pool, r->unparsed_uri, length) : NULL;
}

const char *backhand_received_format(request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
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

/* Reads the header into the record. @return 0: no server of this farm writes such a header */
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
        /* The client runs on the sender's machine. A loopback address would name this machine, so the sender's address
         * is used. */
        origin->client_ip = apr_pstrdup(r->pool, r->connection->client_ip);
    }
    /* Names the address family: with APR_UNSPEC the system would be asked each time which families it has, in ten
     * system calls. */
    return apr_sockaddr_info_get(&origin->client, origin->client_ip,
                                 strchr(origin->client_ip, ':') ? APR_INET6 : APR_INET, (apr_port_t)mark->client.port,
                                 0, r->pool) == APR_SUCCESS;
}

/* Counts a mark that is not believed. @return 1: log it */
static int count_untrusted(const backhand_config *conf)
{
    backhand_table_count(conf->table, BACKHAND_COUNT_UNTRUSTED);
    return backhand_table_once(conf->table, BACKHAND_ONCE_UNTRUSTED, STRANGER_PERIOD);
}

static void log_stranger(request_rec *r, const backhand_config *conf)
{
    backhand_trouble_note(conf->table, BACKHAND_TROUBLE_MARK, r->connection->client_ip, "");
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
    backhand_trouble_note(conf->table, BACKHAND_TROUBLE_BAD_MARK, r->connection->client_ip, wrong);
    if (count_untrusted(conf)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_WARNING, 0, r,
            "backhand: %s sent a request whose mark is ignored: %s. It counts as the client, and the request is not "
            "handed on. If it is a server of this farm, give both the same keys in BackhandSecretFile, and the right "
            "time",
            r->connection->client_ip, wrong);
    }
}

/* Refuses the request: with the sender's address as the client, it could reach places that only servers may see. */
static int refuse_unreadable(request_rec *r, const backhand_config *conf)
{
    int say = count_untrusted(conf);
    ap_log_rerror(APLOG_MARK, say ? APLOG_WARNING : APLOG_DEBUG, 0, r,
                  "backhand: server %s handed off a request with a " BACKHAND_MARK_HEADER
                  " header that cannot be read; the request is answered by 400. Does that server run another release?",
                  r->connection->client_ip);
    return HTTP_BAD_REQUEST;
}

static void restore(request_rec *r, backhand_request_record *record)
{
    backhand_restore(r, &record->origin);
    apr_table_setn(r->subprocess_env, "BACKHAND_RECEIVED", record->sender);
    apr_table_setn(r->notes, "BACKHAND_RECEIVED", record->sender);
}

/* An internal redirect makes a new request_rec. The outcome and the client of the first one stay valid. */
static void inherit(request_rec *r)
{
    static const char *const names[] = {"BACKHAND_SERVER", "BACKHAND_REASON", "BACKHAND_TRIES", "BACKHAND_USEC"};
    backhand_request_record *record = backhand_request_record_get(r->prev);

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

/* Takes the mark off the request. @return DECLINED, or the status of the answer */
static int receive_mark(request_rec *r, backhand_request_record *record, const char *header)
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
    backhand_request_record_meet(record);
    if (backhand_number_get(&backhand_table_meter(record->conf->table)->trials.offers)) {
        backhand_meter_trial(backhand_table_meter(record->conf->table), &record->entry);
    }
    record->sender = r->connection->client_ip;
    backhand_table_count(conf->table, BACKHAND_COUNT_RECEIVED);
    restore(r, record);
    return DECLINED;
}

/* Takes the token off, because the application need not see it, and sets a variable by which logs can leave these
 * requests out. */
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
    backhand_request_record *record;
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
    record = backhand_request_record_make(r, conf);
    record->check = is_check(r, conf);
    header = apr_table_get(r->headers_in, BACKHAND_MARK_HEADER);
    rc = header ? receive_mark(r, record, header) : DECLINED;
    record->headers = apr_table_copy(r->pool, r->headers_in);
    return rc;
}

int backhand_received_keep(request_rec *r)
{
    backhand_request_record *record = backhand_request_record_get(r);

    if (record && !r->main && !r->prev) {
        backhand_remoteip_follow(record->headers, r->headers_in);
    }
    return DECLINED;
}
