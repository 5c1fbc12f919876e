/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file record.h
 * @brief The record of a request from its arrival to its end, and its place in the meter. Thread of the request.
 */
#ifndef BACKHAND_RECORD_H
#define BACKHAND_RECORD_H

#include "config/config.h"
#include "load/meter.h"
#include "act/received/origin.h"

/* The module's record of a request; in its request_config. */
typedef struct backhand_request_record {
    backhand_config *conf;
    backhand_process *process;
    const request_rec *request;
    apr_time_t began;
    int64_t level;               /* requests in service when it came, including itself */
    apr_time_t met;              /* when it began to be served here */
    backhand_ring_entry entry;   /* its entry in this server's meter; none: it is not measured */
    int elsewhere;               /* another server answers it */
    int away;                    /* another server has been asked */
    struct backhand_here *here;  /* its handlers run within ours, which takes an error back; NULL: they do not */
    int tunnel;                  /* it became a tunnel, and is no longer in flight */
    int marked;                  /* another server handed it here */
    int doubtful;                /* it came with a mark that is not believed */
    int check;                   /* this server's own check of its application */
    int again;                   /* it came to its sender with a mark */
    backhand_contact lost;       /* owner of its session, which has been given up; port 0: none */
    backhand_origin origin;      /* the client's own request; client NULL: unknown */
    backhand_user user;          /* the user, as the sender or this server knows it */
    const char *sender;          /* address of the server that handed it here */
    apr_table_t *headers;        /* as they came; NULL: r->headers_in */
    const apr_table_t *outgoing; /* headers that the present attempt sends */
} backhand_request_record;

/** The record of a request; NULL: it has none. */
backhand_request_record *backhand_request_record_get(const request_rec *r);

/** Makes the record of a new request, and counts the request as being served until it ends. */
backhand_request_record *backhand_request_record_make(request_rec *r, backhand_config *conf);

/** Begins to measure the request, which is served here. */
void backhand_request_record_meet(backhand_request_record *record);

/** The headers as they came, for another server. A new table, which the caller may change. */
apr_table_t *backhand_received_headers(request_rec *r);

/** Time since the request came, us; 0 for a request that is not counted. */
apr_interval_time_t backhand_received_age(const request_rec *r);

/** Notes that another server answers the request, or that the client is redirected: it is no sample of this server's
 * speed. */
void backhand_received_elsewhere(const request_rec *r);

/** Notes that another server is asked now: the time until its answer is not this server's service time. */
void backhand_received_leave(const request_rec *r);

/** Notes that the request is served here, maybe after attempts at others failed. `trial`: it is a probe of this
 * server's own speed. */
void backhand_received_stay(const request_rec *r, int trial);

/** This server has failed to serve it, with this status; its figures say so, whoever answers the request in the end. */
void backhand_received_fail(const request_rec *r, int status);

/** True for a request that another server handed to this one. */
int backhand_received_is(const request_rec *r);

/** The client's own request, for a request that another server handed here; NULL for all others. */
backhand_origin *backhand_received_origin(const request_rec *r);

/** The user of the request; NULL for a sub-request, and for a request to a server without the module's table. */
backhand_user *backhand_received_user(const request_rec *r);

/** True for a request with a mark that is not believed. Like a marked request, it is not handed on. */
int backhand_received_is_doubtful(const request_rec *r);

/** True for a request by which this server checks its own application (BackhandCheck). It is always served here. */
int backhand_received_is_check(const request_rec *r);

/** True for a request whose mark, believed or not, says that it came to its sender with a mark. */
int backhand_received_is_again(const request_rec *r);

/** The owner of the request's session, which has been given up; NULL: none. The server that serves the request takes
 * the session over. The deciding server sets it, here or in the mark. */
const backhand_contact *backhand_received_lost(const request_rec *r);
void backhand_received_set_lost(const request_rec *r, const backhand_contact *lost);

/** The header fields that the present attempt sends, see fields.h; NULL: no attempt is under way, or there is no
 * record. */
void backhand_received_set_outgoing(const request_rec *r, const apr_table_t *fields);
const apr_table_t *backhand_received_outgoing(const request_rec *r);

#endif
