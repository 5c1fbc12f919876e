/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/dispatch.h"
#include "act/ask.h"
#include "act/here.h"
#include "act/loop.h"
#include "act/outcome.h"
#include "act/own.h"
#include "act/proxy/tls.h"
#include "act/received/received.h"
#include "act/redirect.h"
#include "act/rules.h"
#include "act/session_count.h"
#include "act/trace.h"
#include "base/throttle.h"
#include "table/clock.h"
#include "table/process.h"
#include "table/handoff.h"
#include "table/counters.h"
#include "table/outcomes.h"

#include <apr_strings.h>
#include <http_log.h>

APLOG_USE_MODULE(backhand);

/* Least time between two log lines about refused sessions. */
#define COMPLAINT_PERIOD apr_time_from_sec(60)

/* One request, from the chain to the answer. */
typedef struct dispatch {
    request_rec *r;
    const backhand_config *conf;
    const backhand_dir_config *dir;
    backhand_walk_rules rules;
    backhand_candidates candidates;
    backhand_walk walk;
    backhand_ask ask;
    backhand_here here;
    apr_time_t usec; /* time that the chain took */
} dispatch;

/* --- deciding ---------------------------------------------------------------------------------------------- */

static void complain(void *ctx, const backhand_function *f, const char *what)
{
    request_rec *r = ctx;
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "backhand: function %s%s%s (%s): %s", f->name, f->arg ? " " : "",
                  f->arg ? f->arg : "", f->where, what);
}

/* A policy may read the body, as with Perl's $r->read, so the body is lent to the chain. */
static void run_chain(dispatch *d)
{
    apr_time_t began = backhand_clock_now();
    backhand_body *body = d->ask.body;

    if (body) {
        backhand_body_lend(body);
    }
    if (!d->candidates.list) {
        d->candidates.list = apr_palloc(d->r->pool, (apr_size_t)d->conf->max_servers * sizeof(ServerSlot));
    }
    d->candidates.retry = d->conf->retry;
    backhand_chain_run(&d->dir->chain, d->conf->table, d->r, &d->candidates, complain, d->r);
    if (body) {
        backhand_body_return(body);
    }
    d->usec += backhand_clock_now() - began;
    backhand_trace_run(d->r, d->candidates.explanation);
    backhand_rules_limit_wait(&d->rules, d->r, d->conf, &d->candidates);
    if (d->candidates.lost.port) {
        backhand_received_set_lost(d->r, &d->candidates.lost);
    }
}

/* --- doing what the walk says ------------------------------------------------------------------------------ */

static const char *own_contact(const dispatch *d)
{
    char *contact = apr_pcalloc(d->r->pool, BACKHAND_CONTACT_SIZE);
    backhand_config_contact(d->conf, contact);
    return contact;
}

static void set_outcome(const dispatch *d, backhand_reason reason, const char *contact)
{
    backhand_outcome_set(d->r, contact, reason, d->walk.tries, d->usec);
}

static int serve_here(const dispatch *d, backhand_reason reason)
{
    set_outcome(d, reason, own_contact(d));
    if (reason == BACKHAND_HERE_OWN || reason == BACKHAND_NOT_PROXYPASS) {
        return DECLINED;
    }
    backhand_received_stay(d->r, reason == BACKHAND_HERE_TRIAL);
    backhand_table_kept(d->conf->table);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, d->r, "backhand: %s after %d tries", backhand_reason_text(reason),
                  d->walk.tries);
    return DECLINED;
}

/* With BackhandRetryStatus, where others can serve the request if this server fails. */
static backhand_walk_result try_here(dispatch *d, const backhand_step *step, int *rc)
{
    if (!backhand_ask_prepare(&d->ask)) {
        return BACKHAND_RESULT_BODY;
    }
    (void)serve_here(d, step->reason);
    *rc = backhand_here_run(&d->here, d->r, d->conf, d->ask.body);
    return d->here.failed ? BACKHAND_RESULT_ERROR : BACKHAND_RESULT_ANSWERED;
}

/* Nobody has answered better. */
static int answer_with_error(dispatch *d, backhand_reason reason)
{
    int status = backhand_here_answer(&d->here);

    set_outcome(d, reason, own_contact(d));
    return status;
}

