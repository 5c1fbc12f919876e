/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/dispatch.h"
#include "act/fault.h"
#include "act/proxy/fields.h"
#include "act/waiting/guard.h"
#include "act/proxy/handoff.h"
#include "act/received/hide_tls.h"
#include "act/waiting/limit.h"
#include "act/loop.h"
#include "act/received/received.h"
#include "act/own.h"
#include "act/waiting/pinned.h"
#include "act/redirect.h"
#include "act/received/report.h"
#include "act/proxy/response.h"
#include "act/received/restore.h"
#include "act/waiting/room.h"
#include "act/outcome.h"
#include "act/proxy/tls.h"
#include "act/proxy/attempt.h"
#include "act/received/wide.h"
#include "act/proxy/watch.h"
#include "table/blame.h"
#include "table/clock.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

APLOG_USE_MODULE(backhand);

/* The log hears of a loop again only after this long. */
#define COMPLAINT_PERIOD apr_time_from_sec(60)

/* One request on its way through the list of candidates. */
typedef struct walk {
    request_rec *r;
    const backhand_config *conf;
    backhand_candidates candidates;
    backhand_body *body; /* NULL: the request has none */
    backhand_handoff handoff;
    apr_time_t usec; /* to decide */
    int prepared;    /* handoff is initialized */
    int asked_self;  /* this server was asked at its contact, or cannot be */
    int tries;       /* servers asked */
    int passed_over; /* candidates before this one were not asked or failed */
    int unready;     /* one was passed over because this process did not get ready for it in time */
    int busy;        /* one was passed over because it has no ready worker */
    int no_tls;      /* one was passed over because this host does no TLS with servers */
    int coded;       /* one was passed over because mod_proxy does not send the body's transfer coding */
} walk;

/* Once a request gets another answer from a step than this, the walk is over. */
#define GO_ON (-100)

/* Stands for a candidate that was asked already. */
#define ASKED (-1)

/* In the first moments of a server the moderator has not yet written it into the table. */
static const char *own_contact(const walk *w)
{
    char *contact = apr_pcalloc(w->r->pool, BACKHAND_CONTACT_SIZE);
    backhand_identity_get(0, NULL, contact);
    if (!*contact && w->conf->contact_set) {
        backhand_contact_format(contact, &w->conf->contact);
    }
    return contact;
}

/* Nobody who may serve the request can. */
static int refuse(walk *w, backhand_reason reason)
{
    request_rec *r = w->r;

    backhand_received_elsewhere(r);
    backhand_outcome_set(r, own_contact(w), reason, w->tries, w->usec);
    if (reason == BACKHAND_REFUSED_LOOP) {
        return HTTP_LOOP_DETECTED;
    }
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                  "backhand: %s after %d tries: BackhandSelfRedirect Only keeps this server from serving the request",
                  backhand_reason_text(reason), w->tries);
    apr_table_setn(r->err_headers_out, "Retry-After",
                   apr_ltoa(r->pool, w->conf->retry < APR_USEC_PER_SEC ? 1 : (long)apr_time_sec(w->conf->retry)));
    return HTTP_SERVICE_UNAVAILABLE;
}

static int ask_contact(walk *w);

static int serve_here(walk *w, backhand_reason reason)
{
    backhand_slot *self = &w->conf->table->slots[0];

    if (backhand_config_dir(w->r)->self_redirect == BACKHAND_SELF_ONLY) {
        int rc = ask_contact(w);
        return rc == GO_ON ? refuse(w, BACKHAND_REFUSED_AWAY) : rc;
    }
    /* addPrediction would take this server for idle if only what it sends to others counted. In this order nobody takes
     * the request for one that is lost. */
    backhand_received_stay(w->r, reason == BACKHAND_HERE_TRIAL);
    __atomic_add_fetch(&self->begun, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&self->returned, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&self->sent, 1, __ATOMIC_RELEASE);
    backhand_outcome_set(w->r, own_contact(w), reason, w->tries, w->usec);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, w->r, "backhand: %s after %d tries", backhand_reason_text(reason),
                  w->tries);
    return DECLINED;
}

/* A server that is not heard any more has most likely failed, unless none is heard. */
static int asked_last(const walk *w, int id)
{
    const backhand_table *table = w->conf->table;
    return backhand_table_refused_lately(table, id, w->conf->retry) ||
           (backhand_table_silent(table, id) && !backhand_table_deaf(table));
}

