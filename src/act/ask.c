/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/ask.h"
#include "act/proxy/keeper.h"
#include "act/fault.h"
#include "act/received/received.h"
#include "act/request/tunnel.h"
#include "act/waiting/limit.h"
#include "act/waiting/pinned.h"
#include "table/clock.h"
#include "table/process.h"
#include "table/handoff.h"

#include <apr_strings.h>

/* Asks on a kept connection if the request may be sent twice. If the server has just closed that connection, asks it
 * once more on a new one. Releases the worker. */
static backhand_handoff_result ask_worker(backhand_ask *ask, backhand_worker *worker, const backhand_step *step)
{
    backhand_table *table = ask->conf->table;
    int id = step->id;
    backhand_handoff_result outcome;

    ask->handoff.final = step->final;
    backhand_table_sent(table, id, step->generation);
    outcome = backhand_handoff_attempt(&ask->handoff, worker, id, step->generation, &step->announcement);
    backhand_worker_release(worker);
    if (outcome == BACKHAND_STALE && ask->handoff.idempotent) {
        worker = backhand_keeper_get(ask->conf->proxy, ask->r, &step->announcement, 1);
        if (worker) {
            outcome = backhand_handoff_attempt(&ask->handoff, worker, id, step->generation, &step->announcement);
            backhand_worker_release(worker);
        }
    }
    if (outcome != BACKHAND_ANSWERED) {
        backhand_table_begun(table, id, step->generation);
    }
    if (!ask->handoff.opened) {
        backhand_table_returned(table, id, step->generation);
    }
    return outcome;
}

/* The caller has counted the request as waiting. Releases the worker. */
static backhand_walk_result ask_now(backhand_ask *ask, backhand_worker *worker, const backhand_step *step)
{
    request_rec *r = ask->r;
    apr_time_t asked = backhand_clock_now();
    backhand_handoff_result outcome;

    if (step->id != 0) {
        backhand_received_leave(r);
    }
    ask->contact = apr_pstrdup(r->pool, step->announcement.stat.contact);
    outcome = ask_worker(ask, worker, step);
    backhand_fault_note(r, ask->conf, step->id, step->generation, ask->contact, &ask->handoff, outcome,
                        backhand_clock_now() - asked);
    return backhand_walk_result_of(outcome, ask->handoff.idempotent);
}

int backhand_ask_prepare(backhand_ask *ask)
{
    if (!ask->prepared) {
        backhand_handoff_init(&ask->handoff, ask->r, ask->conf, ask->body);
        ask->prepared = 1;
        return !ask->body || !backhand_body_status(ask->body);
    }
    return 1;
}

backhand_walk_result backhand_ask_server(backhand_ask *ask, const backhand_step *step)
{
    const backhand_config *conf = ask->conf;
    backhand_process *process = conf->process;
    backhand_wait kind = backhand_tunnel_is_asked(ask->r) ? BACKHAND_WAIT_TUNNEL : BACKHAND_WAIT_ANSWER;
    backhand_pinned pinned;
    backhand_worker *worker;
    backhand_walk_result result;

    if (!backhand_ask_prepare(ask)) {
        return BACKHAND_RESULT_BODY;
    }
    worker = backhand_keeper_get(conf->proxy, ask->r, &step->announcement, !ask->handoff.idempotent);
    if (!worker) {
        return BACKHAND_RESULT_UNREADY;
    }
    result = backhand_limit_enter(conf, process, step->id, kind, step->owned);
    if (result != BACKHAND_RESULT_NONE) {
        backhand_worker_release(worker);
        return result;
    }
    if (backhand_pinned_begin(&pinned, ask->r)) {
        result = ask_now(ask, worker, step);
        backhand_pinned_end(&pinned);
    }
    else {
        backhand_worker_release(worker);
        result = BACKHAND_RESULT_INTERPRETERS;
    }
    backhand_limit_leave(conf, process, step->id, ask->handoff.opened ? BACKHAND_WAIT_OPEN : kind);
    return result;
}