static int redirect(const dispatch *d, const backhand_step *step)
{
    request_rec *r = d->r;

    backhand_received_elsewhere(r);
    set_outcome(d, step->reason, apr_pstrdup(r->pool, step->announcement.stat.contact));
    return backhand_redirect(r, step->redirect,
                             step->reason == BACKHAND_REDIRECTED_SESSION ? d->dir->session_redirect
                                                                         : d->candidates.name_format,
                             &step->announcement);
}

static int pass_on(const dispatch *d, backhand_reason reason, int id)
{
    if (id != 0) {
        backhand_received_elsewhere(d->r);
    }
    set_outcome(d, reason, d->ask.contact);
    backhand_table_count(d->conf->table, BACKHAND_COUNT_HANDED_OFF);
    return d->ask.handoff.status;
}

/* No server that may serve the request can do so. */
static void refuse_away(const dispatch *d)
{
    request_rec *r = d->r;
    apr_time_t retry = d->conf->retry < APR_USEC_PER_SEC ? 1 : apr_time_sec(d->conf->retry);

    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                  "backhand: %s after %d tries: BackhandSelfRedirect Only keeps this server from serving the request",
                  backhand_reason_text(BACKHAND_REFUSED_AWAY), d->walk.tries);
    apr_table_setn(r->err_headers_out, "Retry-After", apr_ltoa(r->pool, (long)retry));
}

/* The session's owner lives, but this server cannot ask it now. Logged once a minute and process. */
static const char *refuse_session(const dispatch *d, const backhand_step *step)
{
    static int64_t logged;
    request_rec *r = d->r;
    int level = backhand_throttle(&logged, backhand_clock_now(), COMPLAINT_PERIOD) ? APLOG_WARNING : APLOG_DEBUG;

    ap_log_rerror(APLOG_MARK, level, 0, r,
                  "backhand: server %s owns the session of a request, and this server cannot ask it now (%s); the "
                  "client gets 503. If that lasts, start more workers, raise BackhandMaxSessionHandoffs, or send such "
                  "clients to the owner by BackhandSessionRedirect",
                  step->announcement.stat.contact, backhand_reason_text(step->obstacle) + sizeof("served-here:") - 1);
    apr_table_setn(r->err_headers_out, "Retry-After", "1");
    return apr_pstrdup(r->pool, step->announcement.stat.contact);
}

/* Retry-After is the expected wait: the queue should be gone when the client tries again. */
static void refuse_wait(const dispatch *d)
{
    apr_time_t seconds = apr_time_sec(d->walk.wait) + 1;

    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, d->r, "backhand: %s: every candidate would begin after %d ms or more",
                  backhand_reason_text(BACKHAND_REFUSED_WAIT), (int)apr_time_as_msec(d->walk.wait));
    apr_table_setn(d->r->err_headers_out, "Retry-After", apr_ltoa(d->r->pool, (long)seconds));
}

/* The client gets the same answer as from an httpd without this module, and its connection is closed. */
static int fail(const dispatch *d, const backhand_step *step, int asked)
{
    const char *contact = own_contact(d);

    if (asked != 0 || step->reason != BACKHAND_OFF_FAILED) {
        backhand_received_elsewhere(d->r);
    }
    if (step->reason == BACKHAND_REFUSED_AWAY) {
        refuse_away(d);
    }
    else if (step->reason == BACKHAND_REFUSED_WAIT) {
        refuse_wait(d);
    }
    else if (step->reason == BACKHAND_REFUSED_SESSION) {
        contact = refuse_session(d, step);
    }
    else if (step->reason == BACKHAND_REFUSED_LOOP) {
        backhand_loop_log(d->r, contact);
    }
    else if (d->ask.contact) {
        contact = d->ask.contact;
    }
    set_outcome(d, step->reason, contact);
    return step->status ? step->status : backhand_body_answer(d->ask.body);
}

static backhand_walk_result ask(dispatch *d, const backhand_step *step)
{
    if (step->id == 0 && step->chosen) {
        backhand_received_stay(d->r, d->candidates.why == BACKHAND_WHY_TRIAL);
    }
    return backhand_ask_server(&d->ask, step);
}

/* Logs a server that the walk skipped because this host cannot speak TLS to it. */
static void log_tls(const dispatch *d)
{
    backhand_announcement announcement;

    if (d->walk.no_tls >= 0 && backhand_table_read(d->conf->table, d->walk.no_tls, &announcement, NULL)) {
        backhand_tls_log_unable(d->conf->table, d->r, announcement.stat.contact);
    }
}

