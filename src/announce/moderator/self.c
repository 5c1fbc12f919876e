/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/self.h"

#include "announce/net/addresses.h"
#include "host/figures.h"
#include "host/scoreboard.h"
#include "table/clock.h"
#include "table/counters.h"
#include "table/duty.h"
#include "table/process.h"
#include "table/state.h"
#include "table/wall.h"
#include "table/zones.h"

#include <ap_mpm.h>

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

static int64_t count_waiting(const backhand_self *self)
{
    int64_t waiting;
    backhand_process_sum(self->table, NULL, &waiting);
    return waiting;
}

static void measure_work(backhand_self *self)
{
    backhand_working_measure(&self->working, &self->announcement.stat, count_waiting(self),
                             backhand_table_now(self->table));
}

static void measure(backhand_self *self)
{
    serverstat *stat = &self->announcement.stat;
    int64_t serving;
    apr_status_t rv = backhand_sampler_read(self->sampler, backhand_table_now(self->table), stat);
    backhand_journal_state(self->journal, BACKHAND_TROUBLE_FIGURES, rv,
                           "cannot read this machine's figures below /proc");
    backhand_scoreboard_count(&stat->aservers, &stat->nservers);
    backhand_process_sum(self->table, &serving, NULL);
    backhand_meter_reconcile(backhand_table_meter(self->table), serving);
    measure_work(self);
    backhand_table_settle(self->table);
    backhand_zones_tidy(self->table);
    backhand_table_look_states(self->table);
    stat->arriba = backhand_table_speed(self->table);
    stat->numbacked = backhand_table_counted(self->table, BACKHAND_COUNT_RECEIVED);
    stat->tatime = (backhand_table_received_usec(self->table) + 500) / 1000;
    stat->load_hwm = backhand_highwater_update(&self->mark, self->table, self->raised);
    self->raised = 0;
}

/* @return the datagram's length; 0: the announcement does not fit */
static apr_size_t encode(backhand_self *self, char data[BACKHAND_MESSAGE_SIZE])
{
    const backhand_keys *keys = self->conf->keys;
    apr_size_t length;
    self->announcement.time = apr_time_as_msec(backhand_table_wall_shown(self->table));
    length = backhand_message_encode(data, &self->announcement);
    return keys ? backhand_message_sign(data, length, keys) : length;
}

/* Encodes the announcement with a mark, so that no server answers it. */
static apr_size_t encode_direct(backhand_self *self, char data[BACKHAND_MESSAGE_SIZE])
{
    apr_size_t length;
    self->announcement.direct = 1;
    length = encode(self, data);
    self->announcement.direct = 0;
    return length;
}

static void send_directly(backhand_self *self)
{
    char data[BACKHAND_MESSAGE_SIZE];
    apr_time_t now = backhand_clock_now();
    apr_size_t length;
    int i;
    backhand_direct_forget(&self->direct, now);
    length = self->direct.count ? encode_direct(self, data) : 0;
    for (i = 0; length && i < self->direct.count; i++) {
        const backhand_direct_server *server = &self->direct.server[i];
        if (backhand_direct_due(server, now)) {
            backhand_transport_answer(self->transport, server->listener_id, &server->from.sa, data, length);
        }
    }
}

/* By the broker. Its subject depends on BackhandZoneSummary. */
static void send_brokered(backhand_self *self, char data[BACKHAND_MESSAGE_SIZE], apr_size_t length)
{
    char suffix[BACKHAND_SUFFIX_SIZE];

    if (backhand_office_says_out(&self->office, &self->announcement)) {
        self->announcement.far = BACKHAND_FAR_OUT;
        length = encode(self, data);
        self->announcement.far = BACKHAND_FAR_SAME;
        apr_cpystrn(suffix, BACKHAND_SUBJECT_FAR, sizeof(suffix));
    }
    else if (self->announcement.far == BACKHAND_FAR_IN) {
        apr_cpystrn(suffix, BACKHAND_SUBJECT_FAR, sizeof(suffix));
    }
    else if (self->conf->zone_summary) {
        apr_snprintf(suffix, sizeof(suffix), BACKHAND_SUBJECT_ZONE "%s", self->announcement.zone);
    }
    else {
        apr_cpystrn(suffix, BACKHAND_SUBJECT_ALL, sizeof(suffix));
    }
    if (length) {
        backhand_brokered_send(self->brokered, suffix, data, length);
    }
}

