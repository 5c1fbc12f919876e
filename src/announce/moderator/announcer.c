/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/announcer.h"

#include "announce/moderator/application.h"
#include "announce/moderator/memory.h"
#include "announce/moderator/names.h"
#include "announce/moderator/orders.h"
#include "announce/moderator/self.h"
#include "host/speed.h"
#include "table/clock.h"
#include "table/counters.h"
#include "table/history.h"
#include "table/link.h"
#include "table/trouble.h"
#include "table/wall.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The loop waits at most LOOK_AT_LEAST before it checks that httpd's parent still runs. Until a worker is ready, it
 * waits at most LOOK_AT_MOST. */
#define LOOK_AT_LEAST apr_time_from_sec(1)
#define LOOK_AT_MOST  apr_time_from_msec(20)
/* How often sockets that could not be opened are tried again. */
#define REPAIR apr_time_from_sec(5)
/* How long to wait after SIGTERM for the parent to say that this server stops. The whole process group may have got the
 * signal. */
#define LAST_WORDS apr_time_from_msec(100)

/* How often to look at the conditions, and at this machine's addresses. */
#define LOOK apr_time_from_sec(1)
/* How long own announcements may stay away, and how many. */
#define ECHO_WAIT    apr_time_from_sec(3)
#define ECHO_MISSING 4

/* How often the file of accepted announcements is written. */
#define KEEP_SEEN apr_time_from_sec(1)