static int answered(walk *w, int id, const char *contact)
{
    backhand_reason reason = w->candidates.why == BACKHAND_WHY_SOONER ? BACKHAND_OFF_SOONER : BACKHAND_OFF_CHOSEN;
    request_rec *r = w->r;

    if (id != 0) {
        backhand_received_elsewhere(r);
    }
    backhand_outcome_set(r, contact, w->passed_over ? BACKHAND_OFF_NEXT : reason, w->tries, w->usec);
    __atomic_add_fetch(&w->conf->table->counters->handed_off, 1, __ATOMIC_RELAXED);
    return w->handoff.status;
}

/* The client gets what it gets where nobody hands on, and its connection is closed. */
static int end_for_client(walk *w, const char *contact)
{
    backhand_received_elsewhere(w->r);
    backhand_outcome_set(w->r, contact, BACKHAND_ENDED_CLIENT, w->tries, w->usec);
    return backhand_body_answer(w->body);
}

/* The honest end of a request that some server may have taken and that cannot be repeated. */
static int give_up(walk *w, int id, const char *contact, backhand_handoff_result result)
{
    if (result == BACKHAND_CLIENT) {
        return end_for_client(w, contact);
    }
    if (id != 0) {
        backhand_received_elsewhere(w->r);
    }
    backhand_outcome_set(w->r, contact, BACKHAND_OFF_FAILED, w->tries, w->usec);
    return result == BACKHAND_TIMED_OUT ? HTTP_GATEWAY_TIME_OUT : HTTP_BAD_GATEWAY;
}

/* Over a kept connection if the request may be sent again: when the server has just closed it, it is asked once more on
 * a new one. Releases the worker. */
static backhand_handoff_result ask_worker(walk *w, backhand_worker *worker, int id, uint64_t generation,
                                          const backhand_announcement *said)
{
    backhand_table *table = w->conf->table;
    backhand_handoff_result result;

    backhand_table_sent(table, id, generation);
    result = backhand_handoff_attempt(&w->handoff, worker, id, generation, said);
    backhand_worker_release(worker);
    if (result == BACKHAND_STALE && backhand_handoff_may_repeat(&w->handoff, result)) {
        worker = backhand_worker_get(w->conf->proxy, w->r, said, 1);
        if (worker) {
            result = backhand_handoff_attempt(&w->handoff, worker, id, generation, said);
            backhand_worker_release(worker);
        }
    }
    if (result != BACKHAND_ANSWERED) {
        backhand_table_begun(table, id, generation);
    }
    backhand_table_returned(table, id, generation);
    return result;
}

static int ask(walk *w, backhand_process *process, int id, uint64_t generation, const backhand_announcement *said)
{
    backhand_worker *worker;
    backhand_pinned pinned;
    const char *contact;
    backhand_handoff_result result;

    if (!w->prepared) {
        backhand_handoff_init(&w->handoff, w->r, w->conf, w->body);
        w->prepared = 1;
        if (w->body && backhand_body_status(w->body)) {
            return end_for_client(w, own_contact(w));
        }
    }
    worker = backhand_worker_get(w->conf->proxy, w->r, said, !w->handoff.idempotent);
    if (!worker) {
        /* This process is too busy to get ready for it: no fault of the server. */
        w->unready = 1;
        return GO_ON;
    }
    if (!backhand_limit_enter(w->conf, process, id)) {
        backhand_worker_release(worker);
        return serve_here(w, BACKHAND_HERE_LIMIT);
    }
    if (!backhand_pinned_begin(&pinned, w->r)) {
        backhand_worker_release(worker);
        backhand_limit_leave(w->conf, process, id);
        return serve_here(w, BACKHAND_HERE_INTERPRETERS);
    }
    if (id != 0) {
        backhand_received_leave(w->r);
    }
    contact = apr_pstrdup(w->r->pool, said->stat.contact);
    w->tries++;
    result = ask_worker(w, worker, id, generation, said);
    backhand_pinned_end(&pinned);
    backhand_limit_leave(w->conf, process, id);
    backhand_fault_note(w->r, w->conf, id, generation, contact, &w->handoff, result);
    if (result == BACKHAND_ANSWERED) {
        return answered(w, id, contact);
    }
    return backhand_handoff_may_repeat(&w->handoff, result) ? GO_ON : give_up(w, id, contact, result);
}

/* With BackhandSelfRedirect this server is asked at its contact as the others are. */
static int asks_self(const walk *w)
{
    return backhand_config_dir(w->r)->self_redirect > 0 && backhand_identity_get(0, NULL, NULL);
}

/* By mod_proxy, as this host is configured. */
static int can_be_sent(walk *w, const backhand_announcement *said)
{
    if (w->body && backhand_body_is_coded(w->body)) {
        w->coded = 1;
        return 0;
    }
    if (!backhand_tls_able(w->conf->proxy, w->r, said)) {
        w->no_tls = 1;
        return 0;
    }
    return 1;
}