static void send_out(backhand_self *self)
{
    char data[BACKHAND_MESSAGE_SIZE], text[BACKHAND_JOURNAL_TEXT];
    const backhand_destination *failed = NULL;
    apr_size_t length = encode(self, data);
    apr_status_t rv = length ? backhand_transport_send(self->transport, data, length, &failed) : APR_ENOSPC;
    snprintf(text, sizeof(text), "cannot announce this server%s%s", failed ? " to MulticastStats " : "",
             failed ? failed->text : "");
    backhand_journal_state(self->journal, BACKHAND_TROUBLE_SEND, rv, text);
    self->sent += rv == APR_SUCCESS;
    send_directly(self);
    if (self->brokered) {
        send_brokered(self, data, length);
    }
    backhand_table_count(self->table, BACKHAND_COUNT_ANNOUNCED);
}

/* Sends the announcement, which may be an offer (offer.h). This server's own table always gets the true figures. */
static void say(backhand_self *self)
{
    serverstat true_stat = self->announcement.stat;

    /* By the table as it was: another zone hears why this server does not represent its own any more. */
    if (self->ready && !self->announcement.leaving) {
        backhand_office_look(&self->office, &self->announcement, self->table);
    }
    self->announcement.sequence++;
    self->announcement.stat.down = backhand_health_seconds(self->health, backhand_table_now(self->table));
    self->announcement.stat.why = self->health->down ? self->health->why : BACKHAND_WHY_NONE;
    true_stat.down = self->announcement.stat.down;
    true_stat.why = self->announcement.stat.why;
    backhand_table_set_self(self->table, &self->announcement);
    backhand_table_look_duty(self->table);
    self->working.servers = backhand_table_used(self->table);
    backhand_working_announce(&self->working, &self->announcement.stat, backhand_table_now(self->table));
    self->ready = self->ready || self->announcement.stat.aservers > 0;
    if (!self->left) {
        send_out(self);
    }
    self->announcement.stat = true_stat;
}

void backhand_self_announce(backhand_self *self)
{
    measure(self);
    say(self);
}

/* Announces only news that cannot wait until the interval has passed; else only reads the meter, if it has changed. */
void backhand_self_look(backhand_self *self)
{
    apr_time_t now = backhand_table_now(self->table);
    serverstat *stat = &self->announcement.stat;

    if (backhand_working_news(&self->working, now)) {
        if (backhand_working_recovered(&self->working)) {
            measure_work(self);
        }
        backhand_scoreboard_count(&stat->aservers, &stat->nservers);
        backhand_working_refresh(&self->working, stat, count_waiting(self), now);
        say(self);
    }
    else if (backhand_working_due(&self->working, now)) {
        measure_work(self);
    }
}

void backhand_self_leave(backhand_self *self)
{
    self->announcement.leaving = 1;
    backhand_self_announce(self);
    backhand_self_announce(self);
    backhand_brokered_flush(self->brokered);
    self->left = 1;
}

/* Announces this server to a new server at once, so that it need not wait for the next announcement. */
static void answer(backhand_self *self, const backhand_hearing *hearing)
{
    char data[BACKHAND_MESSAGE_SIZE];
    apr_size_t length;
    self->announcement.sequence++;
    length = encode_direct(self, data);
    if (length && !self->left) {
        backhand_transport_answer(self->transport, hearing->listener_id, hearing->from, data, length);
    }
}

/* True if our destinations reach the other server. It may send from an address other than its contact, so either one
 * counts. */
static int is_covered(const backhand_self *self, const backhand_announcement *other, const struct sockaddr *from,
                      int listener_id)
{
    backhand_address contact;
    return backhand_transport_covers(self->transport, listener_id, from) ||
           (backhand_address_read(&contact, other->contact.address, other->contact.port) == APR_SUCCESS &&
            backhand_transport_covers(self->transport, listener_id, &contact.sa));
}

/* An answer gets no answer, or two servers would answer each other without end. A stock heartbeat gets none either: its
 * sender does not listen. */