typedef struct announcer {
    server_rec *s;
    const backhand_config *conf;
    backhand_table *table;
    pid_t parent;
    int link;
    backhand_transport *transport;
    backhand_names *names; /* NULL: none */
    backhand_self self;
    backhand_orders orders;
    backhand_application application;
    backhand_intake intake;
    backhand_memory memory;
    backhand_journal journal;
    backhand_speed speed;
    int ended; /* 1: the other end of the link is closed */
    apr_time_t repair;
    apr_time_t look;       /* when to look at the conditions next */
    apr_time_t echoed;     /* when an own announcement came back, as of the last look */
    uint64_t answered;     /* `self.sent` at the last look at which one had come back */
    apr_time_t mute_since; /* since when own announcements do not come back, as seen here; 0: they do */
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

static void receive(void *ctx, const char *data, apr_size_t length, apr_sockaddr_t *sender, int listener_id)
{
    announcer *a = ctx;
    const struct sockaddr *from = (const struct sockaddr *)&sender->sa;
    backhand_update update = backhand_intake_datagram(&a->intake, data, length, sender);
    backhand_self_hear(&a->self, &update, from, listener_id);
}

static void receive_brokered(void *ctx, const char *suffix, const char *data, apr_size_t length)
{
    announcer *a = ctx;
    backhand_update update = backhand_intake_datagram(&a->intake, data, length, NULL);
    (void)suffix;
    backhand_self_hear_brokered(&a->self, &update);
}

/* Reads what httpd's parent sends on the link. */
static void listen_to_parent(announcer *a)
{
    char word;
    ssize_t got = recv(a->link, &word, 1, MSG_DONTWAIT);
    if (got == 1) {
        backhand_self_leave(&a->self);
        if (send(a->link, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) {
            a->ended = 1;
        }
    }
    else if (got == 0) {
        a->ended = 1;
    }
}

static void repair(announcer *a, apr_time_t now)
{
    if (now < a->repair) {
        return;
    }
    a->repair = now + REPAIR;
    backhand_journal_sockets(&a->journal, backhand_transport_repair(a->transport, NULL, NULL));
}

/* Notices that this machine has other addresses or interfaces than before. The others must know at once: they reach
 * this server by its contact only. */
static void look_at_network(announcer *a)
{
    int moved = backhand_transport_follow(a->transport, backhand_journal_problem, &a->journal);
    backhand_self_look_addresses(&a->self);
    if (backhand_self_find_contact(&a->self) || moved) {
        backhand_self_announce(&a->self);
    }
}

/* Notices when the wall clock was set, by a person or after a virtual machine was moved. */
static void look_at_wall(announcer *a)
{
    apr_interval_time_t step = backhand_table_follow_wall(a->table);
    if (step != 0) {
        backhand_journal_clock(&a->journal, step);
    }
    /* If the new time is wrong, the others reject every announcement that this server signs with it. */
    if (a->conf->keys && llabs(step) > a->conf->skew / 2) {
        backhand_table_doubt(a->table);
    }
}

/* @return 1 when there is a new connection to announce by */
static int look_at_broker(announcer *a)
{
    if (!backhand_brokered_look(a->self.brokered)) {
        return 0;
    }
    backhand_self_find_contact(&a->self);
    backhand_self_connected(&a->self);
    return 1;
}

/* @return 1 when there are new addresses to announce to */
static int look_at_names(announcer *a)
{
    if (!backhand_names_apply(a->names)) {
        return 0;
    }
    backhand_self_find_contact(&a->self);
    return 1;
}

static apr_interval_time_t poll_timeout(const announcer *a, apr_interval_time_t until)
{
    apr_interval_time_t most = a->self.ready ? LOOK_AT_LEAST : LOOK_AT_MOST,
                        work = backhand_working_timeout(&a->self.working);
    if (most > work) {
        most = work;
    }
    if (backhand_speed_unknown(&a->speed)) {
        return 0;
    }
    return until < most ? until : most;
}

/* The kernel gives a server its own datagrams to a group or a broadcast address. A server that does not get them
 * probably gets none of the others either. Those that are missing are counted, because a server that stops, and one
 * without a route, send none. */
static void look_at_echo(announcer *a, apr_time_t now)
{
    if (!backhand_transport_shares(a->transport) || a->intake.echoed != a->echoed) {
        a->echoed = a->intake.echoed;
        a->answered = a->self.sent;
        a->mute_since = 0;
        backhand_trouble_end(a->table, BACKHAND_TROUBLE_ECHO);
        return;
    }
    if (a->mute_since == 0 && a->self.sent - a->answered >= ECHO_MISSING) {
        a->mute_since = now;
    }
    if (a->mute_since != 0 && now - a->mute_since > ECHO_WAIT) {
        backhand_trouble_note(a->table, BACKHAND_TROUBLE_ECHO, "",
                              "this server's own announcements do not come back to it, so it may hear no others");
    }
}

/* Shows httpd's parent that this process does not hang. */
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

static void look_at_conditions(announcer *a, apr_time_t now)
{
    if (now >= a->look) {
        a->look = now + LOOK;
        look_at_network(a);
        look_at_echo(a, now);
        backhand_journal_look(&a->journal);
    }
}

static void loop(announcer *a)
{
    apr_time_t keep = backhand_clock_now();
    apr_time_t next = backhand_clock_now();
    while (!terminated && !a->ended && getppid() == a->parent) {
        apr_time_t now = backhand_clock_now();
        int news;
        beat(a);
        look_at_wall(a);
        news = look_at_broker(a) | backhand_orders_look(&a->orders);
        if (now >= next) {
            backhand_self_announce(&a->self);
            next += a->conf->interval;
            next = next > now ? next : now + a->conf->interval;
        }
        else if (news || backhand_application_look(&a->application) || look_at_names(a) ||
                 (!a->self.ready && backhand_application_has_worker())) {
            backhand_self_announce(&a->self);
        }
        backhand_self_look(&a->self);
        backhand_history_note(a->table);
        backhand_transport_poll(a->transport, poll_timeout(a, next - now), a->link, receive, a);
        backhand_brokered_take(a->self.brokered, receive_brokered, a);
        listen_to_parent(a);
        repair(a, now);
        look_at_conditions(a, now);
        if (now >= keep) {
            backhand_memory_keep(&a->memory);
            keep = now + KEEP_SEEN;
        }
        backhand_speed_step(&a->speed, a->table, a->s);
    }
}

/* SIGTERM to all of httpd's processes means a stop. Then the parent's message that this server stops may still come. */
static void end(announcer *a)
{
    apr_time_t deadline = backhand_clock_now() + LAST_WORDS;
    while (!a->self.left && !a->ended && getppid() == a->parent && backhand_clock_now() < deadline) {
        backhand_transport_poll(a->transport, LAST_WORDS / 10, a->link, receive, a);
        listen_to_parent(a);
    }
}

/* Whatever was wrong before: the configuration may be another one. */
static void note_settings(const announcer *a)
{
    backhand_trouble_end_all(a->table);
    backhand_link_clear(a->table);
    if (a->conf->destinations->nelts == 0 && !a->conf->broker) {
        backhand_trouble_note(a->table, BACKHAND_TROUBLE_NO_DESTINATION, "",
                              "this server announces nothing and hears nothing, because neither MulticastStats nor "
                              "BackhandTransport is set");
    }
    else if (a->conf->accept->nelts == 0) {
        backhand_trouble_note(a->table, BACKHAND_TROUBLE_NO_ACCEPT, "",
                              "no announcement is accepted, because AcceptStats is not set");
    }
}

static void prepare(announcer *a, apr_pool_t *p)
{
    const char *wrong;

    note_settings(a);
    backhand_journal_init(&a->journal, a->s, a->table);
    backhand_transport_open(&a->transport, a->conf->destinations, backhand_journal_problem, &a->journal, p);
    backhand_self_init(&a->self, a->conf, a->transport, &a->journal, &a->application.health, p);
    a->names = backhand_names_start(a->conf->destinations, a->transport, &a->journal, p);
    a->repair = backhand_clock_now() + REPAIR;
    a->intake.table = a->table;
    a->intake.accept = a->conf->accept;
    a->intake.farm = a->conf->farm;
    a->intake.boot = a->self.announcement.boot;
    a->intake.event = backhand_journal_event;
    a->intake.event_ctx = &a->journal;
    a->intake.order = backhand_orders_hear;
    a->intake.order_ctx = &a->orders;
    backhand_orders_open(&a->orders, &a->self, p);
    backhand_memory_open(&a->memory, a->conf, &a->intake, &a->journal, p);
    backhand_application_init(&a->application, a->s, &a->journal, p);
    a->self.brokered = backhand_brokered_start(a->conf, a->self.announcement.boot, a->transport, &a->journal, p);
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
    backhand_memory_keep(&a->memory);
}
