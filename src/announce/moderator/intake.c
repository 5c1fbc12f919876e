/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "intake.h"

#include "table/index.h"
#include "table/skewed.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>

/* No datagram takes longer. */
#define TRAVEL_MAX  apr_time_from_sec(2)
#define MINUTE      apr_time_from_sec(60)
#define DETAIL_SIZE (2 * BACKHAND_HOSTNAME_SIZE + BACKHAND_CONTACT_SIZE + 64)

/* Who speaks, and what it said. */
typedef struct incoming {
    backhand_announcement announcement;
    backhand_announcement before; /* what stood in its slot, when `known` */
    int known;
    int absent; /* left or silent until now */
    int signer; /* place of the key that signed it; 0: it is not signed */
    char sender[64];
    char key[32];
    char detail[DETAIL_SIZE];
} incoming;

static void count(int64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* Calls the log, `burst` times a minute for what `place` of `quiet` stands for. */
static void tell(backhand_intake *intake, size_t place, int64_t burst, backhand_event event, backhand_drop reason,
                 int id, const incoming *v)
{
    apr_time_t now = intake->table->now();
    if (now - intake->quiet[place].began >= MINUTE || intake->quiet[place].began > now) {
        intake->quiet[place].began = now;
        intake->quiet[place].said = 0;
    }
    if (intake->quiet[place].said >= burst) {
        intake->quiet[place].unsaid++;
        return;
    }
    intake->quiet[place].said++;
    if (intake->event) {
        intake->event(intake->event_ctx, event, reason, id, v->sender, v->detail, intake->quiet[place].unsaid);
    }
    intake->quiet[place].unsaid = 0;
}

static backhand_drop check_farm(const backhand_intake *intake, incoming *v)
{
    /* A stock heartbeat names no farm: whoever lists its address in AcceptStats wants it. */
    if (v->announcement.boot == 0) {
        apr_cpystrn(v->announcement.farm, intake->farm, sizeof(v->announcement.farm));
    }
    if (strcmp(v->announcement.farm, intake->farm) != 0) {
        apr_cpystrn(v->detail, v->announcement.farm, sizeof(v->detail));
        return BACKHAND_DROP_FARM;
    }
    return BACKHAND_DROP_NONE;
}

static backhand_drop check_time(const backhand_intake *intake, incoming *v)
{
    apr_time_t stamped = apr_time_from_msec(v->announcement.time), wall = intake->table->wall();
    apr_interval_time_t ago = wall - stamped, up;
    if (!v->announcement.time) {
        apr_cpystrn(v->detail, "without a time", sizeof(v->detail));
        return BACKHAND_DROP_TIME;
    }
    if (ago > intake->skew || ago < -intake->skew) {
        snprintf(v->detail, sizeof(v->detail), "%lld.%03lld s %s", (long long)(llabs(ago) / APR_USEC_PER_SEC),
                 (long long)(llabs(ago) / 1000 % 1000), ago > 0 ? "ago" : "ahead");
        backhand_skewed_note(intake->table, &v->announcement, -ago / 1000);
        return BACKHAND_DROP_TIME;
    }
    up = intake->table->now() - intake->started;
    switch (backhand_seen_judge(intake->seen, v->announcement.boot, v->announcement.sequence, stamped, wall - up)) {
    case BACKHAND_SEEN_FRESH:
        return BACKHAND_DROP_NONE;
    case BACKHAND_SEEN_EARLY:
        /* What was on its way when this server started is no sign of a wrong clock. */
        apr_cpystrn(v->detail, "before this server's start", sizeof(v->detail));
        return up > TRAVEL_MAX ? BACKHAND_DROP_TIME : BACKHAND_DROP_OLD;
    default:
        apr_cpystrn(v->detail, "seen before", sizeof(v->detail));
        return BACKHAND_DROP_OLD;
    }
}

/* Whether it is from who has the secret, and not a copy of what was said before. */
static backhand_drop check_signature(const backhand_intake *intake, const char *data, apr_size_t length, incoming *v)
{
    v->signer = 0;
    if (!intake->keys) {
        return BACKHAND_DROP_NONE;
    }
    if (!backhand_message_signed(data, length)) {
        apr_cpystrn(v->detail, "it is not signed", sizeof(v->detail));
        return intake->optional ? BACKHAND_DROP_NONE : BACKHAND_DROP_SIGNATURE;
    }
    v->signer = backhand_message_verify(data, length, intake->keys);
    if (!v->signer) {
        apr_cpystrn(v->detail, "it is signed with another key", sizeof(v->detail));
        return BACKHAND_DROP_SIGNATURE;
    }
    return check_time(intake, v);
}

/* Before it is taken in: what cannot be noted could come again. */
static int note_signed(const backhand_intake *intake, const incoming *v)
{
    return !v->signer || backhand_seen_note(intake->seen, v->announcement.boot, v->announcement.sequence,
                                            apr_time_from_msec(v->announcement.time), intake->table->now());
}

static backhand_drop check_contact(const backhand_intake *intake, incoming *v)
{
    if (!backhand_accept_covers_text(intake->accept, v->announcement.contact.address)) {
        apr_cpystrn(v->detail, v->announcement.stat.contact, sizeof(v->detail));
        return BACKHAND_DROP_CONTACT;
    }
    return BACKHAND_DROP_NONE;
}

static void look_up(const backhand_table *table, incoming *v)
{
    int id = backhand_index_find(table, &v->announcement.contact);
    v->known = id >= 0 && backhand_table_read(table, id, &v->before, NULL);
    v->absent = v->known && (backhand_number_get(&table->slots[id].left) || backhand_table_silent(table, id));
}

/* Events of an announcement that was taken in. */
static void notice(backhand_intake *intake, int id, incoming *v)
{
    if (backhand_table_rival(intake->table, id)) {
        snprintf(v->detail, sizeof(v->detail), "%s and %s both announce %s", v->before.stat.hostname,
                 v->announcement.stat.hostname, v->announcement.stat.contact);
        tell(intake, BACKHAND_DROP_REASONS, 1, BACKHAND_EVENT_RIVAL, BACKHAND_DROP_NONE, id, v);
    }
    if (id == 0) {
        return;
    }
    snprintf(v->detail, sizeof(v->detail), "%s at %s", v->announcement.stat.hostname, v->announcement.stat.contact);
    if (v->announcement.leaving && !(v->known && v->before.leaving)) {
        tell(intake, BACKHAND_DROP_REASONS + 2, BACKHAND_EVENT_BURST, BACKHAND_EVENT_LEFT, BACKHAND_DROP_NONE, id, v);
    }
    else if (!v->announcement.leaving && (!v->known || v->absent)) {
        tell(intake, BACKHAND_DROP_REASONS + 1, BACKHAND_EVENT_BURST, BACKHAND_EVENT_JOINED, BACKHAND_DROP_NONE, id, v);
    }
    if (v->announcement.stat.load_hwm > (v->known ? v->before.stat.load_hwm : 0) &&
        v->announcement.stat.load_hwm > intake->raised) {
        intake->raised = v->announcement.stat.load_hwm;
    }
}

static backhand_voucher voucher_of(const backhand_intake *intake, const incoming *v, const apr_sockaddr_t *sender)
{
    backhand_voucher voucher = {{0, 0}, 0};
    unsigned char address[16] = {[10] = 0xff, [11] = 0xff};

    if (sender->family == APR_INET6) {
        memcpy(address, &sender->sa.sin6.sin6_addr, sizeof(address));
    }
    else {
        memcpy(address + 12, &sender->sa.sin.sin_addr, 4);
    }
    memcpy(voucher.sender, address, sizeof(voucher.sender));
    voucher.key = v->signer ? backhand_keys_id(intake->keys, v->signer) : 0;
    return voucher;
}

static backhand_drop take(backhand_intake *intake, const apr_sockaddr_t *sender, incoming *v)
{
    backhand_drop reason;
    int id;
    look_up(intake->table, v);
    reason = note_signed(intake, v) ? backhand_table_update(intake->table, &v->announcement, &id) : BACKHAND_DROP_FULL;
    if (reason == BACKHAND_DROP_NONE) {
        intake->table->slots[id].voucher = voucher_of(intake, v, sender);
        count(&intake->table->counters->accepted);
        backhand_skewed_forget(intake->table, v->announcement.stat.contact);
        intake->taken = id;
        intake->joined = !v->announcement.leaving && (!v->known || v->absent || v->before.boot != v->announcement.boot);
        notice(intake, id, v);
    }
    return reason;
}

static backhand_drop read_datagram(backhand_intake *intake, const char *data, apr_size_t length, apr_sockaddr_t *sender,
                                   incoming *v)
{
    backhand_drop reason;
    int covered = backhand_accept_covers(intake->accept, sender);
    reason = backhand_message_decode(&v->announcement, data, length, v->sender, v->key);
    if (!covered) {
        /* Our own come back to us whether or not we trust ourselves. */
        return reason == BACKHAND_DROP_NONE && v->announcement.boot == intake->boot ? BACKHAND_DROP_NONE
                                                                                    : BACKHAND_DROP_SENDER;
    }
    if (reason != BACKHAND_DROP_NONE) {
        apr_cpystrn(v->detail, v->key, sizeof(v->detail));
        return reason;
    }
    if (v->announcement.boot == intake->boot) {
        return BACKHAND_DROP_NONE;
    }
    reason = check_signature(intake, data, length, v);
    if (reason == BACKHAND_DROP_NONE) {
        reason = check_farm(intake, v);
    }
    if (reason == BACKHAND_DROP_NONE) {
        reason = check_contact(intake, v);
    }
    return reason == BACKHAND_DROP_NONE ? take(intake, sender, v) : reason;
}

backhand_drop backhand_intake_datagram(backhand_intake *intake, const char *data, apr_size_t length,
                                       apr_sockaddr_t *sender)
{
    backhand_drop reason;
    incoming v;
    v.detail[0] = v.key[0] = '\0';
    intake->taken = -1;
    intake->joined = 0;
    if (apr_sockaddr_ip_getbuf(v.sender, sizeof(v.sender), sender) != APR_SUCCESS) {
        apr_cpystrn(v.sender, "?", sizeof(v.sender));
    }
    reason = read_datagram(intake, data, length, sender, &v);
    if (reason != BACKHAND_DROP_NONE) {
        count(&intake->table->counters->dropped[reason]);
        tell(intake, reason, 1, BACKHAND_EVENT_DROPPED, reason, -1, &v);
    }
    return reason;
}
