/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/intake.h"

#include "table/counters.h"
#include "table/skewed.h"
#include "table/trouble.h"
#include "table/update.h"
#include "table/wall.h"

#include <apr_strings.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

/* The longest time that a datagram is assumed to travel. */
#define TRAVEL_MAX  apr_time_from_sec(2)
#define MINUTE      apr_time_from_sec(60)
#define DETAIL_SIZE (2 * BACKHAND_HOSTNAME_SIZE + BACKHAND_CONTACT_SIZE + 64)

/* A datagram that is being checked. */
typedef struct incoming {
    backhand_announcement announcement;
    int signer; /* place of the key that signed it, from 1 on; 0: not signed */
    char sender[64];
    char key[32];
    char detail[DETAIL_SIZE];
} incoming;

/* Logs an event, at most `burst` times a minute for the kind of events that `place` of `quiet` counts. */
static void tell(backhand_intake *intake, size_t place, int64_t burst, backhand_event event, backhand_drop reason,
                 int id, const incoming *v)
{
    apr_time_t now = backhand_table_now(intake->table);
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
    /* A stock heartbeat names no farm. AcceptStats lists its address, so it is wanted. */
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
    apr_time_t stamped = apr_time_from_msec(v->announcement.time), wall = backhand_table_wall_shown(intake->table);
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
    up = backhand_table_now(intake->table) - intake->started;
    switch (backhand_seen_judge(intake->seen, v->announcement.boot, v->announcement.sequence, stamped, wall - up)) {
    case BACKHAND_SEEN_FRESH:
        return BACKHAND_DROP_NONE;
    case BACKHAND_SEEN_EARLY:
        /* It may have been on its way when this server started; that is no sign of a wrong clock. */
        apr_cpystrn(v->detail, "before this server's start", sizeof(v->detail));
        return up > TRAVEL_MAX ? BACKHAND_DROP_TIME : BACKHAND_DROP_OLD;
    default:
        apr_cpystrn(v->detail, "seen before", sizeof(v->detail));
        return BACKHAND_DROP_OLD;
    }
}

/* Checks that the sender has one of the keys, and that the datagram is not a copy of an earlier one. */
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

static backhand_update dropped(backhand_drop reason)
{
    return (backhand_update){.drop = reason, .id = -1};
}

/* Notes a signed announcement before it is accepted: if that fails, a copy could be accepted later. @return 0: failed
 */
static int note_signed(const backhand_intake *intake, const incoming *v)
{
    return !v->signer ||
           backhand_seen_note(intake->seen, v->announcement.boot, v->announcement.sequence,
                              apr_time_from_msec(v->announcement.time), backhand_table_now(intake->table));
}

static backhand_drop check_contact(const backhand_intake *intake, incoming *v)
{
    if (!backhand_accept_covers_text(intake->accept, v->announcement.contact.address)) {
        apr_cpystrn(v->detail, v->announcement.stat.contact, sizeof(v->detail));
        return BACKHAND_DROP_CONTACT;
    }
    return BACKHAND_DROP_NONE;
}

/* Logs the events of an accepted announcement. */
static void notice(backhand_intake *intake, const backhand_update *taken, incoming *v)
{
    int id = taken->id;

    if (taken->rival[0]) {
        snprintf(v->detail, sizeof(v->detail), "%s and %s both announce %s", taken->rival,
                 v->announcement.stat.hostname, v->announcement.stat.contact);
        tell(intake, BACKHAND_DROP_REASONS, 1, BACKHAND_EVENT_RIVAL, BACKHAND_DROP_NONE, id, v);
    }
    if (taken->moved[0]) {
        snprintf(v->detail, sizeof(v->detail), "%s from %s to %s", v->announcement.stat.hostname, taken->moved,
                 v->announcement.stat.contact);
        tell(intake, BACKHAND_DROP_REASONS + 4, BACKHAND_EVENT_BURST, BACKHAND_EVENT_MOVED, BACKHAND_DROP_NONE, id, v);
        return;
    }
    if (id == 0 || !(taken->left || taken->joined)) {
        return;
    }
    snprintf(v->detail, sizeof(v->detail), "%s at %s", v->announcement.stat.hostname, v->announcement.stat.contact);
    if (taken->left) {
        tell(intake, BACKHAND_DROP_REASONS + 2, BACKHAND_EVENT_BURST, BACKHAND_EVENT_LEFT, BACKHAND_DROP_NONE, id, v);
    }
    else {
        tell(intake, BACKHAND_DROP_REASONS + 1, BACKHAND_EVENT_BURST, BACKHAND_EVENT_JOINED, BACKHAND_DROP_NONE, id, v);
    }
}

/* A server that a broker announces is vouched for by its contact's address. */
static void contact_bytes(unsigned char out[16], const char *contact)
{
    if (inet_pton(AF_INET, contact, out + 12) != 1) {
        inet_pton(AF_INET6, contact, out);
    }
}

static backhand_voucher voucher_of(const backhand_intake *intake, const incoming *v, const apr_sockaddr_t *sender)
{
    backhand_voucher voucher = {{0, 0}, 0};
    unsigned char address[16] = {[10] = 0xff, [11] = 0xff};

    if (!sender) {
        contact_bytes(address, v->announcement.contact.address);
    }
    else if (sender->family == APR_INET6) {
        memcpy(address, &sender->sa.sin6.sin6_addr, sizeof(address));
    }
    else {
        memcpy(address + 12, &sender->sa.sin.sin_addr, 4);
    }
    memcpy(voucher.sender, address, sizeof(voucher.sender));
    voucher.key = v->signer ? backhand_keys_id(intake->keys, v->signer) : 0;
    return voucher;
}

