/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/fault.h"
#include "act/request/target.h"
#include "base/throttle.h"
#include "table/blame.h"
#include "table/clock.h"
#include "table/counters.h"
#include "table/outcomes.h"

#include <http_log.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

/* Least time between two log lines about the failures of one server. */
#define COMPLAINT_PERIOD apr_time_from_sec(60)

static int level_of(const backhand_config *conf, int id, int blamed)
{
    return backhand_table_complain(conf->table, id, blamed, COMPLAINT_PERIOD) ? APLOG_WARNING : APLOG_DEBUG;
}

static void log_blamed(request_rec *r, const backhand_config *conf, int id, const char *contact, const char *what)
{
    int level = level_of(conf, id, 1);
    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "backhand: server %s %s; it is asked last for the next %" APR_TIME_T_FMT " s", contact, what,
                  apr_time_sec(conf->retry));
}

static void log_failed(request_rec *r, const backhand_config *conf, int id, const char *contact, const char *what)
{
    int level = level_of(conf, id, 0);
    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "backhand: server %s %s; one request, client or page can cause that, so it is asked as before",
                  contact, what);
}

/* Called after a connection could not be opened. @return the errno that keeps this process from opening any socket; 0:
 * none */
static int own_shortage(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    close(fd);
    return 0;
}

/* Logs once a minute and process. */
static void log_shortage(request_rec *r, const char *contact, int error)
{
    static int64_t said;
    if (backhand_throttle(&said, backhand_clock_now(), COMPLAINT_PERIOD)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, error, r,
            "backhand: this process can open no connection, to server %s or any other, and serves its requests "
            "itself; raise its limit of open files (ulimit -n)",
            contact);
    }
}

/* mod_proxy returns DONE for truncated responses and for tunnels. */
static int broke_off(const request_rec *r, const backhand_handoff *handoff)
{
    return handoff->silent ||
           (handoff->status == DONE && !r->connection->aborted && r->status != HTTP_SWITCHING_PROTOCOLS);
}

static backhand_outcome outcome_of_answer(const request_rec *r, const backhand_handoff *handoff)
{
    if (broke_off(r, handoff)) {
        return BACKHAND_OUTCOME_BROKEN_OFF;
    }
    if (r->connection->aborted) {
        return BACKHAND_OUTCOME_CLIENT;
    }
    return ap_is_HTTP_SERVER_ERROR(r->status) ? BACKHAND_OUTCOME_ERROR : BACKHAND_OUTCOME_ANSWERED;
}

static backhand_outcome outcome_of(const request_rec *r, const backhand_handoff *handoff,
                                   backhand_handoff_result result, int shortage)
{
    switch (result) {
    case BACKHAND_ANSWERED:
        return outcome_of_answer(r, handoff);
    case BACKHAND_REFUSED:
        return shortage ? BACKHAND_OUTCOME_UNABLE : BACKHAND_OUTCOME_REFUSED;
    case BACKHAND_BROKEN:
        return BACKHAND_OUTCOME_UNUSABLE;
    case BACKHAND_UNWANTED:
        return BACKHAND_OUTCOME_UNWANTED;
    case BACKHAND_TIMED_OUT:
        return BACKHAND_OUTCOME_TIMED_OUT;
    case BACKHAND_GONE:
    case BACKHAND_CLIENT:
        return BACKHAND_OUTCOME_CLIENT;
    default:
        return BACKHAND_OUTCOME_DROPPED;
    }
}

/* Only a whole response has a time. A tunnel lasts as long as its client wants. */
static int has_time(const request_rec *r, backhand_outcome outcome)
{
    return (outcome == BACKHAND_OUTCOME_ANSWERED || outcome == BACKHAND_OUTCOME_ERROR) &&
           r->status != HTTP_SWITCHING_PROTOCOLS;
}

/* @return the failure as text for the log; NULL: the server and its resource did not fail */
static const char *failure_of(const request_rec *r, const backhand_handoff *handoff, backhand_handoff_result result)
{
    switch (result) {
    case BACKHAND_REFUSED:
        return handoff->trouble ? handoff->trouble : "cannot be reached";
    case BACKHAND_STALE:
    case BACKHAND_DROPPED:
        return handoff->silent ? "fell silent before its response began"
                               : "closed the connection before its response began, or sent no HTTP response";
    case BACKHAND_BROKEN:
        return "sent a response that cannot be passed on";
    case BACKHAND_UNWANTED:
        return "answered with a status of BackhandRetryStatus";
    case BACKHAND_TIMED_OUT:
        return "did not respond within BackhandResponseTimeout";
    case BACKHAND_ANSWERED:
        if (handoff->silent) {
            return "fell silent within a response";
        }
        return broke_off(r, handoff) ? "broke off a response" : NULL;
    default:
        return NULL;
    }
}

void backhand_fault_note(request_rec *r, const backhand_config *conf, int id, uint64_t generation, const char *contact,
                         const backhand_handoff *handoff, backhand_handoff_result result, apr_interval_time_t usec)
{
    const char *failure = failure_of(r, handoff, result);
    backhand_table *table = conf->table;
    int shortage = result == BACKHAND_REFUSED && !handoff->trouble ? own_shortage() : 0;
    backhand_outcome outcome = outcome_of(r, handoff, result, shortage);

    backhand_table_tried(table, id, generation, outcome,
                         backhand_walk_result_of(result, handoff->idempotent) == BACKHAND_RESULT_FAILED,
                         has_time(r, outcome) ? usec : -1);
    if (!failure) {
        if (result == BACKHAND_ANSWERED && handoff->status == OK && !r->connection->aborted) {
            backhand_table_answered(table, id, generation);
        }
        return;
    }
    if (result != BACKHAND_ANSWERED) {
        backhand_table_count(table, BACKHAND_COUNT_FAILED_OVER);
    }
    if (shortage) {
        log_shortage(r, contact, shortage);
        return;
    }
    if (result == BACKHAND_REFUSED || handoff->silent) {
        backhand_table_refused(table, id, generation);
        log_blamed(r, conf, id, contact, failure);
    }
    else if (backhand_table_failed(table, id, generation, backhand_blame_client(r->useragent_ip),
                                   backhand_blame_path(backhand_target(r)))) {
        log_blamed(r, conf, id, contact, failure);
    }
    else {
        log_failed(r, conf, id, contact, failure);
    }
}