/* `step` is the last one in the end. */
static int take_steps(dispatch *d, backhand_walk_result result, backhand_step *step)
{
    int id = 0; /* slot of the server that was asked last */
    int rc = DECLINED;

    for (;;) {
        backhand_walk_step(&d->walk, result, step);
        log_tls(d);
        switch (step->kind) {
        case BACKHAND_STEP_ASK:
            id = step->id;
            result = ask(d, step);
            break;
        case BACKHAND_STEP_CHAIN:
            if (step->id == 0) {
                d->candidates.others = 1;
            }
            else {
                d->candidates.barred = step->id;
            }
            run_chain(d);
            result = d->ask.body && backhand_body_status(d->ask.body) ? BACKHAND_RESULT_BODY : BACKHAND_RESULT_CHAIN;
            break;
        case BACKHAND_STEP_REDIRECT:
            return redirect(d, step);
        case BACKHAND_STEP_HERE:
            if (d->here.failed) {
                return answer_with_error(d, step->reason);
            }
            if (step->final || !backhand_here_may_fail(d->r, d->conf)) {
                return serve_here(d, step->reason);
            }
            result = try_here(d, step, &rc);
            if (result == BACKHAND_RESULT_ANSWERED) {
                return rc;
            }
            break;
        case BACKHAND_STEP_ANSWERED:
            return pass_on(d, step->reason, id);
        default:
            return fail(d, step, id);
        }
    }
}

static int follow(dispatch *d, backhand_walk_result result)
{
    uint64_t *asked = apr_pcalloc(d->r->pool, BACKHAND_WALK_WORDS((apr_size_t)d->conf->max_servers) * sizeof(*asked));
    backhand_step step = {.id = 0};
    int rc;

    backhand_walk_begin(&d->walk, d->conf->table, &d->rules, &d->candidates, asked);
    rc = take_steps(d, result, &step);
    backhand_trace_end(d->r, d->candidates.explanation);
    backhand_table_decided(d->conf->table, (int)step.reason, d->candidates.list ? d->usec : -1);
    if (d->candidates.list) {
        backhand_session_count(d->conf->table, &d->candidates, &step);
    }
    return rc;
}

/* --- the handler ------------------------------------------------------------------------------------------- */

/* The request is open for a decision; the server that serves it measures it. */
static int is_undecided(const dispatch *d)
{
    return !d->rules.own && !d->rules.left_alone;
}

static int decide(dispatch *d)
{
    backhand_body *body = d->ask.body;

    if (backhand_received_is(d->r) && d->rules.serves) {
        return DECLINED;
    }
    d->candidates.explanation = backhand_trace_begin(d->r);
    if (is_undecided(d) && !d->rules.marked && backhand_chain_has_functions(&d->dir->chain)) {
        if (body && !d->rules.coded && d->dir->buffer_body > 0) {
            backhand_body_buffer(body, d->dir->buffer_body);
        }
        if (!body || !backhand_body_status(body)) {
            run_chain(d);
        }
        if (body && backhand_body_status(body)) {
            return follow(d, BACKHAND_RESULT_BODY);
        }
    }
    return follow(d, BACKHAND_RESULT_NONE);
}

int backhand_dispatch_handler(request_rec *r)
{
    const backhand_config *conf = backhand_config_get(r->server);
    dispatch d;
    int rc;

    if (backhand_here_is(r)) {
        return backhand_here_handler(r);
    }
    if (!conf->table || !conf->proxy || backhand_rules_exempt(r)) {
        return DECLINED;
    }
    memset(&d, 0, sizeof(d));
    d.r = d.ask.r = r;
    d.conf = d.ask.conf = conf;
    d.dir = backhand_config_dir(r);
    if (r->main || r->prev) {
        /* A sub-request or internal redirect: httpd made its URL, not the client. */
        return d.dir->self_redirect == BACKHAND_SELF_ONLY && !backhand_own_is(r) && !backhand_rules_left_alone(r)
                   ? HTTP_SERVICE_UNAVAILABLE
                   : DECLINED;
    }
    backhand_rules_fill(&d.rules, r, conf);
    if (!is_undecided(&d) && backhand_received_is(r)) {
        return DECLINED;
    }
    if (is_undecided(&d)) {
        d.ask.body = backhand_body_open(r);
        d.rules.coded = d.ask.body && backhand_body_is_coded(d.ask.body);
    }
    rc = decide(&d);
    if (rc == DECLINED && d.ask.body) {
        backhand_body_settle(d.ask.body);
    }
    return rc;
}