/* An order counts only if the sender has a key. */
static void pass_order(backhand_intake *intake, incoming *v)
{
    if (v->announcement.order == 0) {
        return;
    }
    if (v->signer) {
        if (intake->order) {
            intake->order(intake->order_ctx, &v->announcement);
        }
        return;
    }
    backhand_table_count(intake->table, BACKHAND_COUNT_ORDERS_IGNORED);
    tell(intake, BACKHAND_DROP_REASONS + 3, 1, BACKHAND_EVENT_ORDER, BACKHAND_DROP_NONE, -1, v);
}

static backhand_update take(backhand_intake *intake, const apr_sockaddr_t *sender, incoming *v)
{
    backhand_update taken = dropped(BACKHAND_DROP_FULL);
    backhand_voucher voucher;

    if (!note_signed(intake, v)) {
        return taken;
    }
    voucher = voucher_of(intake, v, sender);
    taken = backhand_table_update(intake->table, &v->announcement, &voucher);
    if (taken.drop == BACKHAND_DROP_NONE) {
        backhand_table_count(intake->table, BACKHAND_COUNT_ACCEPTED);
        backhand_skewed_forget(intake->table, v->announcement.stat.contact);
        notice(intake, &taken, v);
        pass_order(intake, v);
    }
    return taken;
}

static backhand_update read_datagram(backhand_intake *intake, const char *data, apr_size_t length,
                                     apr_sockaddr_t *sender, incoming *v)
{
    backhand_drop reason;
    int covered = !sender || backhand_accept_covers(intake->accept, sender);
    reason = backhand_message_decode(&v->announcement, data, length, sender ? v->sender : NULL, v->key);
    if (reason == BACKHAND_DROP_NONE && v->announcement.boot == intake->boot) {
        /* Own announcements come back even if AcceptStats does not cover this server. */
        intake->echoed = sender ? backhand_table_now(intake->table) : intake->echoed;
        return dropped(BACKHAND_DROP_NONE);
    }
    if (!covered) {
        return dropped(BACKHAND_DROP_SENDER);
    }
    if (reason != BACKHAND_DROP_NONE) {
        apr_cpystrn(v->detail, v->key, sizeof(v->detail));
        return dropped(reason);
    }
    reason = check_signature(intake, data, length, v);
    if (reason == BACKHAND_DROP_NONE) {
        reason = check_farm(intake, v);
    }
    if (reason == BACKHAND_DROP_NONE) {
        reason = check_contact(intake, v);
    }
    return reason == BACKHAND_DROP_NONE ? take(intake, sender, v) : dropped(reason);
}

/* Notes it for the conditions. A datagram that is merely late is none. */
static void note_dropped(const backhand_intake *intake, backhand_drop reason, const incoming *v)
{
    char what[BACKHAND_TROUBLE_WHAT];

    switch (reason) {
    case BACKHAND_DROP_NONE:
    case BACKHAND_DROP_OLD:
        break;
    case BACKHAND_DROP_SENDER:
        backhand_trouble_note(intake->table, BACKHAND_TROUBLE_SENDER, v->sender, "");
        break;
    case BACKHAND_DROP_CONTACT:
        snprintf(what, sizeof(what), "AcceptStats does not cover the contact %s that it names", v->detail);
        backhand_trouble_note(intake->table, BACKHAND_TROUBLE_ITS_CONTACT, v->sender, what);
        break;
    case BACKHAND_DROP_FARM:
        backhand_trouble_note(intake->table, BACKHAND_TROUBLE_FARM, v->sender, v->detail);
        break;
    case BACKHAND_DROP_FULL:
        backhand_trouble_note(intake->table, BACKHAND_TROUBLE_FULL, v->sender, "");
        break;
    case BACKHAND_DROP_SIGNATURE:
        backhand_trouble_note(intake->table, BACKHAND_TROUBLE_SIGNATURE, v->sender, v->detail);
        break;
    case BACKHAND_DROP_TIME:
        backhand_trouble_note(intake->table, BACKHAND_TROUBLE_TIME, v->sender, v->detail);
        break;
    default:
        snprintf(what, sizeof(what), "this release does not understand it (%s%s%s)", backhand_drop_name(reason),
                 *v->detail ? ", key " : "", v->detail);
        backhand_trouble_note(intake->table, BACKHAND_TROUBLE_RELEASE, v->sender, what);
    }
}

backhand_update backhand_intake_datagram(backhand_intake *intake, const char *data, apr_size_t length,
                                         apr_sockaddr_t *sender)
{
    backhand_update taken;
    incoming v;
    v.detail[0] = v.key[0] = '\0';
    if (!sender) {
        apr_cpystrn(v.sender, BACKHAND_SENDER_BROKER, sizeof(v.sender));
    }
    else if (apr_sockaddr_ip_getbuf(v.sender, sizeof(v.sender), sender) != APR_SUCCESS) {
        apr_cpystrn(v.sender, "?", sizeof(v.sender));
    }
    taken = read_datagram(intake, data, length, sender, &v);
    if (taken.drop != BACKHAND_DROP_NONE) {
        backhand_table_count_drop(intake->table, taken.drop);
        note_dropped(intake, taken.drop, &v);
        tell(intake, taken.drop, 1, BACKHAND_EVENT_DROPPED, taken.drop, -1, &v);
    }
    return taken;
}