/* This server's contact, once, whether it seems to have a ready worker or not. @return GO_ON: it did not answer */
static int ask_contact(walk *w)
{
    backhand_announcement said;
    uint64_t generation;

    if (w->asked_self || !backhand_workers_ready(w->conf->proxy) || !asks_self(w) ||
        !backhand_table_read(w->conf->table, 0, &said, &generation) || !can_be_sent(w, &said)) {
        return GO_ON;
    }
    w->asked_self = 1;
    return ask(w, backhand_proxy_process(w->conf->proxy), 0, generation, &said);
}

static backhand_reason reason_to_stay(const walk *w)
{
    switch (w->candidates.why) {
    case BACKHAND_WHY_FREE:
        return BACKHAND_HERE_FREE;
    case BACKHAND_WHY_HERE:
        return BACKHAND_HERE_SOONEST;
    case BACKHAND_WHY_TRIAL:
        return BACKHAND_HERE_TRIAL;
    default:
        return BACKHAND_HERE_CHOSEN;
    }
}

static int consider(walk *w, backhand_process *process, ServerSlot *candidate, int last_round)
{
    const backhand_table *table = w->conf->table;
    backhand_announcement said;
    uint64_t generation;
    int id;

    if (candidate->id == 0 && !asks_self(w)) {
        return serve_here(w, w->tries     ? BACKHAND_HERE_FAILED
                             : w->busy    ? BACKHAND_HERE_BUSY
                             : w->unready ? BACKHAND_HERE_UNREADY
                             : w->coded   ? BACKHAND_HERE_CODED
                                          : reason_to_stay(w));
    }
    if (candidate->id == ASKED || (!last_round && asked_last(w, candidate->id)) ||
        !backhand_table_usable(table, candidate->id, w->candidates.generation) ||
        !backhand_table_read(table, candidate->id, &said, &generation) || generation > w->candidates.generation) {
        return GO_ON;
    }
    if (candidate->redirect != BACKHAND_HANDOFF) {
        int rc;
        backhand_received_elsewhere(w->r);
        rc = backhand_redirect(w->r, candidate->redirect, w->candidates.name_format, &said);
        backhand_outcome_set(w->r, apr_pstrdup(w->r->pool, said.stat.contact), BACKHAND_REDIRECTED, w->tries, w->usec);
        return rc;
    }
    if (backhand_wide_is_unsafe(w->r)) {
        return serve_here(w, BACKHAND_HERE_UNSAFE);
    }
    if (!can_be_sent(w, &said)) {
        return GO_ON;
    }
    if (backhand_table_ready(table, candidate->id) <= 0) {
        w->busy = 1;
        return GO_ON;
    }
    id = candidate->id;
    candidate->id = ASKED;
    w->asked_self |= id == 0;
    if (id == 0) {
        backhand_received_stay(w->r, w->candidates.why == BACKHAND_WHY_TRIAL);
    }
    return ask(w, process, id, generation, &said);
}

/* Servers that refused lately, or fell silent, are asked last, in a second round. */
static int follow(walk *w, backhand_process *process)
{
    for (int last_round = 0; last_round <= 1; last_round++) {
        for (int i = 0; i < w->candidates.n; i++) {
            int rc;
            if (w->tries >= w->conf->tries) {
                return serve_here(w, BACKHAND_HERE_FAILED);
            }
            rc = consider(w, process, &w->candidates.list[i], last_round);
            if (rc != GO_ON) {
                return rc;
            }
            w->passed_over = 1;
        }
    }
    if (w->tries) {
        return serve_here(w, BACKHAND_HERE_FAILED);
    }
    if (w->busy) {
        return serve_here(w, BACKHAND_HERE_BUSY);
    }
    if (w->no_tls) {
        return serve_here(w, BACKHAND_HERE_NO_TLS);
    }
    if (w->coded) {
        return serve_here(w, BACKHAND_HERE_CODED);
    }
    if (w->unready) {
        return serve_here(w, BACKHAND_HERE_UNREADY);
    }
    return serve_here(w, w->candidates.n ? BACKHAND_HERE_GONE : BACKHAND_HERE_NONE);
}

static void complain(void *ctx, const backhand_function *f, const char *what)
{
    request_rec *r = ctx;
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "backhand: function %s%s%s (%s): %s", f->name, f->arg ? " " : "",
                  f->arg ? f->arg : "", f->where, what);
}