void backhand_self_hear(backhand_self *self, const backhand_update *update, const struct sockaddr *from,
                        int listener_id)
{
    backhand_announcement other;
    backhand_hearing hearing = {.from = from, .listener_id = listener_id};

    if (update->drop == BACKHAND_DROP_OLD && backhand_transport_covers(self->transport, listener_id, from)) {
        backhand_direct_reached(&self->direct, from, backhand_clock_now());
    }
    if (update->id > 0 && update->raised > self->raised) {
        self->raised = update->raised;
    }
    if (update->id <= 0 || !backhand_table_read(self->table, update->id, &other, NULL) || other.boot == 0 ||
        (other.direct && !other.leaving)) {
        return;
    }
    hearing.covered = is_covered(self, &other, from, listener_id);
    hearing.leaving = other.leaving != 0;
    hearing.joined = update->joined || (update->restarted && !hearing.leaving);
    hearing.interval = other.interval;
    if (backhand_direct_heard(&self->direct, &hearing, backhand_clock_now())) {
        answer(self, &hearing);
    }
}

/* A server of another zone does not have this one in its table, unless this one represents its zone. */
static int is_known_to(const backhand_self *self, const backhand_announcement *other)
{
    return !self->conf->zone_summary || self->announcement.far == BACKHAND_FAR_IN ||
           strcmp(self->announcement.zone, other->zone) == 0;
}

/* The contact's address stands for that of the sender: most servers send by UDP from there. */
void backhand_self_hear_brokered(backhand_self *self, const backhand_update *update)
{
    backhand_announcement other;
    backhand_address contact;
    backhand_hearing hearing = {.from = &contact.sa, .listener_id = -1, .covered = 1};

    if (update->id <= 0 || !backhand_table_read(self->table, update->id, &other, NULL) || other.boot == 0 ||
        backhand_address_read(&contact, other.contact.address, 0) != APR_SUCCESS) {
        return;
    }
    self->raised = update->raised > self->raised ? update->raised : self->raised;
    if (other.direct && !other.leaving) {
        return;
    }
    hearing.leaving = other.leaving != 0;
    hearing.joined = update->joined || (update->restarted && !hearing.leaving);
    hearing.interval = other.interval;
    if (backhand_direct_heard(&self->direct, &hearing, backhand_clock_now()) && is_known_to(self, &other)) {
        char data[BACKHAND_MESSAGE_SIZE];
        apr_size_t length;
        self->announcement.sequence++;
        length = encode_direct(self, data);
        if (length && !self->left) {
            backhand_brokered_answer(self->brokered, other.boot, data, length);
        }
    }
}

void backhand_self_connected(backhand_self *self)
{
    backhand_office_connected(&self->office);
}

void backhand_self_look_addresses(backhand_self *self)
{
    uint64_t now = backhand_addresses_sum();

    if (now == 0 || now == self->addresses) {
        return;
    }
    if (self->addresses) {
        backhand_table_note_moved(self->table);
    }
    self->addresses = now;
}

int backhand_self_find_contact(backhand_self *self)
{
    backhand_announcement *announcement = &self->announcement;
    backhand_contact before = announcement->contact;

    if (self->contact_known && self->conf->contact_set) {
        return 0;
    }
    self->contact_known = backhand_identity_contact(announcement, self->conf, self->contact_known, self->transport,
                                                    self->brokered, self->journal);
    return !backhand_contact_equal(&before, &announcement->contact);
}

/* Continues with the high-water mark in the table: after a graceful restart the others still know it. */
static void recall_mark(backhand_self *self)
{
    backhand_announcement before;
    if (backhand_table_read(self->table, 0, &before, NULL)) {
        self->mark.value = before.stat.load_hwm;
        self->mark.seen = backhand_table_now(self->table);
    }
}

void backhand_self_init(backhand_self *self, const backhand_config *conf, backhand_transport *transport,
                        backhand_journal *journal, const backhand_health *health, apr_pool_t *p)
{
    int threaded = 0;

    self->conf = conf;
    self->table = conf->table;
    self->transport = transport;
    self->journal = journal;
    self->health = health;
    self->sampler = backhand_sampler_create("/proc", "/sys/fs/cgroup", p);
    backhand_identity_make(&self->announcement, conf);
    backhand_self_find_contact(self);
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    self->working = (backhand_working){.meter = backhand_table_meter(self->table),
                                       .table = self->table,
                                       .interval = conf->interval,
                                       .keeps_workers = !threaded};
    backhand_office_init(&self->office, conf->broker ? conf->zone_summary : 0, conf->interval);
    recall_mark(self);
}
