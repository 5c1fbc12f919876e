/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file record.h
 * @brief What is known of a request from its arrival to its end, and its place in the meter. Thread of the request.
 */
#ifndef BACKHAND_RECORD_H
#define BACKHAND_RECORD_H

#include "config/config.h"
#include "load/meter.h"
#include "act/received/origin.h"

/* What we know of a request; in its request_config. */
typedef struct backhand_request_record {
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
} backhand_request_record;

/** The record of a request; NULL: it has none. */
backhand_request_record *backhand_request_record_get(const request_rec *r);

/** Makes the record of a request that has come, and counts the request as being served until it ends. */
backhand_request_record *backhand_request_record_make(request_rec *r, backhand_config *conf);

/** The request is served here from now on, and measured. */
void backhand_request_record_meet(backhand_request_record *record);

/** The headers as they came: what another server shall get. A table of the caller's. */
apr_table_t *backhand_received_headers(request_rec *r);

/** How long ago the request came, us; 0 for one that was not counted. */
apr_interval_time_t backhand_received_age(const request_rec *r);

/** Another server answers the request, or the client is sent there: it says nothing of this server's speed. */
void backhand_received_elsewhere(const request_rec *r);

/** Another server is asked from now on: the time until it answers is not this server's. */
void backhand_received_leave(const request_rec *r);

/** It is served here, maybe after others were asked in vain. `trial`: this server tries itself out with it. */
void backhand_received_stay(const request_rec *r, int trial);

/** True for a request that another server handed to this one. */
int backhand_received_is(const request_rec *r);

/** What a request that another server handed here came with; NULL for all others. */
backhand_origin *backhand_received_origin(const request_rec *r);

/** What is known of the request's user; NULL for a sub-request, and for one of a server without the module's table. */
backhand_user *backhand_received_user(const request_rec *r);

/** True for a request that came with a header that is not believed. It is handed on as little as one that is. */
int backhand_received_is_doubtful(const request_rec *r);

/** True for a request by which this server checks its own application (BackhandCheck): it is served here. */
int backhand_received_is_check(const request_rec *r);

/** True for a request whose mark, believed or not, says that it had come to its sender with a mark. */
int backhand_received_is_again(const request_rec *r);

/** The server that the request's session was on, and that is given up: the server that serves the request takes the
 * session over. Said by the server that decides, here or in the mark. NULL: none. */
const backhand_contact *backhand_received_lost(const request_rec *r);
void backhand_received_set_lost(const request_rec *r, const backhand_contact *lost);

/** The fields that the request's present attempt sends, see fields.h; NULL: no attempt is under way, or there is no
 * record. */
void backhand_received_set_outgoing(const request_rec *r, const apr_table_t *fields);
const apr_table_t *backhand_received_outgoing(const request_rec *r);

#endif