/* A request with a mark goes to no other server. What this server must not serve is still its contact's. */
static int follow_received(walk *w)
{
    int rc;

    if (backhand_loop_is(w->r, w->conf->table)) {
        backhand_loop_log(w->r, own_contact(w));
        return refuse(w, BACKHAND_REFUSED_LOOP);
    }
    rc = ask_contact(w);
    return rc == GO_ON ? serve_here(w, BACKHAND_HERE_MARKED) : rc;
}

/* With BackhandSelfRedirect Only no chain means the contact, but not `Backhand off`. */
static int has_policy(const request_rec *r)
{
    const backhand_dir_config *dir = backhand_config_dir(r);
    return backhand_chain_has_functions(&dir->chain) || (dir->self_redirect == BACKHAND_SELF_ONLY && !dir->chain.off);
}

/* Not decided on: no policy, what ProxyPass takes, and methods that no handler of a place answers. */
static int is_decided_on(const request_rec *r)
{
    return has_policy(r) && !r->proxyreq && r->method_number != M_CONNECT && r->method_number != M_TRACE;
}

/* A policy may read of the body, as Perl's $r->read does. */
static void run_chain(walk *w)
{
    apr_time_t began = backhand_clock_now();

    if (w->body) {
        backhand_body_lend(w->body);
    }
    backhand_chain_run(backhand_config_chain(w->r), w->conf->table, w->r, &w->candidates, complain, w->r);
    if (w->body) {
        backhand_body_return(w->body);
    }
    w->usec = backhand_clock_now() - began;
}

static int decide(walk *w)
{
    request_rec *r = w->r;
    int self_redirect = backhand_config_dir(r)->self_redirect;

    if (backhand_received_is_doubtful(r)) {
        return self_redirect > 0 ? follow_received(w) : serve_here(w, BACKHAND_HERE_MARKED);
    }
    if (backhand_received_is(r)) {
        return self_redirect == BACKHAND_SELF_ONLY ? follow_received(w) : DECLINED;
    }
    if (!backhand_chain_has_functions(backhand_config_chain(r))) {
        return serve_here(w, BACKHAND_HERE_NONE);
    }
    w->candidates.list = apr_palloc(r->pool, (apr_size_t)w->conf->max_servers * sizeof(ServerSlot));
    run_chain(w);
    if (w->body && backhand_body_status(w->body)) {
        return end_for_client(w, own_contact(w));
    }
    return backhand_workers_ready(w->conf->proxy) ? follow(w, backhand_proxy_process(w->conf->proxy))
                                                  : serve_here(w, BACKHAND_HERE_LIMIT);
}

int backhand_dispatch_handler(request_rec *r)
{
    const backhand_config *conf = backhand_config_get(r->server);
    walk w;
    int rc;

    if (!conf->table || !conf->proxy || !is_decided_on(r)) {
        return DECLINED;
    }
    memset(&w, 0, sizeof(w));
    w.r = r;
    w.conf = conf;
    if (r->main || r->prev) {
        /* The URL is httpd's, not the client's. */
        return backhand_config_dir(r)->self_redirect == BACKHAND_SELF_ONLY && !backhand_own_is(r)
                   ? HTTP_SERVICE_UNAVAILABLE
                   : DECLINED;
    }
    if (backhand_own_is(r)) {
        if (!backhand_received_is(r)) {
            backhand_outcome_set(r, own_contact(&w), BACKHAND_HERE_OWN, 0, 0);
        }
        return DECLINED;
    }
    w.body = backhand_body_open(r);
    rc = decide(&w);
    if (rc == DECLINED && w.body) {
        backhand_body_settle(w.body);
    }
    return rc;
}

void backhand_dispatch_child_init(apr_pool_t *pchild, server_rec *s)
{
    apr_status_t rv;

    (void)pchild;
    if (!backhand_config_get(s)->proxy) {
        return;
    }
    backhand_pinned_child_init();
    rv = backhand_workers_child_init(s);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "backhand: this child process cannot hand off requests and serves all of them itself");
    }
}

int backhand_dispatch_post_config(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s)
{
    int rc = backhand_workers_post_config(p, ptemp, s);
    backhand_own_find(p);
    backhand_fields_find(p);
    backhand_wide_post_config(p, s);
    backhand_room_post_config(ptemp);
    return rc == OK ? backhand_guard_post_config(p, s) : rc;
}

void backhand_dispatch_register(apr_pool_t *p)
{
    (void)p;
    backhand_attempt_register();
    backhand_handshake_register();
    backhand_watch_register();
    backhand_body_register();
    backhand_response_register();
    backhand_restore_register();
    backhand_hide_tls_register();
    backhand_guard_register();
    backhand_room_register();
    backhand_report_register();
    backhand_wide_register();
    backhand_fields_register();
}
