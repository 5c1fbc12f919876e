/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/announcer.h"

#include "announce/check/checker.h"
#include "announce/check/health.h"
#include "announce/moderator/direct.h"
#include "announce/moderator/identity.h"
#include "announce/moderator/journal.h"
#include "announce/moderator/names.h"
#include "host/scoreboard.h"
#include "host/speed.h"
#include "announce/moderator/work.h"
#include "table/clock.h"
#include "table/process.h"
#include "table/wall.h"
#include "table/counters.h"
#include "table/down.h"
#include "host/figures.h"

#include <ap_mpm.h>
#include <apr_strings.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How often the loop looks at least whether httpd's parent is still there, and at most whether workers are ready. */
#define LOOK_AT_LEAST apr_time_from_sec(1)
#define LOOK_AT_MOST  apr_time_from_msec(20)
/* How often sockets that could not be opened are tried again. */
#define REPAIR apr_time_from_sec(5)
/* How long after SIGTERM the parent's word is waited for: a whole process group may get the signal. */
#define LAST_WORDS apr_time_from_msec(100)

/* How often what was taken in is written to a file, and boots of a server that are remembered. */
#define KEEP_SEEN  apr_time_from_sec(1)
#define SEEN_BOOTS 4

typedef struct announcer {
    server_rec *s;
    const backhand_config *conf;
    backhand_table *table;
    pid_t parent;
    int link;
    backhand_transport *transport;
    backhand_names *names; /* NULL: none */
    backhand_direct direct;
    backhand_sampler *sampler;
    backhand_highwater mark;
    backhand_announcement announcement; /* this server */
    backhand_intake intake;
    int64_t raised; /* the largest load_hwm that another server newly announced since the last look */
    backhand_journal journal;
    backhand_speed speed;
    const char *seen_path;
    int contact_known;
    int ready; /* a ready worker was announced */
    int left;  /* it was announced that we leave */
    int ended; /* nobody is at the other end of the link */
    apr_time_t repair;
    backhand_working working;
    backhand_checker *checker; /* NULL: no BackhandCheck */
    backhand_health health;
} announcer;

static volatile sig_atomic_t terminated;

static void on_term(int sig)
{
    (void)sig;
    terminated = 1;
}

void backhand_announcer_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_term;
    sigaction(SIGTERM, &action, NULL);
}

static int64_t count_waiting(const announcer *a)
{
    int64_t waiting;
    backhand_process_sum(a->table, NULL, &waiting);
    return waiting;
}

static void measure_work(announcer *a)
{
    backhand_working_measure(&a->working, &a->announcement.stat, count_waiting(a), backhand_table_now(a->table));
}

static void measure(announcer *a)
{
    serverstat *stat = &a->announcement.stat;
    int64_t serving;
    apr_status_t rv = backhand_sampler_read(a->sampler, backhand_table_now(a->table), stat);
    backhand_journal_state(&a->journal, BACKHAND_STATE_FIGURES, rv, "cannot read this machine's figures below /proc");
    backhand_scoreboard_count(&stat->aservers, &stat->nservers);
    backhand_process_sum(a->table, &serving, NULL);
    backhand_meter_reconcile(backhand_table_meter(a->table), serving);
    measure_work(a);
    backhand_table_settle(a->table);
    stat->arriba = backhand_table_speed(a->table);
    stat->numbacked = backhand_table_counted(a->table, BACKHAND_COUNT_RECEIVED);
    stat->tatime = (backhand_table_received_usec(a->table) + 500) / 1000;
    stat->load_hwm = backhand_highwater_update(&a->mark, a->table, a->raised);
    a->raised = 0;
}

/* @return the datagram's length; 0: it does not fit */
static apr_size_t encode(announcer *a, char data[BACKHAND_MESSAGE_SIZE])
{
    const backhand_keys *keys = a->conf->keys;
    apr_size_t length;
    a->announcement.time = apr_time_as_msec(backhand_table_wall_shown(a->table));
    length = backhand_message_encode(data, &a->announcement);
    return keys ? backhand_message_sign(data, length, keys) : length;
}

/* Marked, so that nobody answers it. */
static apr_size_t encode_direct(announcer *a, char data[BACKHAND_MESSAGE_SIZE])
{
    apr_size_t length;
    a->announcement.direct = 1;
    length = encode(a, data);
    a->announcement.direct = 0;
    return length;
}

static void send_directly(announcer *a)
{
    char data[BACKHAND_MESSAGE_SIZE];
    apr_time_t now = backhand_clock_now();
    apr_size_t length;
    int i;
    backhand_direct_forget(&a->direct, now);
    length = a->direct.count ? encode_direct(a, data) : 0;
    for (i = 0; length && i < a->direct.count; i++) {
        const backhand_direct_server *server = &a->direct.server[i];
        if (backhand_direct_due(server, now)) {
            backhand_transport_answer(a->transport, server->listener_id, &server->from.sa, data, length);
        }
    }
}

