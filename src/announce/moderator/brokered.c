/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/brokered.h"

#include "table/counters.h"
#include "table/link.h"
#include "table/trouble.h"

#include <http_log.h>

#include <apr_strings.h>

#include <inttypes.h>

APLOG_USE_MODULE(backhand);

#define TAKE_MAX 1000
#define FLUSH    apr_time_from_msec(100)

struct backhand_brokered {
    backhand_nats *nats;
    backhand_journal *journal;
    backhand_nats_state state; /* as of the last look */
    backhand_queued taken;
};

static const char *inbox(uint64_t boot, char out[BACKHAND_SUFFIX_SIZE])
{
    apr_snprintf(out, BACKHAND_SUFFIX_SIZE, BACKHAND_SUBJECT_ONE "%016" PRIx64, boot);
    return out;
}

backhand_brokered *backhand_brokered_start(const backhand_config *conf, uint64_t boot, backhand_transport *transport,
                                           backhand_journal *journal, apr_pool_t *p)
{
    char own[BACKHAND_SUFFIX_SIZE];
    const char *suffixes[4] = {BACKHAND_SUBJECT_ALL, BACKHAND_SUBJECT_FAR, inbox(boot, own)};
    int count = 3;
    backhand_brokered *brokered;
    apr_status_t rv;

    if (!conf->broker) {
        return NULL;
    }
    if (conf->zone) {
        suffixes[count++] = apr_pstrcat(p, BACKHAND_SUBJECT_ZONE, conf->zone, NULL);
    }
    brokered = apr_pcalloc(p, sizeof(*brokered));
    brokered->journal = journal;
    rv = backhand_nats_start(&brokered->nats, conf->broker, backhand_broker_subject(conf->broker, conf->farm, p),
                             suffixes, count, conf->hostname, p);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, journal->s,
                     "backhand: cannot start the thread for BackhandTransport: nothing is announced by NATS until a "
                     "restart");
        return NULL;
    }
    backhand_link_note(journal->table, 0, "");
    backhand_transport_watch(transport, backhand_nats_fd(brokered->nats));
    return brokered;
}

void backhand_brokered_send(backhand_brokered *brokered, const char *suffix, const char *data, apr_size_t length)
{
    if (brokered) {
        backhand_nats_send(brokered->nats, suffix, data, length);
    }
}

void backhand_brokered_answer(backhand_brokered *brokered, uint64_t boot, const char *data, apr_size_t length)
{
    char suffix[BACKHAND_SUFFIX_SIZE];
    backhand_brokered_send(brokered, inbox(boot, suffix), data, length);
}

void backhand_brokered_take(backhand_brokered *brokered, backhand_brokered_fn receive, void *ctx)
{
    if (!brokered) {
        return;
    }
    backhand_nats_settle(brokered->nats);
    for (int i = 0; i < TAKE_MAX; i++) {
        if (!backhand_nats_take(brokered->nats, &brokered->taken)) {
            return;
        }
        receive(ctx, brokered->taken.suffix, brokered->taken.data, brokered->taken.length);
    }
    backhand_nats_wake(brokered->nats);
}

/* The first attempt may take a moment. */
static void note_trouble(const backhand_brokered *brokered)
{
    const backhand_nats_state *state = &brokered->state;
    char text[BACKHAND_JOURNAL_TEXT];

    if (state->connected) {
        backhand_trouble_end(brokered->journal->table, BACKHAND_TROUBLE_BROKER);
    }
    else if (*state->problem) {
        apr_snprintf(text, sizeof(text), "this server is not connected to a broker of BackhandTransport: %s%s%s%s",
                     state->problem, *state->broker ? " (last connected to " : "", state->broker,
                     *state->broker ? ")" : "");
        backhand_trouble_note(brokered->journal->table, BACKHAND_TROUBLE_BROKER, "", text);
    }
}

static void count(const backhand_brokered *brokered, backhand_counter what, int64_t before, int64_t now)
{
    for (; before < now; before++) {
        backhand_table_count(brokered->journal->table, what);
    }
}

int backhand_brokered_look(backhand_brokered *brokered)
{
    backhand_nats_state before;
    int anew;

    if (!brokered) {
        return 0;
    }
    before = brokered->state;
    backhand_nats_look(brokered->nats, &brokered->state);
    anew = brokered->state.connections != before.connections;
    note_trouble(brokered);
    count(brokered, BACKHAND_COUNT_BROKER_LOST, before.lost, brokered->state.lost);
    count(brokered, BACKHAND_COUNT_BROKER_UNSENT, before.unsent, brokered->state.unsent);
    if (anew || brokered->state.connected != before.connected) {
        backhand_link_note(brokered->journal->table, brokered->state.connected, brokered->state.broker);
    }
    if (anew && brokered->state.connected) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, brokered->journal->s, "backhand: connected to the broker %s",
                     brokered->state.broker);
    }
    return anew && brokered->state.connected;
}

int backhand_brokered_source(const backhand_brokered *brokered, char out[48])
{
    if (!brokered || !brokered->state.connected || !*brokered->state.local) {
        return 0;
    }
    apr_cpystrn(out, brokered->state.local, 48);
    return 1;
}

void backhand_brokered_flush(backhand_brokered *brokered)
{
    if (brokered) {
        backhand_nats_flush(brokered->nats, FLUSH);
    }
}
