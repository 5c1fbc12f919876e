/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/record.h"
#include "act/request/tunnel.h"
#include "table/clock.h"
#include "table/counters.h"
#include "table/duty.h"
#include "table/outcomes.h"
#include "table/process.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

backhand_request_record *backhand_request_record_get(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &backhand_module);
}

apr_interval_time_t backhand_received_age(const request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return record ? backhand_clock_now() - record->began : 0;
}

int backhand_received_is(const request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return record && record->marked;
}

backhand_origin *backhand_received_origin(const request_rec *r)
{
    backhand_request_record *record = backhand_request_record_get(r);
    return record && record->marked ? &record->origin : NULL;
}

backhand_user *backhand_received_user(const request_rec *r)
{
    backhand_request_record *record = backhand_request_record_get(r);
    return record && !r->main ? &record->user : NULL;
}

int backhand_received_is_doubtful(const request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return record && record->doubtful;
}

int backhand_received_is_check(const request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return record && record->check;
}

int backhand_received_is_again(const request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return record && record->again;
}

const backhand_contact *backhand_received_lost(const request_rec *r)
{
    const backhand_request_record *record = NULL;

    /* An internal redirect has no record, unless the request came from another server. */
    for (; r && !record; r = r->prev) {
        record = backhand_request_record_get(r);
    }
    return record && record->lost.port ? &record->lost : NULL;
}

void backhand_received_set_lost(const request_rec *r, const backhand_contact *lost)
{
    backhand_request_record *record = backhand_request_record_get(r);
    if (record) {
        record->lost = *lost;
    }
}

void backhand_received_set_outgoing(const request_rec *r, const apr_table_t *fields)
{
    backhand_request_record *record = backhand_request_record_get(r);
    if (record) {
        record->outgoing = fields;
    }
}

const apr_table_t *backhand_received_outgoing(const request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return record ? record->outgoing : NULL;
}

void backhand_received_elsewhere(const request_rec *r)
{
    backhand_request_record *record = backhand_request_record_get(r);
    if (record) {
        record->elsewhere = 1;
    }
}

apr_table_t *backhand_received_headers(request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return apr_table_copy(r->pool, record && record->headers ? record->headers : r->headers_in);
}

/* Requests that were never met have no time. */
static void count_time(const backhand_request_record *record, apr_time_t now)
{
    if (record->met) {
        backhand_table_served(record->conf->table, now - record->met);
    }
}

/* Gives the meter a sample of a request that was served here; none if its client went away or it became a tunnel. */
static void leave_sample(backhand_request_record *record, apr_time_t now)
{
    backhand_meter *meter = backhand_table_meter(record->conf->table);
    const request_rec *r = record->request;

    while (r->next) {
        r = r->next;
    }
    if (!record->elsewhere && !r->connection->aborted && r->status != HTTP_SWITCHING_PROTOCOLS) {
        backhand_meter_count(meter);
        count_time(record, now);
        backhand_meter_end(meter, &record->entry, now - record->met, ap_is_HTTP_SERVER_ERROR(r->status), now);
    }
    else {
        backhand_meter_void(meter, &record->entry);
    }
}

static apr_status_t request_ends(void *data)
{
    backhand_request_record *record = data;
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

/* Begins to measure the request. Called for requests that a policy kept here or another server handed here. Other
 * requests, such as files that each server delivers itself, would distort the measured time of balanced requests. */
void backhand_request_record_meet(backhand_request_record *record)
{
    if (record->process && !record->entry.word) {
        record->met = backhand_clock_now();
        backhand_meter_begin(backhand_table_meter(record->conf->table), &record->entry, record->level, record->met);
    }
}

void backhand_received_leave(const request_rec *r)
{
    backhand_request_record *record = backhand_request_record_get(r);
    if (record) {
        record->away = 1;
        backhand_meter_void(backhand_table_meter(record->conf->table), &record->entry);
    }
}

void backhand_received_fail(const request_rec *r, int status)
{
    backhand_request_record *record = backhand_request_record_get(r);
    apr_time_t now = backhand_clock_now();

    if (record) {
        backhand_meter *meter = backhand_table_meter(record->conf->table);
        backhand_meter_count(meter);
        count_time(record, now);
        backhand_meter_end(meter, &record->entry, now - record->met, ap_is_HTTP_SERVER_ERROR(status), now);
        record->elsewhere = 1;
    }
}

void backhand_received_stay(const request_rec *r, int trial)
{
    backhand_request_record *record = backhand_request_record_get(r);

    if (!record) {
        return;
    }
    record->away = 0;
    backhand_request_record_meet(record);
    if (trial) {
        backhand_meter_trial(backhand_table_meter(record->conf->table), &record->entry);
    }
}

/* A tunnel is mostly idle, and no client waits for its end. So it no longer counts as in flight. */
static void becomes_tunnel(void *data)
{
    backhand_request_record *record = data;

    if (!record->away) {
        record->tunnel = 1;
        backhand_meter_void(backhand_table_meter(record->conf->table), &record->entry);
        backhand_process_serve(record->conf->table, record->process, -1);
    }
}

backhand_request_record *backhand_request_record_make(request_rec *r, backhand_config *conf)
{
    backhand_request_record *record = apr_pcalloc(r->pool, sizeof(*record));
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