static void send_out(announcer *a)
{
    char data[BACKHAND_MESSAGE_SIZE], text[BACKHAND_JOURNAL_TEXT];
    const backhand_destination *failed = NULL;
    apr_size_t length = encode(a, data);
    apr_status_t rv = length ? backhand_transport_send(a->transport, data, length, &failed) : APR_ENOSPC;
    snprintf(text, sizeof(text), "cannot announce this server%s%s", failed ? " to MulticastStats " : "",
             failed ? failed->text : "");
    backhand_journal_state(&a->journal, BACKHAND_STATE_SEND, rv, text);
    send_directly(a);
    backhand_table_count(a->table, BACKHAND_COUNT_ANNOUNCED);
}

/* What the others hear may be an offer; what stands in the table of this server is what it is. */
static void say(announcer *a)
{
    serverstat true_stat = a->announcement.stat;

    a->announcement.sequence++;
    a->announcement.stat.down = backhand_health_seconds(&a->health, backhand_table_now(a->table));
    a->announcement.stat.why = a->health.down ? a->health.why : BACKHAND_WHY_NONE;
    true_stat.down = a->announcement.stat.down;
    true_stat.why = a->announcement.stat.why;
    backhand_table_set_self(a->table, &a->announcement);
    backhand_table_look_down(a->table);
    a->working.servers = backhand_table_used(a->table);
    backhand_working_announce(&a->working, &a->announcement.stat, backhand_table_now(a->table));
    a->ready = a->ready || a->announcement.stat.aservers > 0;
    if (!a->left) {
        send_out(a);
    }
    a->announcement.stat = true_stat;
}

static void announce(announcer *a)
{
    measure(a);
    say(a);
}

/* Before the time of the next announcement: the meter is read when there is something new, and said is only what cannot
 * wait. */
static void look_at_work(announcer *a)
{
    apr_time_t now = backhand_table_now(a->table);
    serverstat *stat = &a->announcement.stat;

    if (backhand_working_news(&a->working, now)) {
        if (backhand_working_recovered(&a->working)) {
            measure_work(a);
        }
        backhand_scoreboard_count(&stat->aservers, &stat->nservers);
        backhand_working_refresh(&a->working, stat, count_waiting(a), now);
        say(a);
    }
    else if (backhand_working_due(&a->working, now)) {
        measure_work(a);
    }
}

static void leave(announcer *a)
{
    a->announcement.leaving = 1;
    announce(a);
    announce(a);
    a->left = 1;
}

/* A server that is new hears of us at once, and not only with the next announcement. */
static void answer(announcer *a, const backhand_hearing *hearing)
{
    char data[BACKHAND_MESSAGE_SIZE];
    apr_size_t length;
    a->announcement.sequence++;
    length = encode_direct(a, data);
    if (length && !a->left) {
        backhand_transport_answer(a->transport, hearing->listener_id, hearing->from, data, length);
    }
}

/* Its announcements may come from another address than the one that it is announced to. */
static int is_covered(const announcer *a, const backhand_announcement *other, const struct sockaddr *from,
                      int listener_id)
{
    backhand_address contact;
    return backhand_transport_covers(a->transport, listener_id, from) ||
           (backhand_address_read(&contact, other->contact.address, other->contact.port) == APR_SUCCESS &&
            backhand_transport_covers(a->transport, listener_id, &contact.sa));
}

/* What answers us needs no answer: two that answer each other would never end. A stock heartbeat comes from one who
 * listens to nobody. */
static void note(announcer *a, const backhand_update *update, const struct sockaddr *from, int listener_id)
{
    backhand_announcement other;
    backhand_hearing hearing = {.from = from, .listener_id = listener_id};
    if (update->id <= 0 || !backhand_table_read(a->table, update->id, &other, NULL) || other.boot == 0 ||
        (other.direct && !other.leaving)) {
        return;
    }
    hearing.covered = is_covered(a, &other, from, listener_id);
    hearing.leaving = other.leaving != 0;
    hearing.joined = update->joined || (update->restarted && !hearing.leaving);
    hearing.interval = other.interval;
    if (backhand_direct_heard(&a->direct, &hearing, backhand_clock_now())) {
        answer(a, &hearing);
    }
}

static void receive(void *ctx, const char *data, apr_size_t length, apr_sockaddr_t *sender, int listener_id)
{
    announcer *a = ctx;
    const struct sockaddr *from = (const struct sockaddr *)&sender->sa;
    backhand_update update = backhand_intake_datagram(&a->intake, data, length, sender);
    if (update.drop == BACKHAND_DROP_OLD && backhand_transport_covers(a->transport, listener_id, from)) {
        backhand_direct_reached(&a->direct, from, backhand_clock_now());
    }
    if (update.id > 0 && update.raised > a->raised) {
        a->raised = update.raised;
    }
    note(a, &update, from, listener_id);
}

/* What httpd's parent says. */
static void listen_to_parent(announcer *a)
{
    char word;
    ssize_t got = recv(a->link, &word, 1, MSG_DONTWAIT);
    if (got == 1) {
        leave(a);
        if (send(a->link, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) {
            a->ended = 1;
        }
    }
    else if (got == 0) {
        a->ended = 1;
    }
}

static void find_contact(announcer *a)
{
    if (!a->contact_known) {
        a->contact_known = backhand_identity_contact(&a->announcement, a->conf, a->transport, &a->journal);
    }
}

static void repair(announcer *a, apr_time_t now)
{
    if (now < a->repair) {
        return;
    }
    a->repair = now + REPAIR;
    backhand_journal_sockets(&a->journal, backhand_transport_repair(a->transport, NULL, NULL));
    find_contact(a);
}

/* People set clocks, and so do virtual machines that are moved. */
static void look_at_wall(announcer *a)
{
    apr_interval_time_t step = backhand_table_follow_wall(a->table);
    if (step != 0) {
        backhand_journal_clock(&a->journal, step);
    }
    /* If this clock is wrong now the others believe no signature that is stamped by it. */
    if (a->conf->keys && llabs(step) > a->conf->skew / 2) {
        backhand_table_doubt(a->table);
    }
}

/* @return 1 when there are new addresses to announce to */
static int look_at_names(announcer *a)
{
    if (!backhand_names_apply(a->names)) {
        return 0;
    }
    find_contact(a);
    return 1;
}

static int has_ready_worker(void)
{
    int64_t ready, running;
    backhand_scoreboard_count(&ready, &running);
    return ready > 0;
}

/* A request that found no worker says nothing of the application. */
static int says_nothing(const announcer *a, int why)
{
    return why == BACKHAND_WHY_TIME && !a->checker->check.argv && !has_ready_worker();
}

/* @return 1 when this server has gone down or come up */
static int look_at_checks(announcer *a)
{
    int changed = 0, why;
    while (a->checker && backhand_checker_take(a->checker, a->s, &why)) {
        const backhand_check *check = &a->checker->check;
        if (!says_nothing(a, why) && backhand_health_note(&a->health, why, check->fall, check->rise, backhand_table_now(a->table))) {
            backhand_journal_health(&a->journal, check->text, &a->health);
            changed = 1;
        }
    }
    return changed;
}

static apr_interval_time_t poll_timeout(const announcer *a, apr_interval_time_t until)
{
    apr_interval_time_t most = a->ready ? LOOK_AT_LEAST : LOOK_AT_MOST, work = backhand_working_timeout(&a->working);
    if (most > work) {
        most = work;
    }
    if (backhand_speed_unknown(&a->speed)) {
        return 0;
    }
    return until < most ? until : most;
}

static void open_seen(announcer *a, apr_pool_t *p)
{
    const char *wrong;
    a->intake.started = backhand_table_now(a->table);
    if (!a->conf->keys) {
        return;
    }
    a->seen_path = apr_pstrcat(p, a->conf->dir, "/" BACKHAND_SEEN_FILE, NULL);
    a->intake.keys = a->conf->keys;
    a->intake.optional = a->conf->keys_optional;
    a->intake.skew = a->conf->skew;
    a->intake.seen = backhand_seen_create(SEEN_BOOTS * backhand_table_max(a->table), a->conf->skew, p);
    /* Without the file others are heard as soon as their clocks have passed this start. */
    wrong = backhand_seen_read(a->intake.seen, a->seen_path, backhand_table_now(a->table));
    if (wrong) {
        backhand_journal_ignored(&a->journal, a->seen_path, wrong);
    }
}

static void keep_seen(announcer *a)
{
    char text[BACKHAND_JOURNAL_TEXT];
    apr_status_t rv;
    if (!a->intake.seen || !backhand_seen_changed(a->intake.seen)) {
        return;
    }
    rv = backhand_seen_write(a->intake.seen, a->seen_path);
    snprintf(text, sizeof(text), "cannot write %s; after a restart this server may accept captured announcements again",
             a->seen_path);
    backhand_journal_state(&a->journal, BACKHAND_STATE_SEEN, rv, text);
}

/* httpd's parent takes a moderator that does nothing for one that hangs. */
static void beat(const announcer *a)
{
    backhand_table_beat(a->table);
}

static void wait_first(const announcer *a, apr_interval_time_t pause)
{
    apr_time_t end = backhand_clock_now() + pause;
    while (backhand_clock_now() < end && !terminated && getppid() == a->parent) {
        beat(a);
        apr_sleep(LOOK_AT_LEAST / 10);
    }
}

static void loop(announcer *a)
{
    apr_time_t keep = backhand_clock_now();
    apr_time_t next = backhand_clock_now();
    while (!terminated && !a->ended && getppid() == a->parent) {
        apr_time_t now = backhand_clock_now();
        beat(a);
        look_at_wall(a);
        if (now >= next) {
            announce(a);
            next += a->conf->interval;
            next = next > now ? next : now + a->conf->interval;
        }
        else if (look_at_checks(a) || look_at_names(a) || (!a->ready && has_ready_worker())) {
            announce(a);
        }
        look_at_work(a);
        backhand_transport_poll(a->transport, poll_timeout(a, next - now), a->link, receive, a);
        listen_to_parent(a);
        repair(a, now);
        if (now >= keep) {
            keep_seen(a);
            keep = now + KEEP_SEEN;
        }
        backhand_speed_step(&a->speed, a->table, a->s);
    }
}

/* Whoever sends SIGTERM to all of httpd's processes means a stop: then the parent's word is on its way. */
static void end(announcer *a)
{
    apr_time_t deadline = backhand_clock_now() + LAST_WORDS;
    while (!a->left && !a->ended && getppid() == a->parent && backhand_clock_now() < deadline) {
        backhand_transport_poll(a->transport, LAST_WORDS / 10, a->link, receive, a);
        listen_to_parent(a);
    }
}

/* After a graceful restart the others and the table still know the mark. */
static void recall_mark(announcer *a)
{
    backhand_announcement before;
    if (backhand_table_read(a->table, 0, &before, NULL)) {
        a->mark.value = before.stat.load_hwm;
        a->mark.seen = backhand_table_now(a->table);
    }
}

/* The moderator before this one was told, too. */
static void recall_health(announcer *a)
{
    backhand_announcement before;
    if (backhand_table_read(a->table, 0, &before, NULL) && before.stat.down > 0) {
        a->health.known = a->health.down = 1;
        a->health.why = (int)before.stat.why;
        a->health.since = backhand_table_now(a->table) - apr_time_from_sec(before.stat.down);
    }
}

static void prepare_checks(announcer *a, apr_pool_t *p)
{
    const backhand_config *conf = a->conf;
    if (!conf->check) {
        return;
    }
    a->checker = apr_palloc(p, sizeof(*a->checker));
    backhand_checker_init(a->checker, conf->check, conf->contact.https, conf->contact.port, conf->hostname, p);
    backhand_table_set_check_token(a->table, a->checker->token);
    recall_health(a);
}

static void prepare(announcer *a, apr_pool_t *p)
{
    const char *wrong;
    int threaded = 0;

    backhand_journal_init(&a->journal, a->s, backhand_table_max(a->table));
    a->sampler = backhand_sampler_create("/proc", "/sys/fs/cgroup", p);
    backhand_transport_open(&a->transport, a->conf->destinations, backhand_journal_problem, &a->journal, p);
    backhand_identity_make(&a->announcement, a->conf);
    a->contact_known = backhand_identity_contact(&a->announcement, a->conf, a->transport, &a->journal);
    a->names = backhand_names_start(a->conf->destinations, a->transport, &a->journal, p);
    a->repair = backhand_clock_now() + REPAIR;
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    a->working = (backhand_working){.meter = backhand_table_meter(a->table),
                                    .table = a->table,
                                    .interval = a->conf->interval,
                                    .keeps_workers = !threaded};
    a->intake.table = a->table;
    a->intake.accept = a->conf->accept;
    a->intake.farm = a->conf->farm;
    a->intake.boot = a->announcement.boot;
    a->intake.event = backhand_journal_event;
    a->intake.event_ctx = &a->journal;
    open_seen(a, p);
    recall_mark(a);
    prepare_checks(a, p);
    wrong = backhand_speed_init(&a->speed, a->conf->dir, a->table, p);
    if (wrong) {
        backhand_journal_ignored(&a->journal, a->speed.path, wrong);
    }
}

void backhand_announcer_run(server_rec *s, pid_t parent, int link, apr_interval_time_t pause, apr_pool_t *p)
{
    announcer *a = apr_pcalloc(p, sizeof(*a));
    a->s = s;
    a->conf = backhand_config_get(s);
    a->table = a->conf->table;
    a->parent = parent;
    a->link = link;
    wait_first(a, pause);
    prepare(a, p);
    loop(a);
    end(a);
    keep_seen(a);
}
